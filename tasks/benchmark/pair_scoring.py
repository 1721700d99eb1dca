"""Log-likelihoods of continuations behind their contexts: what every kind of model has in common.

Pairs become rows of what the model computes, pairs that share their tokens one row; rows go through the model in batches, and
each row's endings are looked up in its log-probabilities. Which tokens make a row, and how it is computed, is the
subclass's own.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import BatchRunner, Row
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import OutputLayer

#: Contexts whose rows are scored both ways at the start, and the most rows of them: two items at four choices each.
CHECKED_CONTEXTS = 2
CHECKED_ROWS = 8

Kind = tuple[tuple[str, tuple[Any, ...]], ...]

#: Log-likelihood of a continuation, and whether the model would have written it.
Score = tuple[float, bool]


@dataclass(frozen=True)
class Pair:
    """A context and the continuation to score, as token ids; `extras` are pixels, `kind` groups what can be stacked."""

    context: list[int]
    continuation: list[int]
    extras: dict[str, Any]
    kind: Kind = ()

    @property
    def length(self) -> int:
        """Tokens of both."""
        return len(self.context) + len(self.continuation)


class PairScorer(ABC):
    """Scores pairs with one model. `alone`: no bit of a score depends on the pairs beside it."""

    def __init__(
        self, loaded: LoadedModel, output: OutputLayer, runner: BatchRunner, max_length: int, alone: bool
    ) -> None:
        self._folder = loaded.folder
        self._model = loaded.model
        self._pad = loaded.pad
        self._output = output
        self._runner = runner
        self._max_length = max_length
        self._alone = alone

    @property
    @abstractmethod
    def way(self) -> str | None:
        """How pairs are computed; None while nobody asked."""

    @abstractmethod
    def cuts(self, pair: Pair) -> bool:
        """Whether the pair's context is too long for the model and loses its beginning."""

    @abstractmethod
    def logits(self, rows: Sequence[Row]) -> list[torch.Tensor]:
        """The plain forward: float32 logits [row.scored, vocabulary] of each row."""

    @abstractmethod
    def _rows(self, pairs: Sequence[Pair]) -> tuple[list[Row], list[list[int]]]:
        """What is computed, and of each row the pairs whose continuations are its endings, in their order."""

    @abstractmethod
    def _scored_rows(self, rows: list[Row], wanted: set[int], first: list[Row]) -> Iterator[dict[int, list[Score]]]:
        """A batch at a time: index of a row → the score of each of its endings. `first`: to be computed both ways."""

    def scored(self, pairs: Sequence[Pair], wanted: Collection[int]) -> Iterator[dict[int, Score]]:
        """A batch at a time: index of a pair → its score. What is not `wanted` may come too."""
        rows, members = self._rows(pairs)
        wanted = set(wanted)
        wanted_rows = {row for row, indices in enumerate(members) if not wanted.isdisjoint(indices)}
        contexts = [tuple(pairs[indices[0]].context) for indices in members[:CHECKED_ROWS]]
        checked = list(dict.fromkeys(contexts))[:CHECKED_CONTEXTS]
        first = [row for row, context in zip(rows, contexts, strict=False) if context in checked]
        for batch in self._scored_rows(rows, wanted_rows, first):
            yield {
                index: score for row, scores in batch.items() for index, score in zip(members[row], scores, strict=True)
            }

    def _score(self, logprobs: torch.Tensor, best: torch.Tensor, ending: tuple[int, ...]) -> Score:
        """Of an ending that stands at the last of those positions: log-probabilities [positions, vocabulary], best tokens."""
        ids = torch.tensor(ending, device=logprobs.device)
        total = float(logprobs[-len(ids) :].gather(1, ids[:, None]).sum())
        if not math.isfinite(total):
            found = f"a log-likelihood of {total}"
            raise InputFault(self._folder, "", found, "finite numbers (are weights NaN or infinite?)")
        return total, bool((best[-len(ids) :] == ids).all())
