"""The standard error of a mean over items that stand or fall together in clusters (one passage, one subject).

>>> round(clustered_error([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"]), 3)     # two observations, not four
0.382
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def clustered_error(values: ArrayLike, clusters: Sequence[str]) -> float | None:
    """None for fewer than two clusters: one says nothing about others.

    Miller (2024), "Adding error bars to evals", section 2.2: the variance of the mean as if items were independent, plus
    what the deviations of items of one cluster have in common, 1 / n² · Σ over clusters Σ over i ≠ j of dᵢ dⱼ.
    """
    given = np.asarray(values, dtype=np.float64)
    deviations = given - given.mean()
    size = len(deviations)
    _, place = np.unique(np.array(clusters), return_inverse=True)
    sums = np.bincount(place, weights=deviations)
    if len(sums) < 2:
        return None
    squares = float((deviations**2).sum())
    shared = float((sums**2).sum()) - squares
    return math.sqrt(max(0.0, squares / (size * (size - 1)) + shared / size**2))
