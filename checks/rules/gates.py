"""Gates: conditions apart from points. Four results, a panel's ruling above the check's own, and what each does to a team."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from checks.contracts.programme import (
    AnyGate,
    BaselineGate,
    DataQualityGate,
    IndependenceGate,
    PanelMajorityGate,
    ThresholdGate,
)
from checks.contracts.rulings import Ruling
from checks.contracts.score_tree import ScoreNode
from checks.policy.data_quality import judge_data_quality
from checks.policy.independence import IndependenceCase, judge_independence
from checks.policy.outcomes import finding
from checks.records.decisions import GateOutcome, GateResult, Reason
from checks.records.record import Stage
from checks.rules.appeals import effect_of, judge_appeal
from checks.rules.inputs import RoundInputs, suite_mean
from checks.rules.numbers import apart, decimal_text
from checks.rules.panel_acts import judge_votes, judge_waiver
from checks.rules.points import Points


def judge_gates(inputs: RoundInputs, points: Points) -> dict[str, list[GateResult]]:
    """Every gate's result for every team that has not withdrawn, in the file's order."""
    return {team: _judge_team(inputs, points, team) for team in inputs.active()}


def _judge_team(inputs: RoundInputs, points: Points, team: str) -> list[GateResult]:
    results: list[GateResult] = []
    for gate in inputs.round.gates:
        results.append(_judge(inputs, points, gate, team, {each.gate: each.result for each in results}))
    return results


def _judge(
    inputs: RoundInputs, points: Points, gate: AnyGate, team: str, earlier: Mapping[str, GateOutcome]
) -> GateResult:
    """An appeal goes above a ruling, a ruling above a waiver, a waiver above the check's own result; all of them are shown."""
    if isinstance(gate, PanelMajorityGate):
        own, reasons = judge_votes(inputs.acts.votes.get(gate.id, []), gate, team, earlier)
    else:
        own, reasons = _own_result(inputs, points, gate, team)
    result = own
    waiver = next((each for each in inputs.acts.waivers if each.team == team and each.gate == gate.id), None)
    if waiver is not None and inputs.round.waivers is not None and own == "fail":
        value, bound = _against_bound(inputs, points, gate, team)
        result, waived = judge_waiver(waiver, inputs.round.waivers, value, bound)
        reasons = [*reasons, waived]
    ruling = next((each for each in inputs.rulings if each.team == team and each.gate == gate.id), None)
    if ruling is not None:
        result = ruling.result
        reasons = [*reasons, _ruled(ruling, own)]
    appeal = next((each for each in inputs.acts.appeals if each.team == team and each.gate == gate.id), None)
    effect = effect_of(gate, result)
    if appeal is not None and inputs.round.appeals is not None:
        result, effect, told = judge_appeal(appeal, inputs.round.appeals, gate, result)
        reasons = [*reasons, told]
    return GateResult(gate=gate.id, team=team, own=own, result=result, effect=effect, reasons=reasons)


def _against_bound(inputs: RoundInputs, points: Points, gate: AnyGate, team: str) -> tuple[Fraction, Fraction]:
    """What the gate measured and what it asks, for a gate with a bound that has failed."""
    if isinstance(gate, ThresholdGate):
        path, bound = threshold_of(inputs.round.score, gate)
        value = points.nodes[team][path]
    else:
        assert isinstance(gate, BaselineGate)  # waivers of other gates are refused when they are read
        value = suite_mean(inputs.teams[team].suites[gate.suite], inputs.suites[gate.suite])
        bound = Fraction(gate.at_least) * Fraction(gate.baseline)
    assert value is not None  # without a value it had been indeterminate
    return value, bound


def _own_result(inputs: RoundInputs, points: Points, gate: AnyGate, team: str) -> tuple[GateOutcome, list[Reason]]:
    measured = inputs.teams[team]
    if isinstance(gate, ThresholdGate):
        return _threshold(inputs, points, gate, team)
    if isinstance(gate, BaselineGate):
        return _baseline(inputs, gate, team)
    assert inputs.policy is not None  # the contract refuses such a gate without a policy
    stage: Stage = "independence" if isinstance(gate, IndependenceGate) else "data-quality"
    if stage in measured.faults:
        fault = measured.faults[stage]
        words = (f"점검할 수 없었습니다: {fault}", f"Could not be checked: {fault}")
        return "indeterminate", [finding(gate.check, "indeterminate", *words)]
    if isinstance(gate, DataQualityGate):
        return judge_data_quality(measured.quality, inputs.policy, measured.evidence(stage))
    case = IndependenceCase(
        trace=measured.trace,
        declared=measured.declared,
        quality=measured.quality or (),
        reference_licences=inputs.reference_licences,
        evidence=measured.evidence(stage),
    )
    return judge_independence(case, inputs.policy)


def threshold_of(tree: ScoreNode, gate: ThresholdGate) -> tuple[str, Fraction]:
    """The path of the node that the gate looks at, and the points that it asks of it."""
    path = tree.find(gate.of)
    assert path is not None  # the contract refuses an unknown node
    nodes = dict(tree.walk()) or {path: tree}
    return path, Fraction(gate.at_least) if gate.at_least is not None else _share(
        gate.at_least_share, nodes[path].points
    )


def _threshold(inputs: RoundInputs, points: Points, gate: ThresholdGate, team: str) -> tuple[GateOutcome, list[Reason]]:
    path, bound = threshold_of(inputs.round.score, gate)
    earned = points.nodes[team].get(path)
    if earned is None:
        words = (f"{path} 점수가 없습니다.", f"There are no points for {path}.")
        return "indeterminate", [finding("threshold", "indeterminate", *words)]
    outcome: GateOutcome = "pass" if earned >= bound else "fail"
    sign = "≥" if outcome == "pass" else "<"
    has, required = apart(earned, bound)
    ko = f"{path} {has}점 {sign} 기준 {required}점"
    en = f"{path} has {has} points {sign} the required {required}"
    return outcome, [finding("threshold", outcome, ko, en)]


def _share(share: Decimal | None, points: Decimal) -> Fraction:
    assert share is not None  # the contract asks for exactly one of the two bounds
    return Fraction(share) * Fraction(points)


def _baseline(inputs: RoundInputs, gate: BaselineGate, team: str) -> tuple[GateOutcome, list[Reason]]:
    scores = inputs.teams[team].fit_scores(gate.suite)
    mean = None if scores is None else suite_mean(scores, inputs.suites[gate.suite])
    if mean is None:
        unfit = inputs.teams[team].unfit(gate.suite)
        words = (f"{gate.suite} 평가 결과가 없습니다.", f"{gate.suite} has not been measured.")
        words = words if unfit is None else (f"{gate.suite}: {unfit.ko}", f"{gate.suite}: {unfit.en}")
        return "indeterminate", [finding("baseline", "indeterminate", *words)]
    bound = Fraction(gate.at_least) * Fraction(gate.baseline)
    outcome: GateOutcome = "pass" if mean >= bound else "fail"
    sign = "≥" if outcome == "pass" else "<"
    rule = f"{decimal_text(Fraction(gate.at_least))} × {decimal_text(Fraction(gate.baseline))}"
    has, required = apart(mean, bound)
    ko = f"{gate.suite} {has} {sign} {rule} = {required}"
    en = f"{gate.suite} scores {has} {sign} {rule} = {required}"
    return outcome, [finding("baseline", outcome, ko, en, inputs.teams[team].evidence("benchmark"))]


def _ruled(ruling: Ruling, own: GateOutcome) -> Reason:
    signed = f"{ruling.signed_by}, {ruling.second_signature}"
    return finding(
        "ruling",
        ruling.result,
        f"위원회 결정: {ruling.result} (점검 결과는 {own}). 사유: {ruling.reason} 서명: {signed}",
        f"The panel ruled {ruling.result} (the check's own result is {own}). Reason: {ruling.reason} Signed: {signed}",
        [f"ruling:{ruling.evidence}"] if ruling.evidence else [],
    )
