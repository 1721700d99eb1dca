"""Exact tests of whether two sets of units belong to each other place by place.

Where a model is initialised at random and trained by a rule that treats its units alike (stochastic gradient descent, Adam),
renumbering the hidden units of a layer, or the coordinates of the residual stream, gives a model that was just as likely. So
for two models trained apart every renumbering of one of them is as likely as the one that we see, whatever data and order
they share, and the rank of the statistic among renumberings is an exact p-value (Zhu et al. 2025, arXiv 2502.12292,
section 3, "PERMTEST"). Norm gains, position tables and constants are not initialised so and are never tested this way.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.independence.null_distribution import diagonal_null

Matrix = npt.NDArray[np.float32]

#: Renumberings drawn for one test; with the observed one they give p-values down to 1 / 20,000.
RENUMBERINGS = 19_999
#: Renumberings as high as the observed one that end the drawing.
ENOUGH_AS_HIGH = 50
#: Renumberings drawn at a time, so that memory stays small.
_AT_A_TIME = 2_000
#: Fewer units have too few renumberings to say anything.
LEAST_UNITS = 8


@dataclass(frozen=True)
class PlaceTest:
    """`share`: the share of units that find themselves at their own place in the other model; `mean_cosine`: of units
    at the same place, centred; `log10_p`: exact or conservative, not corrected; `null`: mean and deviation of `mean_cosine`
    over all renumberings."""

    units: int
    share: float
    mean_cosine: float
    log10_p: float
    null: tuple[float, float]


def centred_unit_rows(matrix: Matrix) -> Matrix:
    """Rows without their common mean, each of length one (a row that is all mean stays zero)."""
    centred = matrix - matrix.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def test_places(similarity: Matrix, seed: int) -> PlaceTest | None:
    """Tests whether unit i of one model is unit i of the other; `similarity` is (units, units), None for too few units.

    Two statistics, each exact under renumbering, the better one counted twice (Bonferroni): the sum of the diagonal, whose
    rank is drawn, and the number of units that are each other's nearest at the same place, whose tail is bounded in
    closed form and so goes as low as 1 / units!.
    """
    units = len(similarity)
    if units < LEAST_UNITS or not np.isfinite(similarity).all():
        return None
    pairs = mutual_nearest(similarity)
    at_place = int(sum(i == j for i, j in pairs))
    log10_p = log10_fixed_points(units, len(pairs), at_place)
    if log10_p > -math.log10(1 + RENUMBERINGS):  # no drawing goes lower than that
        log10_p = min(log10_p, _log10_rank_of_diagonal(similarity, seed))
    both = min(0.0, log10_p + math.log10(2))
    return PlaceTest(units, at_place / units, float(np.trace(similarity)) / units, both, diagonal_null(similarity))


def mutual_nearest(similarity: Matrix) -> list[tuple[int, int]]:
    """(row, column) of every pair that are each other's most similar."""
    forward, backward = similarity.argmax(axis=1), similarity.argmax(axis=0)
    return [(int(i), int(j)) for i, j in enumerate(forward) if backward[j] == i]


def log10_fixed_points(units: int, pairs: int, fixed: int) -> float:
    """log10 of a bound on P(at least `fixed` of `pairs` one-to-one pairs are at their place) over all renumberings.

    The expected number of sets of `fixed` pairs that are all at their place: C(pairs, fixed) (units - fixed)! / units!.
    """
    if fixed == 0:
        return 0.0
    log = math.lgamma(pairs + 1) - math.lgamma(fixed + 1) - math.lgamma(pairs - fixed + 1)
    log += math.lgamma(units - fixed + 1) - math.lgamma(units + 1)
    return min(0.0, log / math.log(10))


def _log10_rank_of_diagonal(similarity: Matrix, seed: int) -> float:
    """Drawn one after another until ENOUGH_AS_HIGH reach the observed sum: then their share is an exact p-value too, and
    pairs that are plainly unrelated cost a hundred draws (Besag and Clifford 1991, Biometrika 78, 301-304)."""
    generator = np.random.default_rng(seed)
    places = np.arange(len(similarity))
    observed = float(np.trace(similarity, dtype=np.float64))
    as_high, drawn, batch = 0, 0, 2 * ENOUGH_AS_HIGH
    while drawn < RENUMBERINGS:
        count = min(batch, RENUMBERINGS - drawn)
        orders = generator.permuted(np.tile(places, (count, 1)), axis=1)
        reached = np.flatnonzero(similarity[places, orders].sum(axis=1, dtype=np.float64) >= observed)
        if as_high + len(reached) >= ENOUGH_AS_HIGH:
            last = drawn + int(reached[ENOUGH_AS_HIGH - as_high - 1]) + 1
            return math.log10(ENOUGH_AS_HIGH / last)
        as_high, drawn, batch = as_high + len(reached), drawn + count, min(2 * batch, _AT_A_TIME)
    return math.log10((1 + as_high) / (1 + drawn))


def signs_log10(cosines: "npt.NDArray[np.floating[Any]]") -> float:
    """log10 of a bound on P(the sum of these is as high) where each is as likely to have the other sign (Hoeffding 1963,
    theorem 2, for a Rademacher sum). It needs no renumbering, so units may differ in how much they vary."""
    total, squares = float(cosines.sum(dtype=np.float64)), float((cosines.astype(np.float64) ** 2).sum())
    return -(total**2) / (2 * squares * math.log(10)) if total > 0 else 0.0


def fisher_log10(log10_ps: Sequence[float]) -> float:
    """Fisher's combination of independent p-values, in log10: the tail of chi-square with 2 k degrees of freedom (Erlang)."""
    if not log10_ps:
        return 0.0
    half = -sum(log10_ps) * math.log(10)
    if half <= 0.0:
        return 0.0
    terms = [i * math.log(half) - math.lgamma(i + 1) for i in range(len(log10_ps))]
    top = max(terms)
    return min(0.0, (top + math.log(sum(math.exp(term - top) for term in terms)) - half) / math.log(10))


def least_log10(log10_ps: Iterable[float]) -> float:
    """Bonferroni over a family: the smallest p-value times their number, in log10."""
    found = list(log10_ps)
    return min(0.0, min(found) + math.log10(len(found))) if found else 0.0


def binomial_log10(trials: int, hits: int, rate: float) -> float:
    """log10 P(at least `hits` of `trials`) at success rate `rate`, without underflow."""
    from scipy.special import logsumexp
    from scipy.stats import binom

    if hits <= 0 or trials <= 0:
        return 0.0
    terms = binom.logpmf(np.arange(hits, trials + 1), trials, rate)
    return min(0.0, float(logsumexp(terms)) / math.log(10))
