"""Tables that a formula makes, which two models can share without either having been taken from the other.

Sines of positions, Fourier and mel bases, decay and mixing schedules (RWKV), state-space spectra (Mamba's `A_log`), indices of
relative positions: each model of a family starts with the same numbers, and some are never trained. In such a table a number
follows from its neighbours, or is zero outside one narrow band; in what was drawn and trained it is not so.
"""

import math

import numpy as np

from tasks.checkpoints import Checkpoint
from tasks.independence.permutation_test import Matrix

#: Numbers of a table that are looked at.
_LOOKED_AT = 65_536
#: Shorter lines say nothing of neighbours.
_LEAST_LINE = 8
#: Mean size of the correlation of neighbours above which a table follows a formula. Drawn or trained matrices have 0.8 / √length
#: (0.3 on lines of 8); a Fourier basis, the least smooth of the tables above, has 2 / π.
_LEAST_CORRELATION = 0.5


def made_by_a_formula(checkpoint: Checkpoint, name: str) -> bool:
    """Whether the numbers of that tensor follow from their neighbours along any of its axes, or fill one band along it. All
    vectors count as such: what a model holds of each channel often starts from a schedule."""
    tensor = checkpoint.tensors[name]
    if max(tensor.shape, default=1) == tensor.parameters:
        return True
    first = max(1, _LOOKED_AT * tensor.shape[0] // tensor.parameters)  # of the first axis, with all of the others
    between = math.prod(tensor.shape[1:-1])
    table = checkpoint.read_matrix(name, slice(0, first * between)).reshape(-1, *tensor.shape[1:])
    along = [np.moveaxis(table, axis, -1).reshape(-1, table.shape[axis]) for axis in range(table.ndim)]
    return any(_is_smooth(lines) or _is_banded(lines) for lines in along if lines.shape[1] >= _LEAST_LINE)


def _is_smooth(lines: Matrix) -> bool:
    return _neighbours(lines) > _LEAST_CORRELATION


def _is_banded(lines: Matrix) -> bool:
    """Whether no number is negative, most are zero, and the others are one stretch of every line: filters of a few bins each, of
    which neighbours say too little."""
    filled = lines > 0
    stretches = filled[:, 0] + (filled[:, 1:] & ~filled[:, :-1]).sum(axis=1)
    return bool(lines.min() >= 0 and 2 * filled.sum() < filled.size and stretches.max() <= 1)


def _neighbours(lines: Matrix) -> float:
    """Mean over lines of |correlation of a number with the next one|; a line of one number repeated counts as 1."""
    centred = lines.astype(np.float64) - lines.mean(axis=1, keepdims=True, dtype=np.float64)
    squares = (centred**2).sum(axis=1)
    beside = np.abs((centred[:, 1:] * centred[:, :-1]).sum(axis=1))
    same = squares <= 1e-12 * np.maximum((lines.astype(np.float64) ** 2).sum(axis=1), 1e-300)
    return float(np.where(same, 1.0, beside / np.where(same, 1.0, squares)).mean())
