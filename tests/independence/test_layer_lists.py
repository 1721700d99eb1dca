"""A borrowed list of layers is found whatever stands beside it and whatever it is called; a stranger so arranged is cleared."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.independence import trace
from tests.independence.drawn_models import Tensors, component, disturbed, drawn, written
from tests.independence.test_trace import of

OWN = 7
LANGUAGE, VISION = "language_model.", "vision_tower."


def language(seed: int, r: float = 1.0) -> Tensors:
    found = drawn(seed, prefix="")
    return component(found if r == 1 else disturbed(found, r), LANGUAGE)


def vision(seed: int, r: float = 1.0) -> Tensors:
    found = drawn(seed, prefix="")
    return component(found if r == 1 else disturbed(found, r), VISION)


def under(prefix: str, tensors: Tensors) -> Tensors:
    return {f"{prefix}{name}": each for name, each in tensors.items()}


def first_of_two(borrowed: Tensors, own: Tensors) -> Tensors:
    return under("talker.", borrowed) | under("thinker.", own)


def main_of_two(borrowed: Tensors, own: Tensors) -> Tensors:
    return borrowed | under("zdraft.", own)


def mlp_beside_own(borrowed: Tensors, own: Tensors) -> Tensors:
    """As CogVLM has it: two feed-forward layers in each layer."""
    found = {name.replace(".mlp.", ".mlp.language_mlp."): each for name, each in borrowed.items()}
    return found | {name.replace(".mlp.", ".mlp.vision_mlp."): each for name, each in own.items() if ".mlp." in name}


@pytest.mark.parametrize("arranged", [first_of_two, main_of_two, mlp_beside_own])
def test_a_second_list_of_layers_hides_nothing(arranged: Callable[[Tensors, Tensors], Tensors], tmp_path: Path) -> None:
    reference = written(tmp_path / "ref", drawn(1))
    borrowed = trace(written(tmp_path / "b", arranged(language(1, 0.7), language(OWN))), {"ref": reference})
    stranger = trace(written(tmp_path / "s", arranged(language(5), language(OWN))), {"ref": reference})
    assert of(borrowed, "language_model").verdict == "derived"
    assert of(stranger, "language_model").verdict == "independent"


def renamed(tensors: Tensors) -> Tensors:
    return {name.replace("encoder.layers", "layers"): each for name, each in tensors.items()}


def towers(high: Tensors, low: Tensors) -> Tensors:
    return {name.replace(VISION, f"{VISION}high."): each for name, each in high.items()} | {
        name.replace(VISION, f"{VISION}low."): each for name, each in low.items()
    }


@pytest.mark.parametrize("arranged", [lambda tower: renamed(tower), lambda tower: towers(tower, vision(OWN))])
def test_a_tower_is_known_by_another_lists_name_and_beside_another_tower(
    arranged: Callable[[Tensors], Tensors], tmp_path: Path
) -> None:
    reference = written(tmp_path / "ref", drawn(1))
    for seed, r, verdict in ((1, 0.7, "derived"), (5, 1.0, "independent")):
        found = trace(written(tmp_path / verdict, language(OWN) | arranged(vision(seed, r))), {"ref": reference})
        assert of(found, "vision_tower").verdict == verdict
