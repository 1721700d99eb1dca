"""One team: its points node by node, its gates, what its model was found to be, and the runs behind all that."""

from html import escape

import streamlit as st

from checks.contracts.errors import InputFault
from checks.contracts.programme import Team
from checks.contracts.score_tree import CostEfficiency, Imported, Raters, ScoreNode, SuiteMean, SuiteRelative
from checks.contracts.submission import Component
from checks.records.decision_words import EFFECTS, named
from checks.records.decisions import GateResult, Standing
from checks.records.lineage_words import COMPONENTS
from checks.records.record import Text
from dashboard.blocks import (
    decision_note,
    heading,
    label,
    mono,
    outcome_words,
    reasons_table,
    section,
    sentence,
    show_table,
)
from dashboard.findings import (
    CHECK_COLUMNS,
    FINDING_COLUMNS,
    check_rows,
    finding_rows,
    plain_finding_rows,
)
from dashboard.html_table import Html, Number
from dashboard.opened import View, pick_team, view
from dashboard.words import ranking, shell
from dashboard.words import stages as words
from dashboard.words.language import filled, inline, inline_html, stacked_html
from dashboard.words.numbers import points_text, share_text
from dashboard.words.signs import CHAIN, GATE, STAGE, STATUS


def show() -> None:
    """The page of the team that is picked, or named in the address (`?team=t1`)."""
    shown = view()
    heading(shown, words.TEAM_TITLE)
    team = pick_team(shown)
    standing = shown.standing(team.id)
    if standing is not None:
        decision_note(shown)
        _head(shown, standing)
        section(shown, words.STANDING_REASONS)
        reasons_table(shown, "reasons", standing.reasons)
        section(shown, words.GATES)
        _gates(shown, standing)
        section(shown, words.SCORE_TREE)
        _points(shown, standing)
    section(shown, words.INDEPENDENCE_FINDINGS)
    _independence(shown, team)
    section(shown, words.QUALITY_FINDINGS)
    _quality(shown, team)
    section(shown, words.DECLARED)
    _declared(shown, team)
    section(shown, words.RUNS)
    _runs(shown, team)


def _head(shown: View, standing: Standing) -> None:
    rank = f"{standing.rank}" if standing.rank is not None else "–"
    by = inline_html(named(standing.eliminated_by), shown.language) if standing.eliminated_by else ""
    st.html(
        f'<div class="gw-tiles"><div class="gw-tile">{inline_html(ranking.STATUS, shown.language)}'
        f"<b>{STATUS[standing.status].chip(shown.language)}</b><small>{by}</small></div>"
        f'<div class="gw-tile">{inline_html(ranking.RANK, shown.language)}<b>{rank}</b></div>'
        f'<div class="gw-tile">{inline_html(ranking.TOTAL, shown.language)}<b>{escape(points_text(standing.total))}</b>'
        f"</div></div>"
    )


def _gates(shown: View, standing: Standing) -> None:
    if not standing.gate_results:
        sentence(shown, shell.NONE)
        return
    rows = [
        [
            label(named(result.gate), shown.language),
            Html(GATE[result.own].chip(shown.language)),
            Html(GATE[result.result].chip(shown.language) + _ruled(shown, result)),
            label(EFFECTS[result.effect], shown.language),
            Html(
                "".join(
                    f"<div><b>{inline_html(outcome_words(reason.outcome), shown.language)}</b> "
                    f"{stacked_html(reason.text, shown.language)}</div>"
                    for reason in sorted(result.reasons, key=lambda each: each.outcome == "pass")
                )
            ),
        ]
        for result in standing.gate_results
    ]
    show_table(shown, "gates", [words.GATE, words.OWN_RESULT, words.COUNTS, words.EFFECT, words.WHY], rows)


def _ruled(shown: View, result: GateResult) -> str:
    if result.own == result.result:
        return ""
    return f'<div class="gw-second">{inline_html(words.RULED, shown.language)}</div>'


def _points(shown: View, standing: Standing) -> None:
    """Every node of the score tree with its points, parents over their parts."""
    root = shown.round.score
    nodes: list[tuple[str, ScoreNode, str | None]] = [("", root, standing.total)]
    nodes += [(path, node, standing.scores.get(path)) for path, node in root.walk()]
    rows, plain = [], []
    for path, node, earned in nodes:
        share = float(earned) / float(node.points) if earned is not None else None
        rows.append(
            [
                label(named(path) if path else ranking.TOTAL, shown.language),
                Number(points_text(earned)),
                Number(points_text(str(node.points))),
                Html(_share_bar(share)),
                label(_origin(node), shown.language),
            ]
        )
        plain.append(
            [path or "total", earned or "", str(node.points), "" if share is None else f"{share:.4f}", _origin(node).en]
        )
    indents = [0 if not path else 1 + path.count(".") for path, _, _ in nodes]
    columns = [words.PART, words.POINTS, words.OUT_OF, words.SHARE, words.POINTS_FROM]
    show_table(shown, f"points-{standing.team}", columns, rows, plain_rows=plain, indents=indents)


def _origin(node: ScoreNode) -> Text:
    """Where a leaf's points come from; imported ones come without any word on how certain they are."""
    source = node.source
    if isinstance(source, Imported):
        return words.FROM_IMPORTED
    if isinstance(source, CostEfficiency):
        return words.FROM_COST
    if isinstance(source, Raters):
        return filled(words.FROM_RATERS, how_ko=words.RATERS_HOW[source.how].ko, how_en=words.RATERS_HOW[source.how].en)
    if isinstance(source, SuiteMean):
        return filled(words.FROM_MEAN, suite=source.suite)
    if isinstance(source, SuiteRelative):
        return filled(words.FROM_RELATIVE, suite=source.suite)
    return words.FROM_PARTS


def _share_bar(share: float | None) -> str:
    if share is None:
        return "–"
    width = max(0.0, min(1.0, share)) * 100
    return f'<span class="gw-bar" aria-hidden="true"><i style="width:{width:.0f}%"></i></span> {share_text(share)}'


def _independence(shown: View, team: Team) -> None:
    trace = shown.trace(team.id)
    if trace is None:
        sentence(shown, shown.why_not_measured(team.id, "independence"))
        return
    show_table(
        shown,
        f"findings-{team.id}",
        FINDING_COLUMNS,
        finding_rows(shown, trace),
        plain_rows=plain_finding_rows(trace),
    )
    if trace.chain:
        chain = [
            [
                label(named(link.component, COMPONENTS), shown.language),
                Html(CHAIN[link.result].chip(shown.language)),
                Html(stacked_html(link.explanation, shown.language)),
            ]
            for link in trace.chain
        ]
        show_table(shown, "chain", [words.COMPONENT, words.RESULT, words.WHY], chain, caption=words.CHAIN)


def _quality(shown: View, team: Team) -> None:
    report = shown.quality(team.id)
    if report is None:
        sentence(shown, shown.why_not_measured(team.id, "data-quality"))
        return
    open_ones = [result for result in report.results if result.outcome != "pass"]
    if not open_ones:
        sentence(shown, filled(words.ALL_PASSED, count=str(len(report.results))))
        return
    show_table(shown, "quality", CHECK_COLUMNS, check_rows(shown, open_ones))


def _declared(shown: View, team: Team) -> None:
    """What the team itself says of its model; read from its submission file as it is now."""
    if team.submission is None:
        sentence(shown, words.NO_SUBMISSION)
        return
    try:
        model = shown.loaded.submission(team).submission.model
    except InputFault as fault:
        sentence(shown, Text(ko=f"{shell.FAULT.ko} {fault.message}", en=f"{shell.FAULT.en} {fault.message}"))
        return
    rows = [_component_row(shown, component) for component in model.components]
    columns = [words.COMPONENT, words.ORIGIN, words.REFERENCE, words.FROZEN, words.LICENCE, words.CONTROL]
    said = Text(ko=f"모델 라이선스: {model.licence or '없음'}", en=f"licence of the model: {model.licence or 'none'}")
    show_table(shown, "declared", columns, rows, caption=said)


def _component_row(shown: View, component: Component) -> list[str]:
    frozen = {None: "–", True: inline(shell.YES, shown.language), False: inline(shell.NO, shown.language)}
    return [
        label(named(component.id, COMPONENTS), shown.language),
        label(words.ORIGIN_WORDS[component.origin], shown.language),
        component.reference or "–",
        frozen[component.frozen],
        component.licence or "–",
        label(words.CONTROL_WORDS[component.control], shown.language) if component.control else "–",
    ]


def _runs(shown: View, team: Team) -> None:
    rows = [
        [
            label(STAGE[run.stage], shown.language),
            run.subject or "–",
            label(words.COMPLETE if run.status == "complete" else words.FAILED, shown.language),
            mono(run.run_id) if run.run_id else "–",
            Html(stacked_html(run.message, shown.language)) if run.message is not None else "",
        ]
        for run in shown.runs
        if run.team == team.id
    ]
    if not rows:
        sentence(shown, shell.NOT_MEASURED)
        return
    show_table(shown, "runs", [words.STAGE, words.SUITE, words.STATE, words.RUN, words.NOTE], rows)


show()
