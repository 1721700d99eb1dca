"""Each statistic against what it comes to by chance, as a picture: near chance in standard deviations, and on its whole scale.

>>> draw_nulls(finding.tests, "en")                                                  # doctest: +SKIP
'<svg …'
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checks.records.lineage import LineageTest, NullDistribution
from checks.records.lineage_words import GROUPS, named
from checks.records.record import Text
from tasks.independence.report.svg import (
    CHANCE,
    INK,
    OBSERVED,
    PLANTED,
    QUIET,
    RULE,
    Drawing,
    Language,
    in_line,
    path_of,
    shortened,
    spoken,
    width_of,
)

_ROW, _TOP, _BELL = 66, 48, 38
_LABEL, _NEAR, _GAP, _WHOLE, _P = 258, 236, 34, 262, 96
_NEAR_X, _WHOLE_X = _LABEL + 8, _LABEL + 8 + _NEAR + _GAP
_WIDTH = _WHOLE_X + _WHOLE + _P
#: How far the panel near chance reaches, in standard deviations.
_REACH = 5.0
#: The whole scale of cosines and shares that the tests can give, a little below zero included.
_LEAST, _MOST = -0.15, 1.05

_NEAR_WORDS = Text(ko="우연 가까이 (표준편차)", en="near chance (standard deviations)")
_WHOLE_WORDS = Text(ko="전체 눈금", en="whole scale")
_COSINE = Text(ko="평균 코사인", en="mean cosine")
_SHARE = Text(ko="일치한 몫", en="share that agrees")
_P_WORDS = Text(ko="p (보정 전)", en="p (uncorrected)")
_BY_CHANCE = Text(ko="우연이면 (무관한 모델)", en="by chance (unrelated models)")
_AT_MOST = Text(ko="막대: 우연의 상한, 열에 하나", en="bars: the most by chance, one in ten")
_OBSERVED_WORDS = Text(ko="관측값", en="observed")
_PLANTED_WORDS = Text(ko="도구가 심은 파생 (r = {r})", en="derivative planted by the tool (r = {r})")
_TITLE = Text(ko="통계량과 우연의 분포", en="The statistic against its null distribution")
_DECIDES = Text(ko="굵은 글씨: 판정의 근거", en="bold: what the finding rests on")


@dataclass(frozen=True)
class _Row:
    """One test with a null, as it is drawn."""

    test: LineageTest
    null: NullDistribution
    statistic: float

    @property
    def deviations(self) -> float:
        """How far from chance the statistic lies."""
        return (self.statistic - self.null.mean) / self.null.deviation if self.null.deviation > 0 else math.inf


def draw_nulls(tests: Sequence[LineageTest], language: Language) -> str | None:
    """The picture as SVG, one row a test that has a null; None where none has."""
    rows = [_Row(each, each.null, each.statistic) for each in tests if each.null and each.statistic is not None]
    if not rows:
        return None
    planted = _planted(tests)
    bottom = _TOP + _ROW * len(rows)
    said = "; ".join(
        f"{row.test.group}: {row.statistic:.3f} ({row.null.mean:.3f} ± {row.null.deviation:.3f})" for row in rows
    )
    drawing = Drawing(_WIDTH, bottom + 96, in_line(_TITLE, language), said)
    for x, width, words in ((_NEAR_X, _NEAR, _NEAR_WORDS), (_WHOLE_X, _WHOLE, _WHOLE_WORDS)):
        for line, each in enumerate(spoken(words, language)):
            drawing.text(x + width / 2, 16 + 15 * line, each, size=12, anchor="middle", bold=not line)
    for line, each in enumerate(spoken(_P_WORDS, language)):
        drawing.text(_WIDTH - 4, 16 + 15 * line, each, size=12, anchor="end", bold=not line)
    for number, row in enumerate(rows):
        _draw_row(drawing, row, _TOP + _ROW * number, planted, language)
    _axes(drawing, bottom)
    _legend(drawing, bottom + 50, rows, planted, language)
    return drawing.markup()


def _planted(tests: Sequence[LineageTest]) -> float | None:
    """The correlation of the derivative that was planted in place, where the place tests do find it."""
    found = [
        test.statistic
        for test in tests
        if test.test == "planted-derivative" and test.group.endswith("in place") and (test.log10_p or 0.0) < -3
    ]
    return found[0] if found else None


def _draw_row(drawing: Drawing, row: _Row, top: float, planted: float | None, language: Language) -> None:
    base = top + _BELL + 14
    renumbered = row.null.kind == "renumberings"
    label = named(row.test.group, GROUPS)
    lines = spoken(label, language)
    for line, words in enumerate(lines):
        drawing.text(0, top + 20 + 15 * line, shortened(words, 12.5, _LABEL), size=12.5, bold=row.test.decides)
    statistic = f"{in_line(_COSINE if renumbered else _SHARE, language)} = {row.statistic:.3f}"
    if not renumbered:  # kinds of alignment have groups of the same names
        statistic += f", {row.test.test}"
    drawing.text(0, top + 20 + 15 * len(lines), shortened(statistic, 11, _LABEL), size=11, colour=QUIET)
    for x, width in ((_NEAR_X, _NEAR), (_WHOLE_X, _WHOLE)):
        drawing.add("line", x1=x, y1=base, x2=x + width, y2=base, stroke=INK, stroke_width=0.8)
    _chance(drawing, row, base)
    if planted is not None and renumbered:
        at = _whole(planted)
        points = [(at - 7, base - 13), (at + 7, base - 13), (at, base - 1)]
        drawing.add("path", d=path_of(points), fill="white", stroke=PLANTED, stroke_width=2)
    _observed(drawing, row, base, language)
    if row.test.log10_p is not None:
        drawing.p_value(_WIDTH - 4, base - 8, row.test.log10_p, size=14, anchor="end", bold=row.test.decides)


def _chance(drawing: Drawing, row: _Row, base: float) -> None:
    """The null in both panels: a bell for renumberings, whose centre and width are exact, bars for a binomial."""
    null = row.null
    outline = _bell() if null.kind == "renumberings" else _bars(null)
    near = [(_near(z), base - _BELL * height) for z, height in outline if abs(z) <= _REACH]
    whole = [(_whole(null.mean + z * null.deviation), base - _BELL * height) for z, height in outline]
    for points in (near, whole):
        if points:
            closed = [(points[0][0], base), *points, (points[-1][0], base)]
            drawing.add("path", d=path_of(closed), fill=CHANCE, stroke=QUIET, stroke_width=1.2)


def _bell() -> list[tuple[float, float]]:
    """(standard deviations, height) of a normal curve, one at its top."""
    return [(step / 10, math.exp(-((step / 10) ** 2) / 2)) for step in range(-45, 46)]


def _bars(null: NullDistribution) -> list[tuple[float, float]]:
    """The outline of a binomial's bars, one at the highest, out to where nothing is seen any more."""
    units, rate = null.units, null.mean
    if units < 1 or null.deviation <= 0:
        return []
    logs = [
        math.lgamma(units + 1)
        - math.lgamma(k + 1)
        - math.lgamma(units - k + 1)
        + k * math.log(rate)
        + (units - k) * math.log1p(-rate)
        for k in range(units + 1)
    ]
    top, outline = max(logs), list[tuple[float, float]]()
    for k, log in enumerate(logs):
        if log > top - 12:
            height = math.exp(log - top)
            for edge in (k - 0.5, k + 0.5):
                outline.append(((edge / units - rate) / null.deviation, height))
    return outline


def _observed(drawing: Drawing, row: _Row, base: float, language: Language) -> None:
    """A diamond in both panels; an arrow at the edge where the statistic lies beyond the panel near chance."""
    hint = f"{in_line(_OBSERVED_WORDS, language)} {row.statistic:.4f}"
    _diamond(drawing, _whole(row.statistic), base, hint)
    if abs(row.deviations) <= _REACH:
        _diamond(drawing, _near(row.deviations), base, hint)
        return
    right = row.deviations > 0
    x = _NEAR_X + (_NEAR if right else 0)
    inward = -1 if right else 1
    points = [(x, base - 7), (x + 11 * inward, base - 14), (x + 11 * inward, base)]
    drawing.add("path", d=path_of(points), fill=OBSERVED, stroke=INK, stroke_width=0.8, hint=hint)
    far = f"{row.deviations:+.0f}".replace("-", "−") if math.isfinite(row.deviations) else "∞"
    drawing.text(x + 14 * inward, base - 17, far, size=12.5, anchor="end" if right else "start", bold=True)


def _diamond(drawing: Drawing, x: float, base: float, hint: str) -> None:
    points = [(x, base - 14), (x + 6, base - 7), (x, base), (x - 6, base - 7)]
    drawing.add("path", d=path_of(points), fill=OBSERVED, stroke=INK, stroke_width=0.8, hint=hint)


def _axes(drawing: Drawing, bottom: float) -> None:
    for z in (-4, -2, 0, 2, 4):
        _tick(drawing, _near(z), bottom, f"{z:+d}".replace("-", "−") if z else "0")
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        _tick(drawing, _whole(value), bottom, f"{value:g}")


def _tick(drawing: Drawing, x: float, bottom: float, words: str) -> None:
    drawing.add("line", x1=x, y1=_TOP, x2=x, y2=bottom, stroke=RULE, stroke_width=0.7, stroke_dasharray="1 3")
    drawing.text(x, bottom + 14, words, size=11, anchor="middle", colour=QUIET)


def _legend(drawing: Drawing, y: float, rows: Sequence[_Row], planted: float | None, language: Language) -> None:
    """The signs, and what bold letters mean; two or three lines."""
    bars = all(row.null.kind == "binomial" for row in rows)
    signs = [((CHANCE, QUIET), in_line(_AT_MOST if bars else _BY_CHANCE, language))]
    signs.append(((OBSERVED, INK), in_line(_OBSERVED_WORDS, language)))
    if planted is not None:
        said = Text(ko=_PLANTED_WORDS.ko.format(r=planted), en=_PLANTED_WORDS.en.format(r=planted))
        signs.append((("white", PLANTED), in_line(said, language)))
    x = 0.0
    for (fill, stroke), words in signs:
        if x and x + 20 + width_of(words, 12) > _WIDTH:
            x, y = 0.0, y + 20
        points = [(x, y), (x + 7, y - 12), (x + 14, y)]
        if fill == OBSERVED:
            points = [(x + 7, y + 1), (x + 1, y - 6), (x + 7, y - 13), (x + 13, y - 6)]
        elif fill == "white":
            points = [(x, y - 12), (x + 14, y - 12), (x + 7, y)]
        drawing.add("path", d=path_of(points), fill=fill, stroke=stroke, stroke_width=1.2)
        drawing.text(x + 20, y, words, size=12)
        x += 20 + width_of(words, 12) + 24
    if any(row.test.decides for row in rows):
        drawing.text(0, y + 20, in_line(_DECIDES, language), size=12, bold=True)


def _near(deviations: float) -> float:
    return _NEAR_X + _NEAR * (deviations + _REACH) / (2 * _REACH)


def _whole(value: float) -> float:
    return _WHOLE_X + _WHOLE * (max(_LEAST, min(_MOST, value)) - _LEAST) / (_MOST - _LEAST)
