"""What-if on the page: points that keep adding up while one slider moves, and who moves by the rules that are supposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from checks.records.decisions import Decision, Standing


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
