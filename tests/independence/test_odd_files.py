"""Files that are odd and honest: layers without units, and a model's weights beside themselves under other names."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tasks.checkpoints import open_checkpoint
from tasks.independence import trace
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written

OWN_NAMES = (
    ("language_model.", ""),
    ("embed_tokens", "tok_embeddings"),
    ("self_attn.o_proj", "attention.wo"),
    *((f"self_attn.{each}_proj", f"attention.w{each}") for each in "qkv"),
    *((f"mlp.{each}_proj", f"feed_forward.{word}") for each, word in (("gate", "w1"), ("up", "w3"), ("down", "w2"))),
    ("post_attention_layernorm", "ffn_norm"),
)


def decoder(seed: int, r: float = 1.0) -> Tensors:
    found = component(drawn(seed, prefix=""), "language_model.")
    return found if r == 1 else disturbed(found, r)


def again(tensors: Tensors) -> Tensors:
    """The same weights under Mistral's own names."""
    found = {}
    for name, each in tensors.items():
        for old, new in OWN_NAMES:
            name = name.replace(old, new)
        found[name] = each
    return found


def test_layers_without_units_take_no_part_and_disturb_nothing(tmp_path: Path) -> None:
    width = decoder(1)["language_model.embed_tokens.weight"].shape[1]
    empty: Tensors = {
        f"language_model.layers.2.{name}_proj.weight": np.zeros(shape, np.float32)
        for name, shape in {
            "mlp.gate": (0, width),
            "mlp.up": (0, width),
            "mlp.down": (width, 0),
            "self_attn.q": (0, width),
        }.items()
    }
    reference = {"r": written(tmp_path / "r", decoder(1) | empty)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert trace(written(tmp_path / "child", decoder(1, 0.9) | empty), reference).verdict == "derived"
        assert trace(written(tmp_path / "stranger", decoder(2) | empty), reference).verdict == "independent"


@pytest.mark.parametrize("named", ["model.safetensors", "model.safetensors.index.json"])
def test_weights_beside_themselves_are_read_once(named: str, tmp_path: Path) -> None:
    """In Mistral's layout, with one file or with shards."""
    reference = {"r": written(tmp_path / "r", decoder(1))}
    for name, tensors, verdict in (("child", decoder(1, 0.9), "derived"), ("stranger", decoder(2), "independent")):
        folder = written(tmp_path / name, tensors)
        save_file(again(tensors), folder / "consolidated.safetensors")
        if named.endswith("json"):
            (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
            placed = ", ".join(f'"{each}": "model-00001-of-00001.safetensors"' for each in tensors)
            (folder / named).write_text(f'{{"weight_map": {{{placed}}}}}')
        assert set(open_checkpoint(folder).tensors) == set(tensors)
        found = trace(folder, reference)
        assert found.verdict == verdict
        assert found.references[0].components[0].relation == ("fine-tuned" if verdict == "derived" else None)


def test_weights_under_their_own_names_alone_are_read(tmp_path: Path) -> None:
    reference = {"r": written(tmp_path / "r", decoder(1))}
    for name, tensors, verdict in (("child", decoder(1, 0.9), "derived"), ("stranger", decoder(2), "independent")):
        folder = written(tmp_path / name, again(tensors))
        (folder / "model.safetensors").rename(folder / "consolidated.safetensors")
        assert trace(folder, reference).verdict == verdict
