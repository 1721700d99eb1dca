"""A layer's hidden units as alignment sees them: rows of length one, and numbers of each unit that no disguise changes.

>>> unit_rows(layer).features.shape      # of 176 units
(176, 63)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.independence.device import product
from tasks.independence.feed_forward import FeedForward
from tasks.independence.permutation_test import Matrix

#: A unit's largest cosines with others of its layer that describe it.
_TOP_COSINES = 12


@dataclass(frozen=True)
class UnitRows:
    """A layer's units with rows of length one, and its numbers that no disguise changes (units, features)."""

    reads: tuple[Matrix, ...]
    writes: Matrix
    features: Matrix

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(each.nbytes for each in (*self.reads, self.writes, self.features))

    def ungated(self) -> "UnitRows":
        """The same without the gate."""
        return rows_with_features([self.reads[-1], self.writes])


def unit_rows(layer: FeedForward) -> UnitRows:
    """Prepares a layer; `features` are ranks, so that scale and width do not matter."""
    return rows_with_features([of_length_one(each) for each in (*layer.reads, layer.writes)])


def rows_with_features(sides: Sequence[Matrix]) -> UnitRows:
    """From rows of length one, what units read before what they write."""
    return UnitRows(tuple(sides[:-1]), sides[-1], _invariants(sides))


def of_length_one(matrix: Matrix) -> Matrix:
    """Every row divided by its length; a row of zeros stays."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _invariants(sides: Sequence[Matrix]) -> Matrix:
    """(units, features): for every side of a unit, its quadratic forms in the Gram matrices of the sides of its width, its
    largest cosines within the layer, and its cosines with the unit's other sides. No sign matters."""
    columns: list[Matrix] = []
    for number, side in enumerate(sides):
        others = [other for other in sides[number + 1 :] if other.shape == side.shape]
        for each in (each for each in sides if each.shape[1] == side.shape[1]):
            turned = _in_gram(side, each) / np.float32(len(each))
            columns += [(turned * side).sum(axis=1), (turned * turned).sum(axis=1)]
            columns += [np.abs((turned * other).sum(axis=1)) for other in others]
        columns += [np.abs((side * other).sum(axis=1)) for other in others]
        within = np.abs(product(side, side.T))
        np.fill_diagonal(within, 0.0)
        top = max(0, min(_TOP_COSINES, len(side) - 1))
        largest = -np.sort(-within, axis=1)[:, :top]
        columns += [largest[:, place] for place in range(top)]
    return ranks(np.stack(columns, axis=1))


def _in_gram(side: Matrix, each: Matrix) -> Matrix:
    """`side` times the Gram matrix of `each`, (width, width), which is not made where there are fewer units than that."""
    if len(each) < each.shape[1]:
        return product(product(side, each.T), each)
    return product(side, product(each.T, each))


def ranks(features: Matrix) -> Matrix:
    """Each column as ranks from -1 to 1, so that scale and width do not matter."""
    order = features.argsort(axis=0).argsort(axis=0).astype(np.float32)
    return order / np.float32(max(1, len(features) - 1)) * 2 - 1
