"""What-if: a round's rules changed as asked, and what that does, without measuring or recording anything.

>>> change = Change(points={"benchmark": Decimal(50), "expert": Decimal(25), "user": Decimal(25)})
>>> suppose(inputs, change).what_if                                     # doctest: +SKIP
True
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any

from checks.contracts.panels import RaterSheets
from checks.contracts.programme import Round
from checks.contracts.score_tree import ScoreNode
from checks.records.decisions import Decision, Standing
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs

#: Points of a part's parts are cut to this; the last of them takes what is left, so that they add up.
FINEST_POINTS = Decimal("0.0001")
#: Digits with which a panel's sheets are put on a changed scale: far below anything that a rule compares.
SCALING_DIGITS = 60


@dataclass(frozen=True)
class Change:
    """What is asked to be different; what is not said stays. `points` are of the tree's top parts, `gates` of gate ids."""

    points: Mapping[str, Decimal] = field(default_factory=dict)
    gates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    select: Mapping[str, Any] = field(default_factory=dict)
    places: int | None = None


@dataclass(frozen=True)
class Move:
    """One team before and after."""

    before: Standing
    after: Standing

    @property
    def outcome_changes(self) -> bool:
        """Whether the team's status changes, or what puts it out."""
        return (self.before.status, self.before.eliminated_by) != (self.after.status, self.after.eliminated_by)

    @property
    def anything_changes(self) -> bool:
        """Whether its outcome, its rank or its total changes."""
        same_place = (self.before.rank, self.before.total) == (self.after.rank, self.after.total)
        return self.outcome_changes or not same_place


def suppose(inputs: RoundInputs, change: Change) -> Decision:
    """The decision that these rules would give; raises ValueError where they contradict themselves."""
    changed = changed_round(inputs.round, change)
    before, after = dict(inputs.round.score.leaves()), dict(changed.score.leaves())
    raters = {path: _rescaled(sheets, before[path], after[path]) for path, sheets in inputs.raters.items()}
    supposed = replace(inputs, round=changed, raters=raters, what_if=True)
    return decide(supposed)


def changed_round(round_: Round, change: Change) -> Round:
    """The round with the change applied and checked like a file; raises ValueError (pydantic) where it is not one."""
    raw = round_.model_dump(by_alias=True)
    for part in raw["score"]["parts"]:
        if part["id"] in change.points:
            _set_points(part, change.points[part["id"]])
    for gate in raw["gates"]:
        gate.update(change.gates.get(gate["id"], {}))
    raw["select"].update(change.select)
    if change.places is not None:
        raw["places"] = change.places
    return Round.model_validate(raw)


def _set_points(node: dict[str, Any], points: Decimal) -> None:
    """Gives a node other points; its parts keep their proportions, and a table of points by rank is stretched alike."""
    former = node["points"]
    if points == former:
        return
    node["points"] = points
    left = points
    for index, part in enumerate(node["parts"]):
        last = index == len(node["parts"]) - 1
        share = left if last else (points * part["points"] / former).quantize(FINEST_POINTS)
        _set_points(part, share)
        left -= share
    then = (node["from"] or {}).get("then") or {}
    if then.get("rank_points"):
        table = then["rank_points"]["table"]
        then["rank_points"]["table"] = [value * points / former for value in table]


def _rescaled(sheets: RaterSheets, before: ScoreNode, after: ScoreNode) -> RaterSheets:
    """Raters gave values from 0 to the leaf's points; with other points their values are stretched in proportion."""
    if before.points == after.points:
        return sheets
    with localcontext() as context:
        context.prec = SCALING_DIGITS
        values = {
            team: {rater: value * after.points / before.points for rater, value in given.items()}
            for team, given in sheets.values.items()
        }
    return replace(sheets, values=values)


def balanced(points: Mapping[str, Decimal], moved: str, to: Decimal, step: Decimal) -> dict[str, Decimal]:
    """The points after one part is moved `to` a value: the others share what is left in proportion, and the sum stays.

    Every value is a whole number of steps and at least one step, so a move beyond that is cut short. The sum must be a
    whole number of steps.
    """
    total = int(sum(points.values()) / step)
    others = {name: value for name, value in points.items() if name != moved}
    kept = min(max(int(to / step), 1), total - len(others))
    left = total - kept - len(others)  # beyond the one step that each other part keeps
    whole = sum(others.values()) - len(others) * step
    wanted = {
        name: left * (value - step) / whole if whole > 0 else Decimal(left) / len(others)
        for name, value in others.items()
    }
    steps = {name: int(value) for name, value in wanted.items()}
    by_remainder = sorted(wanted, key=lambda name: wanted[name] - steps[name], reverse=True)
    for name in by_remainder[: left - sum(steps.values())]:
        steps[name] += 1
    return {name: kept * step if name == moved else (steps[name] + 1) * step for name in points}


def moves(before: Decision, after: Decision) -> list[Move]:
    """Every team in the order of the new standings."""
    former = {standing.team: standing for standing in before.standings}
    return [Move(former[standing.team], standing) for standing in after.standings if standing.team in former]
