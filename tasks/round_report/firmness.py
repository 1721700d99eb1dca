"""How firm the decision is: intervals, sets of ranks, the cut's probability, pairs of teams, other weightings, warnings."""

from collections.abc import Iterator

from checks.contracts.disclosure import Audience
from checks.records.record import Text
from checks.records.robustness import PairRobustness, TeamRobustness, WeightRegion
from tasks.round_report import words
from tasks.round_report.document import Block, Cell, Column, Heading, Sentence, Table
from tasks.round_report.source import ReportSource
from tasks.round_report.words import joined, percent, points

_YES, _NO = Text(ko="예", en="yes"), Text(ko="아니오", en="no")


def firmness_blocks(source: ReportSource, reader: Audience) -> Iterator[Block]:
    """Everything for who may see all totals; for a team its own line; for the public that it is not disclosed."""
    yield Heading(Text(ko="결정의 확실성", en="How firm it is"))
    found = source.firmness
    whole = reader.shows("scores") and reader.shows("ranks")
    teams = [
        each
        for each in found.teams
        if whole or (reader.shows("scores", each.team) and reader.shows("ranks", each.team))
    ]
    if not teams:
        yield Sentence(words.NOT_SHOWN, "quiet")
        return
    level = percent(found.level)
    yield Sentence(
        Text(
            ko=f"문항과 평가위원을 {found.resamples:,}번 다시 뽑았습니다(모든 팀에 같은 표본). "
            f"구간과 순위 집합은 {level} 수준입니다.",
            en=f"Items and raters were drawn anew {found.resamples:,} times, the same draws for all teams. "
            f"Intervals and sets of ranks hold at {level}.",
        ),
        "quiet",
    )
    yield _teams(teams)
    if whole:
        yield from _cut(source)
        yield _pairs(source)
        yield from (_region(source, each) for each in found.regions)
    if found.unknown:
        leaves = ", ".join(found.unknown)
        ko = f"불확실성을 알 수 없어 그대로 둔 항목: {leaves}."
        yield Sentence(Text(ko=ko, en=f"Taken as certain, because nothing says how they vary: {leaves}."), "quiet")
    if whole:
        yield from (Sentence(each, "open") for each in found.warnings)


def _teams(teams: list[TeamRobustness]) -> Table:
    columns = [
        Column(words.TEAM, 1.6),
        Column(words.TOTAL, 1, number=True),
        Column(Text(ko="총점의 구간", en="Interval"), 1.4, number=True),
        Column(words.RANK, 0.8, number=True),
        Column(Text(ko="가능한 순위", en="Possible ranks"), 1, number=True),
        Column(Text(ko="하위에 들 확률", en="P(lowest)"), 1, number=True),
    ]
    rows = []
    for each in teams:
        chance = "–" if each.lowest_probability is None else f"{each.lowest_probability:.3f}"
        interval = f"{points(each.interval[0])} – {points(each.interval[1])}"
        numbers = [points(each.total), interval, str(each.rank), _span(each.ranks), chance]
        rows.append([Cell(each.name, bold=True), *(Cell.of(number) for number in numbers)])
    return Table("firmness", columns, rows)


def _cut(source: ReportSource) -> Iterator[Sentence]:
    cut = source.firmness.cut
    if cut is None:
        yield Sentence(Text(ko="점수로 탈락시키는 선이 없습니다.", en="No team is cut by points."), "quiet")
        return
    teams = joined([source.name(team) for team in cut.teams])
    yield Sentence(
        Text(
            ko=f"하위 {cut.planned}팀({teams.ko})이 맞을 확률은 {cut.probability:.3f}입니다.",
            en=f"That {teams.en} are truly the lowest {cut.planned} has probability {cut.probability:.3f}."
            if len(cut.teams) > 1
            else f"That {teams.en} is truly the lowest has probability {cut.probability:.3f}.",
        )
    )


def _pairs(source: ReportSource) -> Table:
    columns = [
        Column(Text(ko="위", en="Above"), 1.2),
        Column(Text(ko="아래", en="Below"), 1.2),
        Column(Text(ko="차이", en="Difference"), 1, number=True),
        Column(Text(ko="구간", en="Interval"), 1.4, number=True),
        Column(Text(ko="위일 확률", en="P(above)"), 0.9, number=True),
        Column(Text(ko="구별됨", en="Told apart"), 0.8),
        Column(Text(ko="가중치", en="Weightings"), 1, number=True),
    ]
    return Table("pairs", columns, [_pair(source, each) for each in source.firmness.pairs])


def _pair(source: ReportSource, pair: PairRobustness) -> list[Cell]:
    over = Cell.of("–") if pair.weightings is None else Cell.of(percent(pair.weightings))
    if pair.dominates:
        over = Cell(Text(ko="모두", en="all"), bold=True)
    interval = f"{points(pair.interval[0])} – {points(pair.interval[1])}"
    apart = Cell(_YES, "good") if pair.told_apart else Cell(_NO, "open")
    numbers = [points(pair.difference), interval, f"{pair.probability:.3f}"]
    names = [Cell(source.name(pair.above)), Cell(source.name(pair.below))]
    return [*names, *(Cell.of(each) for each in numbers), apart, over]


def _region(source: ReportSource, region: WeightRegion) -> Table:
    within = region.within
    title = Text(ko="모든 가중치", en="All weightings")
    if within is not None:
        title = Text(ko=f"각 항목 ±{within:.0%} 이내", en=f"Each part within ±{within:.0%}")
    columns = [
        Column(title, 2.4),
        Column(Text(ko="순위", en="Ranks"), 1, number=True),
        Column(Text(ko="탈락하는 비율", en="Share that cuts it"), 1.2, number=True),
        Column(Text(ko="언제나 같음", en="Always the same"), 1),
    ]
    rows = [
        [
            Cell(source.name(each.team)),
            Cell.of(_span(each.ranks)),
            Cell.of(percent(each.cut_share)),
            Cell(_YES if each.always else _NO),
        ]
        for each in region.teams
    ]
    return Table("weightings-all" if within is None else "weightings-near", columns, rows)


def _span(ranks: tuple[int, int]) -> str:
    return str(ranks[0]) if ranks[0] == ranks[1] else f"{ranks[0]} – {ranks[1]}"
