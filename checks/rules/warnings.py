"""What a reader of a decision is warned of: rules under which more points can hurt, populations that decide who is out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checks.contracts.programme import Round
from checks.contracts.score_tree import ScoreNode
from checks.records.record import Text
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs
from checks.rules.outlying_raters import outlying_raters


def warnings(inputs: RoundInputs) -> list[Text]:
    """Every warning about the round's rules, and about what they did to these teams."""
    raters = [each for leaf, sheets in inputs.raters.items() for each in outlying_raters(leaf, sheets)]
    return [*rule_warnings(inputs.round), *_population_warnings(inputs), *raters, *_vacancy(inputs)]


def _vacancy(inputs: RoundInputs) -> list[Text]:
    """A vacant place for which a call has to be opened, and a call that was opened for a place that is not vacant."""
    rule = inputs.round.on_vacancy
    if rule is None or rule.then == "leave":
        return []
    vacant, label = decide(inputs).vacancies, rule.label
    if vacant and rule.opened is None:
        return [
            Text(
                ko=f"{label.ko}: 공석이 {vacant}개이므로 추가 공모를 열어야 합니다.",
                en=f"{label.en}: {vacant} vacant, so an additional call is to be opened.",
            )
        ]
    if not vacant and rule.opened is not None:
        return [
            Text(
                ko=f"{label.ko}: {rule.opened}에 연 추가 공모가 결정과 어긋납니다. 공석이 없습니다.",
                en=f"{label.en}: the additional call opened on {rule.opened} conflicts with the decision: no place is vacant.",
            )
        ]
    return []


def rule_warnings(round_: Round) -> list[Text]:
    """Rules that are not monotone: with a standard score over those who take part, a team that earns more can fall behind.

    The team's own value moves the mean and the deviation by which all are measured; so can every other team's.
    """
    return [
        Text(
            ko=f"{leaf}: 참가팀의 표준점수입니다. 한 팀의 점수가 오르면 다른 모든 팀의 점수가 달라지며, 점수가 오른 팀의 순위가 "
            "내려갈 수도 있습니다. 명단을 고정하면(population: frozen과 값) 그렇지 않습니다.",
            en=f"{leaf}: a standard score over those who take part. A team's higher value changes every other team's points, "
            "and a team that earns more can fall behind; a frozen population with values of its own prevents that.",
        )
        for leaf, node in round_.score.leaves()
        if _is_moving_zscore(node)
    ]


def _is_moving_zscore(node: ScoreNode) -> bool:
    then = node.source.then if node.source is not None else None
    return then is not None and then.normalise is not None and then.normalise.how == "zscore" and _moves(node)


def _moves(node: ScoreNode) -> bool:
    then = node.source.then if node.source is not None else None
    return then is not None and isinstance(then.population, str)


def _population_warnings(inputs: RoundInputs) -> list[Text]:
    """Who is out by another reading of the population: with the withdrawn teams still in it, or without normalising at all."""
    moving = [path for path, node in inputs.round.score.leaves() if _moves(node)]
    if not moving:
        return []
    out = _out(inputs)
    names = ", ".join(moving)
    found = []
    withdrawn = [team.id for team in inputs.round.teams if team.withdrawn is not None]
    if withdrawn:
        stayed = _out(_with_everybody(inputs))
        if stayed != out:
            found.append(
                Text(
                    ko=f"{names}: 누가 탈락하는지는 모집단에 달려 있습니다. 탈락: {_names(out)}. "
                    f"철회한 팀({', '.join(withdrawn)})이 모집단에 남아 있다면: {_names(stayed)}.",
                    en=f"{names}: who is out depends on the population. Out: {_names(out)}. "
                    f"With the withdrawn ({', '.join(withdrawn)}) still in it: {_names(stayed)}.",
                )
            )
    fixed = _out(_without_scaling(inputs))
    if fixed != out:
        found.append(
            Text(
                ko=f"{names}: 정규화가 탈락을 갈랐습니다. 탈락: {_names(out)}. 정규화하지 않으면: {_names(fixed)}.",
                en=f"{names}: normalisation decided it. Out: {_names(out)}. Without it: {_names(fixed)}.",
            )
        )
    return found


def _out(inputs: RoundInputs) -> set[str]:
    return {standing.team for standing in decide(inputs).standings if standing.status == "eliminated"}


def _names(teams: set[str]) -> str:
    return ", ".join(sorted(teams)) or "–"


def _with_everybody(inputs: RoundInputs) -> RoundInputs:
    """Every population frozen as it was before anyone withdrew."""

    def frozen(leaf: dict[str, Any]) -> None:
        for form in filter(None, leaf["from"]["then"].values()):
            form["population"] = {"frozen": "roster.csv"}

    moving = [path for path, node in inputs.round.score.leaves() if _moves(node)]
    everybody = dict.fromkeys(team.id for team in inputs.round.teams)
    rosters = {**inputs.rosters, **dict.fromkeys(moving, everybody)}
    return replace(inputs, round=_with_leaves(inputs.round, frozen), rosters=rosters, what_if=True)


def _without_scaling(inputs: RoundInputs) -> RoundInputs:
    """Values as they are."""

    def plain(leaf: dict[str, Any]) -> None:
        leaf["from"]["then"] = None

    return replace(inputs, round=_with_leaves(inputs.round, plain), what_if=True)


def _with_leaves(round_: Round, change: Callable[[dict[str, Any]], None]) -> Round:
    """The round with `change` applied to every leaf whose population moves."""
    raw = round_.model_dump(by_alias=True)

    def walk(node: dict[str, Any]) -> None:
        then = node["from"]["then"] if node["from"] else None
        if then and any(form and isinstance(form["population"], str) for form in then.values()):
            change(node)
        for part in node["parts"]:
            walk(part)

    walk(raw["score"])
    return Round.model_validate(raw)
