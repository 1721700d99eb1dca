"""Reads a user's file into its typed model, with all that it names; the first fault stops with one clear message.

>>> loaded = load_programme(Path("examples/imported-points/programme.yaml"))
>>> loaded.round(None).places
4
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from checks.contracts.errors import InputFault
from checks.contracts.hub_cache import cached_snapshot, is_hub_id
from checks.contracts.panels import read_imported, read_raters, read_roster
from checks.contracts.policy import Policy
from checks.contracts.programme import BaselineGate, Programme, Reference, Round, Team
from checks.contracts.rulings import Ruling, read_rulings
from checks.contracts.score_tree import FrozenPopulation, Imported, Raters, ScoreNode
from checks.contracts.submission import Submission
from checks.contracts.suite import Suite, SuiteTask
from checks.contracts.yaml_source import YamlSource

Model = TypeVar("Model", bound=BaseModel)

SHIPPED_POLICIES = Path(__file__).parent.parent / "policy"
LM_EVAL_PREFIX = "lm_eval:"


@dataclass(frozen=True)
class Loaded:
    """A file and where it stands; its paths are relative to its folder and may not leave it unless it says so."""

    path: Path
    allow_outside: bool

    @property
    def folder(self) -> Path:
        """The folder of the file, absolute."""
        return self.path.parent

    def resolve(self, relative: str, key: str = "") -> Path:
        """The absolute path that the file means; raises InputFault where it leaves the folder's tree."""
        target = self.folder / relative
        if self.allow_outside:
            return target.resolve()
        lexical = Path(*_normal(target.parts))
        if Path(relative).is_absolute() or not lexical.is_relative_to(self.folder):
            raise InputFault(
                self.path, key, repr(relative), "a path inside this file's folder, or `allow_outside: true`"
            )
        if not target.resolve().is_relative_to(self.folder.resolve()):
            raise InputFault(self.path, key, f"{relative!r}, a link that leaves the folder", "a path inside the folder")
        return target.resolve()


@dataclass(frozen=True)
class LoadedSuite(Loaded):
    """A suite and its task files."""

    suite: Suite

    def task_file(self, task: SuiteTask) -> Path | None:
        """The task's file, or None for a task that lm-evaluation-harness defines."""
        if task.use.startswith(LM_EVAL_PREFIX):
            return None
        key = f"tasks[{self.suite.tasks.index(task)}].use"
        target = self.resolve(task.use, key)
        if not target.is_file():
            raise InputFault(self.path, key, f"{task.use!r}, no such file", "a task file, or lm_eval:NAME")
        return target


@dataclass(frozen=True)
class LoadedSubmission(Loaded):
    """A submission and the folders that it names."""

    submission: Submission

    def model_path(self) -> Path:
        """The model's folder; a hub id is looked up in the local cache, nothing is downloaded."""
        source = self.submission.model.source
        if is_hub_id(source):
            return cached_snapshot(source, self.path, "model.source")
        return _existing_folder(self, source, "model.source")

    def checkpoint_paths(self) -> list[tuple[int, Path]]:
        """(step, folder) of every checkpoint handed in, in ascending order of steps."""
        return [
            (checkpoint.step, _existing_folder(self, checkpoint.source, f"evidence.checkpoints[{index}].source"))
            for index, checkpoint in enumerate(self.submission.evidence.checkpoints)
        ]

    def evidence_file(self, relative: str, key: str) -> Path:
        """A file that the evidence names; raises InputFault where it is missing."""
        target = self.resolve(relative, key)
        if not target.exists():
            raise InputFault(self.path, key, f"{relative!r}, no such file", "a file that was handed in")
        return target


@dataclass(frozen=True)
class LoadedProgramme(Loaded):
    """A programme with its suites, policies and rulings."""

    programme: Programme
    suites: Mapping[str, LoadedSuite] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        """The warehouse's folder."""
        return self.resolve(self.programme.warehouse, "warehouse")

    def round(self, round_id: str | None = None) -> Round:
        """The round of that id, or the last one."""
        for each in self.programme.rounds:
            if each.id == round_id:
                return each
        if round_id is not None:
            known = ", ".join(each.id for each in self.programme.rounds)
            raise InputFault(self.path, "rounds", repr(round_id), f"one of {known}")
        return self.programme.rounds[-1]

    def team(self, round_: Round, team_id: str) -> Team:
        """The team of that id in the round."""
        for team in round_.teams:
            if team.id == team_id:
                return team
        known = ", ".join(team.id for team in round_.teams)
        raise InputFault(self.path, f"rounds.{round_.id}.teams", repr(team_id), f"one of {known}")

    def submission(self, team: Team) -> LoadedSubmission:
        """The team's submission; raises InputFault where it is missing, faulty or another team's."""
        if team.submission is None:
            raise InputFault(self.path, f"teams.{team.id}.submission", "no submission", "the path of a submission.yaml")
        loaded = load_submission(self.resolve(team.submission, f"teams.{team.id}.submission"))
        if loaded.submission.team != team.id:
            raise InputFault(loaded.path, "team", repr(loaded.submission.team), repr(team.id))
        return loaded

    def reference_path(self, reference: Reference) -> Path:
        """The reference's folder; raises InputFault where it is missing."""
        key = f"references.{reference.id}.source"
        if is_hub_id(reference.source):
            return cached_snapshot(reference.source, self.path, key)
        return _existing_folder(self, reference.source, key)

    def rulings(self, round_: Round) -> list[Ruling]:
        """What the panel decided, read now."""
        if round_.rulings is None:
            return []
        gates, teams = [gate.id for gate in round_.gates], [team.id for team in round_.teams]
        return read_rulings(self.resolve(round_.rulings, f"rounds.{round_.id}.rulings"), teams, gates)

    def with_round(self, changed: Round) -> "LoadedProgramme":
        """A copy in which one round's rules are replaced, for a what-if."""
        rounds = [changed if each.id == changed.id else each for each in self.programme.rounds]
        return replace(self, programme=Programme.model_validate(self.programme.model_copy(update={"rounds": rounds})))


def load_programme(path: Path) -> LoadedProgramme:
    """A programme with its suites, policies, panels and rulings checked; `path` is the file or its folder."""
    path = _absolute(path / "programme.yaml" if path.is_dir() else path)
    programme = _typed(path, Programme)
    loaded = LoadedProgramme(path, programme.allow_outside, programme)
    suites = {}
    for name, relative in programme.suites.items():
        suites[name] = load_suite(loaded.resolve(relative, f"suites.{name}"))
        if suites[name].suite.suite != name:
            raise InputFault(suites[name].path, "suite", repr(suites[name].suite.suite), repr(name))
    policies = {each.id: load_policy(each.policy, loaded) for each in programme.rounds if each.policy is not None}
    loaded = replace(loaded, suites=suites, policies=policies)
    for each in programme.rounds:
        _check_panels(loaded, each)
        loaded.rulings(each)
    return loaded


def load_submission(path: Path) -> LoadedSubmission:
    """A submission by itself; the folders it names are looked at when they are asked for."""
    path = _absolute(path)
    submission = _typed(path, Submission)
    return LoadedSubmission(path, submission.allow_outside, submission)


def load_suite(path: Path) -> LoadedSuite:
    """A suite whose task files are there; whether the tasks exist is the benchmark stage's to say."""
    path = _absolute(path)
    suite = _typed(path, Suite)
    loaded = LoadedSuite(path, suite.allow_outside, suite)
    for task in suite.tasks:
        loaded.task_file(task)
    return loaded


def load_policy(name_or_path: str, base: Loaded | None = None) -> Policy:
    """A shipped policy by its name, or a policy file (relative to `base` where one is given)."""
    shipped = SHIPPED_POLICIES / f"{name_or_path}.yaml"
    if "/" not in name_or_path and shipped.is_file():
        return _typed(shipped, Policy)
    path = base.resolve(name_or_path, "policy") if base is not None else Path(name_or_path).absolute()
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in SHIPPED_POLICIES.glob("*.yaml")))
        where = base.path if base is not None else name_or_path
        raise InputFault(
            where, "policy", f"{name_or_path!r}, no such policy or file", f"a policy file, or one of {names}"
        )
    return _typed(path, Policy)


def _typed(path: Path, model: type[Model]) -> Model:
    source = YamlSource(path)
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        unknown_first = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
        faults = [_fault(source, detail) for detail in unknown_first]
        first, *more = faults
        raise InputFault(first.file, first.key, first.found, first.expected, first.line, more) from None


def _fault(source: YamlSource, detail: Any) -> InputFault:
    kind, value, words = detail["type"], detail.get("input"), str(detail["msg"])
    key, line = source.locate(detail["loc"], missing=kind == "missing")
    if kind == "extra_forbidden":
        return InputFault(source.path, key, "an unknown key", "a key that the contract has (docs/files.md)", line)
    if kind == "missing":
        return InputFault(source.path, key, "nothing", "this key, which has no default", line)
    if kind == "value_error" and "; " in words:
        expected, found = words.removeprefix("Value error, ").split("; ", 1)
        return InputFault(source.path, key, found, expected, line)
    names = {dict: "a mapping", list: "a list", Decimal: str(value)}
    found = names.get(type(value), repr(value))
    return InputFault(
        source.path, key, found, words.removeprefix("Value error, ").removeprefix("Input should be "), line
    )


def _check_panels(loaded: LoadedProgramme, round_: Round) -> None:
    """Reads every table that the round's leaves name, so that a fault in one stops before anything runs."""
    known = [team.id for team in round_.teams]
    active = [team.id for team in round_.teams if team.withdrawn is None]
    for leaf, node in round_.score.leaves():
        source = node.source
        key = f"rounds.{round_.id}.score.{leaf}.from"
        if isinstance(source, Imported):
            values = read_imported(loaded.resolve(source.imported, key), known, source.max)
            _refuse_absent(loaded, source.imported, node, sorted(set(active) - set(values)))
        elif isinstance(source, Raters):
            sheets = read_raters(loaded.resolve(source.raters, key), known, node.points)
            counted = {team: sheets.counted(team) for team in active}
            for team, values in counted.items():
                needed = max(source.min_raters, (source.drop_max or 0) + (source.drop_min or 0) + 1)
                if values and len(values) < needed:
                    raise InputFault(sheets.path, f"team {team}", f"{len(values)} counted raters", f"at least {needed}")
            _refuse_absent(loaded, source.raters, node, sorted(team for team, values in counted.items() if not values))
        if source is not None and source.then and isinstance(source.then.population, FrozenPopulation):
            read_roster(loaded.resolve(source.then.population.frozen, f"{key}.then"))
    _check_baselines(loaded, round_)


def _check_baselines(loaded: LoadedProgramme, round_: Round) -> None:
    without = [team.id for team in round_.teams if team.submission is None and team.withdrawn is None]
    needs = round_.suites() or [gate.id for gate in round_.gates if isinstance(gate, BaselineGate)]
    if needs and without:
        key = f"rounds.{round_.id}.teams.{without[0]}.submission"
        raise InputFault(loaded.path, key, "no submission", f"a submission, which {needs[0]!r} measures")


def _refuse_absent(loaded: LoadedProgramme, table: str, node: ScoreNode, absent: list[str]) -> None:
    if absent and node.source is not None and node.source.missing == "error":
        raise InputFault(
            loaded.folder / table, f"team {absent[0]}", "no value", "one for every team, or `missing:` said"
        )


def _existing_folder(loaded: Loaded, relative: str, key: str) -> Path:
    target = loaded.resolve(relative, key)
    if not target.is_dir():
        what = "a file" if target.is_file() else "no such folder"
        raise InputFault(loaded.path, key, f"{relative!r}, {what}", "a folder of safetensors")
    return target


def _absolute(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _normal(parts: tuple[str, ...]) -> list[str]:
    """The parts of a path with `.` and `..` taken out, without following links."""
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept = kept[:-1] if len(kept) > 1 else kept
        elif part != ".":
            kept.append(part)
    return kept


__all__ = [
    "Loaded",
    "LoadedProgramme",
    "LoadedSubmission",
    "LoadedSuite",
    "load_policy",
    "load_programme",
    "load_submission",
    "load_suite",
]
