"""The hidden units of a model's feed-forward layers, one matrix a side, whatever layout the file has.

A unit is a row: what it reads (gate and up, or the one input matrix of an ungated layer) and what it writes (down), each of
the width of the residual stream. Fused gate-up tensors, Conv1D layouts, fused experts and projectors are taken apart here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.independence.permutation_test import Matrix

#: Place of a layer of units: stack, layer (None for a projector), expert (None outside a mixture).
Place = tuple[str, int | None, int | None]


@dataclass(frozen=True)
class FeedForward:
    """One layer's units. `reads` holds one (units, width) matrix for an ungated layer, gate and up for a gated one, norm
    gains folded in; `writes` is (units, width). `tensors` are the names that it was made from; `sketch_of` holds the shapes of the
    matrices that a fingerprint's projections stand for."""

    place: Place
    reads: tuple[Matrix, ...]
    writes: Matrix
    tensors: tuple[str, ...]
    sketch_of: tuple[tuple[int, ...], ...] = ()

    @property
    def units(self) -> int:
        """How many hidden units."""
        return len(self.writes)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the matrices, (units, width) each: two layers are compared place by place only where these are equal."""
        return self.sketch_of or (*(each.shape for each in self.reads), self.writes.shape)


@dataclass(frozen=True)
class _Parts:
    """The tensors of one layer by role."""

    place: Place
    names: Mapping[str, str]
    norms: Sequence[str]


def feed_forward_layers(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> Iterator[FeedForward]:
    """Every layer of hidden units among `roles` (those of one component), in order; one at a time in memory."""
    conv1d = is_conv1d(checkpoint.config)
    for parts in _by_place(roles):
        widths = {checkpoint.tensors[name].shape[0] for name in parts.norms}
        names = dict(parts.names)
        tensors = {role: checkpoint.read(name) for role, name in names.items()}
        gain = gain_of(checkpoint, parts.norms, _BEFORE_FEED_FORWARD)
        used = tuple(names.values())
        for expert, matrices in _per_expert(tensors, parts.place[2]):
            layer = _layer((*parts.place[:2], expert), matrices, widths, conv1d, gain, used)
            if layer is not None:
                yield layer


def _by_place(roles: Sequence[TensorRole]) -> list[_Parts]:
    places: dict[Place, dict[str, str]] = {}
    norms: dict[tuple[str, int | None], list[str]] = {}
    for role in roles:
        if role.role in ("gate", "up", "gate_up", "up_ungated", "down") and not role.bias:
            # Several projectors without a number (one a modality) are told apart by where their names stand.
            stack = role.stack if role.layer is not None else role.name.rsplit(".", 2)[0]
            places.setdefault((stack, role.layer, role.expert), {})[role.role] = role.name
        elif role.role == "norm" and not role.bias and role.layer is not None:
            norms.setdefault((role.stack, role.layer), []).append(role.name)
    return [
        _Parts(place, names, norms.get(place[:2], []))
        for place, names in sorted(places.items(), key=lambda each: _order(each[0]))
        if "down" in names and {"gate_up", "up_ungated", "up"} & names.keys()
    ]


def _order(place: Place) -> tuple[str, int, int]:
    stack, layer, expert = place
    return stack, -1 if layer is None else layer, -1 if expert is None else expert


def _per_expert(tensors: Mapping[str, Matrix], expert: int | None) -> Iterator[tuple[int | None, dict[str, Matrix]]]:
    """Fused experts (a first axis more than a matrix has) one by one."""
    if all(tensor.ndim == 2 for tensor in tensors.values()):
        yield expert, dict(tensors)
    elif all(tensor.ndim == 3 for tensor in tensors.values()):
        for number in range(min(len(tensor) for tensor in tensors.values())):
            yield number, {role: tensor[number] for role, tensor in tensors.items()}


def _layer(
    place: Place,
    matrices: Mapping[str, Matrix],
    widths: set[int],
    conv1d: bool,
    gain: Matrix | None,
    used: tuple[str, ...],
) -> FeedForward | None:
    down = matrices["down"]
    fused = "gate_up" in matrices
    first = matrices.get("gate_up", matrices.get("up_ungated", matrices.get("up")))
    assert first is not None
    turned = _is_turned(first, down, widths, conv1d, fused)
    if turned is None:
        return None
    reads = [matrices[role] for role in ("gate", "up", "up_ungated") if role in matrices]
    if fused:
        both = first.T if turned else first
        half = len(both) // 2
        # Fused and turned tensors interleave gate and up (gpt-oss); the others put one after the other.
        reads = [both[0::2], both[1::2]] if turned else [both[:half], both[half:]]
    elif turned:
        reads = [each.T for each in reads]
    writes = down if turned else down.T
    if any(len(each) != len(writes) for each in reads):
        return None
    if gain is not None and all(each.shape[1] == len(gain) for each in reads):
        reads = [each * gain for each in reads]
    whole = tuple(np.ascontiguousarray(each, dtype=np.float32) for each in reads)
    return FeedForward(place, whole, np.ascontiguousarray(writes, dtype=np.float32), used)


def _is_turned(first: Matrix, down: Matrix, widths: set[int], conv1d: bool, fused: bool) -> bool | None:
    """Whether matrices are stored (in, out) and not (out, in); None where the two do not fit each other."""
    times = 2 if fused else 1
    straight = first.shape[0] == times * down.shape[1]
    turned = first.shape[1] == times * down.shape[0]
    if straight and turned and not fused:  # (n, d) and (d, n) fit both ways: the norms' width tells which is d
        reads_width, writes_width = first.shape[1] in widths, first.shape[0] in widths
        return writes_width and not reads_width if reads_width != writes_width else conv1d
    return False if straight else True if turned else None


def is_conv1d(config: Mapping[str, Any]) -> bool:
    """Whether the model stores its linear layers (in, out), as GPT-2's Conv1D does."""
    return config.get("model_type") in ("gpt2", "openai-gpt", "imagegpt", "decision_transformer")


#: Norms that stand before the feed-forward layer, the surest name first.
_BEFORE_FEED_FORWARD = (
    "pre_feedforward_layernorm",
    "ffn_norm",
    "post_attention_layernorm",
    "layer_norm2",
    "ln_2",
    "norm2",
    "layernorm_after",
    "final_layer_norm",
    "pre_mlp_layernorm",
)


def gain_of(checkpoint: Checkpoint, norms: Sequence[str], wanted_names: Sequence[str]) -> Matrix | None:
    """The gain of a layer's norm by the first of these names that it has; None where it has none of them."""
    for wanted in wanted_names:
        for name in norms:
            if f".{wanted}." in f".{name}":
                return checkpoint.read(name).reshape(-1)
    return None
