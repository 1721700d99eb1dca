"""From gates and counts to each team's status: gates first, then points, then wildcards and reserves for those out by points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from checks.records.decisions import GateResult, Status
from checks.rules.inputs import RoundInputs
from checks.rules.reasons import CUT_RULE, TOP_RULE
from checks.rules.selection import Cut, Cutting, Key


@dataclass(frozen=True)
class Counts:
    """What the rules over points do: the bottom count, and for a round with `advance_top` that count with how many stand above."""

    bottom: Cutting
    top: Mapping[str, tuple[Cut, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Placing:
    """A team's status, the rule that put it out, and what brought it back or would: its place among the reserves.

    `held` is the status that an invalidated team had.
    """

    status: Status
    by: str | None = None
    wildcard: bool = False
    reserve: int | None = None
    held: Status | None = None


def place_teams(
    inputs: RoundInputs, gates: Mapping[str, Sequence[GateResult]], keys: Mapping[str, Key], counts: Counts
) -> dict[str, Placing]:
    """Team → placing, for every team that has not withdrawn."""
    placed = {team: _by_rules(results, counts, team, team in keys) for team, results in gates.items()}
    named = {each.team for each in inputs.acts.wildcards}
    invalid = {each.team for each in inputs.acts.invalidations}
    for team, placing in placed.items():
        if team in named and placing.by in (CUT_RULE, TOP_RULE):
            placed[team] = Placing(_brought_back(gates[team]), wildcard=True)
        if team in invalid:
            placed[team] = Placing("invalidated", held=placed[team].status)
    return _with_reserves(inputs, placed, gates, keys)


def _by_rules(results: Sequence[GateResult], counts: Counts, team: str, has_total: bool) -> Placing:
    gate = next((each.gate for each in results if each.effect == "eliminate"), None)
    if gate is not None:
        return Placing("eliminated", gate)
    bottom, top = counts.bottom.cuts[team], counts.top.get(team, ("kept", 0))[0]
    if bottom == "out":
        return Placing("eliminated", CUT_RULE)
    if top == "out":
        return Placing("eliminated", TOP_RULE)
    open_ = {"tied", "unsure", "weight_sensitive", "unknown"}
    if bottom in open_ or top in open_ or _has_open(results) or not has_total:
        return Placing("review")
    return Placing("advances")


def _has_open(results: Sequence[GateResult]) -> bool:
    return any(each.effect == "review" for each in results)


def _brought_back(results: Sequence[GateResult]) -> Status:
    """A place given back to who was out by points does not settle a gate that is still open."""
    return "review" if _has_open(results) else "advances"


def _with_reserves(
    inputs: RoundInputs,
    placed: Mapping[str, Placing],
    gates: Mapping[str, Sequence[GateResult]],
    keys: Mapping[str, Key],
) -> dict[str, Placing]:
    """Those out by points, best first; equal ones share a place, and a tie across the last vacancy is for review.

    Places of teams that are for review are not vacant yet: they may still advance.
    """
    rule = inputs.round.select.reserve
    if rule is None:
        return dict(placed)
    waiting = [team for team, each in placed.items() if each.by in (CUT_RULE, TOP_RULE)]
    invalid = inputs.round.invalidations
    keeps = invalid is not None and invalid.then == "vacancy"  # its place stays vacant
    taken = sum(
        (each.held if keeps and each.held else each.status) in ("advances", "review") for each in placed.values()
    )
    vacant = max(0, inputs.round.places - taken) if rule.fill == "vacancies" else 0
    found = dict(placed)
    for team in waiting:
        above = sum(keys[other] > keys[team] for other in waiting)
        equal = sum(keys[other] == keys[team] for other in waiting)
        reserve = 1 + above
        if above + equal <= vacant:
            found[team] = Placing(_brought_back(gates[team]), reserve=reserve)
        elif above < vacant:
            found[team] = Placing("review", reserve=reserve)
        else:
            found[team] = Placing("eliminated", placed[team].by, reserve=reserve)
    return found
