"""Every family's tensors under one set of names, matrices (out, in), so that one rule changes them all.

`embed`, `head`, `norm`, and for layer 2 `2.q`, `2.k`, `2.v`, `2.o`, `2.gate`, `2.up`, `2.down`, `2.norm1`, `2.norm2`;
biases end in `.bias`. GPT-2's fused and turned matrices are taken apart, and put together again by `closed`.
"""

from dataclasses import dataclass

import torch

from tests.lineage.training import ENCODER, Model

Tensors = dict[str, torch.Tensor]

_LLAMA = {
    "norm1": "input_layernorm",
    "norm2": "post_attention_layernorm",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.o_proj",
    "q_norm": "self_attn.q_norm",
    "k_norm": "self_attn.k_norm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}
_SIGLIP = {
    "norm1": "layer_norm1",
    "norm2": "layer_norm2",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "o": "self_attn.out_proj",
    "up": "mlp.fc1",
    "down": "mlp.fc2",
}
_GPT2 = {
    "norm1": "ln_1",
    "norm2": "ln_2",
    "qkv": "attn.c_attn",
    "o": "attn.c_proj",
    "up": "mlp.c_fc",
    "down": "mlp.c_proj",
}
_OUTSIDE = {
    "llama": {"embed": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"},
    "gpt2": {
        "embed": "transformer.wte",
        "position": "transformer.wpe",
        "norm": "transformer.ln_f",
        "head": "lm_head",
    },
    ENCODER: {
        "patch": "embeddings.patch_embedding",
        "position": "embeddings.position_embedding",
        "norm": "post_layernorm",
    },
}
_OUTSIDE["qwen3"] = _OUTSIDE["llama"]
_STEM = {"llama": "model.layers", "qwen3": "model.layers", "gpt2": "transformer.h", ENCODER: "encoder.layers"}


@dataclass(frozen=True)
class Layout:
    """A model taken apart: `plain_norm` is true for RMSNorm, which takes no mean away."""

    family: str
    layers: int
    heads: int
    groups: int
    tensors: Tensors

    @property
    def plain_norm(self) -> bool:
        return self.family in ("llama", "qwen3")

    @property
    def gated(self) -> bool:
        return "0.gate" in self.tensors

    @property
    def width(self) -> int:
        return self.tensors["0.q"].shape[1]


def opened(model: Model) -> Layout:
    """The model's tensors under the common names."""
    config, family = model.config, model.family
    layers = int(config["n_layer"] if family == "gpt2" else config["num_hidden_layers"])
    heads = int(config["n_head"] if family == "gpt2" else config["num_attention_heads"])
    tensors: Tensors = {}
    for common, own in _names(family, layers).items():
        for kind in ("weight", "bias"):
            if f"{own}.{kind}" in model.tensors:
                tensors[common if kind == "weight" else f"{common}.bias"] = model.tensors[f"{own}.{kind}"].clone()
    if family == "gpt2":
        _straightened(tensors)
    return Layout(family, layers, heads, int(config.get("num_key_value_heads", heads)), tensors)


def closed(model: Model, tensors: Tensors, **settings: object) -> Model:
    """The model with these tensors, under its family's own names again."""
    tensors = dict(tensors)
    layers = 1 + max(int(name.split(".")[0]) for name in tensors if name[0].isdigit())
    if model.family == "gpt2":
        _turned_back(tensors, layers)
    names = {}
    for common, own in _names(model.family, layers).items():
        names |= {common: f"{own}.weight", f"{common}.bias": f"{own}.bias"}
    return model.changed({names[name]: tensor.contiguous() for name, tensor in tensors.items()}, **settings)


def _names(family: str, layers: int) -> dict[str, str]:
    inside = {"gpt2": _GPT2, ENCODER: _SIGLIP}.get(family, _LLAMA)
    names = dict(_OUTSIDE[family])
    for layer in range(layers):
        names |= {f"{layer}.{common}": f"{_STEM[family]}.{layer}.{own}" for common, own in inside.items()}
    return names


def _straightened(tensors: Tensors) -> None:
    for name in [name for name in tensors if name.split(".")[-1] in ("qkv", "o", "up", "down")]:
        tensors[name] = tensors[name].T
    for name in [name for name in tensors if ".qkv" in name]:
        for part, tensor in zip("qkv", tensors.pop(name).chunk(3), strict=True):
            tensors[name.replace("qkv", part)] = tensor


def _turned_back(tensors: Tensors, layers: int) -> None:
    for layer in range(layers):
        for end in ("", ".bias"):
            tensors[f"{layer}.qkv{end}"] = torch.cat([tensors.pop(f"{layer}.{part}{end}") for part in "qkv"])
        for name in ("qkv", "o", "up", "down"):
            tensors[f"{layer}.{name}"] = tensors[f"{layer}.{name}"].T
