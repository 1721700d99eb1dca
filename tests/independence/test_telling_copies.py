"""Tables that two strangers hold alike accuse nobody; what was really copied is found, whatever nobody knows of its names."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import save_file

from tasks.checkpoints import open_checkpoint
from tasks.independence import fingerprint, trace
from tasks.independence.formula_tables import made_by_a_formula
from tests.independence.drawn_models import Tensors, component, drawn, written

Table = npt.NDArray[Any]
DRAWS = np.random.default_rng(0)
CODEBOOK = DRAWS.standard_normal((512, 2)).astype(np.float16)


def decoder(seed: int) -> Tensors:
    return component(drawn(seed, prefix=""), "language_model.")


#: What strangers may both hold → what the trace may say of them.
TABLES: dict[str, tuple[dict[str, Table], str]] = {
    "hash buckets of tokens": ({"hash_table": DRAWS.integers(0, 30_000, (400, 4)).astype(np.int16)}, "independent"),
    "merges of tokens": ({"merges": DRAWS.integers(0, 400, (700, 2)).astype(np.int32)}, "independent"),
    "multipliers of hashes": ({"hash": DRAWS.integers(0, 10**5, (64, 32)).astype(np.float32)}, "indeterminate"),
    "a projection by a fixed seed": ({"rq": DRAWS.standard_normal((80, 16)).astype(np.float32)}, "indeterminate"),
    "one codebook in all layers": (
        {
            f"language_model.layers.{n}.mlp.{side}_proj.tlut": CODEBOOK
            for n in range(2)
            for side in ("gate", "up", "down")
        },
        "indeterminate",
    ),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_strangers_share_convicts_nobody(table: str, tmp_path: Path) -> None:
    shared, verdict = TABLES[table]
    reference = {"r": written(tmp_path / "r", decoder(1) | shared)}
    assert trace(written(tmp_path / "stranger", decoder(2) | shared), reference).verdict == verdict
    child = trace(written(tmp_path / "child", decoder(1) | shared), reference)
    assert child.references[0].components[0].relation == "copied"


def nameless(tensors: Tensors) -> Tensors:
    """No part of any tensor can be told."""
    return {f"blob_{number}": tensors[name] for number, name in enumerate(sorted(tensors))}


def packed(tensors: Tensors) -> dict[str, Table]:
    """Every matrix in a format that nobody reads: codes of 4 bits, eight to a number."""
    found: dict[str, Table] = {}
    for name, each in tensors.items():
        codes = np.clip(np.round(each / each.std() * 3) + 8, 0, 15).astype(np.uint32)
        whole = codes.ravel()[: codes.size // 8 * 8].reshape(-1, 8)
        found[f"{name}.packed"] = (whole << (4 * np.arange(8, dtype=np.uint32))).sum(axis=1).astype(np.int32)[:, None]
    return found


def test_a_copy_without_one_known_name_is_found(tmp_path: Path) -> None:
    reference = written(tmp_path / "r", nameless(decoder(1)))
    fingerprint(reference, "r", tmp_path / "catalogue")
    copy, stranger = (written(tmp_path / name, nameless(decoder(seed))) for name, seed in (("c", 1), ("s", 2)))
    assert trace(copy, {"r": reference}).verdict == "derived"
    assert trace(stranger, {"r": reference}).verdict == "indeterminate"
    reference.rename(tmp_path / "moved")
    assert trace(copy, {}, catalogue=tmp_path / "catalogue").verdict == "derived"


def test_a_copy_in_a_format_that_is_not_read_is_found(tmp_path: Path) -> None:
    pair = [packed({name: each for name, each in decoder(seed).items() if each.ndim > 1}) for seed in (1, 2)]
    wide = [{name: each.reshape(-1, 8) for name, each in tensors.items()} for tensors in pair]
    reference = {"r": written(tmp_path / "r", wide[0])}
    assert trace(written(tmp_path / "copy", wide[0]), reference).verdict == "derived"
    assert trace(written(tmp_path / "stranger", wide[1]), reference).verdict == "indeterminate"


def mel_filters(bands: int, bins: int, norm: str | None, scale: str) -> Table:
    from transformers.audio_utils import mel_filter_bank

    return np.asarray(mel_filter_bank(bins, bands, 0, 8_000, 16_000, norm, scale), dtype=np.float32)


def formula(folder: Path, table: Table) -> bool:
    folder.mkdir()
    save_file({"table": np.ascontiguousarray(table)}, folder / "model.safetensors")
    return made_by_a_formula(open_checkpoint(folder), "table")


@pytest.mark.filterwarnings("ignore:At least one mel filter")
@pytest.mark.parametrize(
    "bank", [(128, 201, "slaney", "slaney"), (80, 201, "slaney", "slaney"), (128, 257, None, "htk")]
)
def test_mel_filters_are_a_table_and_sparse_drawn_numbers_are_not(
    bank: tuple[int, int, str | None, str], tmp_path: Path
) -> None:
    """Whisper's largest has filters of two bins, of which neighbours say nothing."""
    filters = mel_filters(*bank)
    shuffled = np.random.default_rng(1).permuted(np.random.default_rng(1).permuted(filters, axis=0), axis=1)
    assert formula(tmp_path / "bank", filters) and formula(tmp_path / "turned", filters.T[None])
    assert not formula(tmp_path / "shuffled", shuffled)
