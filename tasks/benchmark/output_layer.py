"""Logits at the positions that are scored and nowhere else, from an output layer in float32.

A model's own forward runs unchanged (so caps and scales on logits hold); a hook before its output layer keeps only the
wanted positions and raises them to float32. In bfloat16 a whole vocabulary's logits have exact ties between choices (3 or
4 of 100 questions, measured), which an output layer in float32 does not have.
"""

from collections.abc import Sequence
from typing import Any

import torch


class OutputLayer:
    """The output layer of one model, made float32 in place. Models without a linear one give all logits, then cut."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._wanted: tuple[torch.Tensor, torch.Tensor] | None = None
        layer = model.get_output_embeddings()
        self._hooked = isinstance(layer, torch.nn.Linear)
        text = getattr(model.config, "text_config", None) or model.config
        self.vocabulary = int(text.vocab_size)
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
        device = inputs["input_ids"].device
        index = torch.tensor([rows, places], dtype=torch.long, device=device)
        self._wanted = index[0], index[1]
        try:
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
