"""The independence stage: whose weights come from where, by which tests, and what could not be read."""

from collections import defaultdict

import streamlit as st

from checks.records.decision_words import named
from checks.records.lineage import ComponentFinding, CoverageRow, LineageTest, ReferenceFinding, Trace
from checks.records.lineage_words import COMPONENTS, GROUPS, REASONS, TESTS
from dashboard.blocks import heading, label, mono, section, sentence, show_drawing, show_long_table, show_table
from dashboard.findings import verdict_cell
from dashboard.html_table import Html, Number
from dashboard.opened import View, pick_team, view
from dashboard.words import shell
from dashboard.words import stages as words
from dashboard.words.language import inline, inline_html, named_as_is, plain_label, stacked_html
from dashboard.words.numbers import count_text, p_text, share_text
from dashboard.words.signs import CHAIN, VERDICT
from tasks.independence.report import draw_layer_map, draw_nulls


def show() -> None:
    """The matrix of all teams, then everything about one of them."""
    shown = view()
    heading(shown, words.INDEPENDENCE_TITLE)
    traces = {team.id: trace for team in shown.round.teams if (trace := shown.trace(team.id)) is not None}
    section(shown, words.MATRIX, words.MATRIX_NOTE)
    if not traces:
        sentence(shown, shell.NO_MEASUREMENTS)
        return
    _matrix(shown, traces)
    team = pick_team(shown)
    trace = traces.get(team.id)
    if trace is None:
        sentence(shown, shown.why_not_measured(team.id, "independence"))
        return
    _one_comparison(shown, trace)
    section(shown, words.ARCHITECTURE, words.ARCHITECTURE_NOTE)
    _architecture(shown, trace)
    if trace.chain:
        section(shown, words.CHAIN)
        _chain(shown, trace)
    section(shown, words.COVERAGE, words.COVERAGE_NOTE)
    _coverage(shown, team.id, trace.coverage)


def _matrix(shown: View, traces: dict[str, Trace]) -> None:
    """Rows: team and component; columns: references."""
    references = list(dict.fromkeys(each.reference for trace in traces.values() for each in trace.references))
    rows, plain, classes = [], [], []
    for team in shown.round.teams:
        if team.id not in traces:
            continue
        found: dict[str, dict[str, ComponentFinding]] = defaultdict(dict)
        for reference in traces[team.id].references:
            for finding in reference.components:
                found[finding.component][reference.reference] = finding
        for component, cells in found.items():
            rows.append(
                [
                    label(team.name, shown.language),
                    label(named(component, COMPONENTS), shown.language),
                    *(verdict_cell(shown, cells[each]) if each in cells else "–" for each in references),
                ]
            )
            plain.append([team.id, component, *(cells[each].verdict if each in cells else "" for each in references)])
            classes.append("gw-row-bad" if any(each.verdict == "derived" for each in cells.values()) else "")
    columns = [shell.TEAM, words.COMPONENT, *(named_as_is(each) for each in references)]
    show_table(shown, "lineage", columns, rows, plain_rows=plain, row_classes=classes)


def _one_comparison(shown: View, trace: Trace) -> None:
    """One reference and component opened: its tests with what they say, and its layer map."""
    pairs = [(reference, finding) for reference in trace.references for finding in reference.components]
    if not pairs:
        return
    order = {"derived": 0, "indeterminate": 1, "independent": 2, "not_applicable": 3}
    pairs.sort(key=lambda pair: order[pair[1].verdict])
    chosen = st.selectbox(
        plain_label(inline(words.PICK, shown.language)),
        range(len(pairs)),
        format_func=lambda index: _pair_name(shown, *pairs[index]),
        key="comparison",
    )
    reference, finding = pairs[chosen]
    section(shown, words.TESTS, words.TESTS_NOTE)
    st.html(
        f'<div class="gw-card">{VERDICT[finding.verdict].chip(shown.language)} '
        f"{stacked_html(finding.explanation, shown.language)}</div>"
    )
    if finding.tests:
        _tests(shown, f"tests-{reference.reference}-{finding.component}", finding.tests)
    _pictures(shown, reference, finding)


def _pictures(shown: View, reference: ReferenceFinding, finding: ComponentFinding) -> None:
    """The statistic against its null, and the layer map: as the report of `gwanmun trace` draws them."""
    nulls = draw_nulls(finding.tests, shown.language)
    if nulls is not None:
        section(shown, words.NULLS, words.NULLS_NOTE)
        show_drawing(shown, nulls)
    section(shown, words.LAYER_MAP, words.LAYER_MAP_NOTE)
    drawn = draw_layer_map(finding, reference.reference, shown.language)
    if drawn is None:
        sentence(shown, words.NO_NUMBERED_LAYERS)
        return
    show_drawing(shown, drawn)
    if finding.layers:
        _layer_table(shown, finding)


def _pair_name(shown: View, reference: ReferenceFinding, finding: ComponentFinding) -> str:
    component = inline(named(finding.component, COMPONENTS), shown.language)
    return f"{reference.reference} / {component} — {VERDICT[finding.verdict].line(shown.language)}"


def _tests(shown: View, name: str, tests: list[LineageTest]) -> None:
    rows = [
        [
            Html(f"{inline_html(named(test.test, TESTS), shown.language)}<div>{mono(test.test)}</div>"),
            Number("–" if test.statistic is None else f"{test.statistic:.4g}"),
            Number(inline(words.EXACT, shown.language)) if test.identity else p_text(test.p_value, test.log10_p),
            label(named(test.group, GROUPS), shown.language),
            test.scope,
            Html(stacked_html(test.note, shown.language)) if test.note is not None else "",
        ]
        for test in tests
    ]
    columns = [words.TEST, words.STATISTIC, words.P_VALUE, words.GROUP, words.SCOPE, words.NOTE]
    plain = [
        [
            test.test,
            str(test.statistic),
            "identical" if test.identity else str(test.log10_p),
            test.group,
            test.scope,
            test.note.en if test.note is not None else "",
        ]
        for test in tests
    ]
    classes = ["gw-row-rests" if test.decides else "" for test in tests]
    show_table(shown, name, columns, rows, plain_rows=plain, row_classes=classes)


def _layer_table(shown: View, finding: ComponentFinding) -> None:
    """What the heat map shows, in words."""
    exact = Number(inline(words.EXACT, shown.language))
    rows = [
        [
            str(match.subject_layer),
            str(match.reference_layer),
            exact if match.log10_p is None else p_text(match.p_value, match.log10_p),
            Number("–" if match.share is None else share_text(match.share)),
            label(named(match.test, TESTS), shown.language),
        ]
        for match in finding.layers
    ]
    with st.expander(plain_label(inline(words.LAYER_TABLE, shown.language))):
        columns = [words.SUBJECT_LAYER, words.REFERENCE_LAYER, words.P_VALUE, words.LAYER_SHARE, words.TEST]
        show_table(shown, "layers", columns, rows)


def _architecture(shown: View, trace: Trace) -> None:
    answer = {True: shell.YES, False: shell.NO}
    rows = [
        [
            reference.reference,
            label(answer[reference.architecture.same_family], shown.language),
            Html(", ".join(mono(each) for each in reference.architecture.shared_settings)) or "–",
            Number(
                share_text(reference.architecture.tokenizer_shared)
                if reference.architecture.tokenizer_shared is not None
                else "–"
            ),
        ]
        for reference in trace.references
    ]
    columns = [words.REFERENCE, words.SAME_FAMILY, words.SHARED_SETTINGS, words.TOKENIZER]
    show_table(shown, "architecture", columns, rows)


def _chain(shown: View, trace: Trace) -> None:
    for link in trace.chain:
        st.html(
            f'<div class="gw-card"><b>{inline_html(named(link.component, COMPONENTS), shown.language)}</b> '
            f"{CHAIN[link.result].chip(shown.language)} {stacked_html(link.explanation, shown.language)}</div>"
        )
        if link.links:
            _tests(shown, f"chain-{link.component}", link.links)


def _coverage(shown: View, team: str, coverage: list[CoverageRow]) -> None:
    """Per component how much was compared; every tensor below it."""
    by_component: dict[str, list[CoverageRow]] = defaultdict(list)
    for row in coverage:
        by_component[row.component].append(row)
    rows = []
    for component, tensors in by_component.items():
        parameters = sum(each.parameters for each in tensors)
        used = sum(each.parameters for each in tensors if each.used)
        reasons = dict.fromkeys(each.reason for each in tensors if not each.used and each.reason)
        why = "<br>".join(inline_html(REASONS.get(each, named_as_is(each)), shown.language) for each in reasons)
        rows.append(
            [
                label(named(component, COMPONENTS), shown.language),
                Number(count_text(len(tensors))),
                Number(count_text(parameters)),
                Number(share_text(used / parameters if parameters else 0.0)),
                Html(why or "–"),
            ]
        )
    columns = [words.COMPONENT, words.TENSORS, words.PARAMETERS, words.USED, words.REASON]
    show_table(shown, "coverage", columns, rows)
    if not coverage:
        return
    ledger = [
        [
            mono(row.tensor),
            label(named(row.component, COMPONENTS), shown.language),
            row.role,
            "–" if row.layer is None else str(row.layer),
            Number(count_text(row.parameters)),
            label(words.USED_WORD if row.used else words.NOT_USED, shown.language),
            label(REASONS.get(row.reason, named_as_is(row.reason)), shown.language),
        ]
        for row in coverage
    ]
    fields = list(CoverageRow.model_fields)
    plain = [[str(value) for value in row.model_dump().values()] for row in coverage]
    columns = [words.TENSOR, words.COMPONENT, words.ROLE, words.LAYER, words.PARAMETERS, words.USED_TITLE, words.REASON]
    with st.expander(plain_label(inline(words.LEDGER, shown.language))):
        show_long_table(shown, f"tensors-{team}", columns, ledger, plain_columns=fields, plain_rows=plain)


show()
