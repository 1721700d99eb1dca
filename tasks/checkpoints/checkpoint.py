"""A folder of safetensors opened by its headers: every tensor's name, shape and place, its numbers read on demand.

>>> model = open_checkpoint(Path("model"))
>>> model.read("lm_head.weight", rows=slice(0, 16)).shape
(16, 96)
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from checks.contracts.errors import InputFault
from checks.contracts.plain_files import refuse_pipes
from tasks.checkpoints.model_settings import read_config
from tasks.checkpoints.number_formats import ITEM_BITS, Floats, as_float32, as_stored
from tasks.checkpoints.quantised import Tensor, logical_tensors
from tasks.checkpoints.quantised_tensor import QuantisedTensor
from tasks.checkpoints.safetensors_header import TensorEntry, read_header
from tasks.checkpoints.spellings import is_turned
from tasks.checkpoints.stored_bytes import Bytes, StoredBytes

INDEX = "model.safetensors.index.json"
#: Beside this file Mistral publishes the same weights again, under the names of its own program.
_WHOLE, _AGAIN = "model.safetensors", "consolidated*.safetensors"
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_WANTED = "a folder of safetensors"
#: Columns are read row by row where they are less than this share (one in …) of the row.
_WORTH_SKIPPING = 4


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of one model, by name, and its config.json (empty where there is none).

    A quantised tensor has the name and shape that it has where nothing is quantised.
    """

    folder: Path
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    _bytes: StoredBytes = field(default_factory=StoredBytes, repr=False)

    @property
    def parameters(self) -> int:
        """How many numbers all tensors hold."""
        return sum(entry.parameters for entry in self.tensors.values())

    @cached_property
    def stored_in_out(self) -> bool:
        """Whether linear layers are stored (in, out), as GPT-2's Conv1D does: by the model type, or, under another, by the fused
        queries, keys and values, which are then longer on the second side. So does Flax, by its names."""
        if self.config.get("model_type") in ("gpt2", "openai-gpt", "imagegpt", "decision_transformer"):
            return True
        if any(is_turned(name) for name in self.tensors):
            return True
        fused = [tensor.shape for name, tensor in self.tensors.items() if name.endswith("c_attn.weight")]
        return bool(fused) and all(len(shape) == 2 and shape[1] > shape[0] for shape in fused)

    @property
    def bytes_read(self) -> int:
        """How many bytes of weights were read so far."""
        return self._bytes.total

    def read(self, name: str, rows: slice | None = None) -> Floats:
        """A tensor as float32 in its shape, or the given rows of its first axis (a contiguous range).

        Raises InputFault where the file changed under us, and where codes and scales do not fit.
        """
        tensor = self.tensors[name]
        if isinstance(tensor, QuantisedTensor):
            start, stop = _range(rows, tensor.shape)
            return tensor.decoded(start, stop)
        raw, shape = _rows(self._bytes, tensor, rows)
        return as_float32(raw, tensor.dtype).reshape(shape)

    def read_matrix(self, name: str, rows: slice, columns: slice = slice(None)) -> Floats:
        """Rows and columns (contiguous ranges) of a tensor seen as one matrix: its last axis, and all others as rows.

        Of a plain tensor only what is asked for is read, as far as rows of it are long.
        """
        tensor = self.tensors[name]
        width = tensor.shape[-1]
        height = tensor.parameters // max(1, width)
        (first, stop), (left, right) = _range(rows, (height,)), _range(columns, (width,))
        if isinstance(tensor, QuantisedTensor):
            deep = max(1, height // tensor.shape[0])  # rows of the matrix in one of the first axis
            decoded = tensor.decoded(first // deep, -(-stop // deep)).reshape(-1, width)
            return decoded[first - first // deep * deep :][: stop - first, left:right]
        item = ITEM_BITS[tensor.dtype] // 8
        if (right - left) * item * _WORTH_SKIPPING > width * item:
            raw = self._bytes.between(tensor, first * width * item, stop * width * item)
            return as_float32(raw, tensor.dtype).reshape(stop - first, width)[:, left:right]
        raw = self._bytes.columns(tensor, range(first, stop), width * item, left * item, right * item)
        return as_float32(raw, tensor.dtype).reshape(stop - first, right - left)

    def read_flat(self, name: str, start: int, stop: int) -> Floats:
        """Numbers `start` to `stop` of a plain tensor, in the order in which they are stored."""
        entry = self.tensors[name]
        assert isinstance(entry, TensorEntry)
        item = ITEM_BITS[entry.dtype] // 8
        return as_float32(self._bytes.between(entry, start * item, stop * item), entry.dtype)

    def blocks(self, entry: TensorEntry) -> Iterator[Bytes]:
        """The stored bytes in order, a block at a time, each of whole numbers and overwritten by the next."""
        return self._bytes.blocks(entry)


def _rows(stored: StoredBytes, entry: TensorEntry, rows: slice | None) -> tuple[Bytes, tuple[int, ...]]:
    """The bytes of a tensor or of a contiguous range of its rows, and their shape."""
    if rows is None or not entry.shape:
        return stored.between(entry, 0, entry.end - entry.start), entry.shape
    first, stop = _range(rows, entry.shape)
    row_bytes = (entry.end - entry.start) // max(1, entry.shape[0])
    return stored.between(entry, first * row_bytes, stop * row_bytes), (stop - first, *entry.shape[1:])


def _range(rows: slice | None, shape: tuple[int, ...]) -> tuple[int, int]:
    first, stop, step = (rows or slice(None)).indices(shape[0])
    assert step == 1
    return first, max(first, stop)


def open_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in a folder: one safetensors file, several, or shards named by an index. Beside model.safetensors, or an
    index, consolidated*.safetensors is left out.

    Raises InputFault for a missing folder, pickled weights only, no tensors, a missing shard, an index that leaves the
    folder or does not fit its shards, a file that is not whole, and a config.json that is no JSON object.
    """
    if not folder.is_dir():
        raise InputFault(folder, found="a file" if folder.exists() else "no such folder", expected=_WANTED)
    refuse_pipes(folder)
    files = _indexed(folder) if (folder / INDEX).exists() else _all_files(folder)
    if not files:
        pickles = sorted(each.name for each in folder.iterdir() if each.suffix in _PICKLES)
        found = f"pickled weights only ({', '.join(pickles)}), which are never opened" if pickles else "no weights"
        raise InputFault(folder, found=found, expected=_WANTED)
    tensors: dict[str, TensorEntry] = {}
    for file in files:
        for name, entry in read_header(file).items():
            if name in tensors:
                raise InputFault(file, f"header: {name}", f"a tensor that {tensors[name].file.name} has too", "it once")
            tensors[name] = entry
    if not any(entry.parameters for entry in tensors.values()):
        raise InputFault(folder, found="no tensors", expected=_WANTED)
    if (folder / INDEX).exists():
        _check_index(folder / INDEX, tensors)
    config, of_files = read_config(folder), StoredBytes()

    def stored(entry: TensorEntry, rows: slice | None) -> "np.ndarray[Any, np.dtype[Any]]":
        raw, shape = _rows(of_files, entry, rows)
        return as_stored(raw, entry.dtype).reshape(shape)

    return Checkpoint(folder, config, logical_tensors(tensors, config, stored), of_files)


def _all_files(folder: Path) -> list[Path]:
    again = set(folder.glob(_AGAIN)) if (folder / _WHOLE).exists() else set()
    return sorted(set(folder.glob("*.safetensors")) - again)


def _indexed(folder: Path) -> list[Path]:
    index = folder / INDEX
    files: list[Path] = []
    for name in sorted(set(_weight_map(index).values())):
        path = PurePosixPath(name)
        if path.is_absolute() or len(path.parts) != 1 or path.name in ("", ".", ".."):
            raise InputFault(index, "weight_map", repr(name), "the name of a file in the same folder")
        if path.suffix != ".safetensors":
            raise InputFault(index, "weight_map", repr(name), "safetensors files")
        if not (folder / name).is_file():
            raise InputFault(folder / name, found="no such file", expected=f"every shard that {INDEX} names")
        files.append(folder / name)
    return files


def _weight_map(index: Path) -> dict[str, str]:
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        named = content["weight_map"]
        if not all(isinstance(name, str) and isinstance(file, str) for name, file in named.items()):
            raise TypeError
    except OSError as error:
        raise InputFault(index, found=error.strerror or str(error), expected="an index of shards") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputFault(index, found="no index", expected="a JSON object with weight_map, name to file") from None
    return dict(named)


def _check_index(index: Path, tensors: Mapping[str, TensorEntry]) -> None:
    for name, file in _weight_map(index).items():
        if name not in tensors or tensors[name].file.name != file:
            raise InputFault(
                index, f"weight_map: {name}", f"{file!r}, which does not hold it", "the shard that holds it"
            )
