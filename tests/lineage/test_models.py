"""The generator itself: models learn, and every disguise that claims to leave the answers does."""

import pytest
import torch

from tests.lineage.disguises import DISGUISES, disguised
from tests.lineage.models import Drawn, Trained, made
from tests.lineage.training import ENCODER, answers, drawn_pictures, mean_loss

FAMILIES = ("llama", "qwen3", "gpt2", ENCODER)


@pytest.mark.parametrize("family", FAMILIES)
def test_disguises_leave_the_answers(family: str) -> None:
    model = made(Trained(Drawn(family, 1), data=1, steps=10))
    generator = torch.Generator().manual_seed(5)
    rows = torch.randint(2, 280, (2, 16), generator=generator)
    seen = drawn_pictures(generator, 2)[0] if family == ENCODER else rows
    before = answers(model, seen)
    for name in DISGUISES:
        after = answers(disguised(model, name, torch.Generator().manual_seed(7)), seen)
        if family == ENCODER and name in ("stream renumbered", "stream rotated", "all disguises"):
            continue  # the encoder's stream is its answer, which turns with it: what reads it has to be turned back
        moved = float((after - before).abs().max() / before.std())
        assert moved < 1e-2 if "new embeddings" not in name else moved > 0.5, name


def test_models_learn() -> None:
    recipe = Trained(Drawn("llama", 1), data=1)
    assert mean_loss(made(recipe), data=99) < 0.5 * mean_loss(made(recipe.start), data=99)
