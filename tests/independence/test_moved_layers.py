"""Layers of a deep model that stand in the reference at another place are found where nothing was disguised."""

from pathlib import Path

import numpy as np
import pytest

from checks.records.lineage import ComponentFinding
from tasks.independence import trace
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written

#: Too deep for every pair of layers to be aligned.
LAYERS = 190


def _model(seed: int) -> Tensors:
    return component(drawn(seed, layers=LAYERS), "language_model") | component(drawn(seed), "lm_head")


def _borrowed(own: Tensors, other: Tensors, pairs: dict[int, int], only: str = "") -> Tensors:
    """`own` with these of its layers replaced by those of `other`, disturbed."""
    found = dict(own)
    for mine, theirs in pairs.items():
        for name, each in other.items():
            if f".layers.{theirs}." in name and only in name:
                found[name.replace(f".layers.{theirs}.", f".layers.{mine}.")] = each
    return found


def _language(subject: Path, reference: Path) -> ComponentFinding:
    found = trace(subject, {"ref": reference}).references[0]
    return next(each for each in found.components if each.component == "language_model")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("models") / "ref", _model(1))


@pytest.mark.parametrize(
    ("pairs", "relation"),
    [
        ({40: 100, 41: 101, 42: 102}, "partial"),
        ({n: n + 1 for n in range(1, LAYERS - 1)}, "transformed"),
    ],
    ids=["three in the middle", "all but the ends, one earlier"],
)
def test_layers_at_another_place_are_named(
    reference: Path, pairs: dict[int, int], relation: str, tmp_path: Path
) -> None:
    found = _language(written(tmp_path / "child", _borrowed(_model(2), disturbed(_model(1), 0.9), pairs)), reference)
    assert (found.verdict, found.relation) == ("derived", relation)
    assert {each.subject_layer: each.reference_layer for each in found.layers} == pairs


def test_a_stranger_with_its_own_layers_moved_is_cleared(reference: Path, tmp_path: Path) -> None:
    stranger = _borrowed(_model(2), _model(3), {n: n + 1 for n in range(1, LAYERS - 1)})
    assert _language(written(tmp_path / "stranger", stranger), reference).verdict == "independent"


def test_what_units_read_alone_at_another_place_is_left_open(reference: Path, tmp_path: Path) -> None:
    """One group of tensors is not enough to convict, and too much to clear."""
    moved = {n: n + 1 for n in range(1, LAYERS - 1)}
    subject = _borrowed(_borrowed(_model(2), _model(1), moved, "gate_proj"), _model(1), moved, "up_proj")
    subject = {name: np.float32(2) * each if "_proj" in name else each for name, each in subject.items()}  # no copies
    found = _language(written(tmp_path / "subject", subject), reference)
    assert found.verdict == "indeterminate"
    assert found.explanation.en.startswith("Only one group")


@pytest.mark.parametrize(("seed", "verdict"), [(1, "derived"), (2, "independent")])
def test_experts_averaged_into_one_layer_are_found(seed: int, verdict: str, tmp_path: Path) -> None:
    """Two experts of the reference make one dense layer of the subject."""
    both = [drawn(number, layers=4) for number in (1, 5)]
    experts: Tensors = {}
    for name, each in component(both[0], "language_model").items():
        if ".mlp." not in name:
            experts[name] = each
            continue
        for number, source in enumerate(both):
            experts[name.replace(".mlp.", f".mlp.experts.{number}.")] = source[name]
    one, other = (drawn(seed + number, layers=4) for number in (0, 4))
    mean = {
        name: (each + other[name]) / np.float32(2) if ".mlp." in name else drawn(7, layers=4)[name]
        for name, each in component(one, "language_model").items()
    }
    mixture = written(tmp_path / "mixture", experts)
    assert _language(written(tmp_path / "dense", mean), mixture).verdict == verdict
