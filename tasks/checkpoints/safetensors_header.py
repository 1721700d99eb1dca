"""Reads the header of a safetensors file, and refuses every header that does not describe its file exactly.

A file is 8 bytes of header length (little-endian), a JSON header, and the tensors' bytes without gaps or overlaps
(github.com/huggingface/safetensors, "Format").
"""

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from tasks.checkpoints.number_formats import ITEM_BITS

#: The format's own limit.
LONGEST_HEADER = 100_000_000
_WANTED = "a whole safetensors file"


@dataclass(frozen=True)
class TensorEntry:
    """Where one tensor lies: `start` and `end` are byte offsets in `file`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    end: int

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def read_header(path: Path) -> dict[str, TensorEntry]:
    """The tensors of a file by name, in the order of their bytes; raises InputFault for any header that does not fit."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > min(size - 8, LONGEST_HEADER):
                found = f"a header of {length} bytes in a file of {size}" if len(start) == 8 else f"{size} bytes"
                raise InputFault(path, "header length", found, _WANTED)
            raw = file.read(length)
    except OSError as error:
        raise InputFault(path, found=error.strerror or str(error), expected=_WANTED) from None
    entries = [_entry(path, name, fields, 8 + length) for name, fields in _parsed(path, raw)]
    entries.sort(key=lambda entry: (entry.start, entry.end))
    _without_gaps(path, entries, 8 + length, size)
    return {entry.name: entry for entry in entries}


def _parsed(path: Path, raw: bytes) -> list[tuple[str, Any]]:
    doubled: list[str] = []

    def keep_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        doubled.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return dict(pairs)

    try:
        header = json.loads(raw, object_pairs_hook=keep_pairs)
    except (ValueError, RecursionError):
        raise InputFault(path, "header", "bytes that are not JSON", _WANTED) from None
    if not isinstance(header, dict):
        raise InputFault(path, "header", f"a JSON {type(header).__name__}", "a JSON object")
    if doubled:
        raise InputFault(path, f"header: {sorted(doubled)[0]}", "the same name twice", "every name once")
    return [(name, fields) for name, fields in header.items() if name != "__metadata__"]


def _entry(path: Path, name: str, fields: Any, base: int) -> TensorEntry:
    key = f"header: {name}"
    if not isinstance(fields, dict) or not {"dtype", "shape", "data_offsets"} <= fields.keys():
        raise InputFault(path, key, repr(fields)[:80], "dtype, shape and data_offsets")
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BITS:
        raise InputFault(path, f"{key}: dtype", repr(dtype), f"one of {', '.join(ITEM_BITS)}")
    if not _whole_numbers(shape) or not _whole_numbers(offsets) or len(offsets) != 2:
        raise InputFault(path, key, f"shape {shape!r}, data_offsets {offsets!r}"[:160], "lists of whole numbers")
    entry = TensorEntry(name, dtype, tuple(shape), path, base + offsets[0], base + offsets[1])
    wanted = math.prod(shape) * ITEM_BITS[dtype]
    if 8 * (offsets[1] - offsets[0]) != wanted:
        found = f"{offsets[1] - offsets[0]} bytes for {dtype} of shape {tuple(shape)}"
        raise InputFault(path, f"{key}: data_offsets", found, f"{wanted / 8:g} bytes")
    return entry


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in value
    )


def _without_gaps(path: Path, entries: list[TensorEntry], base: int, size: int) -> None:
    end = base
    for entry in entries:
        if entry.start != end:
            what = "overlapping" if entry.start < end else "a gap between"
            raise InputFault(path, f"header: {entry.name}: data_offsets", f"{what} tensors", _WANTED)
        end = entry.end
    if end != size:
        found = f"{size} bytes where the header says {end}"
        raise InputFault(path, found=f"a truncated file, {found}" if size < end else found, expected=_WANTED)
