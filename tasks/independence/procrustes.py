"""The turn of the residual stream by which rows of one model lie on rows of another (orthogonal Procrustes, Schönemann 1966).

>>> turn_from_rows(subject_rows, reference_rows).shape      # (reference width, subject width)
(64, 64)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.independence.device import product
from tasks.independence.permutation_test import Matrix
from tasks.independence.unit_rows import of_length_one

#: (rows of the reference, rows of the subject), as many of both.
Pair = tuple[Matrix, Matrix]

#: Widest stream that is turned as a whole, and most pairs of rows that turn a wider one.
WIDEST_WHOLE = 512
MOST_PAIRS = 512


@dataclass(frozen=True)
class Turned:
    """A partial isometry as its two factors, (reference width, k) and (k, subject width), with orthonormal columns and rows:
    of a wide stream only the k directions are turned that the pairs behind it say something about."""

    left: Matrix
    right: Matrix

    def products(self, subject: Matrix, reference: Matrix) -> Matrix:
        """(subject rows, reference rows): inner products after the turn, without a matrix of full width squared. The few rows
        of one side are brought into the other's stream, many on both sides are met along the turn's directions."""
        along = product(subject, self.right.T)
        if len(subject) * (self.left.shape[1] + len(reference)) < len(reference) * self.left.shape[1]:
            return product(product(along, self.left.T), reference.T)
        return product(along, product(reference, self.left).T)

    def paired(self, subject: Matrix, reference: Matrix) -> Matrix:
        """(rows,): inner products of the rows that stand beside each other."""
        return np.asarray(((subject @ self.right.T) * (reference @ self.left)).sum(axis=1))

    @property
    def shape(self) -> tuple[int, int]:
        """(reference width, subject width)."""
        return self.left.shape[0], self.right.shape[1]


def turn_from_rows(subject: Matrix, reference: Matrix) -> Turned:
    """The turn of the residual stream by which rows agree best (Procrustes, Schönemann 1966), both (rows, width)."""
    left, right = (of_length_one(each - each.mean(axis=0, keepdims=True)) for each in (reference, subject))
    return procrustes([(left, right)], MOST_PAIRS)


def procrustes(pairs: Sequence[Pair], most_rows: int) -> Turned:
    """The orthogonal Procrustes solution for rows of the reference beside rows of the subject (Schönemann 1966). In wide
    streams from `most_rows`, in the directions that these span, so that no step costs the cube of the width."""
    from scipy.linalg import qr, svd  # in float32: numpy's compute in float64
    from threadpoolctl import threadpool_limits

    widths = [side.shape[1] for side in pairs[0]]
    if min(widths) <= WIDEST_WHOLE:
        left, _, right = svd(np.sum([product(a.T, b) for a, b in pairs], axis=0), full_matrices=False)
        return Turned(left, right)
    every = turns_by_every(sum(len(a) for a, _ in pairs), min(widths), most_rows)
    sides = [np.concatenate([pair[side] for pair in pairs])[::every][:most_rows].T for side in (0, 1)]
    with threadpool_limits(1, user_api="blas"):  # threads of so small a factorisation mostly wait for each other
        (first, inner), (second, other) = (qr(side, mode="economic") for side in sides)
        left, _, right = svd(inner @ other.T)
    return Turned(product(first, left), product(right, second.T))


def turns_by_every(rows: int, width: int, most_rows: int = MOST_PAIRS) -> int:
    """Of so many pairs of rows, every how manieth a turn is found from."""
    return 1 if width <= WIDEST_WHOLE else max(1, rows // most_rows)
