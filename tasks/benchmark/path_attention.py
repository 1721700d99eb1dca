"""Attention along one path of the prefix tree: each stretch of a pack sees what stands before it on its path.

A pack is one row of tokens; keys and values of the path are kept layer by layer, and a group of stretches overwrites what
an earlier branch left from its first position on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.functional import scaled_dot_product_attention

from tasks.benchmark.own_attention import Sees, stacked
from tasks.benchmark.prefix_tree import Stretch
from tasks.benchmark.stretch_groups import Group, grouped

#: From how many common positions on a second attention with a merge is worth its calls (measured: about a hundred).
_WORTH_SHARING = 128


@dataclass
class Path(Sees):
    """Keys and values [heads, longest, size] of each layer along the path, and the stretches of the pack at hand."""

    longest: int
    _groups: Sequence[Group] = ()
    _common: int = 0
    _held: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)

    def begin(self, stretches: Sequence[Stretch], asked: Sequence[Sequence[int]]) -> None:
        """Takes the next pack, and of each of its stretches the positions whose logits are asked for."""
        self._groups = grouped(stretches, asked)
        self._common = min(stretch.start for stretch in stretches)

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """See `own_attention.Sees`.

        What stands before every stretch of the pack is attended to by all queries at once, the rest group by group,
        and the two are merged by their sums of exponentials (as cascade inference does it: Ye et al. 2024, FlashInfer).
        """
        if layer not in self._held:
            self._held[layer] = (
                key.new_empty(len(key), self.longest, key.shape[-1]),
                value.new_empty(len(value), self.longest, value.shape[-1]),
            )
        alike = key.shape[-1] == value.shape[-1] and key.device.type == "cpu"
        if window is not None or not alike or self._common < _WORTH_SHARING or not query.shape[1]:
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
        """Attention of each group from position `seen` on, and (where `seen` is above 0) the logarithms of its sums."""
        keys, values = self._held[layer]
        output = query.new_empty(len(query), query.shape[1], value.shape[-1])
        sums = query.new_empty(output.shape[:2], dtype=torch.float32)
        queries = 0
        for group in self._groups:
            block = slice(queries, queries := queries + len(group.asked if self.last else group.places))
            if block.start < block.stop:
                outside = range(seen if window is None else max(0, group.base + 1 - window), group.base)
                heard = _joined(keys, outside, key[:, group.tokens]), _joined(values, outside, value[:, group.tokens])
                mask = group.mask(window, outside, len(query) // len(key), self.last, query)
                asked = stacked(query[:, block], len(key))
                if seen:
                    answer, logarithms = _with_sums(asked, *heard, mask, scale)
                    sums[:, block] = logarithms.reshape(len(query), -1)
                else:
                    answer = scaled_dot_product_attention(
                        asked[None], heard[0][None], heard[1][None], attn_mask=mask, scale=scale
                    )[0]
                output[:, block] = answer.reshape(len(query), -1, answer.shape[-1])
            keys[:, group.path] = key[:, group.line]
            values[:, group.path] = value[:, group.line]
        return output, sums


def _joined(held: torch.Tensor, outside: range, new: torch.Tensor) -> torch.Tensor:
    """What the path holds at those positions, before what is new."""
    return torch.cat([held[:, outside.start : outside.stop], new], 1) if outside else new


def _with_sums(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention [heads, queries, size] and the logarithm of each query's sum of exponentials [heads, queries]."""
    answer, sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query[None], keys[None], values[None], attn_mask=mask, scale=scale
    )
    return answer[0], sums[0]
