"""A layer's hidden units as alignment sees them: rows of length one, and numbers of each unit that no disguise changes.

>>> unit_rows(layer).features.shape      # of 176 units
(176, 63)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.independence.device import product
from tasks.independence.feed_forward import FeedForward
from tasks.independence.permutation_test import Matrix

#: A unit's largest cosines with others of its layer that describe it.
_TOP_COSINES = 12


@dataclass(frozen=True)
class UnitRows:
    """A layer's units with rows of length one."""

    reads: tuple[Matrix, ...]
    writes: Matrix

    @cached_property
    def features(self) -> Matrix:
        """(units, features): numbers of each unit that no disguise changes, as ranks, so that scale and width do not matter."""
        return _invariants((*self.reads, self.writes))

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(each.nbytes for each in (*self.reads, self.writes))

    def ungated(self) -> "UnitRows":
        """The same without the gate."""
        return UnitRows((self.reads[-1],), self.writes)


def unit_rows(layer: FeedForward) -> UnitRows:
    """Prepares a layer."""
    return UnitRows(tuple(of_length_one(each) for each in layer.reads), of_length_one(layer.writes))


def of_length_one(matrix: Matrix) -> Matrix:
    """Every row divided by its length; a row of zeros stays."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _invariants(sides: Sequence[Matrix]) -> Matrix:
    """(units, features): for every side of a unit, its quadratic forms in the Gram matrices of the sides of its width, its
    largest cosines within the layer, and its cosines with the unit's other sides. No sign matters."""
    columns: list[Matrix] = []
    grams = [_gram(each) for each in sides]
    for number, side in enumerate(sides):
        others = [other for other in sides[number + 1 :] if other.shape == side.shape]
        for each, gram in zip(sides, grams, strict=True):
            if each.shape[1] != side.shape[1]:
                continue
            turned = _in_gram(side, each, gram) / np.float32(len(each))
            columns += [inner(turned, side), inner(turned, turned)]
            columns += [np.abs(inner(turned, other)) for other in others]
        columns += [np.abs(inner(side, other)) for other in others]
        within = np.abs(product(side, side.T))
        np.fill_diagonal(within, 0.0)
        top = max(0, min(_TOP_COSINES, len(side) - 1))
        largest = -np.sort(-within, axis=1)[:, :top]
        columns += [largest[:, place] for place in range(top)]
    return ranks(np.stack(columns, axis=1))


def _gram(side: Matrix) -> Matrix | None:
    """(width, width); None where there are fewer units than that, and it costs less not to make it."""
    return product(side.T, side) if len(side) >= side.shape[1] else None


def _in_gram(side: Matrix, each: Matrix, gram: Matrix | None) -> Matrix:
    """`side` times the Gram matrix of `each`."""
    return product(side, gram) if gram is not None else product(product(side, each.T), each)


def inner(left: Matrix, right: Matrix) -> Matrix:
    """(rows,): inner products of the rows that stand beside each other."""
    return np.asarray((left * right).sum(axis=1), dtype=np.float32)


def ranks(features: Matrix) -> Matrix:
    """Each column as ranks from -1 to 1, so that scale and width do not matter."""
    order = features.argsort(axis=0).argsort(axis=0).astype(np.float32)
    return order / np.float32(max(1, len(features) - 1)) * 2 - 1
