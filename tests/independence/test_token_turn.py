"""The turn of the stream by shared tokens finds a parent's small share where everything else was moved."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence import token_turn, trace
from tasks.independence.part import Part, parts
from tests.independence.drawn_models import Tensors

#: More units than are aligned, so that the largest of a merge are not the largest of its smaller parent.
WIDTH, UNITS, TOKENS = 128, 1_536, 12_000


def _drawn(seed: int, width: int = WIDTH, units: int = UNITS, tokens: int = TOKENS) -> Tensors:
    rng = np.random.default_rng(seed)
    shapes = {"model.embed_tokens.weight": (tokens, width), "lm_head.weight": (tokens, width)}
    layer = "model.layers.0."
    shapes |= {f"{layer}self_attn.{each}_proj.weight": (width, width) for each in "qkvo"}
    shapes |= {f"{layer}mlp.{each}_proj.weight": (units, width) for each in ("gate", "up")}
    shapes |= {f"{layer}mlp.down_proj.weight": (width, units)}
    return {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}


def _merged(share: float, one: Tensors, other: Tensors) -> Tensors:
    return {name: np.float32(share) * one[name] + np.float32(1 - share) * other[name] for name in one}


def _moved(tensors: Tensors, seed: int) -> Tensors:
    """The stream rotated, units renumbered and rescaled with any sign, values mixed."""
    rng = np.random.default_rng(seed)
    width, units = tensors["model.embed_tokens.weight"].shape[1], len(tensors["model.layers.0.mlp.up_proj.weight"])
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0].astype(np.float32)
    mix = np.linalg.qr(rng.standard_normal((width, width)))[0].astype(np.float32)
    order = rng.permutation(units)
    scale = (np.exp(rng.standard_normal(units)) * rng.choice([-1, 1], units)).astype(np.float32)[:, None]
    moved: Tensors = {}
    for name, each in tensors.items():
        if "down_proj" in name:
            moved[name] = turn.T @ (each.T[order] / scale).T
        elif "gate_proj" in name or "up_proj" in name:
            moved[name] = each[order] @ turn * (scale if "up_proj" in name else np.float32(1))
        elif "v_proj" in name:
            moved[name] = mix @ each @ turn
        elif "o_proj" in name:
            moved[name] = turn.T @ each @ mix.T
        else:
            moved[name] = each @ turn
    return moved


def _written(folder: Path, tensors: Tensors, first_token: int = 0) -> Path:
    folder.mkdir()
    save_file({name: np.ascontiguousarray(each) for name, each in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    tokens = len(tensors["model.embed_tokens.weight"])
    words = {f"word{first_token + row}": row for row in range(tokens)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": words}}))
    return folder


def _part(folder: Path) -> Part:
    checkpoint = open_checkpoint(folder)
    return parts(checkpoint, assign_roles(checkpoint))["language_model"]


def test_a_fifth_of_a_parent_is_found_with_everything_moved(tmp_path: Path) -> None:
    """Beside it the stranger that is the other four fifths, moved in the same way, is cleared."""
    parent, other = _drawn(1), _drawn(2)
    theirs = _written(tmp_path / "parent", parent)
    merge = _written(tmp_path / "merge", _moved(_merged(0.2, parent, other), 3))
    stranger = _written(tmp_path / "stranger", _moved(other, 3))
    [found] = trace(merge, {"parent": theirs}).references[0].components
    [cleared] = trace(stranger, {"parent": theirs}).references[0].components
    assert (found.verdict, [each.test for each in found.layers]) == ("derived", ["aligned-by-tokens"])
    assert cleared.verdict == "independent"


def test_a_wide_stream_is_turned_along_some_of_its_directions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the whole turn shows, those directions' share; tokens are matched by name, whatever their rows."""
    monkeypatch.setattr(token_turn, "MOST_DIRECTIONS", 32)
    monkeypatch.setattr(token_turn, "_ROWS_BYTES", 1 << 18)  # several reads
    tensors = _drawn(1, units=64, tokens=4_000)
    filled = np.linspace(2, 0.2, WIDTH, dtype=np.float32)  # as tokens' rows do, some directions more than others
    tensors |= {
        name: each * filled for name, each in tensors.items() if name in ("model.embed_tokens.weight", "lm_head.weight")
    }
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((WIDTH, WIDTH)))[0].astype(np.float32)
    later = 500  # the subject's vocabulary begins later, and goes on further
    embeddings = {
        name: each @ turn for name, each in tensors.items() if name in ("model.embed_tokens.weight", "lm_head.weight")
    }
    longer = {name: np.concatenate([each[later:], each[:later]]) for name, each in embeddings.items()}
    mine = _part(_written(tmp_path / "subject", tensors | longer, first_token=later))
    found = token_turn.shared_token_turn(mine, _part(_written(tmp_path / "reference", tensors)))
    assert found is not None and found.shape == (WIDTH, WIDTH)
    assert np.allclose(found.left.T @ found.left, np.eye(32), atol=1e-5)
    # Along the directions that are turned, the partial turn is the true one, as far as so few tokens tell.
    cosines = ((found.left.T @ turn) * found.right).sum(axis=1)
    assert cosines.min() > 0.9


def test_too_few_shared_tokens_say_nothing(tmp_path: Path) -> None:
    mine, theirs = (
        _written(tmp_path / name, _drawn(seed, units=64, tokens=1_000), first)
        for name, seed, first in (("a", 1, 0), ("b", 2, 801))
    )
    assert token_turn.shared_token_turn(_part(mine), _part(theirs)) is None
    assert (
        token_turn.shared_token_turn(
            _part(mine), _part(_written(tmp_path / "c", _drawn(2, units=64, tokens=1_000), 800))
        )
        is not None
    )
