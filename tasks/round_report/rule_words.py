"""The round's rules in words: the score tree, gates, selection, and every rule that cites where it is written."""

from collections.abc import Iterator

from checks.contracts.programme import (
    AnyGate,
    BaselineGate,
    DataQualityGate,
    EvidenceGate,
    IndependenceGate,
    LicenceGate,
    PanelMajorityGate,
    Round,
    ThresholdGate,
)
from checks.contracts.round_rules import FewerParameters, PublishedDraw
from checks.contracts.score_tree import (
    CostEfficiency,
    Imported,
    IrtImport,
    MovingBaseline,
    Raters,
    ScoreNode,
    Source,
    SuiteAgainstBaseline,
    SuiteMean,
    SuiteRelative,
)
from checks.records.decision_words import EFFECTS, named
from checks.records.record import Text
from tasks.round_report import words
from tasks.round_report.document import Block, Cell, Column, Facts, Heading, Sentence, Table
from tasks.round_report.source import ReportSource
from tasks.round_report.words import joined, one

_HOW = {
    "mean": Text(ko="평균", en="mean"),
    "median": Text(ko="중앙값", en="median"),
    "trimmed_mean": Text(ko="절사평균", en="trimmed mean"),
    "severity_adjusted": Text(ko="엄격도 보정 평균", en="mean adjusted for severity"),
}
_COMBINED = {
    "geometric": Text(ko="아래 항목의 가중 기하평균", en="weighted geometric mean of its parts"),
    "borda": Text(ko="아래 항목에서 이긴 팀의 비율 (보르다)", en="share of teams beaten in its parts (Borda)"),
}


def rule_blocks(source: ReportSource) -> Iterator[Block]:
    """The section; rules are everybody's to read, whatever else is disclosed."""
    round_, decision = source.inputs.round, source.decision
    yield Heading(Text(ko="적용한 규칙", en="The rules that were applied"))
    policy = source.inputs.policy
    facts = [
        (Text(ko="규칙 판", en="Rules version"), Cell.of(decision.rules_version)),
        (Text(ko="정원", en="Places"), Cell.of(str(decision.places))),
    ]
    if policy is not None:
        facts.append((Text(ko="정책", en="Policy"), Cell(Text(ko=policy.title.ko, en=policy.title.en))))
        facts.append((Text(ko="정책의 출처", en="Where the policy is from"), Cell.of(policy.source)))
    yield Facts(facts)
    yield Heading(Text(ko="점수", en="Points"), 2)
    columns = [
        Column(Text(ko="항목", en="Part"), 1.6),
        Column(words.POINTS, 0.7, number=True),
        Column(Text(ko="점수의 출처", en="Where the points come from"), 4.4),
    ]
    nodes = [("", round_.score), *round_.score.walk()]
    yield Table("rules-points", columns, [_node(path, node) for path, node in nodes])
    yield Heading(Text(ko="관문과 선발", en="Gates and selection"), 2)
    if round_.gates:
        columns = [
            Column(Text(ko="관문", en="Gate"), 1.3),
            Column(Text(ko="조건과 효과", en="Condition and effect"), 5.4),
        ]
        yield Table(
            "rules-gates", columns, [[Cell(named(each.id), bold=True), Cell(_gate(each))] for each in round_.gates]
        )
    yield from (Sentence(each) for each in _selection(round_))
    yield from _cited(round_)
    if decision.amendments:
        yield Heading(Text(ko="동결한 뒤 바뀐 것", en="What was changed after the freeze"), 2)
        for each in decision.amendments:
            yield Sentence(Text(ko=f"{each.rules_version}: {each.text.ko}", en=f"{each.rules_version}: {each.text.en}"))


def _node(path: str, node: ScoreNode) -> list[Cell]:
    name = named(path) if path else words.TOTAL
    inset = "\u2003" * (path.count(".") + 1 if path else 0)
    said = _parts(node) if node.source is None else _source(node.source)
    return [
        Cell(Text(ko=inset + name.ko, en=inset + name.en), bold="." not in path),
        Cell.of(str(node.points)),
        Cell(said),
    ]


def _parts(node: ScoreNode) -> Text:
    if node.combine is not None:
        return _COMBINED[node.combine.how]
    return Text(ko="아래 항목의 합", en="sum of its parts")


def _source(source: Source) -> Text:
    said = one("–")
    if isinstance(source, SuiteMean):
        ko = f"평가 묶음 {source.suite}의 평균 점수 ÷ {source.scale}"
        said = Text(ko=ko, en=f"mean score of suite {source.suite} ÷ {source.scale}")
    elif isinstance(source, SuiteRelative):
        ko = f"평가 묶음 {source.suite}의 점수 ÷ 팀의 목표 모델 점수 (상한 {source.cap}, 하한 {source.floor})"
        en = f"scores of suite {source.suite} ÷ the team's own target model's (cap {source.cap}, floor {source.floor})"
        said = Text(ko=ko, en=en)
    elif isinstance(source, SuiteAgainstBaseline):
        against = _baseline(source.baseline)
        ko = f"평가 묶음 {source.suite}의 평균 점수 ÷ {against.ko} (상한 {source.cap}, 하한 {source.floor})"
        en = f"mean score of suite {source.suite} ÷ {against.en} (cap {source.cap}, floor {source.floor})"
        said = Text(ko=ko, en=en)
    elif isinstance(source, IrtImport):
        said = Text(
            ko=f"문항반응 모형의 능력값, {source.low}에서 0점, {source.high}에서 만점 ({source.model})",
            en=f"ability of an item-response model, nothing at {source.low}, all points at {source.high} ({source.model})",
        )
    elif isinstance(source, Imported):
        said = Text(
            ko=f"가져온 점수 ÷ {source.max} ({source.imported})",
            en=f"imported value ÷ {source.max} ({source.imported})",
        )
    elif isinstance(source, CostEfficiency):
        ko = f"성능 ÷ 비용, {source.full}에서 만점 ({source.cost_efficiency})"
        said = Text(ko=ko, en=f"quality ÷ cost, all points at {source.full} ({source.cost_efficiency})")
    elif isinstance(source, Raters):
        how = _HOW[source.how]
        drop_ko, drop_en = "", ""
        if source.how == "trimmed_mean":
            drop_ko = f", 최고 {source.drop_max}·최저 {source.drop_min} 제외"
            drop_en = f", the highest {source.drop_max} and lowest {source.drop_min} dropped"
        ko = f"평가위원 점수의 {how.ko}{drop_ko} (최소 {source.min_raters}명)"
        said = Text(ko=ko, en=f"{how.en} of the raters' values{drop_en} (at least {source.min_raters} raters)")
    then = _then(source)
    return said if then is None else joined([said, then], "; ", "; ")


def _then(source: Source) -> Text | None:
    if source.then is None:
        return None
    population = source.then.population
    over = population if isinstance(population, str) else population.frozen
    if source.then.top_scaled is not None:
        return Text(ko=f"최고 팀을 만점으로 환산 (모집단 {over})", en=f"best team gets all points (population {over})")
    if source.then.rank_points is not None:
        table = ", ".join(str(each) for each in source.then.rank_points.table)
        return Text(ko=f"순위별 점수 {table} (모집단 {over})", en=f"points by rank {table} (population {over})")
    assert source.then.normalise is not None
    how = source.then.normalise.how
    return Text(ko=f"{how} 정규화 (모집단 {over})", en=f"normalised by {how} (population {over})")


def _gate(gate: AnyGate) -> Text:
    condition = one("")
    if isinstance(gate, IndependenceGate):
        condition = Text(ko="독자성 점검 결과를 정책에 따라 판정", en="independence findings, judged by the policy")
    elif isinstance(gate, DataQualityGate):
        condition = Text(ko="데이터 품질 점검 결과를 정책에 따라 판정", en="data-quality results, judged by the policy")
    elif isinstance(gate, ThresholdGate):
        share = gate.at_least_share
        bound_ko = f"{gate.at_least}점" if gate.at_least is not None else f"배점의 {share}"
        bound_en = f"{gate.at_least} points" if gate.at_least is not None else f"{share} of its points"
        condition = Text(ko=f"{gate.of} ≥ {bound_ko}", en=f"{gate.of} has at least {bound_en}")
    elif isinstance(gate, BaselineGate):
        moving = gate.baseline if isinstance(gate.baseline, MovingBaseline) else None
        against = one(str(gate.baseline)) if moving is None else _baseline(moving)
        ko, en = f"{gate.suite} ≥ {gate.at_least} × {against.ko}", f"{gate.suite} ≥ {gate.at_least} × {against.en}"
        condition = Text(ko=ko, en=en)
    elif isinstance(gate, EvidenceGate):
        parts = ", ".join(gate.require)
        condition = Text(ko=f"제출 자료가 모두 있음: {parts}", en=f"all of this was handed in: {parts}")
    elif isinstance(gate, LicenceGate):
        ko = f"라이선스: 허용 {', '.join(gate.allow) or '–'}, 금지 {', '.join(gate.deny) or '–'}, 그 밖 {gate.unknown}"
        en = f"licences: allowed {', '.join(gate.allow) or '–'}, denied {', '.join(gate.deny) or '–'}, others {gate.unknown}"
        condition = Text(ko=ko, en=en)
    elif isinstance(gate, PanelMajorityGate):
        condition = _majority(gate)
    effects = [(Text(ko="불통과", en="fail"), gate.fail), (Text(ko="조건부", en="conditional"), gate.conditional)]
    effects.append((Text(ko="판정 보류", en="indeterminate"), gate.indeterminate))
    told = joined(
        [Text(ko=f"{name.ko} → {EFFECTS[does].ko}", en=f"{name.en} → {EFFECTS[does].en}") for name, does in effects]
    )
    return Text(ko=f"{condition.ko}. {told.ko}", en=f"{condition.en}. {told.en}")


def _majority(gate: PanelMajorityGate) -> Text:
    of = {
        "panel": Text(ko="회피하지 않은 위원(기권 포함)", en="all who are not recused, abstentions included,"),
        "cast": Text(ko="찬성과 반대", en="the votes cast, yes and no,"),
    }[gate.out_of]
    ko = f"{of.ko} 가운데 찬성이 {gate.more_than} 초과 (정족수 {gate.quorum}명)"
    en = f"of {of.en} more than {gate.more_than} are yes (quorum {gate.quorum})"
    if gate.on is None:
        return Text(ko=ko, en=en)
    return Text(ko=f"{gate.on}이(가) 판정 보류일 때만: {ko}", en=f"only where {gate.on} is indeterminate: {en}")


def _selection(round_: Round) -> Iterator[Text]:
    select = round_.select
    scope = {"all": ("모든 팀", "all teams"), "eligible": ("관문을 지난 팀", "teams through the gates")}[select.scope]
    quota = {
        "additive": ("관문 탈락과 따로 셉니다", "eliminations by gates come on top of it"),
        "absorbing": ("관문 탈락을 포함해 셉니다", "eliminations by gates use it up"),
    }[select.quota]
    yield Text(
        ko=f"총점이 가장 낮은 {select.eliminate_bottom}팀이 탈락합니다. {scope[0]} 가운데서 세고, {quota[0]}.",
        en=f"The lowest {select.eliminate_bottom} by total are out, counted over {scope[1]}; {quota[1]}.",
    )
    if select.advance_top is not None:
        teams = select.advance_top.teams
        yield Text(ko=f"상위 {teams}팀까지만 진출합니다.", en=f"Only the best {teams} advance.")
    if select.tie_break:
        chain = joined([_tie(each) for each in select.tie_break], " → ", " → ")
        ko = f"동점이면 {chain.ko} 순으로 가리고, 그래도 같으면 심의합니다."
        yield Text(ko=ko, en=f"Equal totals are told apart by {chain.en}, then go to review.")
    if select.robustness is not None:
        rule, does = (
            select.robustness,
            {"review": ("심의합니다", "goes to review"), "flag": ("표시합니다", "is flagged")},
        )
        ko, en = does[rule.otherwise]
        yield Text(
            ko=f"배점을 달리했을 때({rule.region}) 탈락선이 {rule.at_least}보다 적게 유지되면 {ko}.",
            en=f"A cut that holds under a smaller share of other weightings ({rule.region}) than {rule.at_least} {en}.",
        )
    if select.confidence is not None:
        ko = f"탈락선이 맞을 확률이 {select.confidence}보다 낮으면 심의합니다."
        yield Text(ko=ko, en=f"A cut less sure than {select.confidence} goes to review.")


def _tie(rule: str | FewerParameters | PublishedDraw) -> Text:
    if isinstance(rule, FewerParameters):
        return Text(ko="매개변수가 적은 모델", en="the fewer parameters")
    if isinstance(rule, PublishedDraw):
        ko, en = f"추첨 (씨앗 {rule.draw}, {rule.published_on})", f"a draw (seed {rule.draw}, {rule.published_on})"
        return Text(ko=ko, en=en)
    return named(rule)


def _baseline(rule: MovingBaseline) -> Text:
    take = {
        "best_model": ("가장 높은 모델", "the best model"),
        "best_of_each_task": ("과제별 최고", "the best of each task"),
    }
    ko, en = take[rule.take]
    return Text(
        ko=f"{rule.as_of} 이전 {rule.months}개월에 나온 모델 가운데 {ko} ({rule.table})",
        en=f"{en} released in the {rule.months} months before {rule.as_of} ({rule.table})",
    )


def _cited(round_: Round) -> Iterator[Block]:
    rows = [
        [Cell(rule.label, bold=True), Cell.of(rule.citation), Cell.of(rule.effective.isoformat())]
        for rule in [*round_.cited_rules().values(), *([] if round_.freeze is None else [round_.freeze])]
    ]
    if rows:
        names = [(Text(ko="규칙", en="Rule"), 2.0), (Text(ko="근거 규정", en="Where it is written"), 3.6)]
        names.append((Text(ko="시행일", en="In force from"), 1.1))
        yield Table("rules-cited", [Column(name, share) for name, share in names], rows)
