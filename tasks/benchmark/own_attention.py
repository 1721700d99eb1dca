"""Puts an attention of this stage's own beneath a model's forward, which runs unchanged otherwise.

Registered with transformers as an attention implementation: all that an architecture does around attention (projections,
norms, positions, caps on logits) stays its own. What keys and values a token sees is decided by the object handed in.

    with attending(model):
        model(input_ids=ids, position_ids=places, sees=path, use_cache=False)
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface

from tasks.benchmark.rotary_lengths import follow_length

_NAME = "gwanmun"

#: What attention functions of some models get and this one does not do: such a model takes the plain forward.
_UNKNOWN = ("softcap", "s_aux", "position_bias", "output_attentions")

#: How far a log-probability may differ from the plain forward's: rounding in float32 stays below 1e-4 over a full prompt,
#: and in 16 bits the harness itself differs by up to 0.06 between batch sizes; a wrong way is off by more than 1.
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.25}


class Sees(ABC):
    """What the tokens of one forward see. `windows` holds what each layer that asked said of its window; `wanted` are the
    tokens whose logits are used. `last` and `answer` belong to `last_layer`: in the last layer those tokens alone have queries."""

    windows: dict[int, int | None]
    wanted: Sequence[int] = ()
    last = False
    answer: torch.Tensor | None = None

    @abstractmethod
    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """[query heads, queries, size] for queries, keys and values [heads, tokens, size] of the forward.

        One query a token, or in the last layer one a wanted token. `window`: how many positions a token sees, itself
        included.
        """


class AttendedError(Exception):
    """The last layer's attention has its answer: what the layer would go on to compute is not needed of every token."""


class NoAttentionError(ValueError):
    """The model's attention asks for something that this one does not do."""


@contextmanager
def attending(model: Any) -> Iterator[None]:
    """The model's attention is this stage's for the block; every forward in it takes `sees`."""
    before = model.config._attn_implementation
    model.set_attn_implementation(_NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def unsupported(model: Any) -> str:
    """Why the model cannot be tried at all; empty where it can."""
    if model.config.is_encoder_decoder:
        return "it is an encoder-decoder"
    if follow_length(model):
        return "its rotary positions follow from a text's length"
    return "" if getattr(model, "_supports_attention_backend", False) else "its attention is its own"


def furthest(mine: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference between log-probabilities that weigh something; infinite where there are no numbers.

    Far tails round worse: what is e^20 less likely than the best is left out.
    """
    likely = theirs > theirs.amax(dim=-1, keepdim=True) - 20
    return float((mine - theirs)[likely].abs().max()) if likely.any() else float("inf")


def causal_mask(
    places: Sequence[int], seen: range, window: int | None, groups: int, like: torch.Tensor
) -> torch.Tensor | None:
    """Additive mask [1, 1, groups x places, seen]: each place sees up to itself; None where one place sees it all."""
    if len(places) == 1 and window is None:
        return None
    rows = torch.tensor(places, device=like.device)[:, None]
    columns = torch.arange(seen.start, seen.stop, device=like.device)[None]
    hidden = columns > rows
    if window is not None:
        hidden |= columns <= rows - window
    mask = like.new_zeros(len(places), len(seen)).masked_fill_(hidden, float("-inf"))
    return mask.repeat(groups, 1)[None, None]


def stacked(query: torch.Tensor, heads: int) -> torch.Tensor:
    """Queries of the heads that share keys, one below the other: no key is copied."""
    return query.reshape(heads, -1, query.shape[-1])


def _attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sees: Sees | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    unknown = [name for name in _UNKNOWN if options.get(name) is not None and options[name] is not False]
    if sees is None or unknown or attention_mask is not None or not getattr(module, "is_causal", True):
        raise NoAttentionError(", ".join(unknown) or type(module).__name__)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    sees.windows[module.layer_idx] = window = options.get("sliding_window")
    output = sees.answer
    if output is None:
        asked = query[0][:, sees.wanted] if sees.last else query[0]
        output = sees.attend(module.layer_idx, asked, key[0], value[0], scale, window)
        if sees.last:
            sees.answer = output
            raise AttendedError
    return output.transpose(0, 1)[None].contiguous(), None


AttentionInterface.register(_NAME, _attention)
