"""The rules applied live: change points, gates, policy or selection, and see who moves. Never the decision itself."""

from collections.abc import Callable
from decimal import Decimal
from html import escape
from typing import Any

import streamlit as st
from pydantic import ValidationError

from checks.contracts.loading import SHIPPED_POLICIES
from checks.contracts.patch import Patch
from checks.contracts.programme import AnyGate, BaselineGate, ThresholdGate
from checks.records.decision_words import named
from checks.records.decisions import Decision, Standing
from checks.records.record import Text
from checks.rules.what_if import suppose
from dashboard.blocks import decision_note, heading, label, marks, reasons_table, section, show_table
from dashboard.html_table import Html, Number
from dashboard.opened import View, view, with_decision
from dashboard.supposed_rules import Move, balanced, moves
from dashboard.words import ranking
from dashboard.words import what_if as words
from dashboard.words.language import filled, inline, inline_html, named_as_is, plain_label, stacked_html
from dashboard.words.numbers import points_text
from dashboard.words.signs import STATUS

EFFECTS = ("eliminate", "review", "pass")
#: Every widget of this page has a key that begins so; the reset takes them all away.
PREFIX = "what-if:"


def show() -> None:
    """The rules at the left, who moves at the right."""
    shown = view()
    heading(shown, words.TITLE)
    decision_note(shown)
    before = shown.current_or_stop()
    st.html(f'<div class="gw-whatif" role="note">{stacked_html(words.BANNER, shown.language)}</div>')
    rules, result = st.columns([2, 3], gap="large")
    with rules:
        st.button(inline(words.RESET, shown.language), on_click=_reset, key="reset")
        points = _points(shown)
        policy = _policy(shown)
        gates = {gate.id: _gate(shown, gate) for gate in shown.round.gates}
        select, places = _selection(shown)
        said = {"points": points, "gates": gates, "select": select, "places": places}
        patch = Patch.model_validate({"version": 1, "what_if": words.TITLE, **said})
    with result:
        st.html('<span class="gw-result"></span>')
        _result(shown, before, patch, policy)


def _reset() -> None:
    for key in list(st.session_state):
        if isinstance(key, str) and key.startswith(PREFIX):
            del st.session_state[key]


def _points(shown: View) -> dict[str, Decimal]:
    """A slider for each top part; moving one moves the others, so that they always add up."""
    tree = shown.round.score
    if len(tree.parts) < 2:
        return {}
    st.subheader(plain_label(inline(filled(words.POINTS, total=str(tree.points)), shown.language)))
    names = [part.id for part in tree.parts]
    step = Decimal(1).scaleb(min(0, *(int(part.points.as_tuple().exponent) for part in tree.parts)))
    for part in tree.parts:
        st.session_state.setdefault(_key("points", part.id), float(part.points))
    for part in tree.parts:
        st.slider(
            plain_label(inline(named(part.id), shown.language)),
            min_value=float(step),
            max_value=float(tree.points - step * (len(names) - 1)),
            step=float(step),
            key=_key("points", part.id),
            on_change=_rebalance(names, part.id, step, {each.id: each.points for each in tree.parts}),
            format="%g",
        )
    return {name: _whole(st.session_state[_key("points", name)], step) for name in names}


def _rebalance(names: list[str], moved: str, step: Decimal, written: dict[str, Decimal]) -> Callable[[], None]:
    """What a moved slider does to the others, before the page is drawn again; the sum is the one in the file."""

    def after_move() -> None:
        now = {name: _whole(st.session_state[_key("points", name)], step) for name in names}
        to = now.pop(moved)
        before = sum(written.values(), Decimal(0)) - sum(now.values(), Decimal(0))
        for name, value in balanced({moved: before, **now}, moved, to, step).items():
            st.session_state[_key("points", name)] = float(value)

    return after_move


def _whole(value: float, step: Decimal) -> Decimal:
    """A slider's float as the decimal that it stands for."""
    return (Decimal(repr(value)) / step).to_integral_value() * step


def _key(kind: str, name: str) -> str:
    return f"{PREFIX}{kind}:{name}"


def _policy(shown: View) -> str | None:
    """Another policy than the programme's, or None for its own."""
    if shown.round.policy is None:
        return None
    own = shown.round.policy
    names = list(dict.fromkeys([own, *sorted(each.stem for each in SHIPPED_POLICIES.glob("*.yaml"))]))
    chosen = st.radio(
        plain_label(inline(words.POLICY, shown.language)),
        names,
        captions=[
            inline(words.POLICY_NOTES[name], shown.language) if name in words.POLICY_NOTES else "" for name in names
        ],
        key=_key("policy", "name"),
    )
    return chosen if chosen != own else None


def _gate(shown: View, gate: AnyGate) -> dict[str, Any]:
    """What each result of a gate does, and the bound of a gate that has one."""
    name = named(gate.id)
    st.subheader(plain_label(inline(filled(words.GATE_TITLE, gate_ko=name.ko, gate_en=name.en), shown.language)))
    left, right = st.columns(2)
    said: dict[str, Any] = {"fail": _effect(shown, left, gate, "fail", words.ON_FAIL, gate.fail)}
    bound = isinstance(gate, ThresholdGate | BaselineGate)
    if not bound:
        said["conditional"] = _effect(shown, right, gate, "conditional", words.ON_CONDITIONAL, gate.conditional)
        said["indeterminate"] = _effect(shown, right, gate, "indeterminate", words.ON_INDETERMINATE, gate.indeterminate)
        return said
    field = "at_least_share" if isinstance(gate, ThresholdGate) and gate.at_least is None else "at_least"
    written: Decimal = getattr(gate, field)
    value = right.number_input(
        inline(words.THRESHOLD, shown.language),
        min_value=0.0 if isinstance(gate, ThresholdGate) else 0.001,
        max_value=1.0 if field == "at_least_share" else None,
        value=float(written),
        step=0.01 if written <= 1 else 0.5,
        format="%g",
        key=_key(field, gate.id),
    )
    said[field] = written if value == float(written) else Decimal(repr(value))
    return said


def _effect(shown: View, place: Any, gate: AnyGate, result: str, title: Text, written: str) -> str:
    chosen: str = place.selectbox(
        inline(title, shown.language),
        EFFECTS,
        index=EFFECTS.index(written),
        format_func=lambda effect: inline(words.EFFECTS[effect], shown.language),
        key=_key(result, gate.id),
    )
    return chosen


def _selection(shown: View) -> tuple[dict[str, Any], int]:
    """How many are cut, over whom, and how many places there are."""
    select, teams = shown.round.select, len(shown.round.teams)
    st.subheader(plain_label(inline(words.SELECTION, shown.language)))
    left, right = st.columns(2)
    bottom = left.number_input(
        inline(words.BOTTOM, shown.language), 0, teams, select.eliminate_bottom, key=_key("select", "bottom")
    )
    places = right.number_input(
        inline(words.PLACES, shown.language),
        0,
        max(teams, shown.round.places),
        shown.round.places,
        key=_key("select", "places"),
    )
    scope = _one_of(shown, words.SCOPE, words.SCOPES, select.scope, "scope")
    quota = _one_of(shown, words.QUOTA, words.QUOTAS, select.quota, "quota")
    return {"eliminate_bottom": int(bottom), "scope": scope, "quota": quota}, int(places)


def _one_of(shown: View, title: Text, names: dict[str, Text], written: str, key: str) -> str:
    options = list(names)
    chosen: str = st.radio(
        inline(title, shown.language),
        options,
        index=options.index(written),
        format_func=lambda option: inline(names[option], shown.language),
        horizontal=True,
        key=_key("select", key),
    )
    return chosen


def _result(shown: View, before: Decision, change: Patch, policy: str | None) -> None:
    """Decides again, and says first whether anybody's outcome changes; `before` is what the files as they are now give."""
    try:
        supposed = suppose(shown.inputs_or_stop(policy), change)
    except ValidationError as error:
        told = "; ".join(str(each["msg"]).removeprefix("Value error, ") for each in error.errors())
        st.error(plain_label(f"{inline(words.REFUSED, shown.language)}: {told}"))
        return
    except ValueError as fault:
        st.error(plain_label(f"{inline(words.REFUSED, shown.language)}: {fault}"))
        return
    changed = with_decision(shown, supposed)
    differences = _differences(shown, change, policy)
    found = moves(before, supposed)
    _headline(changed, differences, found)
    section(changed, words.MOVES)
    _moves_table(changed, found)
    _places(changed, before, supposed)
    section(changed, ranking.REASONS)
    for standing in supposed.standings:
        name = plain_label(inline(standing.name, shown.language))
        title = f"[{inline(words.MARK, shown.language)}] {name} — {STATUS[standing.status].line(shown.language)}"
        with st.expander(title.replace("[", "\\[")):
            reasons_table(changed, f"what-if-{standing.team}", standing.reasons)


def _differences(shown: View, change: Patch, policy: str | None) -> list[Text]:
    """Every rule that is changed, as `name: before → after`."""
    told = [
        _difference(named(part.id), _number(part.points), _number(change.points[part.id]))
        for part in shown.round.score.parts
        if part.id in change.points and change.points[part.id] != part.points
    ]
    for gate in shown.round.gates:
        for field, value in change.gates[gate.id].model_dump(exclude_defaults=True).items():
            written = getattr(gate, field)
            if value != written:
                name, result = named(gate.id), words.GATE_FIELDS[field]
                where = Text(ko=f"{name.ko}, {result.ko}", en=f"{name.en}, {result.en}")
                told.append(_difference(where, _value(written), _value(value)))
    if policy is not None:
        told.append(_difference(words.POLICY, named_as_is(str(shown.round.policy)), named_as_is(policy)))
    for field, value in (change.select.model_dump(exclude_none=True) if change.select is not None else {}).items():
        written = getattr(shown.round.select, field)
        if value != written:
            told.append(_difference(words.SELECT_FIELDS[field], _value(written), _value(value)))
    if change.places is not None and change.places != shown.round.places:
        told.append(_difference(words.PLACES, _value(shown.round.places), _value(change.places)))
    return told


def _difference(name: Text, before: Text, after: Text) -> Text:
    return Text(ko=f"{name.ko}: {before.ko} → {after.ko}", en=f"{name.en}: {before.en} → {after.en}")


def _value(value: str | int | Decimal) -> Text:
    """A rule's value in words."""
    if isinstance(value, str):
        return words.VALUES[value]
    return _number(Decimal(value))


def _number(value: Decimal) -> Text:
    return named_as_is(f"{value.normalize():f}")


def _headline(changed: View, differences: list[Text], found: list[Move]) -> None:
    moved = [move for move in found if move.outcome_changes]
    if not differences:
        said = [words.UNCHANGED]
    elif moved:
        teams_ko, teams_en = (", ".join(getattr(move.after.name, each) for move in moved) for each in ("ko", "en"))
        said = [
            Text(ko=words.SOMEBODY_MOVES.ko.format(teams=teams_ko), en=words.SOMEBODY_MOVES.en.format(teams=teams_en))
        ]
    else:
        said = [words.NOBODY_MOVES]
    items = "".join(f"<li>{inline_html(each, changed.language)}</li>" for each in differences)
    st.html(
        f'<div class="gw-card" data-block="what-if-headline">{marks(changed)}'
        f"<h3>{''.join(stacked_html(each, changed.language) for each in said)}</h3><ul>{items}</ul></div>"
    )


def _moves_table(changed: View, found: list[Move]) -> None:
    """Before and after, side by side, with the change in words."""
    columns = [ranking.TEAM, words.BEFORE, words.AFTER, words.CHANGE, words.RANK_CHANGE, words.TOTAL_CHANGE]
    rows, plain = [], []
    for move in found:
        change = _change_words(move)
        ranks = f"{move.before.rank or '–'} → {move.after.rank or '–'}"
        totals = f"{points_text(move.before.total)} → {points_text(move.after.total)}"
        rows.append(
            [
                label(move.after.name, changed.language),
                Html(_status_cell(changed, move.before)),
                Html(_status_cell(changed, move.after)),
                Html(f"<b>{escape(inline(change, changed.language))}</b>")
                if move.outcome_changes
                else label(change, changed.language),
                Number(ranks),
                Number(totals),
            ]
        )
        plain.append([move.after.team, move.before.status, move.after.status, change.en, ranks, totals])
    classes = ["gw-row-moved" if move.outcome_changes else "" for move in found]
    show_table(changed, "moves", columns, rows, plain_rows=plain, row_classes=classes)


def _status_cell(changed: View, standing: Standing) -> str:
    by = standing.eliminated_by
    under = f'<div class="gw-second">{inline_html(named(by), changed.language)}</div>' if by else ""
    return STATUS[standing.status].chip(changed.language) + under


def _change_words(move: Move) -> Text:
    if not move.outcome_changes:
        return words.SAME
    if move.before.status == move.after.status:
        return words.OTHER_RULE
    before, after = STATUS[move.before.status].words, STATUS[move.after.status].words
    return Text(ko=f"{before.ko} → {after.ko}", en=f"{before.en} → {after.en}")


def _places(changed: View, before: Decision, after: Decision) -> None:
    rows = [
        [label(ranking.PLACES, changed.language), Number(str(before.places)), Number(str(after.places))],
        [label(ranking.ADVANCE, changed.language), Number(_advancing(before)), Number(_advancing(after))],
        [label(ranking.VACANT, changed.language), Number(str(before.vacancies)), Number(str(after.vacancies))],
    ]
    show_table(changed, "places", [ranking.PLACES, words.BEFORE, words.AFTER], rows)


def _advancing(decision: Decision) -> str:
    return str(sum(standing.status == "advances" for standing in decision.standings))


show()
