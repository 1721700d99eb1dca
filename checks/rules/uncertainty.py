"""How sure a standing is: intervals of totals, sets of ranks, paired comparisons, the probability that a cut is right.

All of it from the same paired resamples (`checks.rules.resampling`). A rank's set is simultaneous over all teams: with
probability LEVEL all true ranks lie in their sets at once (Mogstad, Romano, Shaikh and Wilhelm 2024, by the largest
studentised difference of any pair), so a reader may look at every team and still be wrong no more often than that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checks.rules.drawing import Replicates
from checks.rules.inputs import RoundInputs
from checks.rules.points import Points
from checks.rules.resampling import RESAMPLES, resampled_totals

#: The probability that intervals and sets of ranks are to hold the truth; the customary one.
LEVEL = 0.95


@dataclass(frozen=True)
class Pair:
    """Two teams compared on the same draws: `difference` is first − second in points, with its interval.

    `probability` is that of the first standing above the second, a tie counted half; `sure` says whether they can be told
    apart at LEVEL together with all other pairs.
    """

    first: str
    second: str
    difference: float
    interval: tuple[float, float]
    probability: float
    sure: bool


def bottom_probability(
    inputs: RoundInputs,
    points: Points,
    eligible: Sequence[str],
    counted: Sequence[str],
    planned: int,
    resamples: int = RESAMPLES,
) -> dict[str, float]:
    """Each counted team's probability of being among the `planned` lowest; a tie within a draw counts its share."""
    return chances_of_bottom(resampled_totals(inputs, points, eligible, resamples), counted, planned)


def chances_of_bottom(totals: Mapping[str, Replicates], counted: Sequence[str], planned: int) -> dict[str, float]:
    """The same from totals that have been resampled."""
    table = np.stack([totals[team] for team in counted])
    chances = {}
    for index, team in enumerate(counted):
        lower = (table < table[index]).sum(axis=0)
        equal = (table == table[index]).sum(axis=0)
        chances[team] = float(np.clip((planned - lower) / equal, 0.0, 1.0).mean())
    return chances


def interval(values: Replicates) -> tuple[float, float]:
    """The middle LEVEL of the resamples."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def compare_pairs(totals: Mapping[str, Replicates], measured: Mapping[str, float]) -> list[Pair]:
    """Every two teams, better one first; `measured` are the totals of the round itself."""
    order = sorted(totals, key=lambda team: (-measured[team], team))
    both = [(first, second) for place, first in enumerate(order) for second in order[place + 1 :]]
    threshold = _largest_difference(totals[first] - totals[second] for first, second in both)
    return [_pair(first, second, totals, measured, threshold) for first, second in both]


def _pair(
    first: str, second: str, totals: Mapping[str, Replicates], measured: Mapping[str, float], threshold: float
) -> Pair:
    drawn = totals[first] - totals[second]
    difference = measured[first] - measured[second]
    return Pair(
        first=first,
        second=second,
        difference=difference,
        interval=interval(drawn),
        probability=float(((drawn > 0) + 0.5 * (drawn == 0)).mean()),
        sure=difference > threshold * float(drawn.std()),
    )


def rank_sets(teams: Sequence[str], pairs: Sequence[Pair]) -> dict[str, tuple[int, int]]:
    """Team → the best and the worst rank that it can have: those surely above it stand above, those surely below below."""
    above = {team: sum(pair.sure for pair in pairs if pair.second == team) for team in teams}
    below = {team: sum(pair.sure for pair in pairs if pair.first == team) for team in teams}
    return {team: (1 + above[team], len(teams) - below[team]) for team in teams}


def _largest_difference(differences: Iterable[Replicates]) -> float:
    """How many standard errors the largest of all centred differences stays within, with probability LEVEL."""
    largest: NDArray[np.float64] | None = None
    for drawn in differences:
        spread = float(drawn.std())
        if spread > 0:
            studentised = np.abs(drawn - drawn.mean()) / spread
            largest = studentised if largest is None else np.maximum(largest, studentised)
    return 0.0 if largest is None else float(np.quantile(largest, LEVEL))
