"""Runs rows of text through a model along the prefix tree, after a look at whether this model allows it.

Decoders whose attention is transformers' own (plain, grouped, sliding windows) do. Where a model mixes tokens by other
means (recurrent layers, caps inside attention, positions that it counts itself), rows computed both ways differ
or the forward refuses, and every row takes the full forward: slower, the same answers.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch

from tasks.benchmark.batching import Budget, Row
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.own_forward import OwnForward
from tasks.benchmark.path_attention import Path
from tasks.benchmark.prefix_tree import Pack, blocks, needed, walk


class TreeScorer(OwnForward):
    """Logits at the scored positions of many rows, computed along their tree.

    `alone`: in blocks whose bits do not depend on the rows beside them (see `prefix_tree.blocks`). Then a block gives either all
    its logits or none, as an output layer's last bits depend on how many rows it takes.
    """

    SLOWER = "every prompt is computed in full, which is slower"
    NOT_TAKEN = "takes no path"
    DIFFERENT = "two items scored both ways"

    def __init__(self, model: Any, output: OutputLayer, alone: bool = False) -> None:
        super().__init__(model, output)
        self._alone = alone

    def run(self, rows: Sequence[Row], wanted: Collection[int], budget: Budget) -> Iterator[dict[int, torch.Tensor]]:
        """A pack at a time: row → float32 log-probabilities [row.scored, vocabulary] of the wanted rows complete with it.

        The packs are those of all rows, so that what is wanted changes no last bit. A pack's numbers are let go of when
        the next is asked for, before that one is computed.
        """
        packs = blocks(rows) if self._alone else walk(rows, budget, self._output.vocabulary)
        yield from self._along(rows, wanted, packs)

    def _along(
        self, rows: Sequence[Row], wanted: Collection[int], packs: Sequence[Pack]
    ) -> Iterator[dict[int, torch.Tensor]]:
        path = Path(max(len(row.ids) for row in rows))
        along: dict[int, torch.Tensor] = {}  # position of the path → its log-probabilities
        with self._computing():
            for pack in needed(packs, wanted):
                complete: dict[int, torch.Tensor] = {}
                logprobs = iter(self._logprobs(pack, path))
                for stretch in pack.stretches:
                    along.update(zip(stretch.wanted, logprobs, strict=False))
                    row = rows[stretch.row]
                    if stretch.end == len(row.ids) and stretch.row in wanted:
                        places = range(stretch.end - row.scored, stretch.end)
                        complete[stretch.row] = torch.stack([along[place] for place in places])
                last = pack.stretches[-1].end
                along = {place: each.clone() for place, each in along.items() if place < last}
                yield complete
                complete.clear()
                del logprobs

    def _logprobs(self, pack: Pack, path: Path) -> list[torch.Tensor]:
        """Of each wanted position, in the order of the stretches."""
        asked: list[Sequence[int]] = [
            range(stretch.start, stretch.end) if self._alone and stretch.wanted else stretch.wanted
            for stretch in pack.stretches
        ]
        path.begin(pack.stretches, asked)
        wanted: list[int] = []
        first = 0
        for stretch, positions in zip(pack.stretches, asked, strict=True):
            wanted.extend(first + place - stretch.start for place in positions)
            first += len(stretch.ids)
        ids = [each for stretch in pack.stretches for each in stretch.ids]
        places = [at for stretch in pack.stretches for at in range(stretch.start, stretch.end)]
        logprobs = iter(self._forward(ids, places, path, wanted).log_softmax(dim=-1))
        found: list[torch.Tensor] = []
        for stretch, positions in zip(pack.stretches, asked, strict=True):
            given = dict(zip(positions, logprobs, strict=False))
            found += [given[place] for place in stretch.wanted]
        return found

    def _tried(self, rows: Sequence[Row]) -> Sequence[torch.Tensor]:
        """Packs are small here, so that paths are taken up."""
        small = Budget(max(1, max(len(row.ids) for row in rows) // 2), 2**26)
        packs = walk(rows, small, self._output.vocabulary)
        mine = {index: each for pack in self._along(rows, range(len(rows)), packs) for index, each in pack.items()}
        return [mine[index] for index in range(len(rows))]
