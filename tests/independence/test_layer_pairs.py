"""Models of too many layers or experts for every pair: what was reordered or shuffled, and turned, is found all the same."""

from pathlib import Path

import numpy as np
import pytest

from checks.records.lineage import ComponentFinding
from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence import trace
from tasks.independence.layer_pairs import layer_pairs
from tasks.independence.part import parts
from tests.independence.drawn_models import WIDTH, Tensors, component, disguised, disturbed, drawn, written

LAYERS, EXPERTS, EXPERT_UNITS = 190, 64, 48


def _language(subject: Path, reference: Path) -> ComponentFinding:
    found = trace(subject, {"ref": reference}).references[0]
    return next(each for each in found.components if each.component == "language_model")


def _too_many(folder: Path) -> bool:
    model = open_checkpoint(folder)
    layers = parts(model, assign_roles(model))["language_model"].layers
    return len(layer_pairs(layers, layers)) < len(layers) ** 2


def _reversed(tensors: Tensors) -> Tensors:
    return {name.replace(f"layers.{n}.", f"layers.{LAYERS - 1 - n}."): tensors[name] for name, n in _numbered(tensors)}


def _numbered(tensors: Tensors) -> list[tuple[str, int]]:
    return [(name, int(name.split("layers.")[1].split(".")[0]) if "layers." in name else -1) for name in tensors]


def _deep(seed: int) -> Tensors:
    return component(drawn(seed, layers=LAYERS), "language_model") | component(drawn(seed), "lm_head")


def test_layers_reversed_and_turned_are_paired_by_the_lengths_of_their_units(tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", _deep(1))
    assert _too_many(reference)
    child = _language(written(tmp_path / "child", _reversed(disguised(disturbed(_deep(1), 0.99)))), reference)
    assert child.verdict == "derived"
    assert all(match.subject_layer + match.reference_layer == LAYERS - 1 for match in child.layers)
    assert _language(written(tmp_path / "stranger", _reversed(_deep(2))), reference).verdict == "independent"


def _mixture(seed: int) -> Tensors:
    """Two layers of experts."""
    rng, found = np.random.default_rng(seed), component(drawn(seed), "language_model")
    found = {name: each for name, each in found.items() if "mlp." not in name} | component(drawn(seed), "lm_head")
    for stem in (f"model.language_model.layers.{n}.mlp.experts.{e}." for n in range(4) for e in range(EXPERTS)):
        for side, shape in (
            ("gate", (EXPERT_UNITS, WIDTH)),
            ("up", (EXPERT_UNITS, WIDTH)),
            ("down", (WIDTH, EXPERT_UNITS)),
        ):
            found[f"{stem}{side}_proj.weight"] = (0.02 * rng.standard_normal(shape)).astype(np.float32)
    return found


def _shuffled_and_turned(tensors: Tensors) -> Tensors:
    rng = np.random.default_rng(4)
    order = rng.permutation(EXPERTS)
    turn = np.linalg.qr(rng.standard_normal((WIDTH, WIDTH)))[0].astype(np.float32)
    found: Tensors = {}
    for name, each in tensors.items():
        expert = name.partition("experts.")[2].partition(".")[0]
        name = name.replace(f"experts.{expert}.", f"experts.{order[int(expert)]}.") if expert else name
        writes = name.endswith(("o_proj.weight", "down_proj.weight"))
        found[name] = each if each.ndim < 2 else turn.T @ each if writes else each @ turn
    return found


@pytest.mark.parametrize(("seed", "verdict"), [(1, "derived"), (2, "independent")])
def test_experts_shuffled_in_a_turned_stream_are_found(seed: int, verdict: str, tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", _mixture(1))
    assert _too_many(reference)
    subject = written(tmp_path / "subject", _shuffled_and_turned(disturbed(_mixture(seed), 0.995)))
    assert _language(subject, reference).verdict == verdict
