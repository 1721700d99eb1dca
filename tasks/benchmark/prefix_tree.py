"""Rows that begin alike, as one walk over a tree of token ids in which no token is computed twice.

Rows in the order of their ids are the tree's leaves in depth-first order: what a row shares with any row before it, it
shares with the one just before. So a row adds the tokens behind that common beginning only (few-shot examples are computed
once, a question once under all its choices), and the keys and values of one path from root to leaf are all that has
to be held. The walk is cut into packs of a bounded number of tokens.

>>> packs = walk([Row((1, 2, 3), ((9, 9),)), Row((1, 2, 4), ((9, 9),))], Budget(8, 99), 10)
>>> [(stretch.start, stretch.ids, stretch.wanted) for stretch in packs[0].stretches]
[(0, (1, 2, 3), (1, 2)), (2, (4,), (2,))]
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tasks.benchmark.batching import Budget, Row

#: Tokens of a block: enough for matrix products to be worth while, few enough that examples are shared nearly whole.
BLOCK = 128


@dataclass
class Stretch:
    """Tokens that follow each other: the first stands at position `start` of its path, whose earlier tokens came before.

    `row` is the index of the row that they were added for, `wanted` the positions of the path whose logits are used: by
    this row or by later ones that begin alike.
    """

    row: int
    start: int
    ids: tuple[int, ...]
    wanted: tuple[int, ...]

    @property
    def end(self) -> int:
        """The position behind the last token."""
        return self.start + len(self.ids)


@dataclass
class Pack:
    """Stretches that go through the model together; `needs` are the earlier packs that hold the beginnings of its paths."""

    stretches: list[Stretch] = field(default_factory=list)
    needs: set[int] = field(default_factory=set)

    @property
    def tokens(self) -> int:
        """How many tokens it holds."""
        return sum(len(stretch.ids) for stretch in self.stretches)

    @property
    def wanted(self) -> int:
        """How many positions' logits are used."""
        return sum(len(stretch.wanted) for stretch in self.stretches)


def walk(rows: Sequence[Row], budget: Budget, vocabulary: int) -> list[Pack]:
    """Packs of at most `budget.tokens` tokens, to be computed in this order; a pure function of rows and budget.

    A row's logits are wanted at its last `row.scored` positions, and are complete with the last stretch that is its own.
    A stretch longer than a pack goes on in the next one.
    """
    walker = _Walker(budget.tokens, max(1, budget.logits // vocabulary))
    for index in sorted(range(len(rows)), key=lambda index: rows[index].ids):
        walker.add(index, rows[index])
    return walker.packs


def needed(packs: Sequence[Pack], wanted: Collection[int]) -> list[Pack]:
    """The packs that complete those rows, with all that they stand on, in order.

    Each pack is computed as it is in the whole walk, so a row's last bits do not depend on which others are wanted.
    """
    chosen = {number for number, pack in enumerate(packs) if any(stretch.row in wanted for stretch in pack.stretches)}
    for number in range(len(packs) - 1, -1, -1):
        if number in chosen:
            chosen |= packs[number].needs
    return [packs[number] for number in sorted(chosen)]


def blocks(rows: Sequence[Row]) -> list[Pack]:
    """Packs of one stretch each, cut at every BLOCK-th position of a path: slower than `walk`, and independent of company.

    What a pack computes follows from the ids up to its end alone, whatever other rows there are, in whatever order. Full
    blocks are shared by the rows that begin with them.
    """
    packs: list[Pack] = []
    path: list[int] = []  # the packs along the last row
    before: tuple[int, ...] = ()
    for index in sorted(range(len(rows)), key=lambda index: rows[index].ids):
        row = rows[index]
        first = len(row.ids) - row.scored
        del path[min(common_length(before, row.ids), len(row.ids) - 1) // BLOCK :]
        for number in path:
            stretch = packs[number].stretches[0]
            also = range(max(first, stretch.start), stretch.end)
            stretch.wanted = tuple(sorted({*stretch.wanted, *also}))
        for start in range(len(path) * BLOCK, len(row.ids), BLOCK):
            end = min(start + BLOCK, len(row.ids))
            stretch = Stretch(index, start, row.ids[start:end], tuple(range(max(start, first), end)))
            packs.append(Pack([stretch], set(path)))
            path.append(len(packs) - 1)
        before = row.ids
    return packs


class _Walker:
    """Adds rows in the order of their ids; `path` are the stretches, with their packs, from the root to the last row's end."""

    def __init__(self, tokens: int, positions: int) -> None:
        self.packs: list[Pack] = []
        self._tokens, self._positions = tokens, positions
        self._path: list[tuple[int, Stretch]] = []
        self._before: tuple[int, ...] = ()

    def add(self, index: int, row: Row) -> None:
        first = len(row.ids) - row.scored
        start = min(common_length(self._before, row.ids), len(row.ids) - 1)
        start = self._also_wanted(first, start)
        self._before = row.ids
        self._path = [(number, stretch) for number, stretch in self._path if stretch.start < start]
        while start < len(row.ids):
            if not self.packs or self._room() <= 0:
                self.packs.append(Pack())
            pack = self.packs[-1]
            end = min(len(row.ids), start + self._tokens - pack.tokens)
            end = min(end, max(start, first) + self._positions - pack.wanted)
            stretch = Stretch(index, start, row.ids[start:end], tuple(range(max(start, first), end)))
            number = len(self.packs) - 1
            pack.stretches.append(stretch)
            pack.needs |= {each for each, _ in self._path if each != number}
            self._path.append((number, stretch))
            start = end

    def _also_wanted(self, first: int, start: int) -> int:
        """Asks for the scored positions that the row shares with the path; from where a pack is full, the row has its own."""
        for place in range(first, start):
            number, stretch = next(each for each in reversed(self._path) if each[1].start <= place)
            if place not in stretch.wanted:
                if self.packs[number].wanted >= self._positions:
                    return place
                stretch.wanted = tuple(sorted((*stretch.wanted, place)))
        return start

    def _room(self) -> int:
        """Tokens, or where fewer the scored positions, that the last pack still takes."""
        pack = self.packs[-1]
        return min(self._tokens - pack.tokens, self._positions - pack.wanted)


def common_length(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    """How many ids two rows begin with alike; by halving, as comparing slices is far quicker than comparing ids."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
