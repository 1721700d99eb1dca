"""The bytes of tensors as they lie in files: ranges, columns, or all of them a block at a time; and how many were read."""

import os
import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from tasks.checkpoints.safetensors_header import TensorEntry

Bytes = npt.NDArray[np.uint8]

#: Bytes read at a time where a tensor is only passed through: a core's second cache holds it, and whole numbers fit in it.
BLOCK = 1 << 20


class StoredBytes:
    """Reads what headers describe, and counts it; several threads may read. Every method raises InputFault where a file is
    no longer as its header says."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def between(self, entry: TensorEntry, start: int, stop: int) -> Bytes:
        """Bytes `start` to `stop` of a tensor."""
        with entry.file.open("rb") as file:
            raw = np.fromfile(file, np.uint8, count=stop - start, offset=entry.start + start)
        self._add(entry, start + raw.size, stop, raw.size)
        return raw

    def columns(self, entry: TensorEntry, rows: range, row_bytes: int, left: int, right: int) -> Bytes:
        """Bytes `left` to `right` of each of these rows, one after another; what lies between is not read."""
        wide = right - left
        raw = np.empty(len(rows) * wide, np.uint8)
        with entry.file.open("rb", buffering=0) as file:
            descriptor, space, first = file.fileno(), raw.data, entry.start + left
            for number, row in enumerate(rows):
                there = space[number * wide : (number + 1) * wide]
                got = os.preadv(descriptor, (there,), first + row * row_bytes)
                if got != wide:
                    self._add(entry, row * row_bytes + left + got, row * row_bytes + right, got)
        self._add(entry, right, right, raw.size)
        return raw

    def blocks(self, entry: TensorEntry) -> Iterator[Bytes]:
        """All bytes in order, BLOCK at a time, each of whole numbers and overwritten by the next."""
        size = entry.end - entry.start
        space = np.empty(min(BLOCK, size), np.uint8)
        with entry.file.open("rb", buffering=0) as file:
            file.seek(entry.start)
            for start in range(0, size, BLOCK):
                wanted = space[: min(BLOCK, size - start)]
                got = 0
                while got < wanted.size and (more := file.readinto(wanted[got:].data)):  # a read may be short
                    got += more
                self._add(entry, start + got, start + wanted.size, got)
                yield wanted

    def _add(self, entry: TensorEntry, reached: int, wanted: int, number: int) -> None:
        if reached != wanted:
            size = entry.end - entry.start
            raise InputFault(entry.file, entry.name, f"{reached} bytes", f"{size}, as its header says")
        with self._lock:
            self.total += number
