"""Gates and the evidence that they read: independence by component, what failed in data quality, the benchmark by task."""

from collections.abc import Iterator

from checks.contracts.disclosure import Audience
from checks.records.decision_words import EFFECTS, GATE_RESULTS, GATE_SIGNS, named
from checks.records.decisions import GateOutcome, GateResult
from checks.records.lineage import ChainFinding, ComponentFinding, Trace
from checks.records.lineage_words import CHAINS, COMPONENTS, RELATIONS, VERDICTS
from checks.records.lineage_words import named as lineage_named
from checks.records.quality import ExpectationResult
from checks.records.record import Text
from checks.records.scores import TaskScore
from checks.rules.inputs import shown_score
from tasks.independence.report import draw_layer_map, effects_of
from tasks.independence.report.svg import p_in_line
from tasks.round_report import words
from tasks.round_report.document import Block, Cell, Column, Heading, Picture, Sentence, Table, Tone
from tasks.round_report.source import ReportSource
from tasks.round_report.words import joined, one, percent, tone_of

_VERDICT_TONES: dict[str, Tone] = {"derived": "bad", "independent": "good", "indeterminate": "open"}
_VERDICT_SIGNS = {"derived": "×", "independent": "○", "indeterminate": "?", "not_applicable": "–"}
#: Examples of a check that a page of paper has room for.
_EXAMPLES = 3


def evidence_blocks(source: ReportSource, reader: Audience) -> Iterator[Block]:
    """The section, as far as the reader may see it."""
    yield Heading(Text(ko="관문과 증거", en="Gates and evidence"))
    yield _gates(source)
    teams = sorted(source.inputs.active())
    if not any(reader.shows("findings", team) for team in teams):
        yield Sentence(words.NOT_SHOWN, "quiet")
    else:
        yield from _independence(source, reader, teams)
        yield from _quality(source, reader, teams)
    if any(reader.shows("tasks", team) for team in teams):
        yield from _benchmark(source, reader, teams)


def _gates(source: ReportSource) -> Block:
    columns = [
        Column(words.TEAM, 1.2),
        Column(Text(ko="관문", en="Gate"), 1.2),
        Column(Text(ko="점검 결과", en="The check's own result"), 1.2),
        Column(Text(ko="적용된 결과", en="What counts"), 1.2),
        Column(Text(ko="효과", en="Effect"), 1),
    ]
    standings = sorted(source.decision.standings, key=lambda each: each.team)
    rows = [_gate(source, each) for standing in standings for each in standing.gate_results]
    if not rows:
        return Sentence(Text(ko="관문이 없는 평가입니다.", en="The round has no gates."), "quiet")
    return Table("gates", columns, rows)


def _gate(source: ReportSource, result: GateResult) -> list[Cell]:
    tones: dict[str, Tone] = {"eliminate": "bad", "review": "open", "pass": "plain"}
    return [
        Cell(source.name(result.team), bold=True),
        Cell(named(result.gate)),
        _outcome(result.own),
        _outcome(result.result),
        Cell(EFFECTS[result.effect], tones[result.effect]),
    ]


def _outcome(result: GateOutcome) -> Cell:
    word = GATE_RESULTS[result]
    return Cell(Text(ko=f"{GATE_SIGNS[result]} {word.ko}", en=word.en), tone_of(result))


def _independence(source: ReportSource, reader: Audience, teams: list[str]) -> Iterator[Block]:
    traced = {team: source.inputs.teams[team].trace for team in teams if reader.shows("findings", team)}
    found = {team: trace for team, trace in traced.items() if trace is not None}
    if not found:
        return
    yield Heading(Text(ko="독자성: 구성 요소별 판정", en="Independence, by component"), 2)
    columns = [
        Column(words.TEAM, 0.8),
        Column(Text(ko="구성 요소", en="Component"), 1.2),
        Column(Text(ko="참조 모델", en="Reference"), 1),
        Column(Text(ko="판정", en="Verdict"), 1.4),
        Column(Text(ko="관계", en="Relation"), 0.9),
        Column(Text(ko="효과의 크기", en="Effect size"), 1.5),
        Column(Text(ko="p (보정)", en="p (corrected)"), 0.9, number=True),
        Column(Text(ko="매개변수 비중", en="Share"), 0.8, number=True),
    ]
    rows = [
        _finding(source.name(team), reference.reference, component)
        for team, trace in found.items()
        for reference in trace.references
        for component in reference.components
    ]
    if rows:
        yield Table("independence", columns, rows)
    yield Sentence(
        Text(
            ko="‘파생 흔적 없음’은 이 참조 모델, 이 검정, 이 크기에서 찾지 못했다는 뜻이며 처음부터 학습했다는 증명이 아닙니다.",
            en="“No derivation found” means: not from these references, by these tests, at this size. It is no proof of "
            "training from scratch.",
        ),
        "quiet",
    )
    for team, trace in found.items():
        yield from _opened(source.name(team), trace)
    yield from _chains(source, found)


def _finding(team: Text, reference: str, found: ComponentFinding) -> list[Cell]:
    verdict = VERDICTS[found.verdict]
    sign = _VERDICT_SIGNS[found.verdict]
    effects = joined(effects_of(found)) if effects_of(found) else one("–")
    identical = found.verdict == "derived" and found.log10_p is None
    p = Cell(Text(ko="같음", en="identical")) if identical else Cell.of(_p(found.log10_p))
    return [
        Cell(team, bold=True),
        Cell(lineage_named(found.component, COMPONENTS)),
        Cell.of(reference),
        Cell(Text(ko=f"{sign} {verdict.ko}", en=verdict.en), _VERDICT_TONES.get(found.verdict, "quiet"), bold=True),
        Cell(RELATIONS[found.relation]) if found.relation else Cell.of("–"),
        Cell(effects),
        p,
        Cell.of(percent(found.share_of_parameters)),
    ]


def _p(log10_p: float | None) -> str:
    return "–" if log10_p is None else p_in_line(log10_p)


def _opened(team: Text, trace: Trace) -> Iterator[Block]:
    """What is not cleared: its explanation, and the layer map where layers correspond."""
    for reference in trace.references:
        for found in reference.components:
            if found.verdict not in ("derived", "indeterminate"):
                continue
            component = lineage_named(found.component, COMPONENTS)
            ko = f"{team.ko}: {component.ko} / {reference.reference}"
            en = f"{team.en}: {component.en.lower()} / {reference.reference}"
            yield Heading(Text(ko=ko, en=en), 3, _VERDICT_TONES[found.verdict])
            yield Sentence(found.explanation)
            picture = draw_layer_map(found, reference.reference, "both") if found.layers else None
            if picture is not None:
                alt = Text(ko="층 대응 지도: 색칠한 칸은 그 층이 참조 모델의 그 층에서 왔다는 뜻입니다.",
                           en="Layer map: a coloured cell says that this layer came from that layer of the reference.")  # fmt: skip
                yield Picture(picture, alt)


def _chains(source: ReportSource, found: dict[str, Trace]) -> Iterator[Block]:
    """A team's components of which the same is said share a row."""
    rows = []
    for team, trace in found.items():
        alike: dict[tuple[str, str], list[ChainFinding]] = {}
        for chain in trace.chain:
            alike.setdefault((chain.result, chain.explanation.en), []).append(chain)
        for chains in alike.values():
            components = joined([lineage_named(each.component, COMPONENTS) for each in chains])
            result = chains[0].result
            tone: Tone = "good" if result == "supported" else "bad" if result == "contradicted" else "open"
            cells = [Cell(components), Cell(CHAINS[result], tone), Cell(chains[0].explanation)]
            rows.append([Cell(source.name(team), bold=True), *cells])
    if rows:
        yield Heading(Text(ko="학습 이력", en="Chain of training evidence"), 2)
        names = [
            words.TEAM,
            Text(ko="구성 요소", en="Component"),
            Text(ko="결과", en="Result"),
            Text(ko="설명", en="Why"),
        ]
        columns = [Column(name, share) for name, share in zip(names, (0.9, 1.6, 1, 4), strict=True)]
        yield Table("chains", columns, rows)


def _quality(source: ReportSource, reader: Audience, teams: list[str]) -> Iterator[Block]:
    checked = {team: source.inputs.teams[team].quality for team in teams if reader.shows("findings", team)}
    results = {team: each for team, each in checked.items() if each is not None}
    if not results:
        return
    yield Heading(Text(ko="데이터 품질", en="Data quality"), 2)
    columns = [
        Column(words.TEAM, 1.2),
        Column(Text(ko="통과", en="Passed"), 0.8, number=True),
        Column(Text(ko="조건부", en="Conditional"), 0.8, number=True),
        Column(Text(ko="불통과", en="Failed"), 0.8, number=True),
    ]
    counts = {
        team: [sum(one.outcome == outcome for one in each) for outcome in ("pass", "conditional", "fail")]
        for team, each in results.items()
    }
    yield Table(
        "quality",
        columns,
        [
            [Cell(source.name(team), bold=True), *(Cell.of(str(each)) for each in count)]
            for team, count in counts.items()
        ],
    )
    rows = [
        _check(source.name(team), each, with_examples=reader.shows("items", team))
        for team, checks in results.items()
        for each in checks
        if each.outcome != "pass" and (each.suite != "results" or reader.shows("tasks", team))
    ]
    if rows:
        names = [
            (words.TEAM, 0.9),
            (Text(ko="결과", en="Result"), 1),
            (Text(ko="검사", en="Check"), 1.5),
            (Text(ko="설명", en="What was seen"), 3.6),
            (Text(ko="예", en="Examples"), 1.4),
        ]
        yield Table("quality-findings", [Column(name, share) for name, share in names], rows)
    else:
        yield Sentence(Text(ko="통과하지 못한 검사가 없습니다.", en="No check failed or was left open."), "quiet")


def _check(team: Text, found: ExpectationResult, *, with_examples: bool) -> list[Cell]:
    subject = f" ({found.subject})" if found.subject else ""
    examples = ", ".join(found.examples[:_EXAMPLES]) if with_examples else ""
    return [
        Cell(team, bold=True),
        _outcome(found.outcome),
        Cell.of(f"{found.suite}.{found.check}{subject}", code=True),
        Cell(found.text),
        Cell.of(examples or "–", code=bool(examples)),
    ]


def _benchmark(source: ReportSource, reader: Audience, teams: list[str]) -> Iterator[Block]:
    shown = [team for team in teams if reader.shows("tasks", team)]
    yield Heading(Text(ko="벤치마크: 과제별 점수", en="Benchmark, by task"), 2)
    yield Sentence(
        Text(
            ko="점수 × 100, 괄호 안은 95 % 신뢰구간. 두 팀의 구간이 겹치면 차이를 단정할 수 없습니다.",
            en="Score × 100 with its 95 % interval. Where two teams' intervals overlap, the difference is not certain.",
        ),
        "quiet",
    )
    for suite, rules in source.inputs.suites.items():
        columns = [Column(Text(ko=f"{named(suite).ko}: 과제", en=f"{named(suite).en}: task"), 1.5)]
        columns += [Column(source.name(team), 1.2, number=True) for team in shown]
        rows = []
        for task in rules.tasks:
            scores = [_score(source, team, suite, task.id) for team in shown]
            counts = {each.n for each in scores if each is not None}
            asked = f" (n = {', '.join(str(each) for each in sorted(counts))})" if counts else ""
            label = one(f"{task.id} · {task.metric}{asked}")
            rows.append([Cell(label), *(_interval(each) for each in scores)])
        yield Table(f"tasks-{suite}", columns, rows)


def _score(source: ReportSource, team: str, suite: str, task: str) -> TaskScore | None:
    scores = source.inputs.teams[team].suites.get(suite)
    return None if scores is None else next((each for each in scores.tasks if each.task == task), None)


def _interval(score: TaskScore | None) -> Cell:
    if score is None:
        return Cell.of("–")
    said = f"{shown_score(score.metric, score.value):.1f}"
    if score.ci95 is not None:
        low, high = (shown_score(score.metric, bound) for bound in score.ci95)
        said += f" ({low:.1f} – {high:.1f})"
    return Cell.of(said)
