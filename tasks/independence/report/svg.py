"""Pictures as inline SVG, built as a tree, so that no name from a file can become markup; and the colours they share.

Colours are one hue by lightness, or told apart by shape too: they hold in grey and for every kind of colour blindness. What
follows from the looks of a picture is also said in its title and description, which a screen reader reads.

>>> drawing = Drawing(100, 20, "a title")
>>> drawing.text(0, 15, "<b>")
>>> "<b>" in drawing.markup()
False
"""

import base64
import math
from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree

from checks.records.record import Text

Language = Literal["ko", "en", "both"]

FONT = "'Noto Sans CJK KR', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"
INK, QUIET, RULE = "#1B2430", "#565E66", "#C9D2DB"
#: Okabe and Ito's vermilion and green, and a grey for chance.
OBSERVED, PLANTED, CHANCE = "#D55E00", "#00735C", "#AEB8C2"
#: Light to dark, one hue.
BLUES = ("#C6DBEF", "#6BAED6", "#2171B5", "#08306B")
#: Widths of letters in parts of the font's size: enough to keep texts apart.
_WIDE, _NARROW = 1.0, 0.56


class Drawing:
    """A picture of a width and a height in pixels, which shrinks with the page."""

    def __init__(self, width: float, height: float, title: str, description: str = "") -> None:
        """`title` and `description` say what is seen."""
        self._root = ElementTree.Element(
            "svg",
            {
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": f"{width:g}",
                "height": f"{height:g}",
                "role": "img",
                "style": f"max-width:100%;height:auto;font-family:{FONT}",
            },
        )
        ElementTree.SubElement(self._root, "title").text = title
        if description:
            ElementTree.SubElement(self._root, "desc").text = description

    def add(self, tag: str, *, hint: str = "", **attributes: str | float) -> None:
        """A shape; `stroke_width=2` is written `stroke-width="2"`; `hint` is shown under the pointer."""
        written = {name.replace("_", "-"): _number(value) for name, value in attributes.items()}
        shape = ElementTree.SubElement(self._root, tag, written)
        if hint:
            ElementTree.SubElement(shape, "title").text = hint

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """One line of text whose baseline begins, ends or is centred at (x, y)."""
        self._text(x, y, words, size, colour, anchor, bold)

    def p_value(
        self,
        x: float,
        y: float,
        log10_p: float,
        *,
        before: str = "",
        size: float = 12,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """A p-value, its power of ten raised."""
        number, exponent = power_of_ten(log10_p)
        text = self._text(x, y, before + number, size, INK, anchor, bold)
        if exponent:
            raised = {"dy": _number(-0.38 * size), "font-size": _number(0.74 * size)}
            ElementTree.SubElement(text, "tspan", raised).text = exponent

    def _text(
        self, x: float, y: float, words: str, size: float, colour: str, anchor: str, bold: bool
    ) -> ElementTree.Element:
        written = {"x": _number(x), "y": _number(y), "font-size": _number(size), "fill": colour, "text-anchor": anchor}
        if bold:
            written["font-weight"] = "bold"
        text = ElementTree.SubElement(self._root, "text", written)
        text.text = words
        return text

    def markup(self) -> str:
        """The picture as HTML; all that came from outside is escaped."""
        return ElementTree.tostring(self._root, encoding="unicode", short_empty_elements=True)


def as_image(markup: str) -> tuple[str, str]:
    """The picture as an image's address, which holds it whole, and the words that stand for it."""
    root = ElementTree.fromstring(markup)
    words = ": ".join(each for each in (root.findtext("title"), root.findtext("desc")) if each)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    return (
        f"data:image/svg+xml;base64,{base64.b64encode(ElementTree.tostring(root, encoding='unicode').encode()).decode()}",
        words,
    )


def spoken(text: Text, language: Language) -> list[str]:
    """The lines in which a text is written: one language, or Korean over English."""
    if language == "both":
        return [text.ko, text.en] if text.ko != text.en else [text.ko]
    return [text.ko if language == "ko" else text.en]


def in_line(text: Text, language: Language) -> str:
    """The same in one line."""
    return " · ".join(spoken(text, language))


def width_of(words: str, size: float) -> float:
    """About how many pixels a text takes; Korean letters are square."""
    return size * sum(_WIDE if ord(letter) > 0x1100 else _NARROW for letter in words)


def shortened(words: str, size: float, width: float) -> str:
    """The text, cut where it would take more than `width` pixels."""
    if width_of(words, size) <= width:
        return words
    while words and width_of(words + "…", size) > width:
        words = words[:-1]
    return words + "…"


def power_of_ten(log10_p: float) -> tuple[str, str]:
    """A p-value as (number, exponent): plain with no exponent, or a power of ten, rounded up so that it never looks smaller."""
    if log10_p > -4:
        return f"{min(1.0, 10**log10_p):.2g}", ""
    return "10", str(math.ceil(log10_p)).replace("-", "−")


def p_in_line(log10_p: float) -> str:
    """The same in plain letters."""
    number, exponent = power_of_ten(log10_p)
    return f"{number}^{exponent}" if exponent else number


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """A closed outline through the points."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + "Z"


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
