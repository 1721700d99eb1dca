"""Some units of a layer, read by themselves, are those of the layer read whole, in every layout."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tasks.checkpoints import Checkpoint, open_checkpoint
from tasks.independence import stored_units
from tasks.independence.feed_forward import StoredLayer
from tasks.independence.stored_units import StoredUnits

UNITS, WIDTH, EXPERTS = 60, 28, 3
RNG = np.random.default_rng(5)
STORED = RNG.standard_normal((EXPERTS, WIDTH, 2 * UNITS)).astype(
    np.float32
)  # gpt-oss: inputs first, gate and up by turns
DOWN = RNG.standard_normal((WIDTH, UNITS)).astype(np.float32)
GAIN = RNG.uniform(0.5, 2, WIDTH).astype(np.float32)

BY_TURNS = StoredUnits("fused", WIDTH, WIDTH, 2 * UNITS, along_rows=False, units=UNITS, start=1, step=2)
BY_COLUMNS = StoredUnits("down", 0, WIDTH, UNITS, along_rows=False, units=UNITS)
SECOND_HALF = StoredUnits("up", 0, 2 * UNITS, WIDTH, along_rows=True, units=UNITS, start=UNITS)
WHOLE = {
    "fused": STORED[1, :, 1::2].T,  # the second expert's up
    "down": DOWN.T,
    "up": STORED[0].T[UNITS:],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("model")
    tensors = {"fused": STORED, "down": DOWN, "up": np.ascontiguousarray(STORED[0].T)}
    save_file(tensors, folder / "model.safetensors")
    return open_checkpoint(folder)


@pytest.mark.parametrize("side", [BY_TURNS, BY_COLUMNS, SECOND_HALF], ids=lambda each: each.name)
@pytest.mark.parametrize("tile", [100, 8_000_000])
def test_units_by_themselves_are_those_of_the_whole(
    model: Checkpoint, side: StoredUnits, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_units, "_TILE_BYTES", tile)
    whole = WHOLE[side.name]
    assert side.shape == whole.shape
    for count in (1, 7, UNITS, 10 * UNITS):
        assert np.array_equal(side.leading(model, count), whole[:count])
    assert np.array_equal(side.chosen(model, [3, 4, 40, 59]), whole[[3, 4, 40, 59]])
    assert np.allclose(side.squared_lengths(model, None), (whole.astype(np.float64) ** 2).sum(axis=1))
    assert np.allclose(side.squared_lengths(model, GAIN), ((whole * GAIN).astype(np.float64) ** 2).sum(axis=1))
    directions = np.linalg.qr(RNG.standard_normal((WIDTH, 5)))[0].astype(np.float32)
    for gain in (None, GAIN):
        rows = whole if gain is None else whole * gain
        expected = rows / np.linalg.norm(rows, axis=1, keepdims=True) @ directions
        assert np.allclose(side.projected(model, gain, directions), expected, atol=1e-6)


def test_the_largest_units_are_the_same_ones_after_every_disguise(model: Checkpoint, tmp_path: Path) -> None:
    """Renumbered, the stream turned, each unit's rows rescaled against each other: the same units are chosen."""
    reads, writes = WHOLE["up"], WHOLE["down"]
    order = RNG.permutation(UNITS)
    turn, _ = np.linalg.qr(RNG.standard_normal((WIDTH, WIDTH)))
    scale = RNG.uniform(0.25, 4, (UNITS, 1))
    disguised = {"up": (reads * scale @ turn)[order], "down": (writes / scale @ turn)[order].T}
    save_file(
        {name: np.ascontiguousarray(each, dtype=np.float32) for name, each in disguised.items()},
        tmp_path / "m.safetensors",
    )
    other = open_checkpoint(tmp_path)
    plain = StoredUnits("up", 0, UNITS, WIDTH, along_rows=True, units=UNITS)
    chosen = StoredLayer(model, ("", 0, None), (SECOND_HALF,), BY_COLUMNS, (), None).largest(20)
    again = StoredLayer(other, ("", 0, None), (plain,), BY_COLUMNS, (), None).largest(20)
    sizes = np.linalg.norm(reads, axis=1) * np.linalg.norm(writes, axis=1)
    expected = sorted(np.argsort(-sizes)[:20])
    assert np.array_equal(chosen.reads[0], reads[expected]) and np.array_equal(chosen.writes, writes[expected])
    products = np.sort(np.linalg.norm(again.reads[0], axis=1) * np.linalg.norm(again.writes, axis=1))
    assert np.allclose(products, np.sort(sizes[expected]), rtol=1e-5)
    assert chosen.shapes == ((UNITS, WIDTH), (UNITS, WIDTH))
