"""`gwanmun check`: a file with all that it names, looked at before anything runs; all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from checks.contracts.errors import InputFault
from flows.cli.answers import only_the_answer, print_json, say
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption
from flows.cli.progress import Progress, progress_shown

if TYPE_CHECKING:
    from checks.contracts.loading import LoadedProgramme, LoadedSubmission, LoadedSuite
    from tasks.checkpoints import Checkpoint

Kind = Literal["programme", "submission", "suite", "policy", "patch"]
Found = TypeVar("Found")

EXIT_CODES = (
    "Exit codes: 0 no fault; 1 the file, or something that it names, has faults (all of them are printed); "
    "2 FILE itself is missing, no YAML, or none of these kinds."
)


def check(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A programme (or its folder), submission, suite, policy or what-if patch."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Validate a file with all that it names; measure nothing.

    FILE is a programme, submission, suite, policy or what-if patch; which one, its keys say. Looked at are unknown keys,
    types and ids; points that do not add up; panels, imported points and rulings (unknown teams, values over the maximum, too few
    raters); every task and item of every suite; the headers of every checkpoint that is named (truncated or corrupt
    safetensors, pickles); evidence that is named and missing; target scores of no such task, and those that the rules need.

    No model runs and nothing is recorded. But a task file with `!function` is code, as in lm-evaluation-harness: to look at its
    items, the Python files that it names are imported and their functions called.

    `gwanmun run` stops with exit code 2 on the first fault of a programme; a fault in one team's submission stops that
    team only. `gwanmun check` shows all faults of both kinds, one a line on standard error.
    """
    kind = _kind(file)
    with only_the_answer(), progress_shown() as progress:
        checked = _Checked(progress)
        loaded = checked.look(_load, kind, file)
        if loaded is not None and kind in _LOOK_AT:
            _LOOK_AT[kind](checked, loaded)
    for fault in checked.faults:
        say(fault.message)
    if as_json:
        print_json({"file": str(file), "kind": kind, "faults": [_plain(fault) for fault in checked.faults]})
    elif not checked.faults:
        things = "1 thing" if checked.looks == 1 else f"{checked.looks} things"
        typer.echo(f"{file}: {kind}, no fault found ({things} looked at)")
    if checked.faults:
        raise typer.Exit(FOUND)


@dataclass
class _Checked:
    """What was looked at so far, and every fault found, each once."""

    progress: Progress
    faults: list[InputFault] = field(default_factory=list)
    looks: int = 0

    def look(self, look: Callable[..., Found], *at: Any) -> Found | None:
        """What `look(*at)` returns, or None where it finds a fault."""
        self.looks += 1
        try:
            return look(*at)
        except InputFault as fault:
            known = {each.message for each in self.faults}
            self.faults += [each for each in (fault, *fault.more) if each.message not in known]
            return None

    def each(self, what: str, things: Sequence[Found]) -> Iterator[Found]:
        """The things one after another, with their progress."""
        for place, thing in enumerate(things):
            self.progress(what, place, len(things))
            yield thing
        self.progress(what, len(things), len(things))


def _kind(file: Path) -> Kind:
    """Which of the four a file is, by the keys that only that kind has; raises InputFault where it is none."""
    from checks.contracts.patch import Patch
    from checks.contracts.policy import Policy
    from checks.contracts.programme import Programme
    from checks.contracts.submission import Submission
    from checks.contracts.suite import Suite
    from checks.contracts.yaml_source import YamlSource

    models: dict[Kind, Any] = {
        "programme": Programme,
        "submission": Submission,
        "suite": Suite,
        "policy": Policy,
        "patch": Patch,
    }
    written = set(YamlSource(file / "programme.yaml" if file.is_dir() else file).data)
    fields = {kind: set(model.model_fields) for kind, model in models.items()}
    own = {kind: fields[kind].difference(*(fields[other] for other in fields if other != kind)) for kind in fields}
    best = max(own, key=lambda kind: len(own[kind] & written))
    if not own[best] & written:
        keys = ", ".join(sorted(map(str, written))) or "no keys"
        raise InputFault(
            file, found=f"the keys {keys}", expected="a programme, submission, suite, policy or what-if patch"
        )
    return best


def _load(kind: Kind, file: Path) -> Any:
    from checks.contracts.loading import load_policy, load_programme, load_submission, load_suite
    from checks.contracts.patch import Patch
    from checks.contracts.typed_file import read_typed

    if kind == "policy":
        return load_policy(str(file.absolute()))
    if kind == "patch":
        return read_typed(file, Patch)
    return {"programme": load_programme, "submission": load_submission, "suite": load_suite}[kind](file)


def _look_at_programme(checked: _Checked, loaded: LoadedProgramme) -> None:
    from tasks.benchmark import check_suite
    from warehouse.target_models import check_targets

    for reference in checked.each("references", loaded.programme.references):
        checked.look(_open, loaded.reference_path, reference)
    for suite in checked.each("suites", list(loaded.suites.values())):
        checked.look(check_suite, suite)
    entries = [(round_, team) for round_ in loaded.programme.rounds for team in round_.teams]
    handed_in = [(round_, team) for round_, team in entries if team.submission and not team.withdrawn]
    for round_, team in checked.each("submissions", handed_in):
        submission = checked.look(loaded.submission, team)
        if submission is not None:
            _look_at_submission(checked, submission)
            checked.look(check_targets, submission, loaded.suites, round_.suites_with_targets())


def _look_at_submission(checked: _Checked, loaded: LoadedSubmission) -> None:
    from tasks.benchmark.model_loading import check_folder
    from tasks.checkpoints import open_checkpoint
    from warehouse.run_keys import evidence_files

    model = checked.look(_open, loaded.model_path)
    if model is not None:
        checked.look(check_folder, model.folder)
    for _, folder in checked.look(loaded.checkpoint_paths) or []:
        checked.look(open_checkpoint, folder)
    checked.look(evidence_files, loaded)


def _look_at_suite(checked: _Checked, loaded: LoadedSuite) -> None:
    from tasks.benchmark import check_suite

    checked.look(check_suite, loaded)


def _open(find: Callable[..., Path], *named: Any) -> Checkpoint:
    """The headers of the checkpoint whose folder `find` says."""
    from tasks.checkpoints import open_checkpoint

    return open_checkpoint(find(*named))


_LOOK_AT: dict[str, Callable[[_Checked, Any], None]] = {
    "programme": _look_at_programme,
    "submission": _look_at_submission,
    "suite": _look_at_suite,
}


def _plain(fault: InputFault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "key": fault.key,
        "line": fault.line,
        "found": fault.found,
        "expected": fault.expected,
        "message": fault.message,
    }
