"""Runs rows of text through a model along the prefix tree, after a look at whether this model allows it.

Decoders whose attention is transformers' own (plain, grouped, sliding windows) do. Where a model mixes tokens by other
means (recurrent layers, caps inside attention, positions that it counts itself), the first rows scored both ways differ
or the forward refuses, and every row takes the full forward: slower, the same answers.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from tasks.benchmark.batching import Budget, Row
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.path_attention import NAME, NoPathError, Path
from tasks.benchmark.prefix_tree import Pack, needed, walk

#: How far a log-probability may differ between the two ways: rounding in float32 stays below 1e-4 over a full prompt,
#: and in 16 bits the harness itself differs by up to 0.06 between batch sizes; a wrong way is off by more than 1.
_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.25}

_LOG = logging.getLogger(__name__)


class TreeScorer:
    """Logits at the scored positions of many rows, computed along their tree."""

    def __init__(self, model: Any, output: OutputLayer) -> None:
        self._model = model
        self._output = output
        self.refused = "" if getattr(model, "_supports_attention_backend", False) else "its attention is its own"
        self._checked = False

    def allows(self, rows: Sequence[Row], full: Callable[[Sequence[Row]], list[torch.Tensor]]) -> bool:
        """Whether this model's rows can be scored along the tree; looked at once, on rows scored both ways.

        `full(rows)` gives each row's logits by the plain forward.
        """
        if not self._checked:
            self._checked = True
            self.refused = self.refused or self._difference(rows, full)
            if self.refused:
                _LOG.warning("every prompt is computed in full, which is slower: %s", self.refused)
        return not self.refused

    def run(self, rows: Sequence[Row], wanted: Collection[int], budget: Budget) -> Iterator[dict[int, torch.Tensor]]:
        """A pack at a time: row → float32 log-probabilities [row.scored, vocabulary] of the wanted rows complete with it.

        The packs are those of all rows, so that what is wanted changes no last bit.
        """
        path = Path(max(len(row.ids) for row in rows))
        along: dict[int, torch.Tensor] = {}  # position of the path → its log-probabilities
        with self._along_paths():
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
            "path": path,
        }
        with torch.inference_mode():
            logits = self._output.at(inputs, [0] * len(wanted), wanted)
            if path.layers_seen == 0:
                raise NoPathError("attention that does not get its path")
            return list(logits.log_softmax(dim=-1))

    @contextmanager
    def _along_paths(self) -> Iterator[None]:
        before = self._model.config._attn_implementation
        self._model.set_attn_implementation(NAME)
        try:
            yield
        finally:
            self._model.set_attn_implementation(before)

    def _difference(self, rows: Sequence[Row], full: Callable[[Sequence[Row]], list[torch.Tensor]]) -> str:
        """What speaks against the tree: nothing, or a sentence. Packs are small here, so that paths are taken up."""
        small = Budget(max(1, max(len(row.ids) for row in rows) // 2), 2**26)
        try:
            packs = self.run(rows, range(len(rows)), small)
            mine = {index: each for pack in packs for index, each in pack.items()}
        except (NoPathError, TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
            return f"{type(self._model).__name__} takes no path ({type(error).__name__}: {str(error)[:80]})"
        for index, logits in enumerate(full(rows)):
            theirs = logits.log_softmax(dim=-1)
            likely = theirs > theirs.amax(dim=-1, keepdim=True) - 20  # far tails weigh nothing and round worse
            if not likely.any():
                return "the full forward gives no numbers"
            off = float((mine[index] - theirs)[likely].abs().max())
            if not off < _TOLERANCE[self._model.dtype]:
                return f"two items scored both ways differ by {off:.2g}"
        return ""
