"""The page: what of a trace stands where. Its words stand in page.html.jinja, in Korean and English beside each other.

write_report(Path("report.html"), trace, Provenance(command="gwanmun trace …", version="0.1.0", …))
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.plain_files import refuse_inside
from checks.records.lineage import ComponentFinding, LineageTest, ReferenceFinding, Trace, Verdict
from checks.records.lineage_words import CHAINS, COMPONENTS, GROUPS, REASONS, RELATIONS, TESTS, VERDICTS, named
from checks.records.record import Text
from tasks.independence.report.layer_map import draw_layer_map
from tasks.independence.report.ledger import ledger, ledger_summary
from tasks.independence.report.null_picture import draw_nulls
from tasks.independence.report.svg import power_of_ten
from tasks.whole_files import refuse_to_lose_for_report, write_whole

_TEMPLATE = "page.html.jinja"
#: Comparisons that are opened with their tests and pictures, the worst first; a catalogue's other hundreds stand in the table.
MOST_OPENED = 24
_WORST_FIRST: tuple[Verdict, ...] = ("derived", "indeterminate", "independent", "not_applicable")
_SIGNS: dict[str, str] = {"derived": "×", "independent": "○", "indeterminate": "?", "not_applicable": "–"}
_CHAIN_SIGNS = {"supported": "○", "missing": "△", "contradicted": "×"}


@dataclass(frozen=True)
class Provenance:
    """What it takes to come to the same numbers again: `files` holds (path, SHA-256) of all that was read."""

    command: str
    version: str
    measurement: int
    environment: Mapping[str, str]
    made_at: datetime
    files: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """One component against one reference, as the page shows it."""

    anchor: str
    reference: ReferenceFinding
    finding: ComponentFinding

    @property
    def identical(self) -> bool:
        """Whether the verdict rests on equal numbers, so that it has no p-value."""
        return self.finding.verdict == "derived" and self.finding.log10_p is None

    @property
    def p(self) -> str:
        """The corrected p-value as HTML; empty where there is none."""
        return "" if self.finding.log10_p is None else _power(self.finding.log10_p)

    @property
    def effects(self) -> list[Text]:
        """How large the likeness is: what is copied, what correlates, what agrees."""
        return list(effects_of(self.finding))

    @property
    def deciding(self) -> list[LineageTest]:
        """The tests that a finding of likeness rests on."""
        return [test for test in self.finding.tests if test.decides]

    @property
    def nulls(self) -> str | None:
        """Statistics against their nulls, as SVG."""
        return draw_nulls(self.finding.tests, "both")

    @property
    def layer_map(self) -> str | None:
        """The layer map, as SVG."""
        return draw_layer_map(self.finding, self.reference.reference, "both")


def writable_target(path: Path, read: list[Path]) -> None:
    """Raises InputFault where no report can be written to `path`; `read` are folders that are traced, to which none is added."""
    folder = path.parent
    if not folder.is_dir():
        raise InputFault(path, found=f"no folder {str(folder)!r}", expected="a file in a folder that is there")
    if not os.access(folder, os.W_OK):
        raise InputFault(path, found="a folder that may not be written", expected="a file to write")
    refuse_inside(path, read, "which is traced")
    refuse_to_lose_for_report(path)


def write_report(path: Path, trace: Trace, provenance: Provenance) -> None:
    """Writes the page, whole or not at all; raises InputFault where it cannot be written."""
    write_whole(path, render(trace, provenance).encode("utf-8", "backslashreplace"))


def render(trace: Trace, provenance: Provenance) -> str:
    """The page as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent,
        "power": _power,
        "count": lambda number: f"{number:,}",
        "link_ko": _link_in_korean,
        "component_ko": lambda each: named(each, COMPONENTS).ko,
        "component_en": lambda each: named(each, COMPONENTS).en,
    }
    comparisons = _comparisons(trace)
    held = [each for each in comparisons if each.finding.verdict != "not_applicable"]
    words: dict[str, Any] = {
        "verdicts": VERDICTS,
        "relations": RELATIONS,
        "signs": _SIGNS,
        "chains": CHAINS,
        "chain_signs": _CHAIN_SIGNS,
    }
    return environment.get_template(_TEMPLATE).render(
        trace=trace,
        provenance=provenance,
        comparisons=comparisons,
        opened=held[:MOST_OPENED],
        held=held,
        chains={each.result: [one for one in trace.chain if one.result == each.result] for each in trace.chain},
        cleared=_cleared(comparisons),
        unheard=sorted({each.component for each in trace.coverage} - {each.finding.component for each in held}),
        gains=[(each, test) for each in comparisons for test in each.finding.tests if test.test == "norm-gain-cosine"],
        ledger=ledger(trace.coverage),
        summary=ledger_summary(trace.coverage),
        component=lambda each: named(each, COMPONENTS),
        test_name=lambda each: named(each, TESTS),
        group=lambda each: named(each, GROUPS),
        reason=lambda each: named(each, REASONS),
        words=words,
    )


def _comparisons(trace: Trace) -> list[Comparison]:
    """The worst first; of equal verdicts the clearest, then in the order of references."""
    pairs = [(reference, finding) for reference in trace.references for finding in reference.components]
    pairs.sort(key=lambda pair: (_WORST_FIRST.index(pair[1].verdict), pair[1].log10_p or 0.0))
    return [Comparison(f"c{number}", *pair) for number, pair in enumerate(pairs, 1)]


def _cleared(comparisons: Sequence[Comparison]) -> dict[str, int]:
    """Component → how many references it was held against, of the components in which nothing was found by any."""
    found: dict[str, list[Verdict]] = {}
    for each in comparisons:
        if each.finding.verdict != "not_applicable":
            found.setdefault(each.finding.component, []).append(each.finding.verdict)
    return {name: len(verdicts) for name, verdicts in found.items() if set(verdicts) == {"independent"}}


def effects_of(finding: ComponentFinding) -> list[Text]:
    """How large the likeness is, in words: what is copied, what correlates, what agrees."""
    tests = {test.test: test for test in finding.tests}
    copy, centred = tests.get("exact-copy"), tests.get("centred-correlation")
    found = []
    if copy is not None and copy.identity and copy.statistic is not None:
        share = _percent(copy.statistic)
        found.append(Text(ko=f"매개변수의 {share}가 숫자까지 같음", en=f"{share} of the parameters identical"))
    if centred is not None and centred.statistic is not None:
        r = f"{centred.statistic:.3f}"
        found.append(Text(ko=f"중심화 상관 {r}", en=f"centred correlation {r}"))
    answers = tests.get("same-answers")
    if answers is not None and answers.identity:
        found.append(Text(ko="모든 글에 같은 답", en="the same answers to any text"))
    aligned = [test.statistic for test in finding.tests if test.decides and test.test.startswith("aligned")]
    if aligned and aligned[0] is not None:
        share = _percent(min(each or 0.0 for each in aligned))
        found.append(Text(ko=f"맞추는 데 쓰지 않은 단위의 {share}가 일치", en=f"{share} of held-out units agree"))
    order = [test.statistic for test in finding.tests if test.decides and test.test.endswith("-in-place")]
    if order and order[0] is not None:
        least = f"{min(each or 0.0 for each in order):.3f}"
        found.append(Text(ko=f"남은 순서의 평균 코사인 {least}", en=f"mean cosine of what is left in order {least}"))
    return found


def _link_in_korean(scope: str) -> str:
    """`step 0 to submission`, as links of a chain are named, in Korean."""
    return re.sub(r"step (\d+)", r"\1단계", scope).replace(" to ", " → ").replace("submission", "제출물")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _power(log10_p: float) -> str:
    """A p-value as safe HTML."""
    from markupsafe import Markup

    number, exponent = power_of_ten(log10_p)
    return Markup("{}<sup>{}</sup>").format(number, exponent) if exponent else number
