"""The forms by which a panel types: a ruling, its second signature, a conflict of interest. What is refused says why.

answer_form("rule", words.TYPE_ONE, fields, lambda given: sign_ruling(…))     # doctest: +SKIP
"""

from collections.abc import Callable, Sequence
from typing import get_args

import streamlit as st

from checks.contracts.errors import InputFault
from checks.records.decision_words import named
from checks.records.decisions import GateOutcome
from checks.records.record import Text
from checks.rules.typed_rulings import OpenRuling
from dashboard.opened import View
from dashboard.words import panels as words
from dashboard.words import shell
from dashboard.words.language import inline, plain_label
from dashboard.words.signs import GATE
from warehouse.typing_rulings import RulingWords, countersign, declare_conflict, sign_ruling


def ruling_form(shown: View) -> None:
    """A ruling with its first signature."""
    with st.form("rule", clear_on_submit=False):
        st.markdown(f"**{_label(shown, words.TYPE_ONE)}**")
        team = _team(shown, "rule-team")
        gate = st.selectbox(
            _label(shown, words.GATE),
            [each.id for each in shown.round.gates],
            format_func=lambda each: inline(named(each), shown.language),
            key="rule-gate",
        )
        outcomes: Sequence[GateOutcome] = get_args(GateOutcome)
        result = st.selectbox(
            _label(shown, words.RESULT),
            outcomes,
            format_func=lambda each: GATE[each].line(shown.language),
            key="rule-result",
        )
        reason = st.text_area(_label(shown, words.REASON), key="rule-reason")
        evidence = st.text_input(_label(shown, words.EVIDENCE), key="rule-evidence")
        by = st.text_input(_label(shown, words.NAME), key="rule-by")
        sent = st.form_submit_button(inline(words.SIGN, shown.language), key="rule-send")
    if sent:
        said = RulingWords(team, gate or "", result, reason, evidence)
        _record(shown, lambda: sign_ruling(shown.loaded, shown.round.id, said, by))


def countersign_form(shown: View, waiting: Sequence[OpenRuling]) -> None:
    """The second signature on one that waits."""
    told = {each.event_no: f"{each.team}, {each.gate}: {each.result} ({each.signed_by})" for each in waiting}
    with st.form("countersign"):
        st.markdown(f"**{_label(shown, words.COUNTERSIGN)}**")
        which = st.selectbox(
            _label(shown, words.WHICH), list(told), format_func=told.__getitem__, key="countersign-which"
        )
        by = st.text_input(_label(shown, words.NAME), key="countersign-by")
        sent = st.form_submit_button(inline(words.SIGN, shown.language), key="countersign-send")
    if sent:
        _record(shown, lambda: countersign(shown.loaded, shown.round.id, which, by))


def conflict_form(shown: View) -> None:
    """A conflict of interest."""
    with st.form("conflict"):
        st.markdown(f"**{_label(shown, words.DECLARE)}**")
        person = st.text_input(_label(shown, words.PERSON), key="conflict-person")
        team = _team(shown, "conflict-team")
        reason = st.text_input(_label(shown, words.REASON), key="conflict-reason")
        by = st.text_input(_label(shown, words.RECORDED_BY), key="conflict-by")
        sent = st.form_submit_button(inline(words.RECORD_IT, shown.language), key="conflict-send")
    if sent:
        _record(shown, lambda: declare_conflict(shown.loaded, shown.round.id, person, team, reason, by))


def said_last(shown: View) -> None:
    """That the answer of the form before was recorded: the page has been drawn anew with it since."""
    if st.session_state.pop("panel-recorded", False):
        st.success(_label(shown, words.DONE))


def _record(shown: View, step: Callable[[], object]) -> None:
    try:
        step()
    except InputFault as fault:
        st.error(_label(shown, words.REFUSED))
        st.code(fault.message, language=None, wrap_lines=True)
        return
    st.session_state["panel-recorded"] = True
    st.rerun()


def _team(shown: View, key: str) -> str:
    names = {team.id: inline(team.name, shown.language) for team in shown.round.teams}
    return st.selectbox(_label(shown, shell.TEAM), list(names), format_func=names.__getitem__, key=key) or ""


def _label(shown: View, text: Text) -> str:
    return plain_label(inline(text, shown.language))
