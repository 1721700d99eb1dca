"""Other weightings of the top parts: who dominates whom under all of them, and in what share of them a team would be cut.

A total is linear in the points of the top parts, so that the smallest difference of two teams over a region is found exactly
(a fractional knapsack over rationals); shares are those of uniform draws from the region.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from checks.contracts.round_rules import WeightRobustness
from checks.contracts.score_tree import ScoreNode
from checks.rules.drawing import new_draw
from checks.rules.points import Points
from checks.rules.resampling import SEED

#: A share is known to 0.2 % of itself at one half, and to a thousandth of all weightings anywhere.
DRAWS = 100_000
#: Candidates drawn at once where a region's corners are cut off by the sum.
_BATCH = 100_000


@dataclass(frozen=True)
class Region:
    """Weightings of the parts: each part's points between `lower` and `upper`, all together `total`."""

    lower: Sequence[Fraction]
    upper: Sequence[Fraction]
    total: Fraction


@dataclass(frozen=True)
class PartShares:
    """Team → what it earned of each top part, as a share of the part's points; `points` are the parts' points as the rules say."""

    shares: Mapping[str, Sequence[Fraction]]
    points: Sequence[Fraction]

    def region(self, within: Fraction | None) -> Region:
        """All weightings, or those in which each part keeps its points to within that share of them."""
        total = sum(self.points, Fraction(0))
        if within is None:
            return Region([Fraction(0)] * len(self.points), [total] * len(self.points), total)
        lower = [max(Fraction(0), (1 - within) * each) for each in self.points]
        return Region(lower, [min(total, (1 + within) * each) for each in self.points], total)


def part_shares(points: Points, tree: ScoreNode) -> PartShares | None:
    """The shares of the top parts that count; None without two of them, without a total, or where they are not summed."""
    parts = [part for part in tree.parts if points.weights[part.id]]
    teams = [team for team, total in points.totals.items() if total is not None]
    if len(parts) < 2 or not teams or tree.combine is not None:
        return None
    most = [Fraction(part.points) * points.weights[part.id] for part in parts]
    earned = {team: [points.nodes[team][part.id] or Fraction(0) for part in parts] for team in teams}
    return PartShares(
        {team: [each / full for each, full in zip(values, most, strict=True)] for team, values in earned.items()}, most
    )


def least_difference(first: Sequence[Fraction], second: Sequence[Fraction], region: Region) -> Fraction:
    """The least of first − second in points over the region, exactly: what is left to give goes where it helps least."""
    gains = [one - other for one, other in zip(first, second, strict=True)]
    left = region.total - sum(region.lower, Fraction(0))
    least = sum((low * gain for low, gain in zip(region.lower, gains, strict=True)), Fraction(0))
    for place in sorted(range(len(gains)), key=gains.__getitem__):
        given = min(left, region.upper[place] - region.lower[place])
        least += given * gains[place]
        left -= given
    return least


def dominates(first: Sequence[Fraction], second: Sequence[Fraction], region: Region) -> bool:
    """Whether the first never has fewer points than the second in the region, and more somewhere."""
    return least_difference(first, second, region) >= 0 and least_difference(second, first, region) < 0


def drawn_totals(found: PartShares, region: Region) -> dict[str, NDArray[np.float64]]:
    """Team → its total under each of DRAWS weightings, uniform over the region."""
    drawn = _weightings(region)
    return {team: drawn @ np.array([float(each) for each in shares]) for team, shares in found.shares.items()}


def cut_shares(
    points: Points, tree: ScoreNode, rule: WeightRobustness, counted: Sequence[str], planned: int
) -> dict[str, float]:
    """Each counted team's share of the region's weightings under which it is cut; empty where there is nothing to weigh."""
    found = part_shares(points, tree)
    if found is None:
        return {}
    region = found.region(None if isinstance(rule.region, str) else Fraction(rule.region))
    drawn = drawn_totals(found, region)
    return {team: cut_share(team, drawn, counted, planned) for team in counted}


def cut_share(team: str, drawn: Mapping[str, NDArray[np.float64]], counted: Sequence[str], planned: int) -> float:
    """In what share of the drawn weightings fewer than `planned` of the counted teams stand below this one."""
    if team not in counted or not planned:
        return 0.0
    lower = np.sum([drawn[other] < drawn[team] for other in counted], axis=0)
    return float((lower < planned).mean())


def always_cut_or_kept(found: PartShares, region: Region, team: str, counted: Sequence[str], planned: int) -> bool:
    """Whether dominance alone settles that the team is among the `planned` lowest of the counted, or that it is not."""
    own, others = found.shares[team], [found.shares[other] for other in counted if other != team]
    below = sum(least_difference(own, other, region) > 0 for other in others)
    above = sum(least_difference(other, own, region) > 0 for other in others)
    return below >= planned or len(others) - above < planned


def _weightings(region: Region) -> NDArray[np.float64]:
    """Uniform draws, shape (DRAWS, parts): all parts but the widest are drawn in their ranges, the widest takes the rest."""
    draw = new_draw(SEED)
    lower, upper = np.array(region.lower, dtype=np.float64), np.array(region.upper, dtype=np.float64)
    total = float(region.total)
    if not lower.any() and bool((upper >= total).all()):
        return total * draw.dirichlet(np.ones(len(lower)), size=DRAWS)
    widest = int(np.argmax(upper - lower))
    kept: list[NDArray[np.float64]] = []
    while sum(map(len, kept)) < DRAWS:
        candidates = draw.uniform(lower, upper, size=(_BATCH, len(lower)))
        candidates[:, widest] = total - (candidates.sum(axis=1) - candidates[:, widest])
        rest = candidates[:, widest]
        kept.append(candidates[(lower[widest] <= rest) & (rest <= upper[widest])])
    return np.concatenate(kept)[:DRAWS]
