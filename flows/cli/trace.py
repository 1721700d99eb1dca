"""`gwanmun trace` and `gwanmun fingerprint`: is this checkpoint derived from that one? No programme needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from checks.contracts.errors import InputFault
from flows.cli.answers import only_the_answer, print_json, say
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption
from flows.cli.progress import progress_shown
from flows.cli.trace_answer import print_trace
from flows.cli.trace_report import write_trace_report

AGAINST = "--against"
CHECKPOINT = "--checkpoint"
RUN_MODELS, DEVICE = "--run-models", "--device"


class ReferencesAfterAgainst(TyperCommand):
    """Lets one `--against` take every reference that follows it, as well as being said once a reference."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Typer's own parsing of `--against a --against b` where the user wrote `--against a b`."""
        return super().parse_args(ctx, against_each(args))


def trace(
    subject: Annotated[Path, typer.Argument(metavar="SUBJECT", help="A folder of safetensors.")],
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="REFERENCE...", help="Folders of safetensors; SUBJECT stands before this option."),
    ] = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            "--against-catalogue", metavar="DIR", help="All fingerprints that `gwanmun fingerprint` left here."
        ),
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP=DIR",
            help="A checkpoint of SUBJECT's own training, step 0 among them; once for each. Judges the chain from step 0.",
        ),
    ] = None,
    run_models: Annotated[
        bool,
        typer.Option(
            RUN_MODELS,
            help="Run the language models too, in float32, and compare what they answer; no code of theirs is run.",
        ),
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(
            DEVICE, metavar="D", help="Where matrices are multiplied and models run: cpu (the default), cuda, cuda:1."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html", help="Write the findings as one page too; it is written whole or not at all."
        ),
    ] = None,
    fail_on: Annotated[
        Literal["derived"] | None, typer.Option(help="Exit with 1 where the verdict is derived.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a checkpoint derives from others.

    Component by component, and without a programme. Components are the language model, vision tower, audio tower and
    projector. The verdict on each is `derived` (p below 1e-3 over the whole family of tests, an effect size, and two
    disjoint groups of tensors that agree), `independent` (printed as "no derivation found": covered, tested, and the
    same test finds a derivative planted at this size) or `indeterminate`; the worst counts. Architecture in common is a
    separate finding and no derivation. What could not be used is listed with its reason under `coverage` in JSON.

    Name all references that could have gone into it in one command: where it derives from one, what is left without that one is
    held against the others, by which the small share of a merge is found under any disguise.

    With --checkpoint the subject is held against its own step 0 and checkpoints: a chain that holds supports the claim of
    training from scratch, which final weights alone never prove. --report writes a page for people who decide: pictures of
    the layer map and of each statistic against chance, in Korean and English, with no script and no address in it.

    With --run-models both language models answer random text. The same answers to within rounding are a copy that was disguised
    (`derived`); hidden units that answer alike are not cleared (`indeterminate`). Both models then have to fit in memory.

    \b
    gwanmun trace path/to/subject --against reference-a reference-b --json

    \b
    gwanmun trace path/to/subject --against reference-a --checkpoint 0=path/to/step-0 --report report.html
    """
    if not against and catalogue is None:
        raise InputFault("command line", AGAINST, "no reference", f"{AGAINST} REFERENCE…, or --against-catalogue DIR")
    references = _named(against or [])
    for name, folder in references.items():
        if folder.resolve() == subject.resolve():
            say(f"{subject} and the reference {name} are the same folder: every tensor is its own copy")
    steps = _steps(checkpoint or [])
    read = [subject, *references.values(), *(folder for _, folder in steps)]
    from tasks.independence import trace as traced
    from tasks.independence.report import writable_target

    if report is not None:
        writable_target(report, [*read, *([] if catalogue is None else [catalogue])])
    with only_the_answer(), progress_shown() as progress:
        found = traced(
            subject,
            references,
            catalogue=catalogue,
            checkpoints=steps,
            run_models=run_models,
            device=device,
            progress=progress,
        )
        if report is not None:
            write_trace_report(report, found, read, catalogue)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_trace(found)
    if fail_on == found.verdict:
        raise typer.Exit(FOUND)


def fingerprint(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The reference model: a folder of safetensors.")],
    identifier: Annotated[str, typer.Option("--id", metavar="ID", help="The reference's name in findings.")],
    catalogue: Annotated[Path, typer.Option(metavar="DIR", help="The catalogue; it is made where it is not there.")],
    as_json: JsonOption = False,
) -> None:
    """Read a reference model once into a fingerprint.

    A fingerprint is a fraction of the model's size. `gwanmun trace SUBJECT --against-catalogue DIR` uses all fingerprints
    of a catalogue, without the models.
    """
    from tasks.independence import fingerprint as fingerprinted

    with only_the_answer(), progress_shown() as progress:
        made = fingerprinted(source, identifier, catalogue, progress)
    if as_json:
        print_json({"id": identifier, "source": str(source), "fingerprint": str(made)})
    else:
        typer.echo(str(made))


def against_each(args: Sequence[str]) -> list[str]:
    """`s --against a b --json` → `s --against a --against b --json`."""
    repeated: list[str] = []
    taking, first = False, False
    for place, argument in enumerate(args):
        if argument == "--":
            return [*repeated, *args[place:]]
        if argument == AGAINST:
            taking, first = True, True
        elif argument.startswith("-"):
            taking = False
        elif taking and not first:
            repeated.append(AGAINST)
        else:
            first = False
        repeated.append(argument)
    return repeated


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    """References by the names of their folders; by the paths as given where two folders have the same name."""
    if len({folder.resolve() for folder in folders}) < len(folders):
        doubled = next(str(each) for place, each in enumerate(folders) if each.resolve() in _resolved(folders[:place]))
        raise InputFault("command line", AGAINST, f"{doubled!r} twice", "each reference once")
    names = [folder.resolve().name for folder in folders]
    return {
        name if name and names.count(name) == 1 else str(folder): folder
        for name, folder in zip(names, folders, strict=True)
    }


def _steps(given: Sequence[str]) -> list[tuple[int, Path]]:
    """`0=step-0` → (0, step-0); each step once."""
    steps: dict[int, Path] = {}
    for each in given:
        step, mark, folder = each.partition("=")
        if not mark or not step.isascii() or not step.isdigit() or not folder:
            raise InputFault("command line", CHECKPOINT, repr(each), "STEP=DIR, a whole number and a folder")
        if int(step) in steps:
            raise InputFault("command line", CHECKPOINT, f"step {int(step)} twice", "each step once")
        steps[int(step)] = Path(folder)
    return sorted(steps.items())


def _resolved(folders: Sequence[Path]) -> set[Path]:
    return {folder.resolve() for folder in folders}
