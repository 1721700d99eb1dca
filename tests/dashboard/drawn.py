"""What a drawn page holds: its HTML as text, and its tables as rows of plain cells."""

import base64
import re
from html import unescape
from html.parser import HTMLParser

from streamlit.testing.v1 import AppTest


def html_of(page: AppTest) -> str:
    """All that the page wrote as HTML, in its order."""
    return "\n".join(each.proto.body for each in page.get("html"))


def text_of(page: AppTest) -> str:
    """All HTML of the page without its tags."""
    return unescape(re.sub(r"<[^>]*>", " ", html_of(page)))


def drawings(page: AppTest) -> str:
    """The SVG pictures of the page, in their order."""
    held = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html_of(page))
    return "\n".join(base64.b64decode(each).decode() for each in held)


class _Rows(HTMLParser):
    """The rows of one table."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.inside, self.rows = name, False, list[list[str]]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.inside = dict(attrs).get("data-table") == self.name
        elif self.inside and tag == "tr":
            self.rows.append([])
        elif self.inside and tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if self.inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def table_of(page: AppTest, name: str) -> list[dict[str, str]]:
    """The table's rows, cells by the words of its head."""
    head, *body = cells_of(html_of(page), name)
    return [dict(zip(head, row, strict=True)) for row in body]


def cells_of(html: str, name: str) -> list[list[str]]:
    """The rows of the table of that name, its head first, as plain cells."""
    parser = _Rows(name)
    parser.feed(html)
    assert parser.rows, f"no table {name!r} on the page"
    return [[" ".join(cell.split()) for cell in row] for row in parser.rows]


def assert_calm(page: AppTest) -> None:
    """No traceback and no error box."""
    assert not page.exception, [each.value for each in page.exception]
    assert not page.error, [each.value for each in page.error]
