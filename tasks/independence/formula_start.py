"""Layers that began as a matrix with a formula: unit i of two such models is unit i of the other, and neither was taken from
the other. Tests by place and by alignment would both find that, so such layers take part in none.

Known are the identity, whole, tiled or shifted; Hadamard's matrix (ZerO initialisation: Zhao, Schäfer and Anandkumar, TMLR
2022); and those of the discrete cosine, sine, Hartley and Fourier transforms, of either side's length.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tasks.checkpoints import Checkpoint
from tasks.independence.permutation_test import Matrix
from tasks.independence.stored_units import StoredUnits

#: Rows and columns of a matrix that are looked at, and the fewest of either that say anything.
_ROWS, _COLUMNS, _LEAST = 32, 512, 16
#: How many times the usual number the middle one of a diagonal may be. Of drawn numbers it is 0.2, and twice has a chance of 1e-17
#: on 32 rows; of the identity with noise of a twentieth it is 7 for 64 rows. A few outliers move no median.
_STANDS_OUT = 2.0
#: By how much more of their signs than not a corner and a transform's may agree. Drawn signs of all rows and columns differ from
#: nothing by 0.008; a transform with ten times its spread of noise agrees by 0.08. Signs, as trained matrices have outliers.
_AGREES = 0.0625
#: Of a smaller corner: deviations of drawn signs.
_DEVIATIONS = 8.0


def begun_by_a_formula(checkpoint: Checkpoint, matrices: Iterable[StoredUnits]) -> bool:
    """Whether a diagonal of any of a layer's matrices stands out, or its signs are a transform's."""
    for each in matrices:
        corner, whole = _corner(checkpoint, each)
        if min(corner.shape) >= _LEAST and (_has_diagonal(corner) or _is_transform(corner, whole)):
            return True
    return False


def _corner(checkpoint: Checkpoint, units: StoredUnits) -> tuple[Matrix, tuple[int, int]]:
    """As it is stored, with the whole matrix's shape: a start is one either way."""
    down, across = (units.step, 1) if units.along_rows else (1, units.step)
    top, left = (units.start, 0) if units.along_rows else (0, units.start)
    high, wide = units.shape if units.along_rows else units.shape[::-1]
    rows = slice(units.first + top, units.first + top + min(_ROWS, high) * down)
    columns = slice(left, left + min(_COLUMNS, wide) * across)
    return checkpoint.read_matrix(units.name, rows, columns)[::down, ::across], (high, wide)


def _has_diagonal(corner: Matrix) -> bool:
    length = min(corner.shape)
    along = np.arange(length)[:, None]
    diagonals = corner[along, along + np.arange(corner.shape[1] - length + 1)]
    usual = np.sqrt((corner.astype(np.float64) ** 2).mean())
    return bool((np.abs(np.median(diagonals, axis=0)) > _STANDS_OUT * usual).any())


def _is_transform(corner: Matrix, whole: tuple[int, int]) -> bool:
    signs = _signs(corner.shape[0], corner.shape[1], *whole)
    agreement = np.abs(signs @ np.sign(corner).ravel().astype(np.float32)) / corner.size
    return bool(agreement.max() > max(_AGREES, _DEVIATIONS / np.sqrt(corner.size)))


@lru_cache(maxsize=16)
def _signs(high: int, wide: int, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """The signs of every known transform's corner, (transforms, high × wide), less the means of rows and columns: of a matrix
    with mostly one sign, or of rows or columns that have, they say nothing."""
    down, across = np.arange(high)[:, None], np.arange(wide)[None, :]
    known = [_hadamard(down, across)]
    for length in {rows, columns}:
        known += _of_length(down, across, length)
    signs = np.sign(np.stack(known))
    signs -= signs.mean(axis=1, keepdims=True)
    signs -= signs.mean(axis=2, keepdims=True)
    return signs.reshape(len(known), -1).astype(np.float32)


def _hadamard(down: npt.NDArray[np.int_], across: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
    """Sylvester's: minus where row and column have an odd number of binary ones in common."""
    common = down & across
    odd = np.zeros_like(common)
    for bit in range(max(_ROWS, _COLUMNS).bit_length()):
        odd ^= (common >> bit) & 1
    return 1.0 - 2.0 * odd


def _of_length(
    down: npt.NDArray[np.int_], across: npt.NDArray[np.int_], length: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Cosine and sine transforms (II and III, sine I too), both parts of Fourier's, and Hartley's, which is their sum."""
    half, turn = np.pi / length, 2 * np.pi / length * down * across
    yield np.cos(half * down * (across + 0.5))
    yield np.cos(half * (down + 0.5) * across)
    yield np.sin(half * (down + 1) * (across + 0.5))
    yield np.sin(half * (down + 0.5) * (across + 1))
    yield np.sin(np.pi / (length + 1) * (down + 1) * (across + 1))
    yield np.cos(turn)
    yield np.sin(turn)
    yield np.cos(turn) + np.sin(turn)
