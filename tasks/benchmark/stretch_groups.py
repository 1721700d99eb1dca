"""Stretches of a pack that attend in one call: a question with its choices, say, each of which sees the question only.

A call to attention costs as much as the arithmetic of a hundred tokens, and choices have ten. So stretches that stand
beneath a common beginning are computed together, under a mask that is their part of the tree.
"""

from collections.abc import Iterator, Sequence

import torch

from tasks.benchmark.prefix_tree import Stretch

#: Tokens of a group: a longer stretch is cut, as it would compute what its mask then hides; stretches are put together as
#: long as what the mask hides between them costs less than a call (measured).
_LONGEST, _TOGETHER = 512, 160


class Group:
    """Tokens of a pack from `first` on whose paths are alike before position `base`."""

    def __init__(self, first: int, base: int) -> None:
        self.base = base
        self.places: list[int] = []  # each token's position on its path
        self.asked: list[int] = []  # which of its tokens are wanted
        self._first = first
        self._line: list[int] = []  # the tokens along the path to the last one
        self._seen: list[
            tuple[int, int, list[int]]
        ] = []  # of each stretch: first token, end, those on the path before it
        self._masks: dict[tuple[range, int | None, int, bool], torch.Tensor] = {}

    @property
    def tokens(self) -> slice:
        """Where in the pack they stand."""
        return slice(self._first, self._first + len(self.places))

    @property
    def path(self) -> slice:
        """The positions of the path that they leave behind them."""
        return slice(self.base, self.base + len(self._line))

    @property
    def line(self) -> slice | list[int]:
        """The tokens of the pack that stand at those positions."""
        if len(self._line) == len(self.places):
            return self.tokens
        return [self._first + each for each in self._line]

    def takes(self, start: int, count: int) -> bool:
        """Whether so many tokens from that position on may join."""
        return start >= self.base and len(self.places) + count <= _TOGETHER

    def add(self, start: int, count: int, wanted: Sequence[int]) -> None:
        """Adds a stretch of so many tokens; `wanted` are positions among its own."""
        first, before = len(self.places), self._line[: start - self.base]
        self._seen.append((first, first + count, before))
        self._line = [*before, *range(first, first + count)]
        self.places += range(start, start + count)
        self.asked += [first + place - start for place in wanted]

    def mask(self, window: int | None, outside: range, heads: int, last: bool, like: torch.Tensor) -> torch.Tensor:
        """Additive [1, 1, heads x queries, outside + tokens]: what each token sees, of positions before the group and of it.

        `last`: only the wanted tokens are queries. Kept, as every layer asks for the same.
        """
        key = outside, window, heads, last
        if key not in self._masks:
            hidden = torch.ones(len(self.places), len(self.places), dtype=torch.bool)
            for first, end, before in self._seen:
                hidden[first:end, before] = False
                hidden[first:end, first:end] = torch.ones(end - first, end - first, dtype=torch.bool).triu(1)
            hidden = torch.cat([hidden.new_zeros(len(hidden), len(outside)), hidden], 1)
            if window is not None:
                places = torch.tensor(self.places)
                hidden |= torch.cat([torch.tensor(outside), places]) <= places[:, None] - window
            hidden = (hidden[self.asked] if last else hidden).to(like.device)
            mask = like.new_zeros(hidden.shape).masked_fill_(hidden, float("-inf"))
            self._masks[key] = mask.repeat(heads, 1)[None, None]
        return self._masks[key]


def grouped(stretches: Sequence[Stretch], asked: Sequence[Sequence[int]]) -> list[Group]:
    """The stretches in groups, in their order; `asked` are the positions of each whose logits are asked for."""
    groups: list[Group] = []
    first = 0
    for start, end, wanted in _pieces(stretches, asked):
        if not groups or not groups[-1].takes(start, end - start):
            groups.append(Group(first, start))
        groups[-1].add(start, end - start, wanted)
        first += end - start
    return groups


def _pieces(stretches: Sequence[Stretch], asked: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, list[int]]]:
    for stretch, wanted in zip(stretches, asked, strict=True):
        for start in range(stretch.start, stretch.end, _LONGEST):
            end = min(stretch.end, start + _LONGEST)
            yield start, end, [place for place in wanted if start <= place < end]
