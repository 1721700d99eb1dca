"""Checkpoints of drawn numbers in the layout of a wrapped vision-language model: quick to make, and as alike as is asked for.

Enough for what does not depend on training; models that were really trained stand in tests/lineage and in the demo.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

Tensors = dict[str, npt.NDArray[np.float32]]

WIDTH, VISION_WIDTH, UNITS, TOKENS = 48, 32, 80, 300


def drawn(seed: int, layers: int = 2, units: int = UNITS, prefix: str = "model.") -> Tensors:
    """A gated decoder, an ungated vision tower and a projector, every matrix normal, every gain near one."""
    rng = np.random.default_rng(seed)
    language, vision = f"{prefix}language_model.", f"{prefix}vision_tower."
    shapes: dict[str, tuple[int, ...]] = {
        f"{language}embed_tokens.weight": (TOKENS, WIDTH),
        "lm_head.weight": (TOKENS, WIDTH),
        f"{prefix}multi_modal_projector.linear_1.weight": (WIDTH, VISION_WIDTH),
        f"{prefix}multi_modal_projector.linear_2.weight": (WIDTH, WIDTH),
        f"{vision}embeddings.patch_embedding.weight": (VISION_WIDTH, 3, 4, 4),
    }
    for n in range(layers):
        layer = f"{language}layers.{n}."
        shapes |= {f"{layer}self_attn.{each}_proj.weight": (WIDTH, WIDTH) for each in "qkvo"}
        shapes |= {f"{layer}mlp.{each}_proj.weight": (units, WIDTH) for each in ("gate", "up")}
        shapes |= {f"{layer}mlp.down_proj.weight": (WIDTH, units), f"{layer}post_attention_layernorm.weight": (WIDTH,)}
    for n in range(2):
        layer = f"{vision}encoder.layers.{n}."
        shapes |= {f"{layer}self_attn.{each}.weight": (VISION_WIDTH,) * 2 for each in ("q_proj", "k_proj", "out_proj")}
        shapes |= {
            f"{layer}mlp.fc1.weight": (64, VISION_WIDTH),
            f"{layer}mlp.fc2.weight": (VISION_WIDTH, 64),
            f"{layer}layer_norm2.weight": (VISION_WIDTH,),
        }
    return {
        name: (
            (0.02 * rng.standard_normal(shape)).astype(np.float32)
            if len(shape) > 1
            else (1 + 0.05 * rng.standard_normal(shape)).astype(np.float32)
        )
        for name, shape in shapes.items()
    }


def written(folder: Path, tensors: Tensors) -> Path:
    """The tensors as a checkpoint's folder."""
    folder.mkdir(parents=True)
    save_file({name: np.ascontiguousarray(each) for name, each in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "llava", "text_config": {"model_type": "llama"}}))
    return folder


def component(tensors: Tensors, word: str) -> Tensors:
    """The tensors of one component."""
    return {name: each for name, each in tensors.items() if word in name}


def disturbed(tensors: Tensors, r: float, seed: int = 99) -> Tensors:
    """Every matrix with noise, so that it correlates by about r with what it was."""
    rng = np.random.default_rng(seed)
    size = np.sqrt(1 / r**2 - 1)
    return {
        name: (each + size * each.std() * rng.standard_normal(each.shape)).astype(np.float32) if each.ndim > 1 else each
        for name, each in tensors.items()
    }


def disguised(tensors: Tensors) -> Tensors:
    """The language model with its units renumbered and rescaled by either sign, its stream turned, gains folded in."""
    rng, found = np.random.default_rng(5), dict(tensors)
    width = tensors["lm_head.weight"].shape[1]
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0].astype(np.float32)
    for name in (each for each in tensors if "language_model" in each or each.startswith("lm_head")):
        if name.endswith(("embed_tokens.weight", "lm_head.weight", "q_proj.weight", "k_proj.weight", "v_proj.weight")):
            found[name] = tensors[name] @ turn
        elif name.endswith("o_proj.weight"):
            found[name] = turn.T @ tensors[name]
    for stem in (each.removesuffix("gate_proj.weight") for each in tensors if each.endswith("gate_proj.weight")):
        norm = stem.replace("mlp.", "post_attention_layernorm.weight")
        order = rng.permutation(len(tensors[f"{stem}gate_proj.weight"]))
        scale = (rng.choice([-1, 1], len(order)) * np.exp(rng.standard_normal(len(order)))).astype(np.float32)
        for side, by in (("gate", np.ones_like(scale)), ("up", scale)):
            rows = tensors[f"{stem}{side}_proj.weight"] * tensors[norm]
            found[f"{stem}{side}_proj.weight"] = (by[:, None] * rows)[order] @ turn
        found[f"{stem}down_proj.weight"] = (turn.T @ tensors[f"{stem}down_proj.weight"] / scale)[:, order]
        found[norm] = np.ones_like(tensors[norm])
    return found
