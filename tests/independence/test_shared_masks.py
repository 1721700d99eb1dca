"""Two models pruned by one mask share where their zeros lie, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from checks.records.lineage import Verdict
from tasks.independence import trace
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written


def _model(seed: int) -> Tensors:
    return component(drawn(seed, layers=4, units=176), "language_model")


def _masked(tensors: Tensors, density: float) -> Tensors:
    rng = np.random.default_rng(7)
    kept = {name: rng.random(tensors[name].shape) < density for name in sorted(tensors) if ".layers." in name}
    return {name: each * kept[name] if each.ndim > 1 and name in kept else each for name, each in tensors.items()}


def _verdict(subject: Tensors, reference: Tensors, folder: Path) -> Verdict:
    return trace(written(folder / "s", subject), {"r": written(folder / "r", reference)}).verdict


@pytest.mark.parametrize("density", [0.1, 0.5])
def test_strangers_under_one_mask_are_not_accused(density: float, tmp_path: Path) -> None:
    assert _verdict(_masked(_model(2), density), _masked(_model(1), density), tmp_path) != "derived"


@pytest.mark.parametrize("density", [0.1, 0.5])
def test_a_child_under_its_parent_s_mask_is_found(density: float, tmp_path: Path) -> None:
    child = _masked(disturbed(_model(1), 0.9), density)
    assert _verdict(child, _masked(_model(1), density), tmp_path) == "derived"
