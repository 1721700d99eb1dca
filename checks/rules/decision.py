"""A round decided: gates, totals, the cut, ties, confidence, places, in that order; a pure function of its inputs.

>>> decision = decide(inputs)
>>> [(standing.team, standing.status) for standing in decision.standings]
[('t1', 'advances'), ('t2', 'eliminated'), …]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.records.decisions import Decision, GateResult, Reason, Standing, Status
from checks.rules.appeals import late_evidence_reasons
from checks.rules.gates import judge_gates
from checks.rules.inputs import RoundInputs
from checks.rules.numbers import decimal_text
from checks.rules.panel_acts import adjustment_reasons, invalidation_reason, reserve_reason, wildcard_reason
from checks.rules.points import Points, evaluate
from checks.rules.reasons import (
    CUT_RULE,
    TOP_RULE,
    cut_reason,
    fault_reason,
    gate_reasons,
    hypothetical_reason,
    imported_reason,
    tie_reasons,
    top_reason,
    total_reason,
    withdrawn_reason,
)
from checks.rules.selection import Cutting, Key, cut_bottom, cut_robustly, cut_top, order_keys, ranks
from checks.rules.statuses import Counts, Placing, place_teams
from checks.rules.uncertainty import bottom_probability
from checks.rules.weightings import cut_shares


@dataclass(frozen=True)
class Outcome:
    """What the rules come to before it is put in words."""

    points: Points
    gates: Mapping[str, Sequence[GateResult]]
    keys: Mapping[str, Key]
    ranks: Mapping[str, int]
    counts: Counts
    placings: Mapping[str, Placing]

    @property
    def cutting(self) -> Cutting:
        """What the bottom-n rule does."""
        return self.counts.bottom


def decide(inputs: RoundInputs) -> Decision:
    """Every team's standing with its reasons. Raises NotMeasured where a stage that the points need has not run."""
    outcome = work_out(inputs)
    standings = [_standing(inputs, outcome, team.id) for team in inputs.round.teams]
    advancing = sum(standing.status == "advances" for standing in standings)
    last = len(standings) + 1
    return Decision(
        programme=inputs.programme,
        round=inputs.round.id,
        rules_version=inputs.round.rules_version,
        rules_sha256=inputs.rules_sha256,
        policy=inputs.policy.policy if inputs.policy is not None else None,
        what_if=inputs.what_if,
        simulated=inputs.simulated,
        places=inputs.round.places,
        vacancies=max(0, inputs.round.places - advancing),
        inputs=dict(sorted(inputs.files.items())),
        amendments=list(inputs.amendments),
        standings=sorted(standings, key=lambda each: (each.rank or last, each.status == "withdrawn", each.team)),
    )


def work_out(inputs: RoundInputs) -> Outcome:
    """Gates, points, ranks and the cut, as numbers."""
    return _with_gates(inputs, judge_gates(inputs, evaluate(inputs, eligible=None)))


def _with_gates(inputs: RoundInputs, gates: Mapping[str, Sequence[GateResult]]) -> Outcome:
    eligible = eligible_teams(inputs, gates)
    points = evaluate(inputs, eligible)
    keys = order_keys(points, inputs.round.select, inputs.round.score, inputs.parameters)
    counts = _count(inputs, points, keys, eligible)
    return Outcome(points, gates, keys, ranks(keys), counts, place_teams(inputs, gates, keys, counts))


def eligible_teams(inputs: RoundInputs, gates: Mapping[str, Sequence[GateResult]]) -> list[str]:
    """The teams that have not withdrawn and that no gate puts out."""
    out = _out_by_gate(gates)
    return [team for team in inputs.active() if team not in out]


def _out_by_gate(gates: Mapping[str, Sequence[GateResult]]) -> dict[str, str]:
    """Team → the first gate in the file that eliminates it."""
    first = {
        team: next((each.gate for each in results if each.effect == "eliminate"), None)
        for team, results in gates.items()
    }
    return {team: gate for team, gate in first.items() if gate is not None}


def _count(inputs: RoundInputs, points: Points, keys: Mapping[str, Key], eligible: Sequence[str]) -> Counts:
    out = [team for team in inputs.active() if team not in eligible]
    without_total = [team for team in inputs.active() if team not in keys]
    select, rule = inputs.round.select, inputs.round.withdrawal
    left = sum(team.withdrawn is not None for team in inputs.round.teams)
    withdrawn = left if rule is not None and rule.effect == "uses_cut" else 0
    top = {} if select.advance_top is None else cut_top(keys, without_total, out, select.advance_top)
    planned = cut_bottom(keys, without_total, out, select, withdrawn=withdrawn)
    if select.confidence is not None and planned.planned and planned.counted:
        chances = bottom_probability(inputs, points, eligible, planned.counted, planned.planned)
        planned = cut_bottom(keys, without_total, out, select, chances, withdrawn)
    if select.robustness is not None and planned.planned and planned.counted:
        shares = cut_shares(points, inputs.round.score, select.robustness, planned.counted, planned.planned)
        planned = cut_robustly(planned, shares, select.robustness)
    return Counts(planned, top)


def _standing(inputs: RoundInputs, outcome: Outcome, team: str) -> Standing:
    entry = next(each for each in inputs.round.teams if each.id == team)
    if entry.withdrawn is not None:
        return Standing(
            team=team,
            name=entry.name,
            rank=None,
            total=None,
            status="withdrawn",
            scores={},
            gates={},
            reasons=[withdrawn_reason(entry.withdrawn.isoformat())],
        )
    results = list(outcome.gates[team])
    placing = outcome.placings[team]
    total = outcome.points.totals[team]
    nodes = outcome.points.nodes[team]
    return Standing(
        team=team,
        name=entry.name,
        rank=outcome.ranks.get(team),
        total=None if total is None else decimal_text(total),
        status=placing.status,
        eliminated_by=placing.by,
        scores={path: decimal_text(value) for path, value in nodes.items() if value is not None},
        gates={each.gate: each.result for each in results},
        gate_results=results,
        cut_probability=outcome.cutting.probability.get(team),
        reasons=_reasons(inputs, outcome, team, results, placing),
    )


def _reasons(
    inputs: RoundInputs, outcome: Outcome, team: str, results: Sequence[GateResult], placing: Placing
) -> list[Reason]:
    measured, by = inputs.teams[team], placing.by
    rank, teams = outcome.ranks.get(team), len(outcome.keys)
    reasons = [total_reason(outcome.points, team, rank, teams, measured.evidence("benchmark"))]
    reasons += tie_reasons(team, outcome.keys, inputs.round.select)
    reasons.append(cut_reason(team, outcome.cutting, outcome.points.totals))
    reasons += _beside_the_count(inputs, outcome, team, placing)
    if by is not None and by not in (CUT_RULE, TOP_RULE) and rank is not None:
        ungated = [each.model_copy(update={"effect": "pass"}) if each.gate == by else each for each in results]
        reasons.append(hypothetical_reason(by, rank, teams, _without_gate(inputs, outcome, team, ungated)))
    reasons += gate_reasons(results)
    reasons += _imported(inputs, team)
    reasons += late_evidence_reasons(inputs.acts.late_evidence, inputs.round.freeze, team)
    reasons += [fault_reason(stage, message) for stage, message in measured.faults.items()]
    return reasons


def _imported(inputs: RoundInputs, team: str) -> list[Reason]:
    """One reason for each suite whose scores were measured elsewhere."""
    measured = inputs.teams[team]
    found = {suite: scores.imported for suite, scores in measured.suites.items() if scores.imported is not None}
    runs = {name.removeprefix("benchmark:"): [f"run:{run_id}"] for name, run_id in measured.runs.items()}
    return [imported_reason(suite, imported, runs.get(suite, [])) for suite, imported in found.items()]


def _beside_the_count(inputs: RoundInputs, outcome: Outcome, team: str, placing: Placing) -> list[Reason]:
    """Bonuses, the best-n rule, wildcards, invalidations and reserves: nothing where the round has none."""
    select = inputs.round.select
    reasons = adjustment_reasons(inputs.acts.adjustments, inputs.round.adjustments, team)
    if select.advance_top is not None and team in outcome.counts.top:
        cut, above = outcome.counts.top[team]
        reasons.append(top_reason(cut, above, len(outcome.counts.top), select.advance_top.teams))
    wildcard = next((each for each in inputs.acts.wildcards if each.team == team), None)
    if placing.wildcard and wildcard is not None and select.wildcards is not None:
        reasons.append(wildcard_reason(wildcard, select.wildcards.label, placing.held or placing.status))
    invalid = next((each for each in inputs.acts.invalidations if each.team == team), None)
    if invalid is not None and placing.held is not None and inputs.round.invalidations is not None:
        reasons.append(invalidation_reason(invalid, inputs.round.invalidations, placing.held))
    if placing.reserve is not None and select.reserve is not None:
        reasons.append(reserve_reason(placing.reserve, select.reserve.label, placing.status == "advances"))
    return reasons


def _without_gate(inputs: RoundInputs, outcome: Outcome, team: str, results: Sequence[GateResult]) -> Status:
    """The team's status had the gate that put it out passed it: the counts made again with it eligible."""
    return _with_gates(inputs, {**outcome.gates, team: results}).placings[team].status
