"""Scores of pairs from a decoder: context and continuation are one row of tokens, cut from the left to the model's length.

Rows of text go along their prefix tree where the model allows it, else through the plain forward, sorted by length in
right-padded batches, or in smaller ones where padding changes what the model computes (bidirectional attention, say). Rows with
pictures always take the plain forward.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from tasks.benchmark.batching import BatchRunner, Company, Row, RowTooLargeError, is_out_of_memory
from tasks.benchmark.company import WORDS, found_company
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.pair_scoring import Pair, PairScorer, Score
from tasks.benchmark.row_tensors import model_inputs
from tasks.benchmark.tree_scoring import TreeScorer
from tasks.benchmark.trial_rows import trial_rows

_LOG = logging.getLogger(__name__)


class DecoderScorer(PairScorer):
    """See `PairScorer`."""

    def __init__(
        self, loaded: LoadedModel, output: OutputLayer, runner: BatchRunner, max_length: int, alone: bool
    ) -> None:
        super().__init__(loaded, output, runner, max_length, alone)
        self.tree = TreeScorer(loaded.model, output, alone)
        #: Which rows may share a plain forward; None while nobody knows.
        self._company: Company | None = None

    @property
    def way(self) -> str | None:
        """The tree, or the plain forward and why."""
        refused = self.tree.refused
        if not refused:
            return None if refused is None else "prefix tree"
        together = f", {WORDS[self._company]}" if self._company else ""
        return f"full forward{together}, as {refused}"

    def cuts(self, pair: Pair) -> bool:
        """The last token is not read, so one more than the model's length fits."""
        return pair.length > self._max_length + 1

    def logits(self, rows: Sequence[Row]) -> list[torch.Tensor]:
        """See `PairScorer`: the positions that are scored are a row's last."""
        inputs = model_inputs(rows, self._model.device, self._model.dtype, self._pad)
        with torch.inference_mode():
            return self._output.logits(inputs, [(len(row.ids) - row.scored, len(row.ids)) for row in rows])

    def _rows(self, pairs: Sequence[Pair]) -> tuple[list[Row], list[list[int]]]:
        """Distinct inputs: pairs that differ in their last token only share one (where each row is to be alone, only with
        those that score as many positions)."""
        sharing: dict[tuple[Any, ...], list[int]] = {}
        for index, pair in enumerate(pairs):
            ids = tuple((pair.context + pair.continuation)[-(self._max_length + 1) :][:-1])
            scored = len(pair.continuation) if self._alone else 0
            sharing.setdefault((ids, id(pair.extras) if pair.extras else None, scored), []).append(index)
        rows = []
        for (ids, _, _), members in sharing.items():
            endings = tuple(tuple(pairs[index].continuation) for index in members)
            rows.append(Row(ids, endings, pairs[members[0]].extras, pairs[members[0]].kind))
        return rows, list(sharing.values())

    def _scored_rows(self, rows: list[Row], wanted: set[int], first: list[Row]) -> Iterator[dict[int, list[Score]]]:
        if any(row.extras for row in rows) or not self.tree.allows(first, self.logits):
            yield from self._runner.each(rows, wanted, self._in_full, company=self._together(first))
            return
        left = set(wanted)
        while left:
            budget = self._runner.budget
            try:
                for pack in self.tree.run(rows, left.copy(), budget):
                    left.difference_update(pack)
                    yield {index: self._scores(rows[index], each) for index, each in pack.items()}
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if budget.tokens == 1:
                    raise RowTooLargeError("one token at a time") from error
            if left:
                self._runner.halve(budget.tokens, budget.logits)

    def _together(self, first: Sequence[Row]) -> Company:
        """Which rows may share a plain forward, looked at once: on made-up rows, and the shortest and longest of the first
        that are asked. A token need not be blind to what follows it, as padding does."""
        if self._company is None:
            self._company = self._runner.company
            asked = [] if any(row.extras for row in first) else sorted(first, key=lambda row: row.length)
            for rows in (trial_rows(self._model.config), [*asked[:1], *asked[-1:]]):
                if self._company < Company.ALONE:
                    found = found_company(rows, self._logprobs, self._model.dtype)
                    self._company = max(self._company, found)
            if self._company > self._runner.company:
                _LOG.warning("a padded batch changes what this model computes: %s", WORDS[self._company])
        return self._company

    def _logprobs(self, rows: Sequence[Row]) -> list[torch.Tensor]:
        return [each.log_softmax(dim=-1) for each in self.logits(rows)]

    def _in_full(self, batch: list[Row]) -> list[list[Score]]:
        logits = self.logits(batch)  # log-probabilities row by row: all at once they would take as much again
        return [self._scores(row, each.log_softmax(dim=-1)) for row, each in zip(batch, logits, strict=True)]

    def _scores(self, row: Row, logprobs: torch.Tensor) -> list[Score]:
        best = logprobs.argmax(dim=-1)
        return [self._score(logprobs, best, ending) for ending in row.endings]
