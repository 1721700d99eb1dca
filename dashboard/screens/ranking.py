"""The first page: who advances, who is out, by which rule, how close it was, and what the decision rests on."""

from decimal import Decimal
from html import escape
from urllib.parse import quote

import streamlit as st

from checks.records.canonical import canonical_sha256
from checks.records.decision_words import named
from checks.records.decisions import ACTS, GateResult, Standing
from checks.records.record import Text
from checks.rules.reasons import CUT_RULE
from dashboard.blocks import (
    decision_note,
    heading,
    label,
    mono,
    reasons_table,
    section,
    sentence,
    show_chart,
    show_table,
)
from dashboard.charts.totals import Slice, totals_chart
from dashboard.closeness import Distance, distances, points
from dashboard.html_table import Html, HtmlNumber, Number
from dashboard.life import show_amendments, show_life
from dashboard.opened import View, view
from dashboard.words import ranking as words
from dashboard.words import shell
from dashboard.words.language import filled, inline, inline_html, plain_label, stacked_html
from dashboard.words.numbers import points_text, share_text, signed_text
from dashboard.words.signs import GATE, STATUS

#: Outcomes of the bottom-n rule that leave a team to the panel.
OPEN_CUTS = ("tied", "unsure", "weight_sensitive", "unknown")
#: A card holds as much as can be read at a glance; the team's page has everything.
MOST_SENTENCES = 6


def show() -> None:
    """The page, from the answer at the top to the hashes at the bottom."""
    shown = view()
    heading(shown, words.TITLE)
    decision_note(shown)
    show_amendments(shown)
    _tiles(shown)
    _who_and_why(shown)
    section(shown, words.TABLE, words.EXPLAIN_TABLE)
    _table(shown)
    section(shown, words.BARS)
    _bars(shown)
    section(shown, words.REASONS)
    for standing in shown.decision.standings:
        name = plain_label(inline(standing.name, shown.language))
        with st.expander(f"{name} — {STATUS[standing.status].line(shown.language)}"):
            reasons_table(shown, f"reasons-{standing.team}", standing.reasons)
    section(shown, words.RECORD)
    _record(shown)
    show_life(shown)


def _tiles(shown: View) -> None:
    decision = shown.decision
    by_status = {
        words.ADVANCE: [each for each in decision.standings if each.status == "advances"],
        words.OUT: [each for each in decision.standings if each.status == "eliminated"],
        words.REVIEW: [each for each in decision.standings if each.status == "review"],
        words.WITHDRAWN: [each for each in decision.standings if each.status == "withdrawn"],
        words.INVALIDATED: [each for each in decision.standings if each.status == "invalidated"],
    }
    tiles = [_tile(shown, words.PLACES, str(decision.places), "")]
    for what, teams in by_status.items():
        if teams or what in (words.ADVANCE, words.OUT):
            names = ", ".join(inline(each.name, shown.language) for each in teams)
            tiles.append(_tile(shown, what, str(len(teams)), names))
    tiles.append(_tile(shown, words.VACANT, str(decision.vacancies), ""))
    st.html(f'<div class="gw-tiles" data-block="tiles">{"".join(tiles)}</div>')


def _tile(shown: View, what: Text, number: str, names: str) -> str:
    return (
        f'<div class="gw-tile">{inline_html(what, shown.language)}<b>{escape(number)}</b>'
        f"<small>{escape(names)}</small></div>"
    )


def _who_and_why(shown: View) -> None:
    for status, title in (("eliminated", words.WHO_IS_OUT), ("review", words.WHO_IS_IN_REVIEW)):
        standings = [each for each in shown.decision.standings if each.status == status]
        if standings:
            section(shown, title)
            st.html("".join(_card(shown, standing) for standing in standings))
        elif status == "eliminated":
            section(shown, title)
            sentence(shown, words.NOBODY_OUT)
    by_decision = [each for each in shown.decision.standings if each.status == "advances" and _deciding(each)]
    if by_decision:
        section(shown, words.WHO_ADVANCES_BY_DECISION)
        st.html("".join(_card(shown, standing) for standing in by_decision))


def _card(shown: View, standing: Standing) -> str:
    """A team that does not advance, or only as people decided so: by which rule, in the rule's own words, and how close."""
    tone = "gw-card-bad" if standing.status == "eliminated" else "gw-card-open"
    rule = standing.eliminated_by
    by = f" — {inline_html(named(rule), shown.language)}" if rule else ""
    told = list(dict.fromkeys([*_deciding(standing), *_how_close(shown, standing)], None))
    sentences = "".join(stacked_html(text, shown.language) for text in told[:MOST_SENTENCES])
    if len(told) > MOST_SENTENCES:
        more = filled(words.MORE_REASONS, count=str(len(told) - MOST_SENTENCES))
        sentences += stacked_html(more, shown.language)
    return (
        f'<div class="gw-card {tone}" data-card="{escape(standing.team)}"><h3>{_team_link(shown, standing)} '
        f"{STATUS[standing.status].chip(shown.language)}{by}</h3>{sentences}</div>"
    )


def _deciding(standing: Standing) -> list[Text]:
    """The sentences of the rules that made the status: of gates what they found, of the cut what it did."""
    effect = "eliminate" if standing.status == "eliminated" else "review"
    if standing.eliminated_by == CUT_RULE:
        return [reason.text for reason in standing.reasons if reason.rule == CUT_RULE]
    if standing.status == "advances":
        return [text for result in standing.gate_results if result.result != result.own for text in _gate_texts(result)]
    open_cut = [reason.text for reason in standing.reasons if reason.rule == CUT_RULE and reason.outcome in OPEN_CUTS]
    no_total = [reason.text for reason in standing.reasons if reason.outcome == "missing"]
    gates = [result for result in standing.gate_results if standing.eliminated_by in (None, result.gate)]
    found = [text for result in gates if result.effect == effect for text in _gate_texts(result)]
    return found if standing.status == "eliminated" else [*open_cut, *no_total, *found]


def _gate_texts(result: GateResult) -> list[Text]:
    """What people decided where they did, for it names the check's own result too; else what made the result."""
    decided = [reason.text for reason in result.reasons if reason.rule in ACTS]
    return decided or [reason.text for reason in result.reasons if reason.outcome == result.own]


def _how_close(shown: View, standing: Standing) -> list[Text]:
    """What points alone would have done to a team that a gate put out; who stands next to one that was cut."""
    without = [reason.text for reason in standing.reasons if reason.rule == "without_the_gate"]
    distance = distances(shown.decision).get(standing.team)
    if standing.eliminated_by != CUT_RULE or distance is None:
        return without
    next_to = distance.next_to
    facts = {"total": points_text(standing.total), "next_total": points_text(next_to.total)}
    return [filled(words.NEXT_UP, next_ko=next_to.name.ko, next_en=next_to.name.en, **facts)]


def _team_link(shown: View, standing: Standing) -> Html:
    """The team's name as a way to its page."""
    address = f"team?team={quote(standing.team)}&lang={shown.language}&round={quote(shown.round.id)}"
    return Html(f'<a href="{escape(address)}" target="_self">{inline_html(standing.name, shown.language)}</a>')


def _table(shown: View) -> None:
    parts = [part.id for part in shown.round.score.parts]
    gates = [gate.id for gate in shown.round.gates]
    gaps = distances(shown.decision)
    columns = [words.RANK, words.TEAM, words.STATUS, words.OUT_BY, words.TOTAL]
    columns += [named(part) for part in parts] + [named(gate) for gate in gates] + [words.HOW_CLOSE]
    chances = any(standing.cut_probability is not None for standing in shown.decision.standings)
    columns += [words.CUT_PROBABILITY] if chances else []
    rows, plain = [], []
    for standing in shown.decision.standings:
        name, rule = inline(standing.name, shown.language), standing.eliminated_by
        rank = str(standing.rank) if standing.rank is not None else "–"
        total = points_text(standing.total)
        scores = [points_text(standing.scores.get(part)) for part in parts]
        distance = _distance_text(gaps.get(standing.team))
        out_by = inline(named(rule), shown.language) if rule else ""
        rows.append(
            [
                Number(rank),
                _team_link(shown, standing),
                Html(STATUS[standing.status].chip(shown.language)),
                label(named(rule), shown.language) if rule else "",
                HtmlNumber(f"<b>{escape(total)}</b>"),
                *(Number(score) for score in scores),
                *(_gate_chip(shown, standing, gate) for gate in gates),
                Number(distance),
                *([Number(_chance(standing))] if chances else []),
            ]
        )
        outcomes = [standing.gates.get(gate, "") for gate in gates]
        exact = [standing.scores.get(part, "") for part in parts]
        closeness = [distance, _exact_chance(standing)] if chances else [distance]
        plain.append([rank, name, standing.status, out_by, standing.total or "", *exact, *outcomes, *closeness])
    by_status = {"eliminated": "gw-row-bad", "invalidated": "gw-row-struck"}
    classes = [by_status.get(each.status, "") for each in shown.decision.standings]
    show_table(shown, "ranking", columns, rows, plain_rows=plain, row_classes=classes)


def _distance_text(distance: Distance | None) -> str:
    return signed_text(distance.gap) if distance is not None else "–"


def _chance(standing: Standing) -> str:
    return share_text(standing.cut_probability) if standing.cut_probability is not None else "–"


def _exact_chance(standing: Standing) -> str:
    return str(standing.cut_probability) if standing.cut_probability is not None else ""


def _gate_chip(shown: View, standing: Standing, gate: str) -> Html | str:
    outcome = standing.gates.get(gate)
    return Html(GATE[outcome].chip(shown.language)) if outcome is not None else "–"


def _bars(shown: View) -> None:
    placed = sorted((each for each in shown.decision.standings if each.total is not None), key=points, reverse=True)
    tops = shown.round.score.parts
    names = {each.team: f"{inline(each.name, shown.language)}  {STATUS[each.status].sign}" for each in placed}
    slices = [
        Slice(
            names[each.team],
            inline(named(part.id), shown.language),
            float(Decimal(each.scores[part.id])),
            float(part.points),
        )
        for each in placed
        for part in tops
        if part.id in each.scores
    ]
    if not slices:
        return
    parts = [inline(named(part.id), shown.language) for part in tops]
    order = [names[each.team] for each in placed]
    limit = float(shown.round.score.points)
    show_chart(shown, totals_chart(slices, order, parts, limit, inline(words.TOTAL, shown.language)))


def _record(shown: View) -> None:
    decision = shown.decision
    rows = [
        [label(shell.RECORDED, shown.language), label(_yes_or_no(shown), shown.language)],
        [label(words.RULES_VERSION, shown.language), mono(decision.rules_version)],
        [label(words.RULES_HASH, shown.language), mono(decision.rules_sha256)],
        [label(words.POLICY, shown.language), mono(decision.policy or "–")],
        [label(words.DECISION_HASH, shown.language), mono(canonical_sha256(decision))],
    ]
    show_table(shown, "record", [words.RECORD, Text(ko="", en="")], rows)
    if decision.inputs:
        with st.expander(plain_label(inline(words.INPUTS, shown.language))):
            inputs = [[mono(name), mono(value)] for name, value in sorted(decision.inputs.items())]
            show_table(shown, "inputs", [words.INPUT, words.HASH], inputs)


def _yes_or_no(shown: View) -> Text:
    return shell.YES if shown.recorded else shell.NO


show()
