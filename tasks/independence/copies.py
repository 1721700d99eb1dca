"""Tensors that are the same numbers in both models, whatever they are called and wherever they lie.

Identity of thousands of numbers that training made is no coincidence and needs no p-value. What every model has (ones, zeros,
rotary frequencies, position tables, counters) proves nothing and is left out.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint, QuantisedTensor, TensorEntry, TensorRole
from tasks.checkpoints.number_formats import as_float32
from tasks.independence.permutation_test import Matrix

Given = TypeVar("Given")
Made = TypeVar("Made")

#: Roles that many models have in common, or that are too small to be told from chance.
TRIVIAL_ROLES = frozenset({"norm", "buffer", "rotary", "position_embedding", "class_embedding"})
#: Fewer numbers, or fewer different ones, can agree without being copied.
LEAST_NUMBERS = 64
LEAST_DIFFERENT = 32
#: Formats of counters, maps and masks: packed weights, of formats that are not read too, stand in smaller words.
_NO_WEIGHTS = frozenset({"I64", "U64", "BOOL"})
#: Numbers of a tensor that are compared across formats: all of a small one, else so many blocks of so many, evenly spread.
_BLOCKS = 64
_BLOCK = 1_024
#: Format → its integers, the bits of exponent and mantissa, and the least of these that is no finite number.
_NOT_FINITE: dict[str, tuple[str, int, int]] = {
    "F32": ("<u4", 0x7FFFFFFF, 0x7F800000),
    "F16": ("<u2", 0x7FFF, 0x7C00),
    "BF16": ("<u2", 0x7FFF, 0x7F80),
    "F8_E4M3": ("u1", 0x7F, 0x7F),
    "F8_E5M2": ("u1", 0x7F, 0x7C),
    "F8_E8M0": ("u1", 0xFF, 0xFF),
}


@dataclass(frozen=True)
class Content:
    """A tensor's numbers as hashes: `exact` of its bytes as they are stored, in format `stored`; `rounded` of up to 65,536 of
    its numbers as float32 and rounded to the two 16-bit formats, by which it is known in another format."""

    name: str
    parameters: int
    stored: str
    exact: str
    rounded: dict[str, str]


def contents(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> list[Content]:
    """The content of every tensor that could show a copy, all bytes read once; raises InputFault where any tensor holds NaN or
    infinity. Tensors are hashed side by side."""
    found = side_by_side(lambda role: content(checkpoint, role), roles)
    return [each for each in found if each is not None]


def side_by_side(work: Callable[[Given], Made], on: Sequence[Given]) -> list[Made]:
    """`work` on each, in order, two threads for every core, so that one reads while another hashes. None of them multiplies
    matrices with threads of its own, which would wait for cores that the others have."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as threads:
        try:
            return list(threads.map(work, on))
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


def copied(subject: Sequence[Content], reference: Sequence[Content]) -> list[tuple[Content, Content]]:
    """Pairs of the same content. A file in a 16-bit format is compared with the other's numbers rounded to that format."""
    known: dict[tuple[object, ...], Content] = {}
    for theirs in reference:
        for key in _keys(theirs):
            known.setdefault(key, theirs)
    found = []
    for mine in subject:
        same = [known[key] for key in _keys(mine) if key in known]
        other = next((each for each in same if _is_copy(mine, each)), None)
        if other is not None:
            found.append((mine, other))
    return found


def _keys(content: Content) -> list[tuple[object, ...]]:
    rounded = [(kind, content.parameters, value) for kind, value in content.rounded.items()]
    return [("exact", content.stored, content.exact), *rounded]


def _is_copy(mine: Content, theirs: Content) -> bool:
    if mine.stored == theirs.stored:
        return mine.exact == theirs.exact
    kinds = {"F32", mine.stored, theirs.stored}
    return any(mine.rounded.get(kind) == value for kind, value in theirs.rounded.items() if kind in kinds)


def content(checkpoint: Checkpoint, role: TensorRole) -> Content | None:
    """One tensor's content; None where it could not show a copy."""
    tensor = checkpoint.tensors[role.name]
    digest = hashlib.sha256()
    for entry in tensor.stored if isinstance(tensor, QuantisedTensor) else [tensor]:
        _take_in(checkpoint, entry, digest)
    trivial = role.bias or role.role in TRIVIAL_ROLES or tensor.dtype in _NO_WEIGHTS
    if tensor.parameters < LEAST_NUMBERS or trivial:
        return None
    some = _some(checkpoint, tensor)
    if len(np.unique(some)) < LEAST_DIFFERENT:
        return None
    rounded = {} if isinstance(tensor, QuantisedTensor) else _rounded(some)
    return Content(role.name, tensor.parameters, tensor.dtype, digest.hexdigest(), rounded)


def _take_in(checkpoint: Checkpoint, entry: TensorEntry, digest: "hashlib._Hash") -> None:
    """Every byte into the digest, every number looked at."""
    scratch: npt.NDArray[np.generic] | None = None
    for block in checkpoint.blocks(entry):
        digest.update(block.data)
        if entry.dtype in _NOT_FINITE:
            integers, mask, least = _NOT_FINITE[entry.dtype]
            bits = block.view(integers)
            scratch = np.empty_like(bits) if scratch is None or len(scratch) < len(bits) else scratch
            masked = np.bitwise_and(bits, bits.dtype.type(mask), out=scratch[: len(bits)])
            finite = len(bits) == 0 or int(masked.max()) < least
        else:
            finite = entry.dtype != "F64" or bool(np.isfinite(as_float32(block, "F64")).all())
        if not finite:
            raise InputFault(entry.file, entry.name, "NaN or infinite numbers", "finite weights")


def _some(checkpoint: Checkpoint, tensor: TensorEntry | QuantisedTensor) -> Matrix:
    """The numbers that are compared across formats, which follow from how many there are; of a quantised tensor the first."""
    most = _BLOCKS * _BLOCK
    if tensor.parameters <= most:
        return checkpoint.read(tensor.name).ravel()
    if isinstance(tensor, QuantisedTensor):
        return checkpoint.read_matrix(tensor.name, slice(0, -(-most // tensor.shape[-1]))).ravel()
    starts = [number * (tensor.parameters - _BLOCK) // (_BLOCKS - 1) for number in range(_BLOCKS)]
    return np.concatenate([checkpoint.read_flat(tensor.name, start, start + _BLOCK) for start in starts])


def _rounded(numbers: Matrix) -> dict[str, str]:
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    # Rounding to bfloat16 is to the nearest, ties to even; adding half of the last kept place does it.
    bfloat16 = ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype("<u2")
    with np.errstate(over="ignore"):
        return {"F32": _sha256(bits), "BF16": _sha256(bfloat16), "F16": _sha256(numbers.astype("<f2"))}


def _sha256(numbers: "npt.NDArray[np.generic]") -> str:
    return hashlib.sha256(np.ascontiguousarray(numbers).view(np.uint8).data).hexdigest()
