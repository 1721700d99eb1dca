"""The building blocks of a page: a heading, a table with its download, the marks that say simulated or what-if.

What a page writes itself comes from `dashboard.words`; everything that came from a file is escaped here or by `html_table`.

    >>> heading(view, ranking.TITLE)                                        # doctest: +SKIP
"""

from collections.abc import Sequence
from html import escape
from typing import Literal

import altair as alt
import streamlit as st

from checks.records.decision_words import named
from checks.records.decisions import Reason
from checks.records.record import Text
from dashboard.html_table import Html, csv_bytes, table
from dashboard.opened import View
from dashboard.words import ranking, shell, what_if
from dashboard.words.language import (
    Language,
    filled,
    inline,
    inline_html,
    named_as_is,
    plain_label,
    stacked_html,
)
from tasks.independence.report import as_image

#: How many rows of a long table stand on one page of it.
ROWS_A_PAGE = 25
PAGER_WIDTH = 360
#: The total's reason has its rank as outcome: `rank 2`.
RANK_OUTCOME = "rank "


def label(text: Text, language: Language) -> Html:
    """A heading of a column or a name in a cell."""
    return Html(inline_html(text, language))


def marks(view: View) -> str:
    """The small marks beside every table that holds scores: simulated, and what-if."""
    made = ""
    if view.simulated:
        made += f'<span class="gw-mark">{inline_html(shell.SIMULATED_MARK, view.language)}</span> '
    if view.what_if:
        made += f'<span class="gw-mark gw-mark-whatif">{inline_html(what_if.MARK, view.language)}</span> '
    return made


def simulated_banner(view: View) -> None:
    """On every page of a simulated programme, above everything else."""
    if view.simulated:
        st.html(f'<div class="gw-banner" role="note">{stacked_html(shell.SIMULATED, view.language)}</div>')


def heading(view: View, text: Text) -> None:
    """The page's one heading of the first level, with the round it speaks of; above it, that the data are simulated."""
    simulated_banner(view)
    st.title(plain_label(inline(text, view.language)), anchor=False)
    st.html(f'<div class="gw-second">{inline_html(view.round.title, view.language)}</div>')


def decision_note(view: View) -> None:
    """What has to be said beside a decision that is not recorded, or whose files have changed since."""
    if view.note is not None:
        st.html(f'<div class="gw-note" role="note">{stacked_html(view.note, view.language)}</div>')


def section(view: View, text: Text, note: Text | None = None) -> None:
    """A heading of the second level, with a sentence under it where one helps."""
    st.header(plain_label(inline(text, view.language)), anchor=False)
    if note is not None:
        sentence(view, note)


def sentence(view: View, text: Text) -> None:
    """A sentence of the page's own."""
    st.html(f'<div class="gw-second">{stacked_html(text, view.language)}</div>')


def show_table(
    view: View,
    name: str,
    columns: Sequence[Text],
    rows: Sequence[Sequence[str]],
    *,
    plain_rows: Sequence[Sequence[str]] | None = None,
    caption: Text | None = None,
    row_classes: Sequence[str] = (),
    indents: Sequence[int] = (),
) -> None:
    """A table of HTML, marked where its data are simulated; with `plain_rows` a CSV download stands under it."""
    text = marks(view) + (inline_html(caption, view.language) if caption is not None else "")
    heads = [label(column, view.language) for column in columns]
    st.html(table(name, heads, rows, caption=Html(text), row_classes=row_classes, indents=indents))
    if plain_rows is not None:
        download(view, name, [inline(column, view.language) for column in columns], plain_rows)


def show_long_table(
    view: View,
    name: str,
    columns: Sequence[Text],
    rows: Sequence[Sequence[str]],
    *,
    plain_columns: Sequence[str],
    plain_rows: Sequence[Sequence[str]],
) -> None:
    """A table of any length, one page of it at a time; the download has all of it."""
    pages = max(1, -(-len(rows) // ROWS_A_PAGE))
    page = 1
    if pages > 1:
        told = filled(shell.PAGE, rows=f"{len(rows):,}", size=str(ROWS_A_PAGE))
        page = st.selectbox(
            plain_label(inline(told, view.language)), range(1, pages + 1), key=f"page-{name}-{pages}", width=PAGER_WIDTH
        )
    first = (page - 1) * ROWS_A_PAGE
    show_table(view, name, columns, rows[first : first + ROWS_A_PAGE])
    download(view, name, plain_columns, plain_rows)


def download(view: View, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The CSV of a table; its first column says so where the data are simulated or a supposition."""
    said = []
    if view.simulated:
        said.append("simulated / 모의")
    if view.what_if:
        said.append("WHAT-IF / 가정")
    if said:
        columns = ["note", *columns]
        rows = [["; ".join(said), *row] for row in rows]
    st.download_button(
        inline(shell.DOWNLOAD, view.language),
        csv_bytes(columns, rows),
        file_name=f"{view.loaded.programme.programme}-{view.round.id}-{name}.csv",
        mime="text/csv",
        key=f"download-{name}",
        on_click="ignore",
    )


def show_chart(view: View, chart: alt.Chart, width: Literal["stretch", "content"] = "stretch") -> None:
    """A chart in the page's width or its own, marked where its data are simulated."""
    if marks(view):
        st.html(marks(view))
    st.altair_chart(chart, width=width, theme=None)


def show_drawing(view: View, drawing: str) -> None:
    """An SVG picture, marked where its data are simulated; as an image with its words, since Streamlit takes SVG out of HTML."""
    image, words = as_image(drawing)
    st.html(f'{marks(view)}<div class="gw-scroll"><img alt="{escape(words)}" src="{image}"></div>')


def reasons_table(view: View, name: str, reasons: Sequence[Reason]) -> None:
    """The chain of reasons: rule, outcome, sentence in both languages as chosen, and what it rests on."""
    rows = [
        [
            label(named(reason.rule), view.language),
            label(outcome_words(reason.outcome), view.language),
            Html(stacked_html(reason.text, view.language)),
            Html("<br>".join(mono(each) for each in reason.evidence)),
        ]
        for reason in reasons
    ]
    show_table(view, name, [ranking.RULE, ranking.OUTCOME, ranking.EXPLANATION, ranking.EVIDENCE], rows)


def mono(value: str) -> Html:
    """A hash, a run or a path, in a fixed pitch."""
    return Html(f'<span class="gw-mono">{escape(value)}</span>')


def outcome_words(outcome: str) -> Text:
    """A reason's outcome in words; an outcome that the rules may add later is shown as it is."""
    if outcome.startswith(RANK_OUTCOME):
        return filled(ranking.RANKED, rank=outcome.removeprefix(RANK_OUTCOME))
    return ranking.OUTCOMES.get(outcome, named_as_is(outcome))
