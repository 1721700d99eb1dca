"""Rows that begin alike, as one walk over a tree of token ids in which no token is computed twice.

Rows in the order of their ids are the tree's leaves in depth-first order: what a row shares with any row before it, it
shares with the one just before. So a row adds the tokens behind that common beginning only (few-shot examples are computed
once, a question once under all its choices), and the keys and values of one path from root to leaf are all that has
to be held. The walk is cut into packs of a bounded number of tokens.

>>> [[(s.start, s.ids) for s in pack] for pack in walk([Row((1, 2, 3), ((9,),)), Row((1, 2, 4), ((9,),))], Budget(8, 99), 10)]
[[(0, (1, 2, 3)), (2, (4,))]]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.benchmark.batching import Budget, Row


@dataclass(frozen=True)
class Stretch:
    """Tokens that follow each other: the first stands at position `start` of its path, whose earlier tokens came before.

    `row` is the index of the row, `scored` how many of the last tokens' logits are wanted.
    """

    row: int
    start: int
    ids: tuple[int, ...]
    scored: int

    @property
    def end(self) -> int:
        """The position behind the last token."""
        return self.start + len(self.ids)


def walk(rows: Sequence[Row], budget: Budget, vocabulary: int) -> list[list[Stretch]]:
    """Packs of at most `budget.tokens` tokens, to be computed in this order; a pure function of rows and budget.

    A row's logits are wanted at its last `row.scored` positions; all of them are in one walk's packs, in order. A stretch
    longer than a pack goes on in the next one.
    """
    order = sorted(range(len(rows)), key=lambda index: rows[index].ids)
    packs: list[list[Stretch]] = []
    room = logits = 0
    before: tuple[int, ...] = ()
    for index in order:
        ids, scored = rows[index].ids, rows[index].scored
        start = min(common_length(before, ids), len(ids) - max(1, scored))
        before = ids
        while start < len(ids):
            if room <= 0 or logits <= 0:
                packs.append([])
                room, logits = budget.tokens, budget.logits
            end = min(len(ids), start + room)
            wanted = max(0, end - max(start, len(ids) - scored))
            most = max(1, logits // vocabulary)
            if wanted > most:
                end, wanted = end - (wanted - most), most
            packs[-1].append(Stretch(index, start, ids[start:end], wanted))
            room -= end - start
            logits -= wanted * vocabulary
            start = end
    return packs


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
