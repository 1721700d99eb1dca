"""Logits at the positions that are scored and nowhere else, from an output layer in float32.

A model's own forward runs unchanged (so caps and scales on logits hold); a hook before its output layer keeps only the
wanted positions and raises them to float32. In bfloat16 a whole vocabulary's logits have exact ties between choices (3 or
4 of 100 questions, measured), which an output layer in float32 does not have.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from tasks.benchmark.batching import is_out_of_memory


class ModelRaisedError(Exception):
    """The model's own code raised while it computed: positions beyond its tables, settings that do not fit together."""


class NotNumbersError(Exception):
    """Logits that no token can be chosen from: not a number among them, an infinite one, or all of them ruled out."""


@contextmanager
def model_at_work(what: str) -> Iterator[None]:
    """Around a call of the model and nothing else: what it raises becomes a ModelRaisedError, except where memory runs out."""
    try:
        yield
    except NotNumbersError:  # found on the way by this program, not raised by the model's code
        raise
    except Exception as error:  # whatever a handed-in model's forward makes of its tokens
        if is_out_of_memory(error):
            raise
        words = (str(error).strip().splitlines() or [""])[0][:200]
        raise ModelRaisedError(f"{what} raised {type(error).__name__}: {words}") from error


class OutputLayer:
    """The output layer of one model, made float32 in place. Models without a linear one give all logits, then cut."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._wanted: tuple[torch.Tensor, torch.Tensor] | None = None
        layer = model.get_output_embeddings()
        self._hooked = isinstance(layer, torch.nn.Linear)
        self.vocabulary = int(model.config.get_text_config(decoder=True).vocab_size)
        if self._hooked:
            if layer.weight.dtype != torch.float32:  # a new parameter: embeddings that share it keep their precision
                layer.weight = torch.nn.Parameter(layer.weight.float(), requires_grad=False)
                if layer.bias is not None:
                    layer.bias = torch.nn.Parameter(layer.bias.float(), requires_grad=False)
            layer.register_forward_pre_hook(self._keep_wanted)

    def logits(self, inputs: dict[str, Any], spans: Sequence[tuple[int, int]]) -> list[torch.Tensor]:
        """For each row the float32 logits [end - start, vocabulary] of its span of positions."""
        rows = [row for row, (start, end) in enumerate(spans) for _ in range(start, end)]
        places = [place for start, end in spans for place in range(start, end)]
        packed = self.at(inputs, rows, places)
        return list(torch.split(packed, [end - start for start, end in spans]))

    def at(self, inputs: dict[str, Any], rows: Sequence[int], places: Sequence[int]) -> torch.Tensor:
        """The float32 logits [len(rows), vocabulary] at those places of those rows of the inputs."""
        index = torch.tensor([rows, places], dtype=torch.long, device=self._model.device)
        self._wanted = index[0], index[1]
        try:
            with model_at_work("its forward"):
                logits = self._model(**inputs, use_cache=False).logits
        finally:
            wanted, self._wanted = self._wanted, None
        packed: torch.Tensor = logits[0] if self._hooked else logits[wanted]
        return packed.float()

    def _keep_wanted(self, _: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, *others = arguments
        if self._wanted is not None:
            hidden = hidden[self._wanted].unsqueeze(0)
        return hidden.float(), *others
