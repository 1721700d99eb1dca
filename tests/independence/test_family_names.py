"""Families under names of their own: a child on which nothing was moved is found, beside its parent as a Llama names it too; a
stranger under the same names is cleared."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tasks.independence import trace
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written

Write = Callable[[Tensors], Tensors]
Drawn = npt.NDArray[np.float32]

BLOCKS = (("model.embed_tokens", "transformer.wte"), ("model.layers", "transformer.h"))
GPT = (*BLOCKS, ("input_layernorm", "ln_1"), ("post_attention_layernorm", "ln_2"))


def llama(seed: int) -> Tensors:
    """A gated decoder as transformers names it."""
    names = drawn(seed, prefix="")
    found = component(names, "language_model.") | {"lm_head.weight": names["lm_head.weight"]}
    return {name.replace("language_model.", "model."): each for name, each in found.items()}


def renamed(tensors: Tensors, *words: tuple[str, str]) -> Tensors:
    found = {}
    for name, each in tensors.items():
        for old, new in words:
            name = name.replace(old, new)
        found[name] = each
    return found


def each_layer(tensors: Tensors, sides: tuple[str, ...], made: Callable[[list[Drawn]], Tensors]) -> Tensors:
    """In every layer what ends so is replaced by what `made` makes of it, named inside the layer."""
    found = dict(tensors)
    for stem in [name.removesuffix(sides[0]) for name in tensors if name.endswith(sides[0])]:
        found |= {stem + name: each for name, each in made([found.pop(stem + side) for side in sides]).items()}
    return found


def fused(*sides: str, into: str) -> Write:
    return lambda tensors: each_layer(tensors, sides, lambda parts: {into: np.concatenate(parts)})


def exaone(tensors: Tensors) -> Tensors:
    mlp = [("mlp.gate_proj", "mlp.c_fc_0"), ("mlp.up_proj", "mlp.c_fc_1"), ("mlp.down_proj", "mlp.c_proj")]
    return renamed(tensors, *GPT, ("self_attn.", "attn.attention."), ("o_proj", "out_proj"), *mlp)


def qwen(tensors: Tensors) -> Tensors:
    mlp = [("mlp.gate_proj", "mlp.w2"), ("mlp.up_proj", "mlp.w1"), ("mlp.down_proj", "mlp.c_proj")]
    return renamed(tensors, *GPT, ("self_attn.", "attn."), ("o_proj", "c_proj"), *mlp)


def olmo(tensors: Tensors) -> Tensors:
    fuse = fused("mlp.up_proj.weight", "mlp.gate_proj.weight", into="ff_proj.weight")
    attention = fused(*(f"self_attn.{each}_proj.weight" for each in "qkv"), into="att_proj.weight")
    words = [("model.embed_tokens", "model.transformer.wte"), ("lm_head", "model.transformer.ff_out")]
    words += [("model.layers", "model.transformer.blocks"), ("self_attn.o_proj", "attn_out")]
    return renamed(attention(fuse(tensors)), *words, ("mlp.down_proj", "ff_out"))


def dbrx(tensors: Tensors) -> Tensors:
    """Units of all experts are rows of each of the three."""
    sides = tuple(f"mlp.{each}_proj.weight" for each in ("gate", "up", "down"))
    names = [f"ffn.experts.mlp.{each}" for each in ("w1", "v1", "w2")]
    turned = each_layer(
        tensors,
        sides,
        lambda parts: dict(zip(names, (parts[0], parts[1], np.ascontiguousarray(parts[2].T)), strict=True)),
    )
    return renamed(
        turned, *BLOCKS, ("self_attn.", "norm_attn_norm.attn."), ("post_attention_layernorm", "norm_attn_norm.norm_2")
    )


def grok(tensors: Tensors) -> Tensors:
    mlp = [("gate_proj", "linear"), ("up_proj", "linear_v"), ("down_proj", "linear_1")]
    words = [(f"mlp.{old}", f"moe_block.experts.0.{new}") for old, new in mlp]
    return renamed(tensors, ("self_attn", "attn"), ("post_attention_layernorm", "pre_moe_norm"), *words)


def lit_gpt(tensors: Tensors) -> Tensors:
    mlp = [("mlp.gate_proj", "mlp.fc_1"), ("mlp.up_proj", "mlp.fc_2"), ("mlp.down_proj", "mlp.proj")]
    return renamed(tensors, *BLOCKS, ("self_attn.o_proj", "attn.proj"), ("post_attention_layernorm", "norm_2"), *mlp)


def flax(tensors: Tensors) -> Tensors:
    """Dense layers stored (in, out), lists without a number of their own, every name a path."""
    found = {}
    for name, each in tensors.items():
        last = "embedding" if "embed" in name else "kernel" if each.ndim == 2 else "scale"
        path = name.removesuffix("weight").replace(".", "/").replace("layers/", "layers_") + last
        found[path] = np.ascontiguousarray(each.T) if last == "kernel" else each
    return found


def gguf(tensors: Tensors) -> Tensors:
    words = [(f"self_attn.{each}_proj", f"attn_{each}") for each in "qkv"] + [("self_attn.o_proj", "attn_output")]
    words += [(f"mlp.{each}_proj", f"ffn_{each}") for each in ("gate", "up", "down")]
    return renamed(tensors, ("model.embed_tokens", "token_embd"), ("model.layers", "blk"), *words)


def unmerged(tensors: Tensors) -> Tensors:
    """Adapters beside the weights that they were trained for."""
    return {f"base_model.model.{name.replace('_proj.', '_proj.base_layer.')}": each for name, each in tensors.items()}


def weight_norm(directions: str, lengths: str) -> Write:
    def split(tensors: Tensors) -> Tensors:
        found: Tensors = {}
        for name, each in tensors.items():
            if "_proj" in name:
                own = np.linalg.norm(each, axis=1, keepdims=True)
                found |= {name.replace("weight", directions): each / own, name.replace("weight", lengths): own}
            else:
                found[name] = each
        return found

    return split


FAMILIES: dict[str, Write] = {
    "exaone": exaone,
    "qwen": qwen,
    "olmo": olmo,
    "dbrx": dbrx,
    "grok": grok,
    "lit-gpt": lit_gpt,
    "flax": flax,
    "gguf": gguf,
    "unmerged": unmerged,
    "weight norm": weight_norm("weight_v", "weight_g"),
    "parametrised": weight_norm("parametrizations.weight.original1", "parametrizations.weight.original0"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_child_is_found_and_a_stranger_cleared(family: str, tmp_path: Path) -> None:
    written_so, parent = FAMILIES[family], llama(1)
    child = written(tmp_path / "child", written_so(disturbed(parent, 0.9)))
    stranger = written(tmp_path / "stranger", written_so(llama(2)))
    same = {"r": written(tmp_path / "r", written_so(parent))}
    assert trace(child, same).references[0].components[0].relation == "fine-tuned"
    assert trace(stranger, same).verdict == "independent"
    as_a_llama = {"r": written(tmp_path / "llama", parent)}
    assert trace(child, as_a_llama).verdict == "derived"
    assert trace(stranger, as_a_llama).verdict == "independent"


def ungated(tensors: Tensors) -> Tensors:
    """A picture generator's blocks as diffusers names them."""
    plain = {name: each for name, each in tensors.items() if "gate" not in name}
    words = [(f"self_attn.{each}_proj", f"attn1.to_{each}") for each in "qkv"] + [
        ("self_attn.o_proj", "attn1.to_out.0")
    ]
    return renamed(
        plain,
        ("model.layers", "transformer_blocks"),
        *words,
        ("mlp.up_proj", "ff.net.0.proj"),
        ("mlp.down_proj", "ff.net.2"),
    )


def vision(*words: tuple[str, str]) -> Write:
    def tower(tensors: Tensors) -> Tensors:
        return renamed(component(tensors, "layers."), ("model.layers", "visual.blocks"), *words)

    return tower


def dinov2(tensors: Tensors) -> Tensors:
    fuse = fused("mlp.gate_proj.weight", "mlp.up_proj.weight", into="mlp.w12.weight")
    return vision(("mlp.down_proj", "mlp.w3"), ("self_attn.o_proj", "attn.proj"))(fuse(tensors))


TOWERS: dict[str, Write] = {
    "diffusers": ungated,
    "DINOv2": dinov2,
    "EVA02": vision(("mlp.gate_proj", "mlp.fc1_g"), ("mlp.up_proj", "mlp.fc1_x"), ("mlp.down_proj", "mlp.fc2")),
}


@pytest.mark.parametrize("family", TOWERS)
def test_so_are_towers(family: str, tmp_path: Path) -> None:
    written_so, parent = TOWERS[family], llama(1)
    reference = {"r": written(tmp_path / "r", written_so(parent))}
    child = trace(written(tmp_path / "child", written_so(disturbed(parent, 0.9))), reference)
    assert child.verdict == "derived" and child.references[0].components[0].relation == "fine-tuned"
    assert trace(written(tmp_path / "stranger", written_so(llama(2))), reference).verdict == "independent"


def abstractor(seed: int, r: float = 1.0) -> Tensors:
    """A decoder behind HyperCLOVA X SEED's projector: convolutions, and two matrices that read out of them."""
    rng, stem = np.random.default_rng(seed), "mm_projector."
    shapes = {"net.0.b1.conv1.conv": (32, 32, 1, 1), "readout.0": (96, 32), "readout.2": (96, 96)}
    drawn_here = {
        f"{stem}{name}.weight": rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()
    }
    return llama(seed + 10) | (drawn_here if r == 1 else disturbed(drawn_here, r))


def test_so_are_projectors_that_read_out_of_convolutions(tmp_path: Path) -> None:
    reference = {"r": written(tmp_path / "r", abstractor(1))}
    verdicts = []
    for name, tensors in (("child", abstractor(1, 0.9)), ("stranger", abstractor(2))):
        found = trace(written(tmp_path / name, tensors), reference).references[0].components
        verdicts += [each.verdict for each in found if each.component == "projector"]
    assert verdicts == ["derived", "independent"]
