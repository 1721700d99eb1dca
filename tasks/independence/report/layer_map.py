"""The layer map as a picture: which layer of the subject came from which layer of the reference, and how clearly.

>>> draw_layer_map(finding, "globe-vl", "en")                                        # doctest: +SKIP
'<svg …'
"""

from dataclasses import dataclass

from checks.records.lineage import ComponentFinding, LayerMatch
from checks.records.lineage_words import TESTS, named
from checks.records.record import Text
from tasks.independence.report.svg import (
    BLUES,
    INK,
    QUIET,
    RULE,
    Drawing,
    Language,
    in_line,
    p_in_line,
    shortened,
    width_of,
)

#: Pixels: a model of a hundred layers still fits a page, one of two does not fill it.
_SMALLEST, _LARGEST, _WIDEST = 4, 52, 620
#: A cell holds its share from this size on, a sign from this, and lines between cells help from this.
_WITH_SHARE, _WITH_SIGN, _WITH_LINES = 30, 14, 9
_LEFT, _TOP, _LEGEND = 46, 66, 470
#: Powers of ten that the shades stand for: a smaller p-value than the last says nothing more.
_LEAST_CLEAR, _SHADES = -3.0, (-10.0, -20.0, -40.0)

_DOWN = Text(ko="↓ 대상 모델의 층", en="↓ layer of the subject")
_ACROSS = Text(ko="→ {name}의 층", en="→ layer of {name}")
_NONE = Text(ko="대응하는 층 없음", en="no layer corresponds")
_SAME = Text(ko="점선: 같은 번호의 층", en="dotted: layers of the same number")
_LIKELIHOOD = Text(ko="우연히 이만큼 닮을 확률 p", en="p: this alike by chance")
_COPIED = Text(ko="=  숫자까지 같음", en="=  the same numbers")
_MOVED = Text(ko="점선 칸: 단위를 다시 찾아 맞춤", en="dashed: its units were found again")
_SHARE = Text(ko="칸 안: 대응하는 몫 (%)", en="in the cell: share that corresponds (%)")
_TITLE = Text(ko="층 대응 지도", en="Layer map")
_SUMMARY = Text(
    ko="대상 모델의 층 {subject}개 가운데 {found}개가 참조 모델의 층 {reference}개 중 하나에 대응합니다.",
    en="{found} of the subject's {subject} layers correspond to one of the reference's {reference} layers.",
)


@dataclass(frozen=True)
class _Grid:
    """Where a cell lies."""

    down: int
    across: int

    @property
    def cell(self) -> int:
        """Pixels of a side."""
        return max(_SMALLEST, min(_LARGEST, _WIDEST // max(self.down, self.across)))

    @property
    def right(self) -> int:
        """Where the grid ends."""
        return _LEFT + self.cell * self.across

    @property
    def bottom(self) -> int:
        """The same, downwards."""
        return _TOP + self.cell * self.down


def draw_layer_map(finding: ComponentFinding, reference: str, language: Language) -> str | None:
    """The map as SVG; None where a side has no numbered layers, as projectors have none."""
    down = max([finding.subject_layers, *(each.subject_layer + 1 for each in finding.layers)])
    across = max([finding.reference_layers, *(each.reference_layer + 1 for each in finding.layers)])
    if not down or not across:
        return None
    grid = _Grid(down, across)
    legend = _legend(finding.layers, grid.cell, language)
    height = max(grid.bottom + 16, _TOP + 20 * len(legend) + 4)
    aside = max(30 + width_of(words, 12) for _, words in legend if isinstance(words, str))
    drawing = Drawing(
        grid.right + 24 + min(_LEGEND, aside), height, in_line(_TITLE, language), _summary(finding, grid, language)
    )
    drawing.text(4, 16, in_line(_DOWN, language), size=13)
    across_words = in_line(Text(ko=_ACROSS.ko.format(name=reference), en=_ACROSS.en.format(name=reference)), language)
    drawing.text(4, 36, shortened(across_words, 13, grid.right + _LEGEND), size=13)
    _ground(drawing, grid)
    for match in finding.layers:
        _cell(drawing, grid, match, language)
    if not finding.layers:
        _nothing(drawing, grid, language)
    _draw_legend(drawing, grid.right + 24, legend)
    return drawing.markup()


def _summary(finding: ComponentFinding, grid: _Grid, language: Language) -> str:
    found = len({each.subject_layer for each in finding.layers})
    facts = {"subject": grid.down, "reference": grid.across, "found": found}
    return in_line(Text(ko=_SUMMARY.ko.format(**facts), en=_SUMMARY.en.format(**facts)), language)


def _ground(drawing: Drawing, grid: _Grid) -> None:
    """The frame, its lines, the numbers of layers, and the diagonal."""
    cell = grid.cell
    drawing.add("rect", x=_LEFT, y=_TOP, width=cell * grid.across, height=cell * grid.down, fill="#FAFBFC", stroke=INK)
    if cell >= _WITH_LINES:
        for line in range(1, grid.across):
            x = _LEFT + cell * line
            drawing.add("line", x1=x, y1=_TOP, x2=x, y2=grid.bottom, stroke=RULE, stroke_width=0.7)
        for line in range(1, grid.down):
            y = _TOP + cell * line
            drawing.add("line", x1=_LEFT, y1=y, x2=grid.right, y2=y, stroke=RULE, stroke_width=0.7)
    end = cell * min(grid.down, grid.across)
    drawing.add(
        "line", x1=_LEFT, y1=_TOP, x2=_LEFT + end, y2=_TOP + end, stroke=QUIET, stroke_width=1, stroke_dasharray="2 4"
    )
    step = _step(cell)
    for number in range(0, grid.across, step):
        drawing.text(_LEFT + cell * (number + 0.5), _TOP - 6, str(number), size=11, anchor="middle", colour=QUIET)
    for number in range(0, grid.down, step):
        drawing.text(_LEFT - 6, _TOP + cell * (number + 0.5) + 4, str(number), size=11, anchor="end", colour=QUIET)


def _step(cell: int) -> int:
    """Every how many layers a number fits."""
    return next(step for step in (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 100, 10_000) if step * cell >= 20)


def _cell(drawing: Drawing, grid: _Grid, match: LayerMatch, language: Language) -> None:
    cell, shade = grid.cell, _shade(match)
    x, y = _LEFT + cell * match.reference_layer, _TOP + cell * match.subject_layer
    test = in_line(named(match.test, TESTS), language)
    value = "=" if match.log10_p is None else f"p = {p_in_line(match.log10_p)}"
    share = "" if match.share is None else f"{100 * match.share:.0f} %"
    hint = " / ".join(each for each in (f"{match.subject_layer} ← {match.reference_layer}", value, share, test) if each)
    drawing.add("rect", x=x, y=y, width=cell, height=cell, fill=BLUES[shade], stroke="white", hint=hint)
    ink = INK if shade < 2 else "white"
    if match.test.startswith("aligned") and cell >= _WITH_LINES:
        drawing.add(
            "rect",
            x=x + 2.5,
            y=y + 2.5,
            width=cell - 5,
            height=cell - 5,
            fill="none",
            stroke=ink,
            stroke_width=1.2,
            stroke_dasharray="4 3",
        )
    said = "=" if match.log10_p is None else ""
    if match.share is not None and cell >= _WITH_SHARE:
        said += f"{100 * match.share:.0f}"
    if said and cell >= _WITH_SIGN:
        drawing.text(x + cell / 2, y + cell / 2 + 4.5, said, size=13, colour=ink, anchor="middle", bold=True)


def _shade(match: LayerMatch) -> int:
    if match.log10_p is None:
        return len(_SHADES)
    return sum(match.log10_p < limit for limit in _SHADES)


def _nothing(drawing: Drawing, grid: _Grid, language: Language) -> None:
    """Said inside the empty grid where it fits, else nothing: the legend says it too."""
    words = in_line(_NONE, language)
    if width_of(words, 14) < grid.cell * grid.across:
        middle = (_LEFT + grid.right) / 2, (_TOP + grid.bottom) / 2
        drawing.text(*middle, words, size=14, colour=QUIET, anchor="middle", bold=True)


def _legend(layers: list[LayerMatch], cell: int, language: Language) -> list[tuple[str, str | float]]:
    """(colour of a sample or nothing, words or the power of ten that a colour stands for) of each line."""
    lines: list[tuple[str, str | float]] = []
    if layers:
        lines.append(("", in_line(_LIKELIHOOD, language)))
        lines += list(zip(BLUES, (_LEAST_CLEAR, *_SHADES), strict=True))
        if cell >= _WITH_SHARE:
            lines.append(("", in_line(_SHARE, language)))
        if any(each.log10_p is None for each in layers):
            lines.append(("", in_line(_COPIED, language)))
        if any(each.test.startswith("aligned") for each in layers):
            lines.append(("", in_line(_MOVED, language)))
    else:
        lines.append(("", in_line(_NONE, language)))
    return [*lines, ("", in_line(_SAME, language))]


def _draw_legend(drawing: Drawing, x: float, lines: list[tuple[str, str | float]]) -> None:
    for number, (colour, words) in enumerate(lines):
        y = _TOP + 10 + 20 * number
        if isinstance(words, str):
            drawing.text(x, y, shortened(words, 12, _LEGEND), size=12)
        else:
            drawing.add("rect", x=x, y=y - 11, width=22, height=14, fill=colour, stroke=RULE)
            drawing.p_value(x + 30, y, words, before="< ")
