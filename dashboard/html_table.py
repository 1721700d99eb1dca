"""Tables as real HTML, so that a screen reader, a search and a test see every cell (st.dataframe is a canvas).

Everything is escaped but what is `Html` already: names, outputs and examples come from other people's files.

    >>> table("t", ["a"], [["<b>"]], caption="c").count("&lt;b&gt;")
    1
"""

import csv
import io
from collections.abc import Sequence
from html import escape


class Html(str):
    """Safe HTML: what it holds was escaped where it was made."""


class Number(str):
    """A cell set to the right, in figures of equal width."""


class HtmlNumber(Html, Number):
    """A number whose writing needs HTML, such as a power of ten."""


def cell_html(value: str) -> str:
    """The inside of a cell: kept when it is `Html`, else escaped."""
    return str(value) if isinstance(value, Html) else escape(str(value))


def table(
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    row_classes: Sequence[str] = (),
    indents: Sequence[int] = (),
) -> str:
    """An HTML table; the first cell of a row is its header.

    Args:
        name: what tests and style find it by (`data-table`).
        columns: the head's cells, `Html` or text.
        rows: the cells, `Html`, `Number` or text; as many as `columns`.
        row_classes: one class a row, or none at all.
        indents: how deep each row's header is set in (0 to 3), or none at all.
    """
    head = "".join(
        f'<th scope="col"{_number_class([row[index] for row in rows]) if index else ""}>{cell_html(column)}</th>'
        for index, column in enumerate(columns)
    )
    body = []
    for index, row in enumerate(rows):
        classes = f' class="{row_classes[index]}"' if row_classes and row_classes[index] else ""
        indent = f' class="gw-indent-{indents[index]}"' if indents and indents[index] else ""
        first, *rest = row
        cells = f'<th scope="row"{indent}>{cell_html(first)}</th>' + "".join(_cell(value) for value in rest)
        body.append(f"<tr{classes}>{cells}</tr>")
    top = f"<caption>{cell_html(caption)}</caption>" if caption else ""
    return (
        f'<div class="gw-scroll" tabindex="0" role="region" aria-label="{escape(name)}">'
        f'<table class="gw-table" data-table="{escape(name)}">{top}'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _number_class(cells: Sequence[str]) -> str:
    """A column of numbers has its head over them."""
    return ' class="gw-number"' if cells and all(isinstance(cell, Number) for cell in cells) else ""


def _cell(value: str) -> str:
    return (
        f'<td class="gw-number">{cell_html(value)}</td>'
        if isinstance(value, Number)
        else f"<td>{cell_html(value)}</td>"
    )


#: A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The table as CSV with a byte-order mark, which Korean Excel needs to read it as UTF-8; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_no_formula(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _no_formula(cell: str) -> str:
    if cell.startswith(_FORMULA_STARTS) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
