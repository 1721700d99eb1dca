"""Made-up rows on which a way of computing is compared with the model's own, and what its configuration says of windows.

The rows follow from the model alone, so that a resumed run decides as the whole one did. What is asked first may show too
little: answers of one token, where a model that mixes neighbours otherwise has nothing to mix; texts shorter than a window;
texts of which every position is asked for.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from tasks.benchmark.batching import Row

#: Tokens of the longest row; more where they reach beyond a window of at most so many.
_TOKENS, _WINDOW = 24, 128

#: What names a token that stands for something else than text, which some models look for.
_MARKS = ("_token_id", "_token_index")


def trial_rows(config: Any) -> list[Row]:
    """Four rows that share beginnings of all sorts; of each the later half is scored."""
    text = config.get_text_config(decoder=True)
    window = getattr(text, "sliding_window", None) or 0
    longest = max(_TOKENS, window + _TOKENS // 2 if window <= _WINDOW else 0)
    third = max(1, min(longest, getattr(text, "max_position_embeddings", None) or longest) // 3)
    first, second, other = (_drawn(config, seed, 3 * third) for seed in range(3))
    rows = (first, first[: 2 * third] + second[:third], first[:third] + second[third:], other[: third + 1])
    return [Row(ids, ((0,) * (len(ids) // 2),)) for ids in dict.fromkeys(map(tuple, rows))]


def untold_window(config: Any, windows: Mapping[int, int | None]) -> str:
    """What a model does not tell attention of the windows that its configuration names; empty where it tells all.

    `windows` are those that each layer's attention was told of.
    """
    text = config.get_text_config(decoder=True)
    if getattr(text, "attention_chunk_size", None) is not None:
        return "attention in chunks"
    kinds = dict(enumerate(getattr(text, "layer_types", None) or ()))
    window = getattr(text, "sliding_window", None)
    for layer, told in windows.items():
        named = window if kinds.get(layer, "sliding_attention") == "sliding_attention" else None
        if told != named:
            return f"a window of {named} that layer {layer} does not tell of"
    return ""


def _drawn(config: Any, seed: int, count: int) -> list[int]:
    """Tokens of text, the same on every machine."""
    text = config.get_text_config(decoder=True)
    named = {**vars(config), **vars(text)}
    marks = {value for name, value in named.items() if name.endswith(_MARKS) and isinstance(value, int)}
    ids = [each for each in range(text.vocab_size) if each not in marks]
    return Random(seed).choices(ids, k=count)
