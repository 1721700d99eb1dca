"""Every total as a bar of its parts, with its interval above it, best team first: a ranking that shows how sure it is.

>>> draw_totals(source)                                                              # doctest: +SKIP
'<svg …'
"""

from checks.records.decision_words import STATUS_SIGNS, named
from checks.records.record import Text
from tasks.independence.report.svg import INK, QUIET, RULE, Drawing, shortened, width_of
from tasks.round_report.source import ReportSource
from tasks.round_report.words import points

#: Pixels. The bar's scale ends where the most points end.
_ROW, _TOP, _BAR, _LEFT, _SCALE, _RIGHT = 50, 58, 20, 180, 560, 84
#: Light to dark, one hue, told apart in grey as well; further parts begin again.
_FILLS = ("#1F4E79", "#5B8DB8", "#A9C6DE", "#DCE6EF")
_OUT = "#A3231B"


def draw_totals(source: ReportSource) -> str:
    """The picture, as SVG."""
    tree = source.inputs.round.score
    tops = [part.id for part in tree.parts]
    ranked = [each for each in source.decision.standings if each.total is not None]
    drawing = Drawing(
        _LEFT + _SCALE + _RIGHT, _TOP + _ROW * len(ranked) + 26, "총점의 구성 · What each total is made of"
    )
    scale = _SCALE / float(tree.points)
    _legend(drawing, tops)
    intervals = {each.team: each.interval for each in source.firmness.teams}
    for place, standing in enumerate(ranked):
        y = _TOP + _ROW * place
        _name(drawing, y, f"{STATUS_SIGNS[standing.status]} {standing.name.ko}", standing.name.en, standing.status)
        x = float(_LEFT)
        for number, part in enumerate(tops):
            width = float(standing.scores.get(part, "0")) * scale
            drawing.add(
                "rect",
                x=x,
                y=y + 12,
                width=max(width, 0),
                height=_BAR,
                fill=_FILLS[number % len(_FILLS)],
                stroke="white",
            )
            x += width
        end = _LEFT + float(standing.total or 0) * scale
        if not tops:
            drawing.add("rect", x=_LEFT, y=y + 12, width=max(end - _LEFT, 0), height=_BAR, fill=_FILLS[0])
        reach = _interval(drawing, y, intervals.get(standing.team), scale) or end
        drawing.text(max(end, reach) + 8, y + 27, points(standing.total), size=14, bold=True)
    _axis(drawing, _TOP + _ROW * len(ranked), float(tree.points), scale)
    return drawing.markup()


def _name(drawing: Drawing, y: float, korean: str, english: str, status: str) -> None:
    colour = _OUT if status == "eliminated" else INK
    drawing.text(_LEFT - 12, y + 21, shortened(korean, 14, _LEFT - 16), size=14, anchor="end", bold=True, colour=colour)
    drawing.text(_LEFT - 12, y + 37, shortened(english, 11, _LEFT - 16), size=11, anchor="end", colour=QUIET)


def _interval(drawing: Drawing, y: float, bounds: tuple[str, str] | None, scale: float) -> float | None:
    """A line with two ends over the bar; returns where it ends."""
    if bounds is None:
        return None
    low, high = (_LEFT + float(bound) * scale for bound in bounds)
    drawing.add("line", x1=low, y1=y + 7, x2=high, y2=y + 7, stroke=INK, stroke_width=1.8)
    for end in (low, high):
        drawing.add("line", x1=end, y1=y + 2.5, x2=end, y2=y + 11.5, stroke=INK, stroke_width=1.8)
    return high


def _legend(drawing: Drawing, tops: list[str]) -> None:
    x = float(_LEFT)
    for number, part in enumerate(tops):
        words = _both(named(part))
        drawing.add("rect", x=x, y=10, width=14, height=14, fill=_FILLS[number % len(_FILLS)], stroke=RULE)
        drawing.text(x + 20, 22, words, size=12)
        x += 40 + width_of(words, 12)
    drawing.add("line", x1=_LEFT, y1=38, x2=_LEFT + 14, y2=38, stroke=INK, stroke_width=1.8)
    drawing.text(_LEFT + 20, 42, "총점의 95 % 구간 · 95 % interval of the total", size=12)


def _axis(drawing: Drawing, y: float, most: float, scale: float) -> None:
    drawing.add("line", x1=_LEFT, y1=_TOP, x2=_LEFT, y2=y, stroke=RULE)
    drawing.add("line", x1=_LEFT, y1=y, x2=_LEFT + _SCALE, y2=y, stroke=RULE)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _LEFT + share * most * scale
        drawing.text(x, y + 18, f"{share * most:g}", size=11, anchor="middle", colour=QUIET)


def _both(text: Text) -> str:
    return text.ko if text.ko == text.en else f"{text.ko} · {text.en}"
