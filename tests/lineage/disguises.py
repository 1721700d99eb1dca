"""Changes of a model's numbers that leave every answer as it is, of which an evader needs to know no more than algebra."""

import math
from collections.abc import Callable

import torch

from tests.lineage.layout import Layout, Tensors, closed, opened
from tests.lineage.training import Model, redrawn

_READS = ("q", "k", "v", "gate", "up")
_WRITES = ("o", "down")


def units_renumbered(layout: Layout, generator: torch.Generator) -> None:
    """Hidden units of every layer, and attention heads (whole groups of those that share keys and values)."""
    tensors = layout.tensors
    for layer in range(layout.layers):
        order = torch.randperm(tensors[f"{layer}.up"].shape[0], generator=generator)
        for name in ("gate", "up", "up.bias"):
            if f"{layer}.{name}" in tensors:
                tensors[f"{layer}.{name}"] = tensors[f"{layer}.{name}"][order]
        tensors[f"{layer}.down"] = tensors[f"{layer}.down"][:, order]
        groups = torch.randperm(layout.groups, generator=generator)
        for name in ("q", "k", "v", "q.bias", "k.bias", "v.bias"):
            if f"{layer}.{name}" in tensors:
                tensors[f"{layer}.{name}"] = _by_group(tensors[f"{layer}.{name}"], groups)
        tensors[f"{layer}.o"] = _by_group(tensors[f"{layer}.o"].T, groups).T


def _by_group(tensor: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    return tensor.unflatten(0, (len(groups), -1))[groups].flatten(0, 1)


def stream_renumbered(layout: Layout, generator: torch.Generator) -> None:
    """Coordinates of the residual stream; with RMSNorm their signs too."""
    order = torch.randperm(layout.width, generator=generator)
    signs = torch.randint(2, (layout.width,), generator=generator) * 2.0 - 1
    turn = torch.eye(layout.width)[order] * (signs[:, None] if layout.plain_norm else 1.0)
    _turned(layout, turn.T)
    for name in _norms(layout):
        for end in ("", ".bias"):
            if name + end in layout.tensors:
                layout.tensors[name + end] = layout.tensors[name + end][order]


def stream_rotated(layout: Layout, generator: torch.Generator) -> None:
    """The residual stream turned by a random rotation, after the norms' gains went into the matrices behind them."""
    tensors, width = layout.tensors, layout.width
    last_bias: torch.Tensor | None = None
    for name in _norms(layout):
        behind = {"norm1": ("q", "k", "v"), "norm2": ("gate", "up"), "norm": ("head",)}[name.split(".")[-1]]
        stem = f"{name.split('.')[0]}." if "." in name else ""
        readers = [stem + each for each in behind if stem + each in tensors]
        if not readers:  # an encoder's last norm, read by what comes after
            continue
        if "head" in readers and f"{name}.bias" in tensors:  # the head has no bias to take it up
            last_bias = tensors[f"{name}.bias"] / tensors[name]
        for reader in readers:
            if f"{reader}.bias" in tensors:
                tensors[f"{reader}.bias"] += tensors[reader] @ tensors[f"{name}.bias"]
            tensors[reader] = tensors[reader] * tensors[name]
        tensors[name] = torch.ones(width)
        if f"{name}.bias" in tensors:
            tensors[f"{name}.bias"] = torch.zeros(width)
    turn = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
    if not layout.plain_norm:  # LayerNorm takes the mean away, so the direction of all ones has to stay where it is
        ones = torch.full((width, 1), width**-0.5)
        basis = torch.linalg.qr(torch.cat([ones, torch.randn(width, width - 1, generator=generator)], dim=1))[0]
        basis[:, 0] = ones[:, 0]
        inner = torch.linalg.qr(torch.randn(width - 1, width - 1, generator=generator))[0]
        turn = basis @ torch.block_diag(torch.eye(1), inner) @ basis.T
    _turned(layout, turn)
    if last_bias is not None:
        tensors["norm.bias"] = last_bias @ turn


def _norms(layout: Layout) -> list[str]:
    return [name for name in layout.tensors if name.split(".")[-1] in ("norm", "norm1", "norm2")]


def _turned(layout: Layout, turn: torch.Tensor) -> None:
    """x becomes x @ turn along the whole stream."""
    tensors = layout.tensors
    for name in tensors:
        role = name.split(".", 1)[1] if name[0].isdigit() else name
        if role in (*_READS, "embed", "head", "position"):
            tensors[name] = tensors[name] @ turn
        elif role in _WRITES or role in ("o.bias", "down.bias", "patch.bias"):
            tensors[name] = turn.T @ tensors[name]
        elif role == "patch":
            tensors[name] = torch.einsum("io,ixyz->oxyz", turn, tensors[name])


def units_rescaled(layout: Layout, generator: torch.Generator) -> None:
    """Up times s, down by s, any sign: free where a gate is by; without a gate there is nothing to rescale."""
    if not layout.gated:
        return
    for layer in range(layout.layers):
        units = len(layout.tensors[f"{layer}.up"])
        scale = torch.exp(torch.randn(units, generator=generator))
        scale = scale * (torch.randint(2, (units,), generator=generator) * 2.0 - 1)
        layout.tensors[f"{layer}.up"] *= scale[:, None]
        layout.tensors[f"{layer}.down"] /= scale


def values_mixed(layout: Layout, generator: torch.Generator) -> None:
    """Every head's values by an invertible matrix, undone by the output matrix."""
    tensors, groups = layout.tensors, layout.groups
    for layer in range(layout.layers):
        values = tensors[f"{layer}.v"].unflatten(0, (groups, -1))
        size = values.shape[1]
        mix = _invertible(groups, size, generator)
        tensors[f"{layer}.v"] = (mix @ values).flatten(0, 1)
        if f"{layer}.v.bias" in tensors:
            tensors[f"{layer}.v.bias"] = (mix @ tensors[f"{layer}.v.bias"].view(groups, size, 1)).flatten()
        back = torch.linalg.inv(mix).repeat_interleave(layout.heads // groups, dim=0)
        outputs = tensors[f"{layer}.o"].unflatten(1, (layout.heads, size)).transpose(0, 1)
        tensors[f"{layer}.o"] = (outputs @ back).transpose(0, 1).flatten(1, 2)


def queries_turned(layout: Layout, generator: torch.Generator) -> None:
    """Queries and keys by matrices that cancel: any for learned positions; for rotary ones, turns and scales of the pairs
    that are turned together. Norms of queries and keys leave nothing free."""
    tensors, groups = layout.tensors, layout.groups
    if "0.q_norm" in tensors:
        return
    for layer in range(layout.layers):
        keys = tensors[f"{layer}.k"].unflatten(0, (groups, -1))
        size = keys.shape[1]
        if layout.plain_norm:
            mix, inverse = _rotary_turns(groups, size, generator)
        else:
            mix = _invertible(groups, size, generator)
            inverse = torch.linalg.inv(mix)
        tensors[f"{layer}.k"] = (mix @ keys).flatten(0, 1)
        undo = inverse.transpose(1, 2).repeat_interleave(layout.heads // groups, dim=0)
        tensors[f"{layer}.q"] = (undo @ tensors[f"{layer}.q"].unflatten(0, (layout.heads, size))).flatten(0, 1)
        if f"{layer}.k.bias" in tensors:
            tensors[f"{layer}.k.bias"] = (mix @ tensors[f"{layer}.k.bias"].view(groups, size, 1)).flatten()
            tensors[f"{layer}.q.bias"] = (undo @ tensors[f"{layer}.q.bias"].view(layout.heads, size, 1)).flatten()


def _invertible(count: int, size: int, generator: torch.Generator) -> torch.Tensor:
    """(count, size, size), turned and stretched, well conditioned."""
    left, _ = torch.linalg.qr(torch.randn(count, size, size, generator=generator))
    right, _ = torch.linalg.qr(torch.randn(count, size, size, generator=generator))
    return left @ torch.diag_embed(torch.exp(0.5 * torch.randn(count, size, generator=generator))) @ right


def _rotary_turns(count: int, size: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Block turns of coordinates i and i + size / 2 with a scale each, and their inverses."""
    half = size // 2
    angle = torch.rand(count, half, generator=generator) * 2 * math.pi
    scale = torch.exp(0.5 * torch.randn(count, half, generator=generator))
    mixes = []
    for sign, stretch in ((1, scale), (-1, 1 / scale)):
        mix = torch.zeros(count, size, size)
        places = torch.arange(half)
        mix[:, places, places] = mix[:, places + half, places + half] = stretch * torch.cos(angle)
        mix[:, places, places + half] = -sign * stretch * torch.sin(angle)
        mix[:, places + half, places] = sign * stretch * torch.sin(angle)
        mixes.append(mix)
    return mixes[0], mixes[1]


def embeddings_replaced(layout: Layout, generator: torch.Generator) -> None:
    """Embeddings, head, patches and positions drawn anew: the one change here that does not leave the answers."""
    for name in ("embed", "head", "patch", "position"):
        if name in layout.tensors:
            size = layout.tensors[name].std()
            fresh = redrawn(name, layout.tensors[name], generator)
            layout.tensors[name] = fresh * size / fresh.std()


Step = Callable[[Layout, torch.Generator], None]
_ALL: tuple[Step, ...] = (units_renumbered, units_rescaled, values_mixed, queries_turned, stream_rotated)
DISGUISES: dict[str, tuple[Step, ...]] = {
    "units renumbered": (units_renumbered,),
    "stream renumbered": (stream_renumbered,),
    "stream rotated": (stream_rotated,),
    "units rescaled": (units_rescaled,),
    "values mixed": (values_mixed,),
    "queries turned": (queries_turned,),
    "all disguises": _ALL,
    "all, new embeddings": (*_ALL, embeddings_replaced),
}


def disguised(model: Model, how: str, generator: torch.Generator) -> Model:
    """The model after every step of a disguise."""
    layout = opened(model)
    for step in DISGUISES[how]:
        step(layout, generator)
    tensors: Tensors = layout.tensors
    return closed(model, tensors)
