"""How close it was: the distance of each total to the line of the bottom-n rule, from the decision alone.

>>> distances(decision)["E"].gap                                        # doctest: +SKIP
Decimal('-9.1')
"""

from dataclasses import dataclass
from decimal import Decimal

from checks.records.decisions import Decision, Standing
from checks.rules.reasons import CUT_RULE


@dataclass(frozen=True)
class Distance:
    """Points to the cut: above zero for who was kept, below for who was cut; `next_to` is the team at the other side."""

    gap: Decimal
    next_to: Standing


def distances(decision: Decision) -> dict[str, Distance]:
    """For every team that the bottom-n rule kept or cut, its distance to the nearest team on the other side of the line.

    A team that only a gate put out is kept by points where the rule was counted over it. Teams tied across the line
    stand on it: they bound both sides and have no distance of their own. Empty where nobody is cut or nobody is kept.
    """
    sides: dict[str, list[Standing]] = {"kept": [], "out": [], "tied": []}
    for standing in decision.standings:
        side = cut_outcome(standing)
        if side in sides and standing.total is not None:
            sides[side].append(standing)
    above, below = sides["kept"] + sides["tied"], sides["out"] + sides["tied"]
    if not above or not below:
        return {}
    lowest_kept, highest_cut = min(above, key=points), max(below, key=points)
    cut = {each.team: Distance(points(each) - points(lowest_kept), lowest_kept) for each in sides["out"]}
    kept = {each.team: Distance(points(each) - points(highest_cut), highest_cut) for each in sides["kept"]}
    return cut | kept


def cut_outcome(standing: Standing) -> str | None:
    """What the bottom-n rule did to this team, alone or beside a gate; None where it was not applied."""
    return next((reason.outcome for reason in standing.reasons if reason.rule == CUT_RULE), None)


def points(standing: Standing) -> Decimal:
    """The total as a number; only for a team that has one."""
    return Decimal(standing.total or "0")
