"""The coordinates of the residual stream, each described by what attention and embeddings do with it.

Coordinate i of two models trained apart has nothing in common: which one is first is an accident of the initialisation. In
a model derived from another without a turn of the stream, coordinate i is coordinate i.
"""

from collections.abc import Sequence

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
#: Most rows of an embedding that take part: enough, and the same ones in both models.
_MOST_ROWS = 4_096


def residual_similarity(
    subject: Checkpoint,
    subject_roles: Sequence[TensorRole],
    reference: Checkpoint,
    reference_roles: Sequence[TensorRole],
) -> tuple[Matrix | None, list[str]]:
    """(width, width): mean cosine of every coordinate of one model with every one of the other, over the matrices that
    both have in the same shape; None where there is none. And the names of the subject's tensors that took part."""
    theirs = {role.place: role for role in reference_roles if role.role in _AXIS and not role.bias}
    total: Matrix | None = None
    count, used = 0, []
    for role in subject_roles:
        other = theirs.get(role.place)
        if other is None or role.bias or role.role not in _AXIS:
            continue
        shape = subject.tensors[role.name].shape
        if shape != reference.tensors[other.name].shape or len(shape) < 2:
            continue
        mine, its = _profiles(subject, role), _profiles(reference, other)
        similarity = mine @ its.T
        if total is not None and similarity.shape != total.shape:
            continue
        total = similarity if total is None else total + similarity
        count += 1
        used.append(role.name)
    return (None if total is None else np.asarray(total / np.float32(count), dtype=np.float32)), used


def _profiles(checkpoint: Checkpoint, role: TensorRole) -> Matrix:
    axis = _AXIS[role.role]
    if role.layer is not None and is_conv1d(checkpoint.config):
        axis = 1 - axis
    shape = checkpoint.tensors[role.name].shape
    rows = slice(0, _MOST_ROWS) if axis == 1 and shape[0] > _MOST_ROWS else None
    matrix = checkpoint.read(role.name, rows)
    flat = matrix.reshape(matrix.shape[0], -1)
    return centred_unit_rows(flat.T if axis == 1 else flat)


def has_fixed_positions(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> bool:
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
