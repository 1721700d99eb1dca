"""The coordinates of the residual stream, each described by what attention and embeddings do with it.

Coordinate i of two models trained apart has nothing in common: which one is first is an accident of the initialisation. In
a model derived from another without a turn of the stream, coordinate i is coordinate i.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.independence.feed_forward import is_conv1d
from tasks.independence.permutation_test import Matrix, centred_unit_rows

#: Role → the axis of its matrix that runs along the residual stream, as transformers stores linear layers (out, in).
_AXIS = {
    "query": 1,
    "key": 1,
    "value": 1,
    "query_key_value": 1,
    "query_down": 1,
    "key_value_down": 1,
    "attention_output": 0,
    "token_embedding": 1,
    "head": 1,
    "patch_embedding": 0,
}
#: Most rows of an embedding that take part, and most coordinates: enough, and the same ones in both models.
_MOST_ROWS = 4_096
MOST_COORDINATES = 512


@dataclass(frozen=True)
class Profile:
    """One tensor as rows of coordinates, (coordinates, numbers), centred and of length one; `shape` is the tensor's own."""

    name: str
    shape: tuple[int, ...]
    rows: Matrix


Profiles = Mapping[tuple[object, ...], Profile]


def coordinate_profiles(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> Profiles:
    """Place → profile of every matrix along the stream; empty where a fixed position table makes the test inexact."""
    if _has_fixed_positions(checkpoint, roles):
        return {}
    return {
        role.place: Profile(role.name, checkpoint.tensors[role.name].shape, _rows(checkpoint, role))
        for role in roles
        if role.role in _AXIS and not role.bias and len(checkpoint.tensors[role.name].shape) >= 2
    }


def coordinate_similarity(subject: Profiles, reference: Profiles) -> tuple[Matrix | None, list[str]]:
    """(coordinates, coordinates): mean cosine of every coordinate of one with every one of the other, over the tensors that
    both have in the same shape; None where there is none. And the names of the subject's tensors that took part."""
    total: Matrix | None = None
    used: list[str] = []
    for place, mine in subject.items():
        theirs = reference.get(place)
        if theirs is None or theirs.shape != mine.shape:
            continue
        similarity = mine.rows @ theirs.rows.T
        if total is None or similarity.shape == total.shape:
            total = similarity if total is None else total + similarity
            used.append(mine.name)
    return None if total is None else np.asarray(total / np.float32(len(used)), dtype=np.float32), used


def _rows(checkpoint: Checkpoint, role: TensorRole) -> Matrix:
    axis = _AXIS[role.role]
    if role.layer is not None and is_conv1d(checkpoint.config):
        axis = 1 - axis
    rows = slice(0, _MOST_ROWS if axis == 1 else MOST_COORDINATES)
    matrix = checkpoint.read(role.name, rows)
    flat = matrix.reshape(matrix.shape[0], -1)
    along = flat[:, :MOST_COORDINATES].T if axis == 1 else flat
    return centred_unit_rows(along)


def _has_fixed_positions(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> bool:
    """Whether a position table is the sinusoidal one (Vaswani et al. 2017, section 3.5), by which coordinates of models
    trained apart do correspond, so that the test of coordinates is not exact."""
    tables = [role.name for role in roles if role.role == "position_embedding" and not role.bias]
    return any(_is_sinusoidal(checkpoint.read(name)) for name in tables)


def _is_sinusoidal(table: Matrix) -> bool:
    """Every two neighbouring positions of a sinusoidal table have the same inner product, whatever the frequencies."""
    flat = table.reshape(-1, table.shape[-1]).astype(np.float64)
    if len(flat) < 4:
        return False
    steps = (flat[1:] * flat[:-1]).sum(axis=1)
    return bool(abs(steps.mean()) > 0 and steps.std() < 1e-3 * abs(steps.mean()))
