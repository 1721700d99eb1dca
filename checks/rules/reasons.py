"""Why a team stands where it stands, in Korean and English: one reason for each rule that touched it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from checks.contracts.round_rules import PublishedDraw, Select
from checks.policy.outcomes import finding
from checks.records.decisions import GateResult, Reason, Status
from checks.records.record import Text
from checks.rules.numbers import readable
from checks.rules.points import Points
from checks.rules.selection import Cut, Cutting, Key, drawn_number

CUT_RULE = "eliminate_bottom"
TOP_RULE = "advance_top"


def _reason(rule: str, outcome: str, ko: str, en: str, evidence: Sequence[str] = ()) -> Reason:
    return Reason(rule=rule, outcome=outcome, text=Text(ko=ko, en=en), evidence=list(evidence))


def total_reason(points: Points, team: str, rank: int | None, teams: int, evidence: Sequence[str]) -> Reason:
    """The total and the rank, or why there is none."""
    total = points.totals[team]
    if total is None:
        absent = points.missing.get(team, {})
        ko = "; ".join(f"{leaf}: {why.ko}" for leaf, why in absent.items())
        en = "; ".join(f"{leaf}: {why.en}" for leaf, why in absent.items())
        return _reason(
            "total",
            "missing",
            f"총점을 낼 수 없습니다. 값이 없는 항목: {ko}",
            f"There is no total. Without a value: {en}",
            evidence,
        )
    text = readable(total)
    names = ", ".join(points.excluded)
    left_out = (f" 모든 팀에서 제외된 항목: {names}.", f" Left out for all teams: {names}.") if names else ("", "")
    return _reason(
        "total",
        f"rank {rank}",
        f"총점 {text}점으로 {teams}팀 중 {rank}위입니다.{left_out[0]}",
        f"{text} points in total, {ordinal(rank or 0)} of {teams}.{left_out[1]}",
        evidence,
    )


def gate_reasons(results: Sequence[GateResult]) -> list[Reason]:
    """What every gate found, worst effect first; a passed gate gives one line."""
    reasons: list[Reason] = []
    order = ("eliminate", "review", "pass")
    for result in sorted(results, key=lambda each: order.index(each.effect)):
        words = {
            "eliminate": ("탈락", "eliminated"),
            "review": ("검토", "for review"),
            "pass": ("통과", "passes"),
        }[result.effect]
        reasons.append(
            _reason(
                result.gate,
                result.result,
                f"{result.gate} 관문: {result.result}, {words[0]}.",
                f"Gate {result.gate}: {result.result}, {words[1]}.",
                [each for reason in result.reasons for each in reason.evidence][:1],
            )
        )
        reasons += [reason for reason in result.reasons if reason.outcome != "pass"]
        reasons += [reason for reason in result.reasons if reason.outcome == "pass"]
    return reasons


def cut_reason(team: str, cutting: Cutting, totals: Mapping[str, Fraction | None]) -> Reason:
    """What the bottom-n rule did to the team and how close it was."""
    cut = cutting.cuts[team]
    counted = sorted((total, name) for name in cutting.counted if (total := totals[name]) is not None)
    distance_ko, distance_en = _distance(team, cut, cutting, counted)
    chance = cutting.probability.get(team)
    sure_ko = "" if chance is None else f" 하위 {cutting.planned}팀에 들 확률은 {chance:.3f}입니다."
    sure_en = "" if chance is None else f" Its probability of being among the lowest {cutting.planned} is {chance:.3f}."
    ko, en = {
        "out": _out_words(team, cutting),
        "kept": (f"하위 {cutting.planned}팀에 들지 않습니다.", f"Not among the lowest {cutting.planned}."),
        "tied": (
            "탈락선에서 동점이며 순서를 정할 규칙이 없습니다.",
            "Tied across the cut, and the tie chain leaves it.",
        ),
        "unsure": ("탈락선이 요구된 확신에 미치지 못합니다.", "The cut is less sure than the rules ask."),
        "weight_sensitive": (
            "배점을 달리하면 탈락선이 달라지며, 요구된 만큼 견고하지 않습니다.",
            "The cut depends on the weights of the parts more than the rules allow.",
        ),
        "unknown": ("총점이 없는 팀이 있어 탈락선을 정할 수 없습니다.", "A team without a total leaves the cut open."),
        "not_counted": ("하위팀 산정에서 제외됩니다.", "Takes no part in the count of the lowest."),
    }[cut]
    share = cutting.weight_share.get(team)
    weights_ko = "" if share is None else f" 살펴본 배점 가운데 이 팀이 탈락하는 비율은 {share:.3f}입니다."
    weights_en = "" if share is None else f" Of the weightings looked at, the share that cuts it is {share:.3f}."
    return _reason(CUT_RULE, cut, f"{ko}{distance_ko}{sure_ko}{weights_ko}", f"{en}{distance_en}{sure_en}{weights_en}")


def tie_reasons(team: str, keys: Mapping[str, Key], select: Select) -> list[Reason]:
    """What ordered the team among those with the same total, where sizes or a draw did: enough to order them again."""
    equal = [other for other in keys if team in keys and other != team and keys[other][0] == keys[team][0]]
    reasons = []
    for place, rule in enumerate(select.tie_break, 1):
        tied = [other for other in equal if keys[other][:place] == keys[team][:place]]
        if not tied or isinstance(rule, str):
            continue
        names = ", ".join(sorted(tied))
        own = -keys[team][place]
        if isinstance(rule, PublishedDraw):
            number = drawn_number(rule, team)
            ko = (
                f"{names}과(와) 동점이어서 추첨했습니다. 씨앗 {rule.draw} ({rule.published_on}, {rule.source}), "
                f"번호 {number}: 작은 쪽이 앞섭니다."
            )
            en = (
                f"Equal with {names}, so the order was drawn: seed {rule.draw} ({rule.published_on}, {rule.source}), "
                f"number {number}; the smaller goes first."
            )
        else:
            ko = f"{names}과(와) 동점이어서 매개변수 수로 가립니다: {own}개, 적은 쪽이 앞섭니다."
            en = f"Equal with {names}, so the number of parameters decides: {own}; the fewer go first."
        reasons.append(_reason("tie_break", "ordered", ko, en))
    return reasons


def _out_words(team: str, cutting: Cutting) -> tuple[str, str]:
    """The count itself, so that a reader with these words alone comes to the same cut.

    A team is out where counted + unknown − above ≤ the cuts that are left, wherever the teams without a total stand.
    """
    counted, above = len(cutting.counted), cutting.above.get(team, 0)  # 0 where it is not counted, and nobody reads it
    ko = f"하위 {cutting.planned}팀 탈락 규칙에 따라 탈락합니다. 산정된 {counted}팀 중 {above}팀이 위에 있습니다."
    en = f"Out as one of the lowest {cutting.planned}: {above} of the {counted} teams counted stand above it."
    if cutting.used:
        ko += f" 계획된 {cutting.planned + cutting.used}팀 중 {cutting.used}팀은 관문 탈락이나 철회로 채워졌습니다."
        en += f" Of {cutting.planned + cutting.used} planned cuts, gates and withdrawals have used {cutting.used}."
    if cutting.unknown:
        ko += f" 총점이 없는 {cutting.unknown}팀이 모두 아래에 있어도 같습니다."
        en += f" The same were all {cutting.unknown} without a total below it."
    return ko, en


def _distance(team: str, cut: Cut, cutting: Cutting, counted: Sequence[tuple[Fraction, str]]) -> tuple[str, str]:
    """How far the team is from the cut: from the best team below it, or the worst team above it."""
    own = next((total for total, name in counted if name == team), None)
    if own is None or not 0 < cutting.planned < len(counted):
        return "", ""
    worst_kept, best_out = counted[cutting.planned][0], counted[cutting.planned - 1][0]
    if cut == "out":
        gap = readable(worst_kept - own)
        return f" 남은 팀 중 최저점과 {gap}점 차이입니다.", f" {gap} points below the lowest team that is kept."
    if cut == "kept":
        gap = readable(own - best_out)
        return f" 탈락선보다 {gap}점 높습니다.", f" {gap} points above the cut."
    return "", ""


def top_reason(cut: Cut, above: int, counted: int, teams: int) -> Reason:
    """What `advance_top` did to the team."""
    ko, en = {
        "out": (
            f"상위 {teams}팀만 진출합니다. 산정된 {counted}팀 중 {above}팀이 위에 있습니다.",
            f"Not among the best {teams}, who alone advance: {above} of the {counted} teams counted stand above it.",
        ),
        "tied": (
            f"상위 {teams}팀의 경계에서 동점이며 순서를 정할 규칙이 없습니다.",
            f"Tied across the line of the best {teams}, and the tie chain leaves it.",
        ),
        "unknown": (
            f"총점이 없는 팀이 있어 상위 {teams}팀을 정할 수 없습니다.",
            f"A team without a total leaves the best {teams} open.",
        ),
    }.get(cut, (f"상위 {teams}팀에 듭니다.", f"Among the best {teams}."))
    return _reason(TOP_RULE, cut, ko, en)


def hypothetical_reason(gate: str, rank: int | None, teams: int, would: Status) -> Reason:
    """What would have become of a team that a gate put out."""
    ko = {"advances": "진출했을 것입니다", "eliminated": "그래도 탈락했을 것입니다"}.get(
        would, "검토 대상이었을 것입니다"
    )
    en = {"advances": "would have advanced", "eliminated": "would have been out all the same"}.get(
        would, "would have been for review"
    )
    return _reason(
        "without_the_gate",
        would,
        f"총점으로는 {teams}팀 중 {rank}위로, {gate} 관문이 아니면 {ko}.",
        f"{ordinal(rank or 0)} of {teams} by total; without gate {gate} it {en}.",
    )


def withdrawn_reason(date: str) -> Reason:
    """A team that withdrew has no total and no rank."""
    return _reason("withdrawn", "withdrawn", f"{date}에 참가를 철회했습니다.", f"Withdrew on {date}.")


def imported_reason(suite: str, imported: Mapping[str, Any], evidence: Sequence[str]) -> Reason:
    """That scores were measured elsewhere (see `SuiteScores.imported`): said wherever they count."""
    tool, model, files = imported["tool"], imported["model"], len(imported["files"])
    return _reason(
        "imported",
        "noted",
        f"평가 묶음 {suite}의 점수는 여기서 측정하지 않고 가져온 것입니다: {tool}, 모델 {model}, 해시를 기록한 파일 {files}개.",
        f"The scores of suite {suite} were imported, not measured here: {tool}, model {model}, {files} files by their hashes.",
        evidence,
    )


def fault_reason(stage: str, message: str) -> Reason:
    """A stage that could not measure the team, and why."""
    return finding(
        stage,
        "indeterminate",
        f"{stage} 단계를 측정할 수 없었습니다: {message}",
        f"Stage {stage} could not be measured: {message}",
    )


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, … 11th, 12th, 13th, … 21st."""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
