"""What marks of programs leave of a name, words that mean another part beside others, and weights stored as directions."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tasks.checkpoints import open_checkpoint
from tasks.checkpoints.roles import roles_of
from tasks.checkpoints.spellings import plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("model/layers_3/mlp/wo/kernel", "model.layers.3.mlp.wo.weight"),
        ("model.block_3.mlp.up_proj.weight", "model.block.3.mlp.up_proj.weight"),
        ("base_model.model.layers.0.q_proj.base_layer.weight", "base_model.model.layers.0.q_proj.weight"),
        ("_orig_mod.h.0.mlp._fsdp_wrapped_module.c_fc.bias", "h.0.mlp.c_fc.bias"),
        ("model.layers.0.ff.layer_1.weight", "model.layers.0.ff.layer_1.weight"),
        ("embedding", "embedding"),
    ],
)
def test_names_without_the_marks_of_programs(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("w1 w2 c_proj", "up gate down"),
        ("w1 w2 w3", "gate down up"),
        ("w12 w3", "gate_up down"),
        ("w1 w2 w3 ffn_ln", "gate up down norm"),
        ("fc0 fc1", "up_ungated down"),
        ("fc0 fc1 fc2", "other up_ungated down"),
        ("fc_1 fc_2 proj", "gate up down"),
        ("linear linear_1 linear_v", "gate down up"),
        ("c_fc_0 c_fc_1 c_proj", "gate up down"),
        ("fc1_g fc1_x fc2", "gate up down"),
        ("fc1 fc2", "up_ungated down"),
    ],
)
def test_what_a_word_means_beside_others(words: str, roles: str) -> None:
    found = roles_of([f"h.0.mlp.{word}.weight" for word in words.split()], {})
    assert [role.role for role in found] == [
        dict(zip(words.split(), roles.split(), strict=True))[word] for word in sorted(words.split())
    ]


def test_two_names_that_marks_alone_tell_apart_keep_them() -> None:
    names = ["h.0.mlp.up_proj.base_layer.weight", "h.0.mlp.up_proj.weight"]
    assert [role.name for role in roles_of(names, {})] == names


def test_directions_and_lengths_are_read_as_weights(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((6, 4)).astype(np.float32)
    own = np.linalg.norm(weight, axis=1, keepdims=True)
    kernel = rng.standard_normal((6, 2, 3)).astype(np.float32)
    stored = {"a.weight_v": weight * 3, "a.weight_g": own, "b.weight_v": kernel, "b.weight_g": kernel[:1, :1]}
    save_file(stored, tmp_path / "model.safetensors")
    model = open_checkpoint(tmp_path)
    assert sorted(model.tensors) == ["a.weight", "b.weight_g", "b.weight_v"]  # b's lengths are not those of rows
    assert np.allclose(model.read("a.weight"), weight, atol=1e-6)
    assert np.allclose(model.read("a.weight", slice(2, 4)), weight[2:4], atol=1e-6)
