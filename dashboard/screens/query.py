"""A box for read-only SQL on the warehouse, for the question that no page answers."""

from decimal import Decimal
from typing import Any

import streamlit as st

from checks.contracts.errors import InputFault
from dashboard.blocks import heading, sentence, show_long_table
from dashboard.html_table import Number
from dashboard.opened import View, view
from dashboard.words import shell
from dashboard.words import what_if as words
from dashboard.words.language import filled, inline, named_as_is, plain_label
from dashboard.words.numbers import count_text
from warehouse.query import run_query
from warehouse.store import EmptyWarehouse

SAMPLES = (
    "select * from scoreboard",
    "select * from latest_scores",
    "select * from findings",
    "select * from decisions",
)

#: Where the last answer is kept while its pages are turned.
ANSWER = "query-answer"


def show() -> None:
    """The box, ready-made questions, and the answer as a table."""
    shown = view()
    heading(shown, words.QUERY_TITLE)
    sentence(shown, words.QUERY_NOTE)
    sample = st.radio(plain_label(inline(words.QUERY_SAMPLES, shown.language)), SAMPLES, horizontal=True, key="sample")
    sql = st.text_area(
        plain_label(inline(words.QUERY_BOX, shown.language)), value=sample, height=120, key=f"sql-{sample}"
    )
    if st.button(plain_label(inline(words.QUERY_RUN, shown.language)), type="primary", key="run-query") and sql.strip():
        st.session_state[ANSWER] = _asked(shown, sql)
    if st.session_state.get(ANSWER) is not None:
        _show_answer(shown, *st.session_state[ANSWER])


def _asked(shown: View, sql: str) -> tuple[list[str], list[list[Any]]] | None:
    try:
        return run_query(shown.warehouse, sql)
    except InputFault as fault:
        st.error(plain_label(inline(words.QUERY_FAILED, shown.language)))
        st.code(fault.message, language=None, wrap_lines=True)
    except EmptyWarehouse:
        st.info(plain_label(inline(shell.NOTHING_YET, shown.language)))
    return None


def _show_answer(shown: View, columns: list[str], rows: list[list[Any]]) -> None:
    sentence(shown, filled(words.QUERY_ROWS, count=count_text(len(rows))))
    cells = [
        [Number(value) if isinstance(value, int | float | Decimal) else str(value) for value in row] for row in rows
    ]
    heads = [named_as_is(column) for column in columns]
    show_long_table(shown, "query", heads, cells, plain_columns=columns, plain_rows=cells)


show()
