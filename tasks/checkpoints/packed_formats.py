"""Weights packed below 8 bits: GPTQ, AWQ, compressed-tensors' packed integers, bitsandbytes' NF4 and FP4, MXFP4.

Each layout is its writer's: GPTQ (Frantar et al. 2022, arXiv 2210.17323) packs along inputs, AWQ (Lin et al. 2023, arXiv
2306.00978) along outputs in an order of its own, NF4 (Dettmers et al. 2023, arXiv 2305.14314) flat in blocks, MXFP4 in blocks
of 32 with one exponent (OCP Microscaling Formats 1.0, section 5).
"""

import json
from math import prod
from typing import Any

import numpy as np

from checks.contracts.errors import InputFault
from tasks.checkpoints.quantised_tensor import Array, QuantisedTensor, Stored, misfit
from tasks.checkpoints.safetensors_header import TensorEntry

_WORD = 32
#: Bits of GPTQ's codes that reach across words. They are not read: such a tensor keeps its own names.
_ACROSS_WORDS = 3
#: Where AWQ keeps column 0, 1, … 7 of each eight in a word.
_AWQ_PLACES = (0, 4, 1, 5, 2, 6, 3, 7)
#: E2M1 (OCP Microscaling Formats 1.0, table 5): codes 0 … 7, then the same below zero.
_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=np.float32)
_EXPONENT_BIAS = 127


def gptq_or_awq(name: str, stored: Stored) -> QuantisedTensor | None:
    """`qweight`, `qzeros`, `scales`: scale × (code - zero point) for each group of inputs.

    GPTQ packs codes along inputs and stores zero points less one (but as `gptq_v2`); AWQ packs both along outputs.
    """
    stem = name.removesuffix("qweight")
    codes, zeros, scales = (stored.entries.get(stem + kind) for kind in ("qweight", "qzeros", "scales"))
    if not name.endswith(".qweight") or codes is None or zeros is None or scales is None:
        return None
    along_inputs = codes.shape[1:] == scales.shape[1:]
    bits = _bits_of_words(codes, zeros, scales, along_inputs)
    if bits == _ACROSS_WORDS:
        return None
    outputs, inputs = scales.shape[1], codes.shape[0] * (_WORD // bits if along_inputs else 1)
    if inputs % scales.shape[0]:
        raise misfit(scales, f"scales for groups of {inputs} inputs")
    group_of = stored.entries.get(f"{stem}g_idx")
    if group_of is not None and group_of.shape != (inputs,):
        raise misfit(group_of, f"the group of each of {inputs} inputs")
    less_one = int(along_inputs and stored.settings.get("checkpoint_format") != "gptq_v2")
    places = None if along_inputs else _AWQ_PLACES

    def rows(start: int, stop: int) -> Array:
        group = np.arange(inputs) // (inputs // scales.shape[0])
        if group_of is not None:
            group = stored.read(group_of, None)
            if ((group < 0) | (group >= scales.shape[0])).any():
                raise InputFault(group_of.file, group_of.name, "groups without scales", f"below {scales.shape[0]}")
        read = stored.read(codes, None)
        steps = unpacked(read[:, start:stop], bits, 0) if along_inputs else _columns(read, bits, start, stop, places)
        zero = _columns(stored.read(zeros, None), bits, start, stop, places) + less_one
        return np.asarray((steps - zero[group]) * stored.read(scales, None)[group, start:stop]).T

    held = (codes, zeros, scales, *([group_of] if group_of is not None else []))
    return QuantisedTensor(
        f"{stem}weight", f"{'GPTQ' if along_inputs else 'AWQ'}, {bits} bits", (outputs, inputs), held, rows
    )


def _bits_of_words(codes: TensorEntry, zeros: TensorEntry, scales: TensorEntry, along_inputs: bool) -> int:
    """Bits of a code, as the shapes of zero points and scales tell."""
    expected = f"2, 4 or 8 bits a number (AWQ: 4) beside {zeros.name} of shape {zeros.shape}"
    if any(len(each.shape) != 2 or 0 in each.shape for each in (codes, zeros, scales)):
        raise misfit(codes, "codes, zero points and scales of two axes each")
    bits, rest = divmod(_WORD * zeros.shape[1], scales.shape[1])
    fits = zeros.shape[0] == scales.shape[0] and (along_inputs or codes.shape[1] == zeros.shape[1])
    if rest or not fits or bits not in ((2, _ACROSS_WORDS, 4, 8) if along_inputs else (4,)):
        raise misfit(codes, expected)
    return bits


def packed_integers(name: str, stored: Stored) -> QuantisedTensor | None:
    """compressed-tensors' `pack-quantized`: signed codes plus half their range, packed along inputs, scales by group.

    With zero points or groups out of order a tensor keeps its own names, and so counts as not compared.
    """
    stem = name.removesuffix("_packed")
    codes, scale = stored.entries[name], stored.entries.get(f"{stem}_scale")
    unknown = {f"{stem}_zero_point", f"{stem}_g_idx"} & stored.entries.keys()
    if not name.endswith("weight_packed") or scale is None or codes.dtype != "I32" or unknown:
        return None
    bits = _bits_said(stored.settings)
    if len(codes.shape) != 2 or len(scale.shape) != 2 or codes.shape[0] != scale.shape[0] or 0 in scale.shape:
        raise misfit(scale, f"scales for the rows of {name}, of shape {codes.shape}")
    inputs = codes.shape[1] * _WORD // bits
    if inputs % scale.shape[1]:
        raise misfit(scale, f"scales for groups of {inputs} inputs")
    half = np.float32(1 << (bits - 1))

    def rows(start: int, stop: int) -> Array:
        steps = unpacked(stored.read(codes, slice(start, stop)), bits, 1) - half
        scales = stored.read(scale, slice(start, stop))
        return np.asarray(steps * np.repeat(scales, inputs // scale.shape[1], axis=1))

    shape = stored.entries.get(f"{stem}_shape")
    held = (codes, scale, *([shape] if shape is not None else []))
    return QuantisedTensor(stem, f"packed integers, {bits} bits", (codes.shape[0], inputs), held, rows)


def _bits_said(settings: Any) -> int:
    """The width of compressed-tensors' codes by its settings; 4, its usual one, where they do not say."""
    groups = settings.get("config_groups")
    for group in groups.values() if isinstance(groups, dict) else ():
        weights = group.get("weights") if isinstance(group, dict) else None
        if isinstance(weights, dict) and weights.get("num_bits") in (2, 4, 8):
            return int(weights["num_bits"])
    return 4


def bitsandbytes_4(name: str, stored: Stored) -> QuantisedTensor | None:
    """Flat codes, the higher half of each byte first, looked up in `quant_map` and scaled by block.

    The scales may be codes of 8 bits themselves ("double quantisation", section 3 of the paper). Shape and block lengths
    stand in a JSON that is stored as bytes.
    """
    entries = stored.entries
    states = [entries.get(f"{name}.quant_state.bitsandbytes__{kind}") for kind in ("nf4", "fp4")]
    state = next((each for each in states if each is not None), None)
    largest, table = entries.get(f"{name}.absmax"), entries.get(f"{name}.quant_map")
    if state is None or largest is None or table is None or entries[name].dtype != "U8":
        return None
    codes = entries[name]
    nested = (entries.get(f"{name}.nested_absmax"), entries.get(f"{name}.nested_quant_map"))
    shape, block, nested_block, offset = _state(stored, state)
    width = prod(shape[1:])
    if codes.parameters != -(-prod(shape) // 2) or largest.parameters != -(-prod(shape) // block):
        raise misfit(codes, f"codes and scales for shape {shape} in blocks of {block}")

    def rows(start: int, stop: int) -> Array:
        first, last = start * width, stop * width
        flat = stored.read(codes, None).reshape(-1)[first // 2 : -(-last // 2)]
        halves = np.stack([flat >> 4, flat & 15], axis=1).reshape(-1)[first % 2 :][: last - first]
        scales = stored.read(largest, None).reshape(-1)
        if nested[0] is not None and nested[1] is not None:
            outer = np.repeat(stored.read(nested[0], None).reshape(-1), nested_block)[: len(scales)]
            scales = stored.read(nested[1], None).reshape(-1)[scales] * outer + np.float32(offset)
        return stored.read(table, None).reshape(-1)[halves] * scales[np.arange(first, last) // block]

    held = (codes, state, largest, table, *(each for each in nested if each is not None))
    return QuantisedTensor(name, "4 bits by table", shape, held, rows)


def _state(stored: Stored, state: TensorEntry) -> tuple[tuple[int, ...], int, int, float]:
    """Shape, block length, block length of the scales' own scales, and their offset."""
    try:
        said = json.loads(stored.read(state, None).astype(np.uint8).tobytes())
        shape = tuple(int(size) for size in said["shape"])
        block, nested = int(said["blocksize"]), int(said.get("nested_blocksize") or 1)
        if min(block, nested, *shape) < 1:
            raise ValueError
        return shape, block, nested, float(said.get("nested_offset") or 0.0)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputFault(
            state.file, state.name, "no such JSON", "shape and blocksize, as bitsandbytes writes"
        ) from None


def microscaling(name: str, stored: Stored) -> QuantisedTensor | None:
    """gpt-oss's experts: `NAME_blocks` (experts, rows, blocks, 16 bytes) and one exponent a block in `NAME_scales`.

    Without quantisation transformers keeps the same tensor with its last two axes turned, and so is it read here.
    """
    stem = name.removesuffix("_blocks")
    codes, exponents = stored.entries[name], stored.entries.get(f"{stem}_scales")
    if not name.endswith("_blocks") or exponents is None or codes.dtype != "U8":
        return None
    if len(codes.shape) != 4 or exponents.shape != codes.shape[:3]:
        raise misfit(exponents, f"one exponent for each block of {name}, of shape {codes.shape}")
    experts, outputs, blocks, half = codes.shape

    def rows(start: int, stop: int) -> Array:
        packed = stored.read(codes, slice(start, stop))
        numbers = _E2M1[np.stack([packed & 15, packed >> 4], axis=-1)].reshape(stop - start, outputs, blocks, 2 * half)
        powers = stored.read(exponents, slice(start, stop)).astype(np.int32) - _EXPONENT_BIAS
        return np.ldexp(numbers, powers[..., None]).reshape(stop - start, outputs, -1).transpose(0, 2, 1)

    return QuantisedTensor(stem, "MXFP4", (experts, 2 * half * blocks, outputs), (codes, exponents), rows)


def unpacked(words: Array, bits: int, axis: int, places: tuple[int, ...] | None = None) -> Array:
    """The codes in the 32-bit words along `axis`, lowest bits first or in the order of `places`, as int32."""
    count = _WORD // bits
    whole = np.ascontiguousarray(words).view(np.uint32)
    mask = np.uint32((1 << bits) - 1)
    codes = [(whole >> np.uint32(bits * place)) & mask for place in places or range(count)]
    shape = [size * count if number == axis else size for number, size in enumerate(words.shape)]
    return np.stack(codes, axis=axis + 1).astype(np.int32).reshape(shape)


def _columns(words: Array, bits: int, start: int, stop: int, places: tuple[int, ...] | None) -> Array:
    """Columns `start` to `stop` of what is packed along columns; only their words are taken apart."""
    count = _WORD // bits
    first = start // count
    return unpacked(words[:, first : -(-stop // count)], bits, 1, places)[
        :, start - first * count : stop - first * count
    ]
