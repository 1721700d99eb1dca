"""Centred correlation of tensors that stand at the same place in both models: an effect size, and never a verdict.

Norm gains are reported apart, because their plain cosine says nothing: gains are positive numbers around one mean, so two
models that have nothing to do with each other have a cosine of 0.98 and more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.independence.copies import TRIVIAL_ROLES
from tasks.independence.permutation_test import Matrix

#: Numbers of one tensor that take part: the standard error of r is then below 0.002.
MOST_NUMBERS = 500_000


@dataclass(frozen=True)
class Correlation:
    """Pearson's r of one tensor with the one at its place, both centred over all of their numbers."""

    name: str
    role: str
    layer: int | None
    parameters: int
    r: float


@dataclass(frozen=True)
class NormGains:
    """All norm gains of a component: their plain cosine and their centred correlation (None where a side is constant)."""

    tensors: int
    cosine: float
    r: float | None


def correlations(
    subject: Checkpoint,
    subject_roles: Sequence[TensorRole],
    reference: Checkpoint,
    reference_roles: Sequence[TensorRole],
) -> list[Correlation]:
    """Every matrix that both models have at the same place in the same shape, constants left out."""
    found = []
    for mine, theirs in _matched(subject, subject_roles, reference, reference_roles):
        if mine.role in TRIVIAL_ROLES or mine.bias or len(subject.tensors[mine.name].shape) < 2:
            continue
        r = pearson(_some(subject, mine.name), _some(reference, theirs.name))
        if r is not None:
            parameters = subject.tensors[mine.name].parameters
            found.append(Correlation(mine.name, mine.role, mine.layer, parameters, r))
    return found


def norm_gains(
    subject: Checkpoint,
    subject_roles: Sequence[TensorRole],
    reference: Checkpoint,
    reference_roles: Sequence[TensorRole],
) -> NormGains | None:
    """The norm gains that both have at the same place; None where there is none."""
    pairs = [
        (subject.read(mine.name).ravel(), reference.read(theirs.name).ravel())
        for mine, theirs in _matched(subject, subject_roles, reference, reference_roles)
        if mine.role == "norm" and not mine.bias
    ]
    if not pairs:
        return None
    left, right = (np.concatenate(side).astype(np.float64) for side in zip(*pairs, strict=True))
    length = float(np.linalg.norm(left) * np.linalg.norm(right))
    return NormGains(len(pairs), float(left @ right) / length if length > 0 else 0.0, pearson(left, right))


def pearson(left: "npt.NDArray[np.floating[Any]]", right: "npt.NDArray[np.floating[Any]]") -> float | None:
    """Pearson's r of two arrays of one size; None where one of them is constant, empty or not finite."""
    if not left.size:
        return None
    a = left.ravel().astype(np.float64)
    b = right.ravel().astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if np.isfinite(length) and length > 0 else None


def mean_correlation(found: Sequence[Correlation]) -> float | None:
    """Mean r, each tensor weighted by its numbers."""
    weight = sum(each.parameters for each in found)
    return sum(each.r * each.parameters for each in found) / weight if weight else None


def _matched(
    subject: Checkpoint,
    subject_roles: Sequence[TensorRole],
    reference: Checkpoint,
    reference_roles: Sequence[TensorRole],
) -> list[tuple[TensorRole, TensorRole]]:
    """Tensors at the same place and of the same shape. Several at one place (two norms of a layer) go by order of name."""
    theirs: dict[tuple[object, ...], list[TensorRole]] = {}
    for role in reference_roles:
        theirs.setdefault(role.place, []).append(role)
    pairs = []
    for mine in subject_roles:
        shape = subject.tensors[mine.name].shape
        same = theirs.get(mine.place, [])
        other = next((each for each in same if reference.tensors[each.name].shape == shape), None)
        if other is not None and (mine.role != "other" or mine.component == "projector"):  # few, whatever their names
            same.remove(other)
            pairs.append((mine, other))
    return pairs


def _some(checkpoint: Checkpoint, name: str) -> Matrix:
    width = checkpoint.tensors[name].shape[-1]
    return checkpoint.read_matrix(name, slice(0, max(1, MOST_NUMBERS // max(1, width))))
