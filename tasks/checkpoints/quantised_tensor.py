"""One tensor of a model that is stored as several: codes, scales, and what else its format keeps beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from tasks.checkpoints.number_formats import Floats
from tasks.checkpoints.safetensors_header import TensorEntry

Array = npt.NDArray[Any]
#: Reads stored numbers, integers as they are and floats as float32; of the first axis, the given rows.
Reader = Callable[[TensorEntry, slice | None], Array]


@dataclass(frozen=True)
class Stored:
    """What lies in a checkpoint's files: tensors by name, the settings of their quantisation, and how they are read."""

    entries: Mapping[str, TensorEntry]
    settings: Mapping[str, Any]
    read: Reader


@dataclass(frozen=True)
class QuantisedTensor:
    """`shape` is the one that the tensor has where nothing is quantised, `dtype` says how it is stored, in `stored`;
    `rows(start, stop)` reads and decodes those rows of the first axis."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    stored: tuple[TensorEntry, ...]
    rows: Callable[[int, int], Array] = field(repr=False)

    @property
    def file(self) -> Path:
        """The file that holds its codes."""
        return self.stored[0].file

    @property
    def parameters(self) -> int:
        """How many numbers it stands for."""
        return prod(self.shape)

    def decoded(self, start: int, stop: int) -> Floats:
        """Rows `start` to `stop` of the first axis, as float32."""
        numbers = self.rows(start, stop).reshape((stop - start, *self.shape[1:]))
        return np.ascontiguousarray(numbers, dtype=np.float32)


def misfit(entry: TensorEntry, expected: str) -> InputFault:
    """The fault of a tensor whose shape does not fit what it belongs to."""
    return InputFault(entry.file, entry.name, f"shape {entry.shape}", expected)
