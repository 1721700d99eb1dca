"""Which rows of tokens go through the model together: sorted by length, within a budget, halved when memory runs out.

The plan is a pure function of the rows and the budget. Rows come one chunk of items at a time (see `items`), and batches
of which nothing is wanted are left out, so a resumed run and a limited one put the same rows together and get the same
last bits.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

Result = TypeVar("Result")


class Company(IntEnum):
    """Which rows may share a batch; the greater, the fewer."""

    ANY = 0
    ONE_LENGTH = 1
    ALONE = 2


@dataclass(frozen=True)
class Row:
    """One sequence of token ids as the model sees it.

    `endings` are the continuations scored on it: each one's tokens are predicted at the row's last positions.
    `extras` are the model's further inputs (pixels); `kind` names them with their shapes, and rows of one kind can be
    stacked.
    """

    ids: tuple[int, ...]
    endings: tuple[tuple[int, ...], ...] = ()
    extras: dict[str, Any] = field(default_factory=dict, compare=False)
    kind: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def scored(self) -> int:
        """How many positions at the row's end need logits."""
        return max(map(len, self.endings), default=0)

    @property
    def length(self) -> int:
        """How many tokens a model computes for it."""
        return len(self.ids)


@dataclass(frozen=True)
class Budget:
    """The most that one batch may hold: padded tokens, and numbers in its logits (scored positions x vocabulary)."""

    tokens: int
    logits: int

    def half_of(self, tokens: int, logits: int) -> "Budget":
        """Half of what a batch held that did not fit into memory, and never more than before."""
        return Budget(max(1, min(self.tokens, tokens // 2)), max(1, min(self.logits, logits // 2)))


#: On a CPU a batch of 512 tokens stays in the caches, and larger ones gain nothing (measured); a GPU is busy from some ten
#: thousand tokens on. Logits are float32: 2**26 of them take 256 MiB, 2**28 take 1 GiB.
CPU_BUDGET = Budget(tokens=512, logits=2**26)
GPU_BUDGET = Budget(tokens=32768, logits=2**28)


def plan(
    rows: Sequence[Row], budget: Budget, vocabulary: int, room: int = 0, company: Company = Company.ANY
) -> list[list[int]]:
    """Indices of `rows` in batches, the longest first; `room` is how many tokens each row will grow by.

    A row that exceeds the budget by itself is a batch of its own.
    """
    order = sorted(range(len(rows)), key=lambda index: (repr(rows[index].kind), -rows[index].length, rows[index].ids))
    batches: list[list[int]] = []
    longest = scored = 0
    for index in order:
        row = rows[index]
        scored += row.scored
        together = bool(batches) and rows[batches[-1][0]].kind == row.kind
        together = together and (row.length == longest or company == Company.ANY) and company != Company.ALONE
        fits = together and (len(batches[-1]) + 1) * (longest + room) <= budget.tokens
        if fits and scored * vocabulary <= budget.logits:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest, scored = row.length, row.scored
    return batches


class RowTooLargeError(RuntimeError):
    """One row alone does not fit into memory."""


class BatchRunner:
    """Runs rows through a function batch by batch; when memory runs out it halves the budget, for good, and goes on.

    `company`: which rows may share a batch at the most.
    """

    def __init__(self, budget: Budget, vocabulary: int, company: Company = Company.ANY) -> None:
        self.budget = budget
        self._vocabulary = vocabulary
        self.company = company

    def run(self, rows: Sequence[Row], forward: Callable[[list[Row]], Sequence[Result]], room: int = 0) -> list[Result]:
        """One result a row, in the order of `rows`. Raises RowTooLargeError where a single row does not fit."""
        results: dict[int, Result] = {}
        for batch in self.each(rows, range(len(rows)), forward, room):
            results.update(batch)
        return [results[index] for index in range(len(rows))]

    def each(
        self,
        rows: Sequence[Row],
        wanted: Collection[int],
        forward: Callable[[list[Row]], Sequence[Result]],
        room: int = 0,
        company: Company = Company.ANY,
    ) -> Iterator[dict[int, Result]]:
        """A batch at a time: index of a row → its result, for every batch with a row that is wanted and not yet there.

        `room` is how many tokens each row will grow by, `company` which rows may share a batch here. Raises
        RowTooLargeError where a single row does not fit.
        """
        company = max(company, self.company)
        left = set(wanted)
        members = list(range(len(rows)))
        while left:
            here = [rows[index] for index in members]
            for batch in plan(here, self.budget, self._vocabulary, room, company):
                indices = [members[place] for place in batch]
                if left.isdisjoint(indices):
                    continue
                outputs = self._attempt([rows[index] for index in indices], forward, room)
                if outputs is None:  # the budget is halved: what is left is planned anew
                    members = sorted(left)
                    break
                left.difference_update(indices)
                yield dict(zip(indices, outputs, strict=True))

    def _attempt(
        self, batch: list[Row], forward: Callable[[list[Row]], Sequence[Result]], room: int
    ) -> Sequence[Result] | None:
        tokens = len(batch) * (max(row.length for row in batch) + room)
        try:
            return forward(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise RowTooLargeError(f"one row of {tokens} tokens") from error
        # outside the handler, so that the failed batch's tensors are let go
        self.halve(tokens, sum(row.scored for row in batch) * self._vocabulary)
        return None

    def halve(self, tokens: int, logits: int) -> None:
        """From now on at most half of what did not fit."""
        _free_cached_memory()
        self.budget = self.budget.half_of(tokens, logits)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch ran out of memory, on a GPU or on the CPU (where it says so only in words)."""
    import torch

    words = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in words


def _free_cached_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
