"""Attention along one path of the prefix tree: each stretch of a pack sees what stands before it on its path.

Registered with transformers as an attention of its own, so that a model's forward, with all that an architecture does
around attention, runs unchanged. A pack is one row of tokens; keys and values of the path are kept layer by layer,
and a stretch overwrites what an earlier branch left from its first position on.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from tasks.benchmark.prefix_tree import Stretch

NAME = "gwanmun_path"

#: What attention functions of some models get and this one does not do: such a model takes the full forward.
_UNKNOWN = ("softcap", "s_aux", "position_bias", "output_attentions")


class NoPathError(RuntimeError):
    """The model's attention asks for something that attention along a path does not do."""


@dataclass
class Path:
    """Keys and values [heads, longest, size] of each layer along the path, and the stretches of the pack at hand."""

    longest: int
    stretches: list[Stretch] = field(default_factory=list)
    layers_seen: int = 0
    _held: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    _masks: dict[tuple[int, int, int | None, int], torch.Tensor] = field(default_factory=dict)

    def begin(self, stretches: list[Stretch]) -> None:
        """Takes the next pack."""
        self.stretches, self.layers_seen = stretches, 0
        self._masks.clear()

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """[query heads, tokens, size] for the pack's queries; `window`: how many positions a token sees, itself included."""
        if layer not in self._held:
            self._held[layer] = (
                key.new_empty(len(key), self.longest, key.shape[-1]),
                value.new_empty(len(value), self.longest, value.shape[-1]),
            )
        keys, values = self._held[layer]
        self.layers_seen += 1
        groups = len(query) // len(key)
        output = query.new_empty(len(query), query.shape[1], value.shape[-1])
        first = 0
        for stretch in self.stretches:
            last, start, end = first + len(stretch.ids), stretch.start, stretch.end
            keys[:, start:end] = key[:, first:last]
            values[:, start:end] = value[:, first:last]
            # queries of the heads that share keys stand one below the other: no key is copied
            asked = query[:, first:last].reshape(len(key), groups * (last - first), -1)
            seen = 0 if window is None else max(0, start + 1 - window)
            mask = self._mask(start - seen, end - seen, window, groups, query)
            answer = scaled_dot_product_attention(
                asked[None], keys[None, :, seen:end], values[None, :, seen:end], attn_mask=mask, scale=scale
            )
            output[:, first:last] = answer[0].reshape(len(query), last - first, -1)
            first = last
        return output

    def _mask(self, start: int, end: int, window: int | None, groups: int, like: torch.Tensor) -> torch.Tensor:
        if (start, end, window, groups) not in self._masks:
            places = torch.arange(start, end, device=like.device)[:, None]
            seen = torch.arange(end, device=like.device)[None]
            hidden = seen > places
            if window is not None:
                hidden |= seen <= places - window
            mask = like.new_zeros(end - start, end).masked_fill_(hidden, float("-inf"))
            self._masks[start, end, window, groups] = mask.repeat(groups, 1)[None, None]
        return self._masks[start, end, window, groups]


def _attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    path: Path | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    unknown = [name for name in _UNKNOWN if options.get(name) is not None and options[name] is not False]
    if path is None or unknown or attention_mask is not None or not getattr(module, "is_causal", True):
        raise NoPathError(", ".join(unknown) or type(module).__name__)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    output = path.attend(module.layer_idx, query[0], key[0], value[0], scale, options.get("sliding_window"))
    return output.transpose(0, 1)[None].contiguous(), None


AttentionInterface.register(NAME, _attention)
