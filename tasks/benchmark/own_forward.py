"""Forwards of a model under this stage's own attention, after one look at whether the model allows it."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

import torch

from tasks.benchmark.batching import Row, is_out_of_memory
from tasks.benchmark.last_layer import last_layer, only_wanted
from tasks.benchmark.output_layer import ModelRaisedError, OutputLayer
from tasks.benchmark.own_attention import (
    TOLERANCE,
    NoAttentionError,
    Sees,
    attending,
    furthest,
    unsupported,
)
from tasks.benchmark.trial_rows import trial_rows, untold_window

_LOG = logging.getLogger(__name__)

_MADE_UP = "made-up texts computed both ways"

#: Rows → each row's logits at its scored positions [scored, vocabulary], by the plain forward.
Full = Callable[[Sequence[Row]], list[torch.Tensor]]


class OwnForward(ABC):
    """What the ways of computing with one model have in common; `refused` says why the model does not allow this one, is
    empty where it does, and None while nobody knows. The sentences are completed by what was found."""

    SLOWER: ClassVar[str]
    NOT_TAKEN: ClassVar[str]
    DIFFERENT: ClassVar[str]

    def __init__(self, model: Any, output: OutputLayer) -> None:
        self._model = model
        self._output = output
        self._last = last_layer(model)
        self.refused: str | None = None

    def allows(self, rows: Sequence[Row], full: Full) -> bool:
        """Whether this model can be computed with in this way; looked at once, on rows computed both ways: those of a trial
        that is the same for all that may be asked, and the first that are asked."""
        if self.refused is None:
            self.refused = unsupported(self._model) or self._tried_out(full)
            self.refused = self.refused or self._difference(rows, full, self.DIFFERENT)
            if self.refused:
                _LOG.warning("%s: %s", self.SLOWER, self.refused)
        return not self.refused

    @abstractmethod
    def _tried(self, rows: Sequence[Row]) -> Sequence[torch.Tensor]:
        """Each row's log-probabilities at its last positions [positions, vocabulary], computed in this way."""

    def _tried_out(self, full: Full) -> str:
        """What the trial says against this way: nothing, or a sentence."""
        rows = trial_rows(self._model.config)
        found = self._difference(rows, full, _MADE_UP)
        if found and self._last is not None:
            self._last = None  # perhaps only the last layer cannot be run on some of its tokens
            found = self._difference(rows, full, _MADE_UP)
        return found

    def _difference(self, rows: Sequence[Row], full: Full, what: str) -> str:
        """What rows that are `what` say against this way."""
        try:
            tried = self._tried(rows)
            for mine, row in zip(tried, rows, strict=True):  # one at a time: together they may not fit where packs do
                off = furthest(mine, full([row])[0][-len(mine) :].log_softmax(dim=-1))
                if not off < TOLERANCE[self._model.dtype]:
                    return f"{what} differ by {off:.2g}"
        except Exception as error:  # whatever a model's own code makes of a forward that it does not expect
            if is_out_of_memory(error):
                raise
            raised = error.__cause__ if isinstance(error, ModelRaisedError) else error
            return f"{type(self._model).__name__} {self.NOT_TAKEN} ({type(raised).__name__}: {str(raised)[:80]})"
        return ""

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """The model as `_forward` needs it."""
        with attending(self._model), ExitStack() as cut:
            if self._last is not None:
                cut.enter_context(only_wanted(self._last))
            yield

    def _forward(self, ids: Sequence[int], places: Sequence[int], sees: Sees, wanted: Sequence[int]) -> torch.Tensor:
        """Float32 logits [wanted, vocabulary] after the wanted ones of a row of tokens, each at its place."""
        device = self._model.device
        sees.windows, sees.wanted = {}, wanted
        inputs = {
            "input_ids": torch.tensor([ids], device=device),
            "position_ids": torch.tensor([places], device=device),
            "sees": sees,
        }
        left = wanted if self._last is None else range(len(wanted))  # those that come out of the last layer
        with torch.inference_mode():
            logits = self._output.at(inputs, [0] * len(wanted), left)
        if not sees.windows:
            raise NoAttentionError("attention that is not asked")
        untold = untold_window(self._model.config, sees.windows)
        if untold:
            raise NoAttentionError(untold)
        return logits
