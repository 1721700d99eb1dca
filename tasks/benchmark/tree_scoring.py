"""Runs rows of text through a model along the prefix tree, after a look at whether this model allows it.

Decoders whose attention is transformers' own (plain, grouped, sliding windows) do. Where a model mixes tokens by other
means (recurrent layers, caps inside attention, positions that it counts itself), the first rows scored both ways differ
or the forward refuses, and every row takes the full forward: slower, the same answers.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import torch

from tasks.benchmark.batching import Budget, Row
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.own_attention import REFUSALS, TOLERANCE, NoAttentionError, attending, furthest, unsupported
from tasks.benchmark.path_attention import Path
from tasks.benchmark.prefix_tree import Pack, needed, walk

_LOG = logging.getLogger(__name__)


class TreeScorer:
    """Logits at the scored positions of many rows, computed along their tree."""

    def __init__(self, model: Any, output: OutputLayer) -> None:
        self._model = model
        self._output = output
        self.refused: str | None = None  # nobody knows yet

    def allows(self, rows: Sequence[Row], full: Callable[[Sequence[Row]], list[torch.Tensor]]) -> bool:
        """Whether this model's rows can be scored along the tree; looked at once, on rows scored both ways.

        `full(rows)` gives each row's logits by the plain forward.
        """
        if self.refused is None:
            self.refused = unsupported(self._model) or self._difference(rows, full)
            if self.refused:
                _LOG.warning("every prompt is computed in full, which is slower: %s", self.refused)
        return not self.refused

    def run(self, rows: Sequence[Row], wanted: Collection[int], budget: Budget) -> Iterator[dict[int, torch.Tensor]]:
        """A pack at a time: row → float32 log-probabilities [row.scored, vocabulary] of the wanted rows complete with it.

        The packs are those of all rows, so that what is wanted changes no last bit.
        """
        path = Path(max(len(row.ids) for row in rows))
        along: dict[int, torch.Tensor] = {}  # position of the path → its log-probabilities
        with attending(self._model):
            for pack in needed(walk(rows, budget, self._output.vocabulary), wanted):
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

    def _logprobs(self, pack: Pack, path: Path) -> list[torch.Tensor]:
        """Of each wanted position, in the order of the stretches."""
        device = self._model.device
        path.begin(pack.stretches)
        wanted: list[int] = []
        first = 0
        for stretch in pack.stretches:
            wanted.extend(first + place - stretch.start for place in stretch.wanted)
            first += len(stretch.ids)
        ids = [each for stretch in pack.stretches for each in stretch.ids]
        places = [at for stretch in pack.stretches for at in range(stretch.start, stretch.end)]
        inputs = {
            "input_ids": torch.tensor([ids], device=device),
            "position_ids": torch.tensor([places], device=device),
            "sees": path,
        }
        with torch.inference_mode():
            logits = self._output.at(inputs, [0] * len(wanted), wanted)
            if path.layers_seen == 0:
                raise NoAttentionError("attention that is not asked")
            return list(logits.log_softmax(dim=-1))

    def _difference(self, rows: Sequence[Row], full: Callable[[Sequence[Row]], list[torch.Tensor]]) -> str:
        """What speaks against the tree: nothing, or a sentence. Packs are small here, so that paths are taken up."""
        small = Budget(max(1, max(len(row.ids) for row in rows) // 2), 2**26)
        try:
            packs = self.run(rows, range(len(rows)), small)
            mine = {index: each for pack in packs for index, each in pack.items()}
        except REFUSALS as error:
            return f"{type(self._model).__name__} takes no path ({type(error).__name__}: {str(error)[:80]})"
        for index, row in enumerate(rows):  # one at a time: together they may not fit where packs do
            off = furthest(mine[index], full([row])[0].log_softmax(dim=-1))
            if not off < TOLERANCE[self._model.dtype]:
                return f"two items scored both ways differ by {off:.2g}"
        return ""
