"""Changes of a model without training: what makes a derivative besides training, and every disguise by its name."""

from collections.abc import Callable

import torch

from tests.lineage.disguises import DISGUISES, disguised
from tests.lineage.layout import Layout, Tensors, closed, opened
from tests.lineage.training import Model, redrawn

Change = Callable[[Model, torch.Generator, float, Model | None], Model]


def layers_chosen(model: Model, order: list[int]) -> Model:
    """The model with these layers in this order, some left out or twice."""
    layout = opened(model)
    tensors = {name: tensor for name, tensor in layout.tensors.items() if not name[0].isdigit()}
    for place, source in enumerate(order):
        for name, tensor in layout.tensors.items():
            if name.startswith(f"{source}."):
                tensors[f"{place}.{name.split('.', 1)[1]}"] = tensor.clone()
    depth = {"n_layer" if model.family == "gpt2" else "num_hidden_layers": len(order)}
    return closed(model, tensors, **depth)


def _units_pruned(model: Model, generator: torch.Generator, share: float, other: Model | None) -> Model:
    """The units of the largest numbers kept, in their order."""
    layout = opened(model)
    kept = round(share * len(layout.tensors["0.up"]))
    for layer in range(layout.layers):
        size = layout.tensors[f"{layer}.up"].norm(dim=1) * layout.tensors[f"{layer}.down"].norm(dim=0)
        _units_chosen(layout, layer, size.topk(kept).indices.sort().values)
    return closed(model, layout.tensors, **_units_setting(model, kept))


def _units_chosen(layout: Layout, layer: int, chosen: torch.Tensor) -> None:
    for name in ("gate", "up", "up.bias"):
        if f"{layer}.{name}" in layout.tensors:
            layout.tensors[f"{layer}.{name}"] = layout.tensors[f"{layer}.{name}"][chosen]
    layout.tensors[f"{layer}.down"] = layout.tensors[f"{layer}.down"][:, chosen]


def _units_setting(model: Model, units: int) -> dict[str, object]:
    return {"n_inner" if model.family == "gpt2" else "intermediate_size": units}


def _expanded(model: Model, generator: torch.Generator, share: float, other: Model | None) -> Model:
    """More units (some twice, with half of what they wrote, renumbered) and a wider stream, filled with small noise."""
    layout = opened(model)
    units, width = len(layout.tensors["0.up"]), layout.width
    more_units, more_width = round(share * units), 16 * round(share * width / 16)
    for layer in range(layout.layers):
        chosen = torch.cat([torch.arange(units), torch.randperm(units, generator=generator)[: more_units - units]])
        twice = torch.bincount(chosen, minlength=units)[chosen]
        _units_chosen(layout, layer, chosen[order := torch.randperm(more_units, generator=generator)])
        layout.tensors[f"{layer}.down"] /= twice[order]
    tensors: Tensors = {}
    for name, tensor in layout.tensors.items():
        role = name.split(".", 1)[1] if name[0].isdigit() else name
        axis = 0 if role in ("o", "down", "norm", "norm1", "norm2", "o.bias", "down.bias") or "norm" in role else 1
        inside = role in ("q.bias", "k.bias", "v.bias", "up.bias", "q_norm", "k_norm")
        along = not inside and tensor.shape[axis] == width
        shape = [more_width - width if place == axis else size for place, size in enumerate(tensor.shape)]
        filling = redrawn("", torch.empty(shape), generator) * (0.1 if tensor.ndim > 1 else 1.0)
        tensors[name] = torch.cat([tensor, filling], dim=axis) if along else tensor
    wide: dict[str, object] = {"hidden_size": more_width}
    if model.family == "gpt2":
        size = width // layout.heads
        wide = {"n_embd": more_width, "n_head": more_width // size}
        _more_heads(tensors, more_width - width, generator)
    return closed(model, tensors, **wide, **_units_setting(model, more_units))


def _more_heads(tensors: Tensors, rows: int, generator: torch.Generator) -> None:
    """GPT-2's heads together are as wide as its stream: more of them, filled with small noise."""
    for name, tensor in tensors.items():
        role = name.partition(".")[2]
        if role in ("q", "k", "v", "q.bias", "k.bias", "v.bias", "o"):
            axis = 1 if role == "o" else 0
            shape = [rows if place == axis else size for place, size in enumerate(tensor.shape)]
            tensors[name] = torch.cat([tensor, 0.1 * redrawn("", torch.empty(shape), generator)], dim=axis)


def _experts(model: Model, generator: torch.Generator, count: float, other: Model | None) -> Model:
    """Llama's feed-forward layers as the experts of a Mixtral: each a copy that was disturbed a little."""
    number = int(count)
    tensors: Tensors = {}
    for name, tensor in model.tensors.items():
        if ".mlp." not in name:
            tensors[name] = tensor
    for layer in range(int(model.config["num_hidden_layers"])):
        stem = f"model.layers.{layer}.mlp"
        gate, up, down = (model.tensors[f"{stem}.{part}_proj.weight"] for part in ("gate", "up", "down"))
        both = torch.stack([torch.cat([_noisy(gate, generator), _noisy(up, generator)]) for _ in range(number)])
        tensors[f"{stem}.experts.gate_up_proj"] = both
        tensors[f"{stem}.experts.down_proj"] = torch.stack([_noisy(down, generator) for _ in range(number)])
        tensors[f"{stem}.gate.weight"] = redrawn("", torch.empty(number, gate.shape[1]), generator)
    return model.changed(tensors, model_type="mixtral", num_local_experts=number, num_experts_per_tok=2)


def _noisy(matrix: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return matrix + 0.1 * matrix.std() * torch.randn(matrix.shape, generator=generator)


def _merged(model: Model, generator: torch.Generator, share: float, other: Model | None) -> Model:
    """`share` of the model and the rest of `other`."""
    assert other is not None
    return model.changed(
        {name: share * each + (1 - share) * other.tensors[name] for name, each in model.tensors.items()}
    )


def _merged_on_a_sphere(model: Model, generator: torch.Generator, share: float, other: Model | None) -> Model:
    """SLERP, tensor by tensor."""
    assert other is not None
    merged = {}
    for name, left in model.tensors.items():
        right = other.tensors[name]
        cosine = (left * right).sum() / (left.norm() * right.norm()).clamp_min(1e-9)
        angle = torch.arccos(cosine.clamp(-0.999, 0.999))
        merged[name] = (torch.sin(share * angle) * left + torch.sin((1 - share) * angle) * right) / torch.sin(angle)
    return model.changed(merged)


def _rounded(model: Model, generator: torch.Generator, bits: float, other: Model | None) -> Model:
    """Every matrix to integers of `bits` bits with a scale for 32 numbers, and back; 0 bits means fp8 (e4m3)."""
    tensors = dict(model.tensors)
    for name, tensor in tensors.items():
        if tensor.ndim != 2:
            continue
        if bits == 0:
            scale = tensor.abs().max() / 448
            tensors[name] = (tensor / scale).to(torch.float8_e4m3fn).float() * scale
            continue
        flat = tensor.reshape(-1, 32) if tensor.numel() % 32 == 0 else tensor.reshape(1, -1)
        scale = flat.abs().amax(dim=1, keepdim=True).clamp_min(1e-9) / (2 ** (bits - 1) - 1)
        tensors[name] = ((flat / scale).round() * scale).reshape(tensor.shape)
    return model.changed(tensors)


def _one_layer_kept(model: Model, generator: torch.Generator, layer: float, other: Model | None) -> Model:
    """All drawn anew but one layer."""
    layout = opened(model)
    kept = {name for name in layout.tensors if name.startswith(f"{int(layer)}.")}
    fresh = {name: each if name in kept else redrawn(name, each, generator) for name, each in layout.tensors.items()}
    return closed(model, fresh)


def _vocabulary_swapped(model: Model, generator: torch.Generator, share: float, other: Model | None) -> Model:
    """Tokens in another order, and only `share` of them kept by name; the others' embeddings are drawn anew."""
    layout = opened(model)
    order = torch.randperm(len(model.words), generator=generator)
    kept = round(share * len(model.words))
    for name in ("embed", "head"):
        fresh = redrawn(name, layout.tensors[name], generator)
        layout.tensors[name] = torch.where((order < kept)[:, None], layout.tensors[name][order], fresh)
    words = tuple(model.words[place] if place < kept else f"new{place}" for place in order.tolist())
    return type(model)(model.config, closed(model, layout.tensors).tensors, words)


def _gains_of(model: Model, generator: torch.Generator, amount: float, other: Model | None) -> Model:
    """The model with another's norm gains."""
    assert other is not None
    return model.changed(
        {name: other.tensors[name] if "norm" in name else each for name, each in model.tensors.items()}
    )


def _disguise(name: str) -> Change:
    return lambda model, generator, amount, other: disguised(model, name, generator)


CHANGES: dict[str, Change] = {
    "every second layer": lambda model, generator, amount, other: layers_chosen(model, [0, 2, 3]),
    "layers twice": lambda model, generator, amount, other: layers_chosen(model, [0, 1, 2, 1, 2, 3]),
    "units pruned": _units_pruned,
    "expanded": _expanded,
    "experts": _experts,
    "merged": _merged,
    "merged on a sphere": _merged_on_a_sphere,
    "rounded": _rounded,
    "one layer kept": _one_layer_kept,
    "vocabulary swapped": _vocabulary_swapped,
    "gains of another": _gains_of,
    **{name: _disguise(name) for name in DISGUISES},
}
