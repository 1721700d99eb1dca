"""Tensors that are the same numbers in both models, whatever they are called and wherever they lie.

Identity of thousands of numbers that training made is no coincidence and needs no p-value. What every model has (ones, zeros,
rotary frequencies, position tables, counters) proves nothing and is left out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint, TensorRole
from tasks.independence.permutation_test import Matrix

#: Roles that many models have in common, or that are too small to be told from chance.
TRIVIAL_ROLES = frozenset({"norm", "buffer", "rotary", "position_embedding", "class_embedding"})
#: Fewer numbers, or fewer different ones, can agree without being copied.
LEAST_NUMBERS = 64
LEAST_DIFFERENT = 32


@dataclass(frozen=True)
class Content:
    """A tensor's numbers as hashes: exact, and rounded to the two 16-bit formats; `stored` is the format in the file."""

    name: str
    parameters: int
    stored: str
    exact: str
    rounded: dict[str, str]


def contents(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> list[Content]:
    """The content of every tensor that could show a copy; raises InputFault where any tensor holds NaN or infinity."""
    found = []
    for role in roles:
        numbers = checkpoint.read(role.name).ravel()
        if not np.isfinite(numbers).all():
            raise InputFault(checkpoint.tensors[role.name].file, role.name, "NaN or infinite numbers", "finite weights")
        if role.role in TRIVIAL_ROLES or role.bias or len(numbers) < LEAST_NUMBERS or _few_different(numbers):
            continue
        found.append(_content(checkpoint, role.name, numbers))
    return found


def copied(subject: Sequence[Content], reference: Sequence[Content]) -> list[tuple[Content, Content]]:
    """Pairs of the same content. A file in a 16-bit format is compared with the other's numbers rounded to that format."""
    known: dict[str, Content] = {}
    for theirs in reference:
        for key in (f"exact:{theirs.exact}", *(f"{kind}:{value}" for kind, value in theirs.rounded.items())):
            known.setdefault(key, theirs)
    found = []
    for mine in subject:
        other = known.get(f"exact:{mine.exact}")
        for kind, value in mine.rounded.items():
            candidate = known.get(f"{kind}:{value}")
            if other is None and candidate is not None and kind in (mine.stored, candidate.stored):
                other = candidate
        if other is not None:
            found.append((mine, other))
    return found


def _content(checkpoint: Checkpoint, name: str, numbers: Matrix) -> Content:
    entry = checkpoint.tensors[name]
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    # Rounding to bfloat16 is to the nearest, ties to even; adding half of the last kept place does it.
    bfloat16 = ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype("<u2")
    with np.errstate(over="ignore"):
        rounded = {"BF16": _sha256(bfloat16), "F16": _sha256(numbers.astype("<f2"))}
    return Content(name, entry.parameters, entry.dtype, _sha256(numbers.astype("<f4")), rounded)


def _few_different(numbers: Matrix) -> bool:
    head = np.unique(numbers[: 64 * LEAST_DIFFERENT])
    return len(head) < LEAST_DIFFERENT and len(np.unique(numbers)) < LEAST_DIFFERENT


def _sha256(numbers: "npt.NDArray[np.generic]") -> str:
    return hashlib.sha256(np.ascontiguousarray(numbers).view(np.uint8).data).hexdigest()
