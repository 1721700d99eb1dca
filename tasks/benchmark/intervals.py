"""Standard error and 95 % interval of a task's score.

>>> score_interval(0.75, [1.0, 1.0, 1.0, 0.0], stderr=0.25)   # Wilson: three of four right
(0.3006..., 0.9544...)
"""

import math
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean
from typing import Any

CONFIDENCE = 0.95

#: Resamples for metrics without a closed form (f1, mcc, perplexity, bleu …). The harness draws 100,000, which takes
#: minutes for f1; with 1,000 the standard error itself is known to about 2 % (1 / sqrt(2 x 1,000)).
BOOTSTRAP_RESAMPLES = 1000


def mean_stderr(values: Sequence[float]) -> float | None:
    """Standard error of a mean: sample standard deviation / sqrt(n), as the harness; None for fewer than two values."""
    from scipy import stats

    return float(stats.sem(values, ddof=1)) if len(values) > 1 else None


def bootstrap_stderr(aggregate: Callable[[list[Any]], float], values: Sequence[Any], seed: int) -> float | None:
    """Standard deviation of `aggregate` over resamples of the values (an item or a cluster each) with replacement; None
    for fewer than two.

    Percentile-free bootstrap of Efron (1979), section 2, drawn by Python's Mersenne twister from `seed`.
    """
    if len(values) < 2:
        return None
    draw = Random(seed)
    replicates = [float(aggregate(draw.choices(values, k=len(values)))) for _ in range(BOOTSTRAP_RESAMPLES)]
    centre = math.fsum(replicates) / len(replicates)
    return math.sqrt(math.fsum((each - centre) ** 2 for each in replicates) / (len(replicates) - 1))


def score_interval(
    value: float, item_values: Sequence[float], stderr: float | None, clusters: int | None = None
) -> tuple[float, float] | None:
    """The 95 % interval of a score from its items' values (one an item); `clusters` is how many stand by themselves.

    Where every item is right (1) or wrong (0): Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001,
    section 3.1.1), which stays inside [0, 1] and is not empty where all or none are right; for clusters, at the number of
    independent items that would have the same error (Korn and Graubard 1998). Elsewhere: value ± 1.96 standard errors, cut
    to [0, 1] where all items lie in [0, 1]. With clusters, Student's t of one less than their number takes the place of
    1.96. None without a standard error.
    """
    from scipy import stats

    within = 0.5 + CONFIDENCE / 2
    reach = float(stats.norm.ppf(within) if clusters is None else stats.t.ppf(within, max(1, clusters - 1)))
    if item_values and all(each in (0, 1) for each in item_values) and math.isclose(value, fmean(item_values)):
        if clusters is None:
            return _wilson(value, len(item_values), reach)
        return (
            None if stderr is None else _wilson(value, _independent(value, len(item_values), stderr, clusters), reach)
        )
    if stderr is None:
        return None
    low, high = value - reach * stderr, value + reach * stderr
    if item_values and all(0 <= each <= 1 for each in item_values):
        low, high = max(0.0, low), min(1.0, high)
    return low, high


def _independent(value: float, size: int, stderr: float, clusters: int) -> float:
    """How many independent items would know the share as well: never more than there are; the clusters where all or none
    are right, as then nothing tells how alike their items are."""
    if value in (0, 1) or stderr == 0:
        return clusters
    return min(float(size), value * (1 - value) / stderr**2)


def _wilson(value: float, size: float, reach: float) -> tuple[float, float]:
    square = reach * reach
    centre = (size * value + square / 2) / (size + square)
    half = reach / (size + square) * math.sqrt(size * value * (1 - value) + square / 4)
    return min(max(0.0, centre - half), value), max(min(1.0, centre + half), value)
