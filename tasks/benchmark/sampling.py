"""The next token of many texts: the likeliest, or one drawn with a generator for each text.

Temperature, top-k and top-p are transformers' own, in its order. A text's draws depend on its seed and prompt alone, so a
resumed run draws what an undisturbed one does.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from tasks.benchmark.batching import Row
from tasks.benchmark.output_layer import NotNumbersError

#: What the settings of a task and of a model's generation_config.json may hold for texts to be written in slots.
_KNOWN = {"do_sample", "temperature", "top_k", "top_p", "num_beams", "use_cache"}
_OF_NO_EFFECT = {
    *("transformers_version", "_from_model_config", "bos_token_id", "eos_token_id", "pad_token_id"),
    *("max_length", "output_attentions", "output_hidden_states", "output_scores", "return_dict_in_generate"),
}

#: transformers' own defaults where neither the task nor the model says.
_DEFAULTS = {"temperature": 1.0, "top_k": 50, "top_p": 1.0}


def is_simple(options: Mapping[str, Any], model_settings: Any) -> bool:
    """Whether these settings ask for nothing but greedy or sampled tokens (no beams, penalties, forced tokens …)."""
    names = set(options) | (set(model_settings.to_diff_dict()) - _OF_NO_EFFECT)
    return names <= _KNOWN and setting("num_beams", options, model_settings) in (None, 1)


class NumbersOnly(LogitsProcessor):  # type: ignore[misc]  # transformers is not followed by mypy
    """Refuses rows of logits that no token can be chosen from, as the likeliest of them would be an answer of no model.

    Tokens that are ruled out (minus infinity) are fine beside one that is not.
    """

    def __call__(self, _: Any, logits: torch.Tensor) -> torch.Tensor:
        """The logits [rows, vocabulary] as they are. Raises NotNumbersError where a row's greatest is not finite."""
        greatest = logits.amax(dim=-1)
        if not bool(torch.isfinite(greatest).all()):
            raise NotNumbersError(f"a logit of {float(greatest[~torch.isfinite(greatest)][0])}")
        return logits


class Sampler:
    """Chooses for `rows`, each with its seed; equal prompts with equal seeds are drawn one after the other."""

    def __init__(
        self, options: Mapping[str, Any], model_settings: Any, rows: Sequence[Row], seeds: Sequence[int]
    ) -> None:
        self._numbers_only = NumbersOnly()
        self._warp = LogitsProcessorList()
        self._draws: list[torch.Generator] = []
        if not options.get("do_sample"):
            return
        temperature, top_k, top_p = (
            default if (said := setting(name, options, model_settings)) is None else said
            for name, default in _DEFAULTS.items()
        )
        self._warp += [TemperatureLogitsWarper(float(temperature))] if temperature != 1 else []
        self._warp += [TopKLogitsWarper(int(top_k))] if top_k else []
        self._warp += [TopPLogitsWarper(float(top_p))] if top_p < 1 else []
        met: Counter[tuple[int, tuple[int, ...]]] = Counter()
        for row, seed in zip(rows, seeds, strict=True):
            digest = hashlib.sha256(f"{seed}/{met[seed, row.ids]}/{row.ids}".encode()).digest()
            self._draws.append(torch.Generator().manual_seed(int.from_bytes(digest[:7], "big")))
            met[seed, row.ids] += 1

    def __call__(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """One token for each of the rows from its logits [rows, vocabulary]. Raises NotNumbersError."""
        self._numbers_only(None, logits)
        if not self._draws:
            return list(logits.argmax(dim=-1).tolist())
        shares = self._warp(None, logits).softmax(dim=-1).cpu()
        return [
            int(torch.multinomial(share, 1, generator=self._draws[row]))
            for share, row in zip(shares, rows, strict=True)
        ]


def setting(name: str, options: Mapping[str, Any], model_settings: Any) -> Any:
    """What the task says, else what the model's generation_config.json says."""
    return options[name] if name in options else getattr(model_settings, name, None)
