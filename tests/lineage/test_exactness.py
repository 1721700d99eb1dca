"""Where coordinates of the residual stream may be renumbered, and where something in the architecture keeps them in order."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence.residual import Profile, coordinate_profiles, coordinate_similarity
from tests.lineage.models import Drawn, Trained, made, write_tensors
from tests.lineage.training import ENCODER, WIDTH

POSITIONS = "embeddings.position_embedding.weight"


def sines(places: np.ndarray, width: int, by_turns: bool = False) -> np.ndarray:
    """Vaswani et al. 2017, section 3.5: sines first and then cosines, or by turns."""
    angles = np.outer(places, 10_000.0 ** -(np.arange(width // 2) / (width // 2)))
    halves = np.stack([np.sin(angles), np.cos(angles)], axis=2 if by_turns else 1)
    return halves.reshape(len(places), width)


def sines_of_a_grid(side: int, width: int) -> np.ndarray:
    """Rows in the first half of the coordinates and columns in the second, as masked autoencoders have them."""
    across, down = np.meshgrid(np.arange(side), np.arange(side))
    return np.concatenate([sines(across.ravel(), width // 2), sines(down.ravel(), width // 2)], axis=1)


@pytest.mark.parametrize(
    "table",
    [
        sines(np.arange(16), WIDTH),
        sines(np.arange(16), WIDTH, by_turns=True),
        sines_of_a_grid(4, WIDTH),
        sines(np.arange(16), WIDTH) + 0.3 * np.random.default_rng(0).standard_normal((16, WIDTH)),
    ],
    ids=["one dimension", "by turns", "two dimensions", "trained on"],
)
def test_sines_keep_coordinates_in_order(table: np.ndarray, tmp_path: Path) -> None:
    drawn = made(Drawn(ENCODER, 1))
    write_tensors(tmp_path, drawn.config, {**drawn.tensors, POSITIONS: torch.from_numpy(table).float()})
    checkpoint = open_checkpoint(tmp_path)
    assert coordinate_profiles(checkpoint, assign_roles(checkpoint)) == {}


def test_learned_tables_do_not(tmp_path: Path) -> None:
    trained = made(Trained(Drawn(ENCODER, 1), data=1, steps=50))
    write_tensors(tmp_path, trained.config, trained.tensors)
    checkpoint = open_checkpoint(tmp_path)
    assert len(coordinate_profiles(checkpoint, assign_roles(checkpoint))) > 1


def test_computed_sines_are_known_by_their_settings(tmp_path: Path) -> None:
    drawn = made(Drawn("gpt2", 1))
    for setting in ({"model_type": "xglm"}, {"sinusoidal_pos_embds": True}):
        write_tensors(tmp_path, {**drawn.config, **setting}, drawn.tensors)
        checkpoint = open_checkpoint(tmp_path)
        assert coordinate_profiles(checkpoint, assign_roles(checkpoint)) == {}


def test_matrices_of_one_shape_that_are_stored_the_other_way_round_are_left_out() -> None:
    mine, theirs = Profile("mine", (4, 8), lambda: np.eye(4, 8)), Profile("theirs", (4, 8), lambda: np.eye(8, 4))
    assert coordinate_similarity({("down",): mine}, {("down",): theirs}) == (None, [])
    assert coordinate_similarity({("down",): mine}, {("down",): mine})[1] == ["mine"]
