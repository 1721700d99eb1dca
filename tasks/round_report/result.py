"""Who goes on: the summary, the ranking with its picture, and each team's reasons."""

from collections.abc import Iterator

from checks.contracts.disclosure import Audience
from checks.records.decision_words import GATE_RESULTS, GATE_SIGNS, STATUS_SIGNS, STATUSES, named
from checks.records.decisions import Decision, Reason, Standing
from checks.records.record import Text
from checks.rules.disclosed import discloses
from checks.rules.summary import summary_of
from tasks.round_report import words
from tasks.round_report.document import Block, Cell, Column, Heading, Picture, Sentence, Table
from tasks.round_report.source import ReportSource
from tasks.round_report.totals_picture import draw_totals
from tasks.round_report.words import hidden, joined, points, tone_of


def summary(source: ReportSource) -> Text:
    """The decision in one paragraph."""
    decision = source.decision
    parts = []
    for status in STATUSES:
        teams = [each for each in decision.standings if each.status == status]
        if teams:
            names = joined([_with_reason(each, decision) for each in sorted(teams, key=lambda each: each.team)])
            parts.append(Text(ko=f"{STATUSES[status].ko}: {names.ko}.", en=f"{STATUSES[status].en}: {names.en}."))
    places, vacant = decision.places, decision.vacancies
    parts.append(Text(ko=f"정원 {places}, 결원 {vacant}.", en=f"Places {places}, vacant {vacant}."))
    return joined(parts, " ", " ")


def result_blocks(source: ReportSource, reader: Audience) -> Iterator[Block]:
    """The ranking, its picture, and what everybody came to together."""
    yield Heading(Text(ko="결과", en="The result"))
    yield _ranking(source, reader)
    if _all_scores(reader):
        yield Picture(
            draw_totals(source),
            Text(ko="팀별 총점의 구성과 총점의 95 % 구간", en="What each total is made of, and its 95 % interval"),
        )
    if reader.shows("summary"):
        yield Heading(Text(ko="항목별 최고점과 평균", en="Best and mean of every part"), 2)
        yield _best_and_mean(source)
        yield from _cut(source)


def reason_blocks(source: ReportSource, reader: Audience) -> Iterator[Block]:
    """Why each team stands where it stands: every rule that touched it, what passed counted only."""
    yield Heading(Text(ko="팀별 사유", en="Why, team by team"))
    for standing in source.decision.standings if _all_ranks(reader) else _by_team(source.decision):
        name = standing.name
        status = STATUSES[standing.status]
        sign = STATUS_SIGNS[standing.status]
        yield Heading(
            Text(ko=f"{sign} {name.ko}: {status.ko}", en=f"{name.en}: {status.en}"), 2, tone_of(standing.status)
        )
        if standing.eliminated_by is not None:
            by = named(standing.eliminated_by)
            yield Sentence(Text(ko=f"탈락시킨 규칙: {by.ko}.", en=f"Out by: {by.en.lower()}."))
        gates = list(standing.gates)
        shown = [each for each in standing.reasons if discloses(reader, each, standing.team, gates)]
        told = [each for each in shown if each.tells]
        if told:
            yield Table(
                f"reasons-{standing.team}",
                [
                    Column(Text(ko="규칙", en="Rule"), 1.3),
                    Column(Text(ko="사유", en="Reason"), 5),
                    Column(Text(ko="근거", en="Evidence"), 1.9),
                ],
                [_reason_row(each) for each in told],
            )
        yield from _left_out(len(shown) - len(told), len(standing.reasons) - len(shown))


def _left_out(passed: int, withheld: int) -> Iterator[Sentence]:
    if passed:
        ko, en = f"이 밖에 통과한 점검 사유 {passed}건.", f"Beside these, {passed} reasons of checks that passed."
        yield Sentence(Text(ko=ko, en=en), "quiet")
    if withheld:
        yield Sentence(Text(ko=f"비공개 사유 {withheld}건.", en=f"{withheld} reasons are not disclosed."), "quiet")


def _reason_row(reason: Reason) -> list[Cell]:
    return [
        Cell(named(reason.rule), tone_of(reason.outcome), bold=True),
        Cell(reason.text),
        Cell.of(", ".join(reason.evidence) or "–", code=bool(reason.evidence)),
    ]


def _with_reason(standing: Standing, decision: Decision) -> Text:
    if standing.eliminated_by is None:
        return standing.name
    by = named(standing.eliminated_by)
    return Text(ko=f"{standing.name.ko}({by.ko})", en=f"{standing.name.en} ({by.en.lower()})")


def _ranking(source: ReportSource, reader: Audience) -> Table:
    """What is shown of no team has no column."""
    decision = source.decision
    teams = [each.team for each in decision.standings]
    ranked = any(reader.shows("ranks", team) for team in teams)
    tops = [part.id for part in source.inputs.round.score.parts]
    points_of = (
        [words.TOTAL, *(named(part) for part in tops)] if any(reader.shows("scores", team) for team in teams) else []
    )
    gates = [gate.id for gate in source.inputs.round.gates]
    columns = [Column(words.RANK, 0.75, number=True)] if ranked else []
    columns.append(Column(words.TEAM, 1.4))
    columns += [Column(name, 0.9, number=True) for name in points_of]
    columns += [Column(named(gate), 1.05) for gate in gates]
    columns.append(Column(words.STATUS, 1.1))
    standings = decision.standings if _all_ranks(reader) else _by_team(decision)
    rows = []
    for each in standings:
        row = [_rank(each, reader)] if ranked else []
        row.append(Cell(each.name, bold=True))
        row += _points(each, tops, reader) if points_of else []
        rows.append([*row, *(_gate(each, gate) for gate in gates), _status(each)])
    return Table("ranking", columns, rows)


def _rank(standing: Standing, reader: Audience) -> Cell:
    rank = "–" if standing.rank is None else str(standing.rank)
    return Cell.of(rank, bold=True) if reader.shows("ranks", standing.team) else hidden()


def _points(standing: Standing, tops: list[str], reader: Audience) -> list[Cell]:
    numbers = [standing.total, *(standing.scores.get(part) for part in tops)]
    shown = reader.shows("scores", standing.team)
    return [Cell.of(points(each)) if shown else hidden() for each in numbers]


def _gate(standing: Standing, gate: str) -> Cell:
    result = standing.gates.get(gate)
    if result is None:
        return Cell.of("–")
    word, sign = GATE_RESULTS[result], GATE_SIGNS[result]
    return Cell(Text(ko=f"{sign} {word.ko}", en=word.en), tone_of(result))


def _status(standing: Standing) -> Cell:
    word, sign = STATUSES[standing.status], STATUS_SIGNS[standing.status]
    return Cell(Text(ko=f"{sign} {word.ko}", en=word.en), tone_of(standing.status), bold=True)


def _best_and_mean(source: ReportSource) -> Table:
    columns = [
        Column(Text(ko="항목", en="Part"), 2),
        Column(words.POINTS, 1, number=True),
        Column(Text(ko="최고", en="Best"), 1, number=True),
        Column(Text(ko="평균", en="Mean"), 1, number=True),
    ]
    rows = []
    for part in summary_of(source.decision, source.inputs.round).parts:
        name = named(part.part)
        inset = " " * (2 * part.part.count("."))
        name = Text(ko=inset + name.ko, en=inset + name.en)
        rows.append([Cell(name), Cell.of(part.points), Cell.of(points(part.best)), Cell.of(points(part.mean))])
    return Table("summary", columns, rows)


def _cut(source: ReportSource) -> Iterator[Sentence]:
    found = summary_of(source.decision, source.inputs.round)
    if found.highest_out is not None and found.lowest_kept is not None:
        low, high = points(found.highest_out), points(found.lowest_kept)
        yield Sentence(
            Text(
                ko=f"하위 탈락선: 탈락한 팀의 최고 총점 {low}, 남은 팀의 최저 총점 {high}.",
                en=f"The cut: {low} is the highest total that is out by it, {high} the lowest that is not.",
            )
        )


def _by_team(decision: Decision) -> list[Standing]:
    """In an order that tells nobody's rank."""
    return sorted(decision.standings, key=lambda each: each.team)


def _all_ranks(reader: Audience) -> bool:
    return reader.shows("ranks")


def _all_scores(reader: Audience) -> bool:
    return reader.shows("scores") and reader.shows("ranks")
