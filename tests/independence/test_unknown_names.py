"""What was borrowed is found under a name that nobody knows, and in a reference whose kind nobody knows; a stranger so named is
cleared of what was tested, and of no more."""

from pathlib import Path

import pytest

from tasks.independence import fingerprint, trace
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written
from tests.independence.test_trace import of

OWN = component(drawn(7, prefix=""), "language_model.")


def tower(seed: int, r: float = 1.0) -> Tensors:
    found = drawn(seed, prefix="")
    return component(found if r == 1 else disturbed(found, r), "vision_tower.")


def nameless(tensors: Tensors, prefix: str = "peeper.") -> Tensors:
    return {name.replace("vision_tower.", prefix): each for name, each in tensors.items()}


@pytest.mark.parametrize("r", [1.0, 0.7])
def test_a_tower_under_an_unknown_name_is_found_among_the_references_towers(r: float, tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", drawn(1))
    borrowed = trace(written(tmp_path / "b", OWN | nameless(tower(1, r))), {"ref": reference})
    stranger = trace(written(tmp_path / "s", OWN | nameless(tower(5))), {"ref": reference})
    assert of(borrowed, "language_model").verdict == "derived"
    assert of(stranger, "language_model").verdict == "independent"


@pytest.mark.parametrize("r", [1.0, 0.7])
def test_a_tower_is_found_in_an_encoder_that_counts_as_another_kind(r: float, tmp_path: Path) -> None:
    """Such a component was not tested where nothing was found of it, and is not cleared."""
    reference = written(tmp_path / "ref", nameless(tower(1), ""))
    borrowed = trace(written(tmp_path / "b", OWN | tower(1, r)), {"ref": reference})
    stranger = trace(written(tmp_path / "s", OWN | tower(5)), {"ref": reference})
    assert of(borrowed, "vision_tower").verdict == "derived"
    assert of(stranger, "vision_tower").verdict == "not_applicable"


def test_a_fingerprint_tells_it_too(tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", nameless(tower(1), ""))
    fingerprint(reference, "ref", tmp_path / "catalogue")
    reference.rename(tmp_path / "moved")
    borrowed = trace(written(tmp_path / "b", OWN | tower(1)), {}, catalogue=tmp_path / "catalogue")
    stranger = trace(written(tmp_path / "s", OWN | tower(5)), {}, catalogue=tmp_path / "catalogue")
    assert of(borrowed, "vision_tower").verdict == "derived"
    assert of(stranger, "vision_tower").verdict == "not_applicable"
