"""Attention along one path of the prefix tree: each stretch of a pack sees what stands before it on its path.

A pack is one row of tokens; keys and values of the path are kept layer by layer, and a stretch overwrites what an
earlier branch left from its first position on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.functional import scaled_dot_product_attention

from tasks.benchmark.own_attention import causal_mask, stacked
from tasks.benchmark.prefix_tree import Stretch

#: Queries that attend together within a stretch: a longer one would compute what its mask then hides.
_BLOCK = 512

#: From how many common positions on a second attention with a merge is worth its calls (measured: about a hundred).
_WORTH_SHARING = 128


@dataclass
class Path:
    """Keys and values [heads, longest, size] of each layer along the path, and the stretches of the pack at hand."""

    longest: int
    layers_seen: int = 0
    _stretches: Sequence[Stretch] = ()
    _common: int = 0
    _held: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    _masks: dict[tuple[int, int, int | None, int], torch.Tensor] = field(default_factory=dict)

    def begin(self, stretches: Sequence[Stretch]) -> None:
        """Takes the next pack."""
        self.layers_seen = 0
        self._masks.clear()
        self._stretches = stretches
        self._common = min(stretch.start for stretch in stretches)

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """[query heads, tokens, size] for the pack's queries; `window`: how many positions a token sees, itself included.

        What stands before every stretch of the pack is attended to by all queries at once, the rest stretch by stretch,
        and the two are merged by their sums of exponentials (as cascade inference does it: Ye et al. 2024, FlashInfer).
        """
        if layer not in self._held:
            self._held[layer] = (
                key.new_empty(len(key), self.longest, key.shape[-1]),
                value.new_empty(len(value), self.longest, value.shape[-1]),
            )
        alike = key.shape[-1] == value.shape[-1] and key.device.type == "cpu"
        if window is not None or not alike or self._common < _WORTH_SHARING:
            return self._own(layer, query, key, value, scale, window, seen=0)[0]
        keys, values = self._held[layer]
        shared, shared_sums = _with_sums(
            stacked(query, len(key)), keys[:, : self._common], values[:, : self._common], None, scale
        )
        own, own_sums = self._own(layer, query, key, value, scale, None, seen=self._common)
        share = torch.sigmoid(shared_sums.reshape(own_sums.shape) - own_sums)
        return own.lerp_(shared.reshape(own.shape), share[..., None].to(own.dtype))

    def _own(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float,
        window: int | None,
        seen: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Attention of each stretch from position `seen` on, and (where `seen` is above 0) the logarithms of its sums."""
        keys, values = self._held[layer]
        output = query.new_empty(len(query), query.shape[1], value.shape[-1])
        sums = query.new_empty(output.shape[:2], dtype=torch.float32)
        first = 0
        for stretch in self._stretches:
            last = first + len(stretch.ids)
            keys[:, stretch.start : stretch.end] = key[:, first:last]
            values[:, stretch.start : stretch.end] = value[:, first:last]
            for begin in range(first, last, _BLOCK):
                block = slice(begin, min(last, begin + _BLOCK))
                start, end = stretch.start + begin - first, stretch.start + block.stop - first
                low = seen if window is None else max(0, start + 1 - window)
                asked = stacked(query[:, block], len(key))
                mask = self._mask(start - low, end - low, window, len(query) // len(key), query)
                if seen:
                    answer, logarithms = _with_sums(asked, keys[:, low:end], values[:, low:end], mask, scale)
                    sums[:, block] = logarithms.reshape(len(query), -1)
                else:
                    answer = scaled_dot_product_attention(
                        asked[None], keys[None, :, low:end], values[None, :, low:end], attn_mask=mask, scale=scale
                    )[0]
                output[:, block] = answer.reshape(len(query), -1, answer.shape[-1])
            first = last
        return output, sums

    def _mask(self, start: int, end: int, window: int | None, groups: int, like: torch.Tensor) -> torch.Tensor:
        if (start, end, window, groups) not in self._masks:
            self._masks[start, end, window, groups] = causal_mask(start, end, window, groups, like)
        return self._masks[start, end, window, groups]


def _with_sums(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention [heads, queries, size] and the logarithm of each query's sum of exponentials [heads, queries]."""
    answer, sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query[None], keys[None], values[None], attn_mask=mask, scale=scale
    )
    return answer[0], sums[0]
