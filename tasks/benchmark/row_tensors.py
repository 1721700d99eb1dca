"""Rows of token ids as the tensors that a model's forward takes."""

from collections.abc import Sequence
from typing import Any

import torch

from tasks.benchmark.batching import Row


def model_inputs(
    rows: Sequence[Row], device: torch.device, dtype: torch.dtype, pad: int, left: bool = False, mask: bool = False
) -> dict[str, Any]:
    """`input_ids` [rows, longest], padded on the right (or left, to generate), with an attention mask on request, and the
    extras.

    Padding on the right needs no mask where only real positions are read: a token never sees what follows it. Extras
    in the shape of the ids are padded with them, others (pixels) stacked; floating ones take the model's precision.
    """
    longest = max(len(row.ids) for row in rows)
    inputs: dict[str, Any] = {
        "input_ids": torch.stack([_padded(torch.tensor(row.ids), longest, pad, left) for row in rows]).to(device)
    }
    if mask:
        masks = [_padded(torch.ones(len(row.ids), dtype=torch.long), longest, 0, left) for row in rows]
        inputs["attention_mask"] = torch.stack(masks).to(device)
    for name, shape in rows[0].kind:
        values = [row.extras[name] for row in rows]
        if shape == ("tokens",):
            grown = [_grown(value[0], len(row.ids)) for value, row in zip(values, rows, strict=True)]
            stacked = torch.stack([_padded(value, longest, 0, left) for value in grown])
        else:
            stacked = torch.cat(values)
        inputs[name] = stacked.to(device, dtype) if stacked.is_floating_point() else stacked.to(device)
    return inputs


def _grown(values: torch.Tensor, length: int) -> torch.Tensor:
    """What a processor said of the prompt's tokens, with zeros for those of the continuation (text)."""
    return torch.cat([values, values.new_zeros(length - len(values))])


def _padded(values: torch.Tensor, length: int, pad: int, left: bool) -> torch.Tensor:
    padding = values.new_full((length - len(values),), pad)
    return torch.cat([padding, values] if left else [values, padding])
