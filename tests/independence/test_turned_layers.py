"""Layers found under a turn that is known: by shared tokens, or because the stream was not turned."""

import json
from pathlib import Path

import numpy as np
import pytest

from checks.records.lineage import ComponentFinding
from tasks.independence import layer_pairs, trace
from tests.independence.drawn_models import TOKENS, Tensors, component, disguised, disturbed, drawn, written

LAYERS = 8


def _model(seed: int, layers: int = LAYERS, units: int = 176) -> Tensors:
    return component(drawn(seed, layers, units), "language_model") | component(drawn(seed), "lm_head")


def _one_later(tensors: Tensors, first: Tensors) -> Tensors:
    """A layer more in front, that of another model; all others one place on."""
    found = {name: each for name, each in tensors.items() if ".layers." not in name}
    for name, each in tensors.items():
        if ".layers." in name:
            number = int(name.split("layers.")[1].split(".")[0])
            found[name.replace(f"layers.{number}.", f"layers.{number + 1}.")] = each
    return found | {name: each for name, each in first.items() if ".layers.0." in name}


def _with_tokens(folder: Path) -> Path:
    (folder / "vocab.json").write_text(json.dumps({f"word{row}": row for row in range(TOKENS)}))
    return folder


def _language(subject: Path, reference: Path) -> ComponentFinding:
    found = trace(subject, {"ref": reference}).references[0]
    return next(each for each in found.components if each.component == "language_model")


@pytest.mark.parametrize(("seed", "verdict"), [(1, "derived"), (2, "independent")])
def test_a_turned_model_with_a_layer_in_front_is_found_though_not_all_pairs_are_tried(
    seed: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in any large model, where the first, middle and last layer alone would be held against the wrong ones."""
    monkeypatch.setattr(layer_pairs, "MOST_MULTIPLICATIONS", 1e6)
    reference = _with_tokens(written(tmp_path / "ref", _model(1)))
    moved = disguised(_one_later(disturbed(_model(seed), 0.99), _model(3)))
    found = _language(_with_tokens(written(tmp_path / "subject", moved)), reference)
    assert found.verdict == verdict
    assert all(match.subject_layer == match.reference_layer + 1 for match in found.layers)
    assert bool(found.layers) == (verdict == "derived")


@pytest.mark.parametrize(("r", "verdict"), [(0.5, "derived"), (0.0, "independent")])
def test_units_renumbered_in_a_stream_that_lies_as_it_did_are_found(r: float, verdict: str, tmp_path: Path) -> None:
    """Feed-forward layers alone were taken, and trained far; all else is another model's."""
    taken = {name: each for name, each in _model(1).items() if ".mlp." in name}
    taken = disturbed(taken, r) if r else {name: each for name, each in _model(2).items() if ".mlp." in name}
    order = np.random.default_rng(1).permutation(176)
    renumbered = {name: each[:, order] if "down" in name else each[order] for name, each in taken.items()}
    subject = written(tmp_path / "subject", _model(3) | renumbered)
    found = _language(subject, written(tmp_path / "ref", _model(1)))
    assert found.verdict == verdict
    assert {each.test for each in found.layers} <= {"units-in-stream"}
