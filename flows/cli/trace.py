"""`gwanmun trace` and `gwanmun fingerprint`: is this checkpoint derived from that one? No programme needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from checks.contracts.errors import InputFault
from flows.cli.answers import console, only_the_answer, print_json, say, table
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption
from flows.cli.progress import progress_shown

if TYPE_CHECKING:
    from checks.records.lineage import ComponentFinding, ReferenceFinding, Trace

AGAINST = "--against"
_VERDICTS = {
    "derived": ("derived 파생", "red"),
    "independent": ("no derivation found 파생이 발견되지 않음", "green"),
    "indeterminate": ("indeterminate 판정 불가", "yellow"),
    "not_applicable": ("not applicable 해당 없음", "dim"),
}


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

    \b
    gwanmun trace path/to/subject --against reference-a reference-b --json
    """
    if not against and catalogue is None:
        raise InputFault("command line", AGAINST, "no reference", f"{AGAINST} REFERENCE…, or --against-catalogue DIR")
    references = _named(against or [])
    for name, folder in references.items():
        if folder.resolve() == subject.resolve():
            say(f"{subject} and the reference {name} are the same folder: every tensor is its own copy")
    from tasks.independence import trace as traced

    with only_the_answer(), progress_shown() as progress:
        found = traced(subject, references, catalogue=catalogue, progress=progress)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)
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


def _resolved(folders: Sequence[Path]) -> set[Path]:
    return {folder.resolve() for folder in folders}


def _print(found: Trace) -> None:
    from rich.text import Text

    terminal = console()
    for reference in found.references:
        terminal.print(_reference_table(found.subject, reference))
        for component in reference.components:
            terminal.print(f"{component.explanation.ko}\n{component.explanation.en}\n", soft_wrap=True)
        terminal.print(_architecture(reference), soft_wrap=True)
    if found.screened:
        terminal.print(
            f"{len(found.screened)}개 참조 모델은 훑어보기만 했습니다 · {len(found.screened)} references of the catalogue were "
            "screened only, without a sign that calls for a test",
            soft_wrap=True,
        )
    for reason, number in Counter(row.reason for row in found.coverage if not row.used).most_common():
        terminal.print(f"{number} of {len(found.coverage)} tensors not tested: {reason}")
    words, style = _VERDICTS[found.verdict]
    terminal.print(Text(f"{found.subject}: {words}", style=f"bold {style}"))
    terminal.print(f"{found.seconds:.1f} s, {found.bytes_read / 1e6:.1f} MB read")


def _reference_table(subject: str, reference: ReferenceFinding) -> Any:
    from rich.text import Text

    columns = (
        "구성 요소 component",
        "판정 verdict",
        "관계 relation",
        "p (corrected)>",
        "share of parameters>",
        "layers>",
    )
    shown = table(*columns, title=f"{subject} against {reference.reference}")
    for component in reference.components:
        words, style = _VERDICTS[component.verdict]
        shown.add_row(
            component.component,
            Text(words, style=style),
            component.relation or "–",
            _p_value(component),
            f"{component.share_of_parameters:.1%}",
            str(len(component.layers)),
        )
    return shown


def _p_value(component: ComponentFinding) -> str:
    """The p-value as a power of ten, which does not underflow; an exact copy has none."""
    if any(test.identity for test in component.tests) and component.log10_p is None:
        return "identical"
    return "–" if component.log10_p is None else f"10^{component.log10_p:.1f}"


def _architecture(reference: ReferenceFinding) -> str:
    architecture = reference.architecture
    family = "같은 구조 계열 (same family)" if architecture.same_family else "다른 구조 계열 (another family)"
    shared = ", ".join(architecture.shared_settings) or "–"
    return f"{family}; 공통 설정 (settings in common): {shared}; {architecture.note}\n"
