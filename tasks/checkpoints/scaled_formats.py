"""Weights stored as 8-bit floats or integers, each with a scale for all numbers, a row, or a block.

DeepSeek's and transformers' FP8 (`weight_scale_inv`), FBGEMM's and compressed-tensors' FP8 and int8 (`weight_scale`, with
`weight_zero_point` where it is not symmetric), and LLM.int8() (`SCB`; Dettmers et al. 2022, arXiv 2208.07339).
"""

from math import prod
from typing import Any

import numpy as np

from tasks.checkpoints.quantised_tensor import Array, QuantisedTensor, Stored, misfit
from tasks.checkpoints.safetensors_header import TensorEntry

_CODES = ("F8_E4M3", "F8_E5M2", "I8")


def scaled(name: str, stored: Stored) -> QuantisedTensor | None:
    """(Code - zero point) × scale, for codes `NAME` beside `NAME_scale_inv` or `NAME_scale`."""
    codes, entries = stored.entries[name], stored.entries
    scale = next((entries[name + end] for end in ("_scale_inv", "_scale") if name + end in entries), None)
    if codes.dtype not in _CODES or scale is None or not codes.shape:
        return None
    blocks = _blocks(codes, scale, stored.settings.get("weight_block_size"))
    zero = entries.get(f"{name}_zero_point")
    if zero is not None and zero.shape != scale.shape:
        raise misfit(zero, f"one zero point for each scale, of shape {scale.shape}")

    def rows(start: int, stop: int) -> Array:
        numbers = stored.read(codes, slice(start, stop)).astype(np.float32)
        if zero is not None:
            numbers -= _spread(stored.read(zero, None), blocks, codes.shape, start, stop)
        numbers *= _spread(stored.read(scale, None), blocks, codes.shape, start, stop)
        return numbers

    held = (codes, scale, *([zero] if zero is not None else []))
    return QuantisedTensor(name, f"{codes.dtype} with scales", codes.shape, held, rows)


def bitsandbytes_int8(name: str, stored: Stored) -> QuantisedTensor | None:
    """Rows of int8 of which 127 stands for the row's `SCB`."""
    codes, scale = stored.entries[name], stored.entries.get(f"{name.removesuffix('weight')}SCB")
    if not name.endswith(".weight") or scale is None or codes.dtype != "I8":
        return None
    if scale.shape != codes.shape[:1]:
        raise misfit(scale, f"one number for each row of {name}, of shape {codes.shape}")

    def rows(start: int, stop: int) -> Array:
        scales = stored.read(scale, slice(start, stop)) / np.float32(127)
        return stored.read(codes, slice(start, stop)) * scales.reshape(-1, *(1,) * (len(codes.shape) - 1))

    layout = stored.entries.get(f"{name}_format")
    held = (codes, scale, *([layout] if layout is not None else []))
    return QuantisedTensor(name, "int8 with row scales", codes.shape, held, rows)


def _blocks(codes: TensorEntry, scale: TensorEntry, wanted: Any) -> tuple[int, ...]:
    """How many numbers along each axis share one scale; `wanted` is what the settings say of the last axes."""
    expected = f"one scale for each block of {codes.name}, of shape {codes.shape}"
    axes = len(codes.shape)
    scales = scale.shape
    if len(scales) != axes:  # one for all, or one for each row
        scales = (1,) * axes if prod(scales) == 1 else (*scales, *(1,) * (axes - 1))
    if len(scales) != axes:
        raise misfit(scale, expected)
    said = list(wanted)[-axes:] if isinstance(wanted, list) else []
    blocks = []
    for size, count, block in zip(codes.shape, scales, [None] * (axes - len(said)) + said, strict=True):
        length = max(1, min(block, size) if isinstance(block, int) else -(-size // max(1, count)))
        if max(1, -(-size // length)) != count:
            raise misfit(scale, expected)
        blocks.append(length)
    return tuple(blocks)


def _spread(scales: Array, blocks: tuple[int, ...], shape: tuple[int, ...], start: int, stop: int) -> Array:
    """Each scale over its block, for rows `start` to `stop`; an axis that shares one scale stays of length one."""
    counts = [max(1, -(-size // block)) for size, block in zip(shape, blocks, strict=True)]
    spread = scales.astype(np.float32).reshape(counts)[np.arange(start, stop) // blocks[0]]
    for axis in range(1, len(shape)):
        if counts[axis] > 1:
            spread = np.take(spread, np.arange(shape[axis]) // blocks[axis], axis=axis)
    return spread
