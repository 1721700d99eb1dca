"""A trace in a terminal: one table a reference, what each number means, and what was not tested."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from checks.records.lineage_words import CHAINS, COMPONENTS, VERDICTS, named
from flows.cli.answers import console, table

if TYPE_CHECKING:
    from checks.records.lineage import ComponentFinding, ReferenceFinding, Trace

_STYLES = {"derived": "red", "independent": "green", "indeterminate": "yellow", "not_applicable": "dim"}


def print_trace(found: Trace) -> None:
    """Everything about it, the verdict last."""
    from rich.text import Text

    terminal = console()
    for reference in found.references:
        terminal.print(_reference_table(found.subject, reference))
        for component in reference.components:
            terminal.print(f"{component.explanation.ko}\n{component.explanation.en}\n", soft_wrap=True)
        terminal.print(_architecture(reference), soft_wrap=True)
    for link in found.chain:
        component_words, result = named(link.component, COMPONENTS), CHAINS[link.result]
        terminal.print(f"{component_words.ko} {component_words.en}: {result.ko} {result.en}")
        terminal.print(f"{link.explanation.ko}\n{link.explanation.en}\n", soft_wrap=True)
    for reason, number in Counter(row.reason for row in found.coverage if not row.used).most_common():
        terminal.print(f"{number} of {len(found.coverage)} tensors not tested: {reason}")
    if found.screened:
        terminal.print(
            f"{len(found.screened)}개 참조 모델은 훑어보기만 했습니다 · {len(found.screened)} references of the catalogue were "
            "screened only, without a sign that calls for a test",
            soft_wrap=True,
        )
    terminal.print(Text(f"{found.subject}: {_verdict(found.verdict)}", style=f"bold {_STYLES[found.verdict]}"))
    terminal.print(f"{found.seconds:.1f} s, {found.bytes_read / 1e6:.1f} MB read")


def _verdict(verdict: Any) -> str:
    words = VERDICTS[verdict]
    return f"{words.en.lower()} {words.ko}"


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
        shown.add_row(
            component.component,
            Text(_verdict(component.verdict), style=_STYLES[component.verdict]),
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
