"""The coordinates of the residual stream, each described by what attention and embeddings do with it.

Coordinate i of two models trained apart has nothing in common: which one is first is an accident of the initialisation. In
a model derived from another without a turn of the stream, coordinate i is coordinate i.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.checkpoints.spellings import is_turned
from tasks.independence.device import product
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
#: Above it coordinates stand in an order: drawn tables reach 3, stored sines 6 at 64 coordinates and 20 at 768.
_LEAST_ORDER = 4.0
#: Model types and settings by which transformers computes sines that no checkpoint holds.
_COMPUTES_SINES = [
    "bigbird_pegasus",
    "ctrl",
    "fsmt",
    "m2m_100",
    "marian",
    "musicgen_decoder",
    "nllb-moe",
    "pegasus",
    "pegasus_x",
    "speech_to_text",
    "speecht5",
    "xglm",
]
_SINE_SETTINGS = ("sinusoidal_pos_embds", "sinusoidal_embeddings")


@dataclass(frozen=True)
class Profile:
    """One tensor as rows of coordinates; `shape` is the tensor's own, `read` gives the rows, (coordinates, numbers), centred
    and of length one. They are read when they are asked for, and not kept."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], Matrix]


Profiles = Mapping[tuple[object, ...], Profile]


def coordinate_profiles(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> Profiles:
    """Place → profile of every matrix along the stream; empty where a fixed position table makes the test inexact."""
    if _has_fixed_positions(checkpoint, roles):
        return {}
    return {
        role.place: Profile(role.name, checkpoint.tensors[role.name].shape, partial(_rows, checkpoint, role))
        for role in roles
        if role.role in _AXIS and not role.bias and _is_matrix(checkpoint.tensors[role.name].shape)
    }


def _is_matrix(shape: tuple[int, ...]) -> bool:
    return len(shape) >= 2 and min(shape) > 0


def coordinate_similarity(subject: Profiles, reference: Profiles) -> tuple[Matrix | None, list[str]]:
    """(coordinates, coordinates): mean cosine of every coordinate of one with every one of the other, over the tensors that
    both have in the same shape; None where there is none. And the names of the subject's tensors that took part."""
    total: Matrix | None = None
    used: list[str] = []
    for place, mine in subject.items():
        theirs = reference.get(place)
        if theirs is None or theirs.shape != mine.shape:
            continue
        rows, others = mine.read(), theirs.read()
        if rows.shape[1] != others.shape[1]:  # one stored (in, out), the other (out, in)
            continue
        similarity = product(rows, others.T)
        if total is None or similarity.shape == total.shape:
            total = similarity if total is None else total + similarity
            used.append(mine.name)
    return None if total is None else np.asarray(total / np.float32(len(used)), dtype=np.float32), used


def _rows(checkpoint: Checkpoint, role: TensorRole) -> Matrix:
    axis = _AXIS[role.role]
    if is_turned(role.name) or (role.layer is not None and checkpoint.stored_in_out):
        axis = 1 - axis
    if len(checkpoint.tensors[role.name].shape) > 2:  # a patch embedding's kernels
        kernels = checkpoint.read(role.name, slice(0, MOST_COORDINATES if axis == 0 else _MOST_ROWS))
        flat = kernels.reshape(len(kernels), -1)
        return centred_unit_rows(flat if axis == 0 else flat[:, :MOST_COORDINATES].T)
    if axis == 0:
        return centred_unit_rows(checkpoint.read_matrix(role.name, slice(0, MOST_COORDINATES)))
    return centred_unit_rows(checkpoint.read_matrix(role.name, slice(0, _MOST_ROWS), slice(0, MOST_COORDINATES)).T)


def _has_fixed_positions(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> bool:
    """Whether positions are sines and cosines, stored or computed: every model has them in the same order, so coordinates of
    models trained apart do correspond, and the test of coordinates is not exact. Rotary positions turn queries and keys
    inside their heads and leave the stream's coordinates alone; tables that were drawn at random are coordinates like all
    others; LayerNorm, RMSNorm and tied embeddings treat all coordinates alike."""
    config = checkpoint.config
    if config.get("model_type") in _COMPUTES_SINES or any(config.get(key) is True for key in _SINE_SETTINGS):
        return True
    tables = [role.name for role in roles if role.role == "position_embedding" and not role.bias]
    return any(_has_an_order(checkpoint.read(name)) for name in tables)


def _has_an_order(table: Matrix) -> bool:
    """Whether neighbouring coordinates of a position table change alike from position to position, as sines in the order of
    their frequencies do (in one dimension or two, trained on or not) and drawn tables, whatever they learned, do not: the
    correlation of neighbours' ranks of roughness, in standard errors."""
    flat = table.reshape(-1, *table.shape[-1:] or (1,)).astype(np.float64)
    if len(flat) < 3 or flat.shape[1] < 3:
        return False
    flat = flat - flat.mean(axis=0)
    roughness = (np.diff(flat, axis=0) ** 2).sum(axis=0) / np.maximum((flat**2).sum(axis=0), 1e-30)
    ranks = roughness.argsort().argsort() - (len(roughness) - 1) / 2
    alike = max(abs((ranks[apart:] * ranks[:-apart]).sum()) for apart in (1, 2))  # sines and cosines may stand by turns
    return bool(alike / (ranks**2).sum() * np.sqrt(len(ranks)) > _LEAST_ORDER)
