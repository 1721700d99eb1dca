"""Runs rows of text through a model along the prefix tree, after a look at whether this model allows it.

Decoders whose attention is transformers' own (plain, grouped, sliding windows) do. Where a model mixes tokens by other
means (recurrent layers, caps inside attention, positions that it counts itself), the first rows scored both ways differ
or the forward refuses, and every row takes the full forward: slower, the same answers.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from tasks.benchmark.batching import Budget, Row
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.path_attention import NAME, NoPathError, Path
from tasks.benchmark.prefix_tree import Stretch, walk

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

    def run(self, rows: Sequence[Row], budget: Budget) -> Iterator[tuple[int, torch.Tensor]]:
        """(row, float32 log-probabilities [row.scored, vocabulary]) one by one, as their tokens are computed."""
        path = Path(max(len(row.ids) for row in rows))
        unfinished: dict[int, list[torch.Tensor]] = {}
        with self._along_paths():
            for pack in walk(rows, budget, self._output.vocabulary):
                for stretch, logprobs in zip(pack, self._logprobs(pack, path), strict=True):
                    held = unfinished.setdefault(stretch.row, [])
                    held.append(logprobs)
                    if stretch.end == len(rows[stretch.row].ids):
                        yield stretch.row, torch.cat(unfinished.pop(stretch.row))

    def _logprobs(self, pack: list[Stretch], path: Path) -> list[torch.Tensor]:
        device = self._model.device
        path.begin(pack)
        wanted: list[int] = []
        end = 0
        for stretch in pack:
            end += len(stretch.ids)
            wanted.extend(range(end - stretch.scored, end))
        ids = torch.tensor([[each for stretch in pack for each in stretch.ids]], device=device)
        places = torch.tensor([[at for stretch in pack for at in range(stretch.start, stretch.end)]], device=device)
        with torch.inference_mode():
            inputs = {"input_ids": ids, "position_ids": places, "path": path}
            logits = self._output.at(inputs, [0] * len(wanted), wanted)
            if path.layers_seen == 0:
                raise NoPathError("attention that does not get its path")
            return list(torch.split(logits.log_softmax(dim=-1), [stretch.scored for stretch in pack]))

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
            mine = dict(self.run(rows, small))
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
