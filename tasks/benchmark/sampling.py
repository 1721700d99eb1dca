"""The next token of many texts: the likeliest, or one drawn with a generator for each text.

What bends the odds (temperature, top-k, top-p and their kin) is transformers' own, in its order. A text's draws depend on its
seed and prompt alone, so a resumed run draws what an undisturbed one does, whatever shares a batch.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from transformers import (
    EpsilonLogitsWarper,
    EtaLogitsWarper,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopHLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from tasks.benchmark.batching import Row
from tasks.benchmark.output_layer import NotNumbersError

#: What bends the odds of a draw, in transformers' order: how a value of it becomes a processor, and the values that change nothing.
_WARPERS: dict[str, tuple[Callable[[Any], Any], Callable[[float], bool]]] = {
    "temperature": (lambda value: TemperatureLogitsWarper(float(value)), lambda value: value == 1),
    "top_h": (lambda value: TopHLogitsWarper(float(value)), lambda _: False),
    "top_k": (lambda value: TopKLogitsWarper(int(value)), lambda value: value == 0),
    "top_p": (lambda value: TopPLogitsWarper(float(value)), lambda value: value >= 1),
    "min_p": (lambda value: MinPLogitsWarper(float(value)), lambda _: False),
    "typical_p": (lambda value: TypicalLogitsWarper(float(value)), lambda value: value >= 1),
    "epsilon_cutoff": (lambda value: EpsilonLogitsWarper(float(value)), lambda value: not 0 < value < 1),
    "eta_cutoff": (lambda value: EtaLogitsWarper(float(value)), lambda value: not 0 < value < 1),
}

#: transformers' own where neither the task nor the model says.
_DEFAULTS = {"top_k": 50}

#: What the settings of a task and of a model's generation_config.json may hold for texts to be written in slots.
_KNOWN = {"do_sample", "num_beams", "use_cache", *_WARPERS}
#: In the model's settings, these change nothing here: `max_new_tokens` is obeyed by other means.
_OF_NO_EFFECT = {
    *("transformers_version", "_from_model_config", "bos_token_id", "eos_token_id", "pad_token_id"),
    *("max_length", "max_new_tokens", "output_attentions", "output_hidden_states", "output_scores"),
    "return_dict_in_generate",
}
#: What else looks at each row of a batch by itself and not at the padding before it.
_BY_ROW = {
    *("repetition_penalty", "min_new_tokens", "suppress_tokens", "begin_suppress_tokens", "forced_eos_token_id"),
    *("exponential_decay_length_penalty", "remove_invalid_values", "renormalize_logits", "cache_implementation"),
    *("early_stopping", "length_penalty", "decoder_start_token_id"),
}
#: What counts padding as text, where there is any before a text.
_BY_TEXT = {"min_length", "no_repeat_ngram_size", "bad_words_ids", "sequence_bias", "forced_bos_token_id"}


def is_simple(options: Mapping[str, Any], model_settings: Any) -> bool:
    """Whether these settings ask for nothing but greedy or sampled tokens (no beams, penalties, forced tokens …)."""
    return _asked(options, model_settings) <= _KNOWN and not by_beams(options, model_settings)


def is_by_row(options: Mapping[str, Any], model_settings: Any, padded_before: bool) -> bool:
    """Whether a text written in a batch with these settings is the one written alone; `padded_before`: a shorter prompt has
    padding before its text."""
    known = _KNOWN | _BY_ROW | (set() if padded_before else _BY_TEXT)
    return _asked(options, model_settings) <= known and not by_beams(options, model_settings)


def by_beams(options: Mapping[str, Any], model_settings: Any) -> bool:
    """Whether several texts are written for each prompt, of which the likeliest is the answer."""
    return setting("num_beams", options, model_settings) not in (None, 1)


def _asked(options: Mapping[str, Any], model_settings: Any) -> set[str]:
    """The settings that change something; a model's file may hold others' too."""
    own = set(model_settings.to_diff_dict()) & vars(GenerationConfig()).keys()
    return {*options, *(own - _OF_NO_EFFECT)}


def draw_seeds(rows: Sequence[Row], seeds: Sequence[int]) -> list[int]:
    """What each row's generator begins with: its seed, its ids, and how many equal ones stand before it, as those are drawn
    one after the other."""
    met: Counter[tuple[int, tuple[int, ...]]] = Counter()
    found = []
    for row, seed in zip(rows, seeds, strict=True):
        digest = hashlib.sha256(f"{seed}/{met[seed, row.ids]}/{row.ids}".encode()).digest()
        found.append(int.from_bytes(digest[:7], "big"))
        met[seed, row.ids] += 1
    return found


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
    """Chooses for rows that have these `seeds` (see `draw_seeds`)."""

    def __init__(self, options: Mapping[str, Any], model_settings: Any, seeds: Sequence[int]) -> None:
        self._numbers_only = NumbersOnly()
        self.warp = LogitsProcessorList()
        self._draws: list[torch.Generator] = []
        if not options.get("do_sample"):
            return
        for name, (warper, changes_nothing) in _WARPERS.items():
            said = setting(name, options, model_settings)
            value = _DEFAULTS.get(name) if said is None else said
            if value is not None and not changes_nothing(value):
                self.warp.append(warper(value))
        self._draws = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """One token for each of the rows from its logits [rows, vocabulary]. Raises NotNumbersError."""
        self._numbers_only(None, logits)
        if not self._draws:
            return list(logits.argmax(dim=-1).tolist())
        shares = self.warp(None, logits).softmax(dim=-1).cpu()
        return [
            int(torch.multinomial(share, 1, generator=self._draws[row]))
            for share, row in zip(shares, rows, strict=True)
        ]


class Drawn(LogitsProcessor):  # type: ignore[misc]  # transformers is not followed by mypy
    """Leaves `generate` no choice but the sampler's, one row a text."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def __call__(self, _: Any, logits: torch.Tensor) -> torch.Tensor:
        """Logits [rows, vocabulary] of which one a row is finite. Raises NotNumbersError."""
        chosen = torch.tensor(self._sampler(logits, range(len(logits))), device=logits.device)
        return torch.full_like(logits, float("-inf")).scatter_(1, chosen[:, None], 0.0)


def setting(name: str, options: Mapping[str, Any], model_settings: Any) -> Any:
    """What the task says, else what the model's generation_config.json says."""
    return options[name] if name in options else getattr(model_settings, name, None)
