"""What a statistic comes to by chance, in closed form: the ground that a report draws it on.

The sum of a matrix's diagonal after a random renumbering of its rows has a mean and a variance that need no drawing, and is
close to normal (Hoeffding 1951, Annals of Mathematical Statistics 22, 558-566, theorems 2 and 3). P-values do not come from
here: they are ranks or exact tails.

>>> diagonal_null(np.eye(4, dtype=np.float32))      # one of four units at its place on average, 1 / 4 a unit
(0.25, 0.25)
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from checks.records.lineage import NullDistribution


def diagonal_null(similarity: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Mean and standard deviation of the mean of the diagonal, over all renumberings of a (units, units) matrix, units > 1.

    With row, column and grand means taken off, the sum's variance is the sum of squares over (units - 1).
    """
    units = len(similarity)
    rows, columns = (similarity.mean(axis=axis, dtype=np.float64) for axis in (1, 0))
    middle = float(rows.mean())
    squares = float(np.einsum("ij,ij->", similarity, similarity, dtype=np.float64))
    squares -= units * float(rows @ rows + columns @ columns) - (units * middle) ** 2
    return middle, math.sqrt(max(0.0, squares) / (units - 1)) / units


def mean_of_layers(nulls: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean and deviation of the mean over layers, which are renumbered independently."""
    means, deviations = zip(*nulls, strict=True)
    return sum(means) / len(means), math.hypot(*deviations) / len(deviations)


def share_null(units: int, rate: float) -> NullDistribution:
    """The share of `units` held-out units that agree where each does so with probability `rate`."""
    return NullDistribution(
        kind="binomial", mean=rate, deviation=math.sqrt(rate * (1 - rate) / units) if units else 0.0, units=units
    )
