"""What the independence and data-quality stages found, as table rows: used by a stage's page and by the team's page."""

from checks.records.decision_words import named
from checks.records.lineage import ComponentFinding, Trace
from checks.records.lineage_words import COMPONENTS, RELATIONS
from checks.records.quality import ExpectationResult
from checks.records.record import Text
from dashboard.blocks import label, mono
from dashboard.html_table import Html, Number
from dashboard.opened import View
from dashboard.words import stages as words
from dashboard.words.language import inline, inline_html, stacked_html
from dashboard.words.numbers import count_text, p_text, share_text
from dashboard.words.signs import QUALITY, QUALITY_SUITE, SEVERITY, VERDICT

FINDING_COLUMNS = [
    words.REFERENCE,
    words.COMPONENT,
    words.VERDICT,
    words.RELATION,
    words.P_VALUE,
    words.SHARE_OF_PARAMETERS,
    words.WHY,
]


def finding_rows(view: View, trace: Trace) -> list[list[str]]:
    """One row a reference and component, for people."""
    return [
        [
            reference.reference,
            label(named(finding.component, COMPONENTS), view.language),
            Html(VERDICT[finding.verdict].chip(view.language)),
            label(RELATIONS[finding.relation], view.language) if finding.relation else "–",
            corrected_p(view, finding),
            Number(share_text(finding.share_of_parameters)),
            Html(stacked_html(finding.explanation, view.language)),
        ]
        for reference in trace.references
        for finding in reference.components
    ]


def plain_finding_rows(trace: Trace) -> list[list[str]]:
    """The same rows for a CSV: ids and exact numbers."""
    return [
        [
            reference.reference,
            finding.component,
            finding.verdict,
            finding.relation or "",
            "identical" if is_identity(finding) else str(finding.p_value if finding.p_value is not None else ""),
            str(finding.share_of_parameters),
            finding.explanation.en,
        ]
        for reference in trace.references
        for finding in reference.components
    ]


def corrected_p(view: View, finding: ComponentFinding) -> Number:
    """The verdict's p-value, or `identical` for an exact copy, which needs none."""
    if is_identity(finding):
        return Number(inline(words.EXACT, view.language))
    return p_text(finding.p_value, finding.log10_p)


def is_identity(finding: ComponentFinding) -> bool:
    """Whether the verdict rests on an exact copy: no p-value, and a test that says identity."""
    return finding.p_value is None and finding.log10_p is None and any(test.identity for test in finding.tests)


def verdict_cell(view: View, finding: ComponentFinding) -> Html:
    """A cell of the matrix: verdict, relation and p-value under each other."""
    under = []
    if finding.relation is not None:
        under.append(inline_html(RELATIONS[finding.relation], view.language))
    if finding.verdict != "not_applicable":
        value = corrected_p(view, finding)
        under.append(value if is_identity(finding) else f"p = {value}")
    small = "".join(f'<div class="gw-second">{each}</div>' for each in under)
    return Html(VERDICT[finding.verdict].chip(view.language) + small)


CHECK_COLUMNS = [
    words.RESULT,
    words.CHECK,
    words.SUBJECT,
    words.EXPECTED,
    words.OBSERVED,
    words.ROWS,
    words.EXAMPLES,
    words.NOTE,
]


def check_rows(view: View, results: list[ExpectationResult]) -> list[list[str]]:
    """One row a check, for people; examples are other people's text and are only ever shown escaped."""
    return [
        [
            Html(QUALITY[result.outcome].chip(view.language)),
            _check_name(view, result),
            mono(result.subject),
            result.expected,
            result.observed,
            Number(count_text(result.rows)),
            Html("<br>".join(mono(example) for example in result.examples)),
            Html(stacked_html(result.text, view.language)),
        ]
        for result in results
    ]


def _check_name(view: View, result: ExpectationResult) -> Html:
    where = Text(
        ko=f"{QUALITY_SUITE[result.suite].ko}, {SEVERITY[result.severity].ko}",
        en=f"{QUALITY_SUITE[result.suite].en}, {SEVERITY[result.severity].en}",
    )
    return Html(f'{mono(result.check)}<div class="gw-second">{inline_html(where, view.language)}</div>')


def plain_check_rows(results: list[ExpectationResult]) -> list[list[str]]:
    """The same rows for a CSV."""
    return [
        [
            result.outcome,
            f"{result.suite}.{result.check} ({result.severity})",
            result.subject,
            result.expected,
            result.observed,
            str(result.rows),
            " | ".join(result.examples),
            result.text.en,
        ]
        for result in results
    ]
