"""Layers that began as the identity, whole, tiled or shifted: unit i of two such models is unit i of the other, and neither was
taken from the other. Tests by place and by alignment would both find that, so such layers take part in none.
"""

from collections.abc import Iterable

import numpy as np

from tasks.checkpoints import Checkpoint
from tasks.independence.permutation_test import Matrix
from tasks.independence.stored_units import StoredUnits

#: Rows and columns of a matrix that are looked at, and the fewest of either that say anything.
_ROWS, _COLUMNS, _LEAST = 32, 512, 16
#: How many times the usual number the middle one of a diagonal may be. Of drawn numbers it is 0.2, and twice has a chance of 1e-17
#: on 32 rows; of the identity with noise of a twentieth it is 7 for 64 rows. A few outliers move no median.
_STANDS_OUT = 2.0


def starts_from_identity(checkpoint: Checkpoint, matrices: Iterable[StoredUnits]) -> bool:
    """Whether a diagonal of any of a layer's matrices stands out."""
    return any(_has_diagonal(_corner(checkpoint, each)) for each in matrices)


def _corner(checkpoint: Checkpoint, units: StoredUnits) -> Matrix:
    """As it is stored: a diagonal is one either way."""
    down, across = (units.step, 1) if units.along_rows else (1, units.step)
    top, left = (units.start, 0) if units.along_rows else (0, units.start)
    high, wide = units.shape if units.along_rows else units.shape[::-1]
    rows = slice(units.first + top, units.first + top + min(_ROWS, high) * down)
    return checkpoint.read_matrix(units.name, rows, slice(left, left + min(_COLUMNS, wide) * across))[::down, ::across]


def _has_diagonal(corner: Matrix) -> bool:
    length = min(corner.shape)
    if length < _LEAST:
        return False
    along = np.arange(length)[:, None]
    diagonals = corner[along, along + np.arange(corner.shape[1] - length + 1)]
    usual = np.sqrt((corner.astype(np.float64) ** 2).mean())
    return bool((np.abs(np.median(diagonals, axis=0)) > _STANDS_OUT * usual).any())
