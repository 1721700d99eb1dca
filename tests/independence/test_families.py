"""Families whose layers or tables are unlike a Llama's: a model trained on is found, one drawn apart is not accused.

RWKV and Mamba start from tables that a formula makes, the same in every model: such numbers prove nothing.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from checks.records.lineage import Trace, Verdict
from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence.feed_forward import feed_forward_layers
from tasks.independence.formula_tables import made_by_a_formula
from tasks.independence.trace import trace
from tests.independence.drawn_models import component, drawn, written

WIDTH, UNITS, LAYERS = 64, 160, 2
ENCODER = {"hidden_size": WIDTH, "intermediate_size": UNITS, "num_hidden_layers": LAYERS, "num_attention_heads": 4}
WORDS = {"vocab_size": 300, "pad_token_id": 0}
SHORT = {"conv_dim": [16, 16], "conv_kernel": [10, 3], "conv_stride": [5, 2], "num_feat_extract_layers": 2}
FAMILIES: dict[str, dict[str, Any]] = {
    "rwkv": {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "vocab_size": 300},
    "mamba": {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "state_size": 64, **WORDS},
    "mamba2": {
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_heads": 8,
        "head_dim": 16,
        "n_groups": 1,
        **WORDS,
    },
    "llama4_text": {**ENCODER, "num_key_value_heads": 2, "head_dim": 16, "num_local_experts": 2, **WORDS},
    "granitemoe": {**ENCODER, "num_key_value_heads": 2, "num_local_experts": 2, **WORDS},
    "modernbert": {**ENCODER, **WORDS},
    "wav2vec2": {**ENCODER, **SHORT, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4},
}


def _saved(family: str, seed: int, folder: Path, noise: float = 0.0) -> Path:
    """A model drawn by its own family's rule; `noise` stands for training: so much of each tensor's own deviation."""
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(seed)
    model = AutoModel.from_config(AutoConfig.for_model(family, **FAMILIES[family]))
    with torch.no_grad():
        for parameter in model.parameters():
            if noise and parameter.numel() > 1:
                parameter += noise * parameter.std() * torch.randn_like(parameter)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_a_child_is_derived_and_a_stranger_is_cleared(family: str, tmp_path: Path) -> None:
    parent = _saved(family, 1, tmp_path / "parent")
    child = trace(_saved(family, 1, tmp_path / "child", noise=0.25), {"parent": parent})
    assert child.verdict == "derived"
    assert {each.relation for each in child.references[0].components if each.verdict == "derived"} == {"fine-tuned"}
    stranger = trace(_saved(family, 2, tmp_path / "stranger"), {"parent": parent})
    assert stranger.verdict == "independent"


@pytest.mark.parametrize("family", ["gemma", "llama"])
def test_gains_count_as_the_model_multiplies_by_them(family: str, tmp_path: Path) -> None:
    """Gemma's norms multiply by one more than what is stored, a Llama's by what is stored."""
    from transformers import AutoConfig, AutoModel

    settings = {**ENCODER, **WORDS, "num_key_value_heads": 2, "head_dim": 16}
    model = AutoModel.from_config(AutoConfig.for_model(family, **settings))
    gain = torch.linspace(-0.5, 2, WIDTH)
    with torch.no_grad():
        model.layers[0].post_attention_layernorm.weight.copy_(gain)
    model.save_pretrained(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    layer = feed_forward_layers(checkpoint, assign_roles(checkpoint))[0].leading(UNITS)
    up = model.layers[0].mlp.up_proj.weight.detach()
    assert np.allclose(layer.reads[1], up * (gain + (family == "gemma")))


def _projector(folder: Path, seed: int, own: float, decoder: int | None) -> Path:
    """A wrapper's projector of one matrix: `own` of its numbers drawn by its own seed, the rest by seed 0; before a decoder."""
    draws = [np.random.default_rng(each).normal(size=(48, 40)) for each in (0, seed)]
    matrix = np.sqrt(1 - own**2) * draws[0] + own * draws[1]
    tensors = {} if decoder is None else component(drawn(decoder), "language_model")
    return written(folder, tensors | {"multi_modal_projector.linear.weight": matrix.astype(np.float32)})


def _of_projector(found: Trace) -> Verdict:
    return next(each.verdict for each in found.references[0].components if each.component == "projector")


def test_a_projector_of_one_matrix_is_tested_by_its_halves(tmp_path: Path) -> None:
    reference = {"r": _projector(tmp_path / "r", 0, 0.0, decoder=1)}
    child = trace(_projector(tmp_path / "child", 1, 0.3, decoder=2), reference)
    stranger = trace(_projector(tmp_path / "stranger", 2, 1.0, decoder=2), reference)
    assert (_of_projector(child), _of_projector(stranger)) == ("derived", "independent")


@pytest.mark.parametrize("decoder", [None, 1], ids=["alone", "before the reference's decoder"])
def test_a_projector_between_ends_that_may_be_shared_is_left_open(decoder: int | None, tmp_path: Path) -> None:
    """Trained apart between the same encoder and decoder it would be as alike; the same numbers are a copy all the same."""
    reference = {"r": _projector(tmp_path / "r", 0, 0.0, decoder)}
    assert _of_projector(trace(_projector(tmp_path / "child", 1, 0.3, decoder), reference)) == "indeterminate"
    assert _of_projector(trace(_projector(tmp_path / "copy", 1, 0.0, decoder), reference)) == "derived"


def test_projectors_that_began_as_the_identity_convict_nobody(tmp_path: Path) -> None:
    folders = []
    for seed in (1, 2):
        started = torch.eye(64) + 0.05 * torch.randn(64, 64, generator=torch.Generator().manual_seed(seed))
        folders.append(tmp_path / str(seed))
        folders[-1].mkdir()
        save_file({"multi_modal_projector.linear.weight": started}, folders[-1] / "model.safetensors")
    assert trace(folders[0], {"r": folders[1]}).verdict == "indeterminate"


def _stored(folder: Path, table: torch.Tensor) -> bool:
    folder.mkdir()
    save_file({"table": table.contiguous()}, folder / "model.safetensors")
    return made_by_a_formula(open_checkpoint(folder), "table")


def _sines(positions: int, width: int) -> torch.Tensor:
    angles = torch.arange(positions)[:, None] / 10_000 ** (torch.arange(0, width, 2) / width)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


def _triangles(bins: int, bands: int) -> torch.Tensor:
    centres = torch.linspace(0, bins, bands)[:, None]
    return (1 - (torch.arange(bins) - centres).abs() / (bins / bands)).clamp(min=0)


@pytest.mark.parametrize(
    "table",
    [
        _sines(128, 64),
        _sines(128, 64)[None],
        _sines(128, 64).reshape(128, 32, 2),
        torch.cos(2 * torch.pi * torch.outer(torch.arange(101.0), torch.arange(200.0)) / 200)[:, None],
        _triangles(201, 80),
        torch.log(torch.arange(1.0, 65.0)).expand(128, 64),
        torch.randn(4_096, generator=torch.Generator().manual_seed(0)),
        (torch.arange(49)[:, None] - torch.arange(49)[None] + 48).float(),
    ],
    ids=[
        "sines",
        "sines with a batch axis",
        "rotary pairs",
        "Fourier basis",
        "mel bands",
        "state spectrum",
        "vector",
        "relative places",
    ],
)
def test_tables_that_a_formula_makes_are_known(table: torch.Tensor, tmp_path: Path) -> None:
    assert _stored(tmp_path / "t", table)


@pytest.mark.parametrize("shape", [(8, 8), (64, 64), (16, 300), (2_000, 9), (64, 16, 3), (70_000, 2)])
@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_what_was_drawn_is_no_formula(shape: tuple[int, ...], mean: float, tmp_path: Path) -> None:
    drawn = np.random.default_rng(sum(shape)).normal(mean, 0.02, shape).astype(np.float32)
    assert not _stored(tmp_path / "t", torch.from_numpy(drawn))


def test_the_demo_trains_no_formula(demo_programme: Path) -> None:
    """No matrix of a trained model is taken for a table, position tables and picture patches aside."""
    model = open_checkpoint(demo_programme.parent / "models" / "globe-vl")
    tables = [
        name for name, tensor in model.tensors.items() if len(tensor.shape) == 2 and made_by_a_formula(model, name)
    ]
    assert [name for name in tables if "position" not in name] == []
