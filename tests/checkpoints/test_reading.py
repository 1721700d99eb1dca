"""Headers are believed only where they describe their file exactly; numbers mean what torch says they mean."""

import json
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from checks.contracts.errors import InputFault
from tasks.checkpoints import open_checkpoint
from tasks.checkpoints.safetensors_header import TensorEntry, read_header

WEIGHTS = {"a.weight": torch.arange(12.0).reshape(3, 4), "b.weight": torch.ones(5)}


def saved(folder: Path, tensors: dict[str, torch.Tensor] = WEIGHTS, name: str = "model.safetensors") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / name)
    return folder


def rewritten(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The header changed, the numbers left as they are."""
    path = folder / "model.safetensors"
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])


@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.int8],
)
def test_numbers_mean_what_torch_says(tmp_path: Path, dtype: torch.dtype) -> None:
    values = (torch.randn(40, 7, generator=torch.Generator().manual_seed(0)) * 30).to(dtype)
    model = open_checkpoint(saved(tmp_path, {"x": values}))
    assert np.array_equal(model.read("x"), values.float().numpy())
    assert np.array_equal(model.read("x", slice(3, 9)), values[3:9].float().numpy())
    assert model.bytes_read == values.nbytes + values[3:9].nbytes


def test_every_eight_bit_code(tmp_path: Path) -> None:
    codes = torch.arange(256, dtype=torch.int32).to(torch.uint8)
    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
        model = open_checkpoint(saved(tmp_path / str(dtype), {"x": codes.view(dtype)}))
        assert np.array_equal(model.read("x"), codes.view(dtype).float().numpy(), equal_nan=True)


def test_shards_are_one_model_and_the_index_is_held_against_them(tmp_path: Path) -> None:
    saved(tmp_path, {"a": torch.ones(2)}, "model-00001-of-00002.safetensors")
    saved(tmp_path, {"b": torch.zeros(3)}, "model-00002-of-00002.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    placed = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    index.write_text(json.dumps({"weight_map": placed}))
    assert set(open_checkpoint(tmp_path).tensors) == {"a", "b"}
    for wrong, word in [
        ({"a": placed["b"], "b": placed["a"]}, "does not hold it"),
        ({"a": "model-00003.safetensors"}, "no such file"),
        ({"a": "../model-00001-of-00002.safetensors"}, "same folder"),
        ({"a": "/etc/passwd"}, "same folder"),
        ({"a": "weights.bin"}, "safetensors"),
        ({"a": 3}, "weight_map"),
    ]:
        index.write_text(json.dumps({"weight_map": wrong}))
        with pytest.raises(InputFault, match=word):
            open_checkpoint(tmp_path)


FAULTS: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("overlap", lambda h: h["b.weight"].update(data_offsets=[0, 20]), "tensors"),
    ("gap", lambda h: h["b.weight"].update(data_offsets=[60, 80]), "a gap between"),
    ("beyond", lambda h: h["b.weight"].update(data_offsets=[48, 48 + 4_000_000], shape=[1_000_000]), "truncated"),
    ("unknown dtype", lambda h: h["b.weight"].update(dtype="F4_SECRET"), "dtype"),
    ("negative", lambda h: h["b.weight"].update(shape=[-5]), "whole numbers"),
    ("no offsets", lambda h: h["b.weight"].pop("data_offsets"), "data_offsets"),
    ("size", lambda h: h["b.weight"].update(shape=[6]), "24 bytes"),
    ("nothing", lambda h: h.clear(), "the header says"),
]


@pytest.mark.parametrize(("change", "word"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_header_that_does_not_fit_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], word: str
) -> None:
    rewritten(saved(tmp_path), change)
    with pytest.raises(InputFault, match=word):
        open_checkpoint(tmp_path)


def test_a_name_twice_in_one_header_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path) / "model.safetensors"
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    text = raw[8 : 8 + length].rstrip().replace(b'"b.weight"', b'"a.weight"')
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
    with pytest.raises(InputFault, match="twice"):
        open_checkpoint(tmp_path)


def test_folders_that_hold_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="no such folder"):
        open_checkpoint(tmp_path / "absent")
    with pytest.raises(InputFault, match="no weights"):
        open_checkpoint(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(InputFault, match="never opened"):
        open_checkpoint(tmp_path)
    with pytest.raises(InputFault, match="no tensors"):
        open_checkpoint(saved(tmp_path / "empty", {"x": torch.zeros(0, 4)}))
    saved(tmp_path / "doubled"), saved(tmp_path / "doubled", name="other.safetensors")
    with pytest.raises(InputFault, match="has too"):
        open_checkpoint(tmp_path / "doubled")
    (saved(tmp_path / "broken") / "config.json").write_text("[1, 2")
    with pytest.raises(InputFault, match="not JSON"):
        open_checkpoint(tmp_path / "broken")
    (saved(tmp_path / "unnamed") / "config.json").write_text('{"text_config": {"model_type": ["llama"]}}')
    with pytest.raises(InputFault, match=r"text_config\.model_type: found a list, expected text"):
        open_checkpoint(tmp_path / "unnamed")
    os.mkfifo(saved(tmp_path / "piped") / "config.json")
    with pytest.raises(InputFault, match="a pipe or a device"):
        open_checkpoint(tmp_path / "piped")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_is_read_as_something_else(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever happens to the bytes: either one clear fault, or tensors that lie inside the file without overlaps."""
    path = saved(tmp_path) / "model.safetensors"
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        model = open_checkpoint(tmp_path)
    except InputFault as fault:
        assert "\n" not in fault.message
        return
    entries = read_header(path).values()
    spans = sorted((entry.start, entry.end) for entry in entries)
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert spans[-1][1] == path.stat().st_size
    for name in model.tensors:
        assert model.read(name).shape == model.tensors[name].shape


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float8_e4m3fn])
def test_any_rows_and_columns_are_those_of_the_whole(tmp_path: Path, dtype: torch.dtype) -> None:
    """Few columns are read row by row, many with their rows; of three axes, all but the last are rows."""
    values = torch.randn(6, 50, 40, generator=torch.Generator().manual_seed(0)).to(dtype)
    model = open_checkpoint(saved(tmp_path, {"x": values}))
    whole = values.float().numpy().reshape(300, 40)
    for rows, columns in (
        (slice(0, 300), slice(0, 3)),
        (slice(47, 103), slice(9, 39)),
        (slice(299, 900), slice(39, 40)),
    ):
        assert np.array_equal(model.read_matrix("x", rows, columns), whole[rows, columns])
    assert np.array_equal(model.read_flat("x", 33, 4444), whole.reshape(-1)[33:4444])


def test_a_file_cut_after_its_header_was_read_is_said_however_it_is_read(tmp_path: Path) -> None:
    model = open_checkpoint(saved(tmp_path, {"x": torch.ones(2_000, 400)}))
    entry = model.tensors["x"]
    assert isinstance(entry, TensorEntry)
    os.truncate(tmp_path / "model.safetensors", 1_000_000)
    readings: list[Callable[[], object]] = [
        lambda: model.read("x"),
        lambda: model.read_matrix("x", slice(0, 2_000)),
        lambda: model.read_matrix("x", slice(0, 2_000), slice(0, 4)),
        lambda: list(model.blocks(entry)),
    ]
    for reading in readings:
        with pytest.raises(InputFault, match="as its header says"):
            reading()
