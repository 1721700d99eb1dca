"""Quantised weights are read as the numbers they stand for; each format is packed here number by number, as it is described."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint, assign_roles, open_checkpoint

ROWS, COLUMNS, GROUP = 32, 64, 16
Tensors = dict[str, torch.Tensor]
#: Writes one tensor's codes and scales; returns them, the settings, and the numbers that they stand for.
Writer = Callable[[], tuple[Tensors, dict[str, object], np.ndarray]]


def drawn(*shape: int, low: int = 0, high: int = 16) -> torch.Tensor:
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(sum(shape) + high))


def scales_of(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(7)) + 0.5


def word(codes: list[int], bits: int = 4) -> int:
    """Codes from the lowest bits up, as a signed 32-bit number."""
    whole = sum(code << (bits * place) for place, code in enumerate(codes))
    return whole - (1 << 32) if whole >= 1 << 31 else whole


def gptq() -> tuple[Tensors, dict[str, object], np.ndarray]:
    codes, zeros, scales = drawn(COLUMNS, ROWS), drawn(4, ROWS, high=15), scales_of(4, ROWS)
    group = torch.tensor([(i * 7) % 4 for i in range(COLUMNS)])  # act-order: groups by turns
    qweight = [[word([int(codes[8 * i + k, o]) for k in range(8)]) for o in range(ROWS)] for i in range(COLUMNS // 8)]
    qzeros = [[word([int(zeros[g, 8 * o + k]) for k in range(8)]) for o in range(ROWS // 8)] for g in range(4)]
    stands = [
        [float(scales[group[i], o]) * (int(codes[i, o]) - int(zeros[group[i], o]) - 1) for i in range(COLUMNS)]
        for o in range(ROWS)
    ]
    tensors = {"q.qweight": torch.tensor(qweight, dtype=torch.int32), "q.scales": scales, "q.g_idx": group.int()}
    return tensors | {"q.qzeros": torch.tensor(qzeros, dtype=torch.int32)}, {"bits": 4}, np.array(stands)


def awq() -> tuple[Tensors, dict[str, object], np.ndarray]:
    codes, zeros, scales = drawn(COLUMNS, ROWS), drawn(4, ROWS), scales_of(4, ROWS)
    order = [0, 2, 4, 6, 1, 3, 5, 7]  # which column of each eight comes first, second, …
    qweight = [[word([int(codes[i, 8 * o + k]) for k in order]) for o in range(ROWS // 8)] for i in range(COLUMNS)]
    qzeros = [[word([int(zeros[g, 8 * o + k]) for k in order]) for o in range(ROWS // 8)] for g in range(4)]
    stands = [
        [float(scales[i // GROUP, o]) * (int(codes[i, o]) - int(zeros[i // GROUP, o])) for i in range(COLUMNS)]
        for o in range(ROWS)
    ]
    tensors = {"q.qweight": torch.tensor(qweight, dtype=torch.int32), "q.scales": scales}
    return tensors | {"q.qzeros": torch.tensor(qzeros, dtype=torch.int32)}, {}, np.array(stands)


def packed() -> tuple[Tensors, dict[str, object], np.ndarray]:
    codes, scales = drawn(ROWS, COLUMNS, low=-8, high=8), scales_of(ROWS, COLUMNS // GROUP)
    words = [[word([int(codes[o, 8 * i + k]) + 8 for k in range(8)]) for i in range(COLUMNS // 8)] for o in range(ROWS)]
    stands = codes.numpy() * np.repeat(scales.numpy(), GROUP, axis=1)
    tensors = {"q.weight_packed": torch.tensor(words, dtype=torch.int32), "q.weight_scale": scales}
    return tensors | {"q.weight_shape": torch.tensor([ROWS, COLUMNS])}, {}, stands


def by_table() -> tuple[Tensors, dict[str, object], np.ndarray]:
    codes, table = drawn(ROWS * COLUMNS), scales_of(16) - 1
    coarse, coarse_table, outer = drawn(ROWS * COLUMNS // 64, high=256), scales_of(256), scales_of(2)
    largest = [float(coarse_table[c]) * float(outer[i // 16]) + 0.25 for i, c in enumerate(coarse.tolist())]
    stands = [float(table[c]) * largest[i // 64] for i, c in enumerate(codes.tolist())]
    state = {"shape": [ROWS, COLUMNS], "blocksize": 64, "nested_blocksize": 16, "nested_offset": 0.25}
    tensors = {
        "q.weight": (codes[0::2] * 16 + codes[1::2]).to(torch.uint8).reshape(-1, 1),
        "q.weight.absmax": coarse.to(torch.uint8),
        "q.weight.quant_map": table,
        "q.weight.nested_absmax": outer,
        "q.weight.nested_quant_map": coarse_table,
        "q.weight.quant_state.bitsandbytes__nf4": torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8),
    }
    return tensors, {}, np.array(stands).reshape(ROWS, COLUMNS)


def row_scales() -> tuple[Tensors, dict[str, object], np.ndarray]:
    codes, largest = drawn(ROWS, COLUMNS, low=-127, high=128), scales_of(ROWS)
    tensors = {"q.weight": codes.to(torch.int8), "q.SCB": largest, "q.weight_format": torch.tensor(0).to(torch.uint8)}
    return tensors, {}, codes.numpy() * largest.numpy()[:, None] / 127


def fp8_blocks() -> tuple[Tensors, dict[str, object], np.ndarray]:
    """Blocks of 24 × 48, which divide neither axis evenly."""
    codes = (torch.randn(ROWS, COLUMNS, generator=torch.Generator().manual_seed(1)) * 20).to(torch.float8_e4m3fn)
    scales = scales_of(2, 2)
    stands = [[float(codes[o, i]) * float(scales[o // 24, i // 48]) for i in range(COLUMNS)] for o in range(ROWS)]
    tensors = {"q.weight": codes, "q.weight_scale_inv": scales}
    return tensors, {"weight_block_size": [24, 48]}, np.array(stands)


def int8_with_zero_points() -> tuple[Tensors, dict[str, object], np.ndarray]:
    codes, zeros, scales = drawn(ROWS, COLUMNS, low=-128, high=128), drawn(ROWS, 1, low=-9, high=9), scales_of(ROWS, 1)
    stands = (codes - zeros).numpy() * scales.numpy()
    tensors = {"q.weight": codes.to(torch.int8), "q.weight_scale": scales, "q.weight_zero_point": zeros.to(torch.int8)}
    return tensors, {}, stands


WRITERS: list[Writer] = [gptq, awq, packed, by_table, row_scales, fp8_blocks, int8_with_zero_points]


def opened(folder: Path, tensors: Tensors, settings: dict[str, object]) -> Checkpoint:
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"quantization_config": settings}), encoding="utf-8")
    return open_checkpoint(folder)


@pytest.mark.parametrize("writer", WRITERS)
def test_codes_and_scales_are_one_tensor_of_the_numbers_they_stand_for(tmp_path: Path, writer: Writer) -> None:
    tensors, settings, stands = writer()
    model = opened(tmp_path, tensors, settings)
    assert list(model.tensors) == ["q.weight"] and model.tensors["q.weight"].shape == (ROWS, COLUMNS)
    assert np.allclose(model.read("q.weight"), stands, rtol=1e-6, atol=1e-6)
    assert np.array_equal(model.read("q.weight", slice(5, 22)), model.read("q.weight")[5:22])
    assert model.parameters == ROWS * COLUMNS and model.bytes_read > 0


def test_experts_in_microscaling_are_read_as_transformers_does(tmp_path: Path) -> None:
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors

    blocks = drawn(3, 20, 2, 16, high=256).to(torch.uint8)
    scales = drawn(3, 20, 2, low=120, high=130).to(torch.uint8)
    name = "model.layers.0.mlp.experts.gate_up_proj"
    model = opened(tmp_path, {f"{name}_blocks": blocks, f"{name}_scales": scales}, {"quant_method": "mxfp4"})
    expected = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32).numpy()
    assert np.array_equal(model.read(name), expected) and expected.shape == (3, 64, 20)
    assert [role.role for role in assign_roles(model)] == ["gate_up"]


def test_a_format_that_is_not_known_keeps_its_names_and_plays_no_role(tmp_path: Path) -> None:
    tensors, settings, _ = packed()
    model = opened(tmp_path, tensors | {"q_proj.weight._data": torch.ones(4, 4)}, settings)
    roles = {role.name: role.role for role in assign_roles(model)}
    assert roles["q_proj.weight._data"] == "other"
    unordered = opened(tmp_path / "b", tensors | {"q.weight_g_idx": torch.zeros(COLUMNS, dtype=torch.int32)}, settings)
    assert "q.weight" not in unordered.tensors
    sizes = {"qweight": (32 * 3 // 32, 32), "qzeros": (4, 32 * 3 // 32)}  # three bits a code, across words
    three = {f"q.{name}": torch.ones(shape, dtype=torch.int32) for name, shape in sizes.items()}
    across = opened(tmp_path / "c", three | {"q.scales": torch.ones(4, 32, dtype=torch.float16)}, {"bits": 3})
    assert set(across.tensors) == {"q.qweight", "q.qzeros", "q.scales"}


@pytest.mark.parametrize(
    ("writer", "part"),
    [(gptq, "q.qweight"), (awq, "q.qzeros"), (packed, "q.weight_scale"), (by_table, "q.weight.absmax"),
     (row_scales, "q.SCB"), (fp8_blocks, "q.weight_scale_inv"), (int8_with_zero_points, "q.weight_zero_point")],
)  # fmt: skip
def test_codes_and_scales_that_do_not_fit_are_refused(tmp_path: Path, writer: Writer, part: str) -> None:
    tensors, settings, _ = writer()
    cut = tensors[part][: len(tensors[part]) - 1].clone()
    with pytest.raises(InputFault, match="shape"):
        opened(tmp_path, tensors | {part: cut}, settings)


def test_a_state_that_is_no_json_and_groups_beyond_the_scales_are_refused(tmp_path: Path) -> None:
    tensors, settings, _ = by_table()
    broken = tensors | {"q.weight.quant_state.bitsandbytes__nf4": torch.zeros(9, dtype=torch.uint8)}
    with pytest.raises(InputFault, match="bitsandbytes"):
        opened(tmp_path / "a", broken, settings)
    tensors, settings, _ = gptq()
    model = opened(tmp_path / "b", tensors | {"q.g_idx": torch.full((COLUMNS,), 4, dtype=torch.int32)}, settings)
    with pytest.raises(InputFault, match="below 4"):
        model.read("q.weight")
