"""How many floating-point operations a token costs, and what share of the declared peak a speed means (check L4).

The count is that of PaLM, appendix B (Chowdhery et al. 2022, arXiv 2204.02311): 6 N + 12 L H Q T.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.contracts.submission import Accelerators
from tasks.checkpoints import Checkpoint, TensorRole

#: The parts of a mixture of experts, by the name that transformers gives their tensors.
_EXPERT = re.compile(r"(^|\.)experts(\.|$)")


@dataclass(frozen=True)
class ModelShape:
    """What the language model's config says, None where it does not; `active_parameters` take part in every token."""

    vocabulary: int | None
    width: int | None
    active_parameters: float
    layers: int | None
    attention_width: int | None

    def flops_a_token(self, sequence_length: int) -> float | None:
        """Operations of one token forward and backward, None where the config does not say enough."""
        if self.layers is None or self.attention_width is None:
            return None
        return 6.0 * self.active_parameters + 12.0 * self.layers * self.attention_width * sequence_length


def model_shape(model: Checkpoint, roles: list[TensorRole]) -> ModelShape:
    """The shape of the language model in `model`, whatever wraps it."""
    text = _text_config(model.config)
    sizes = {name: math.prod(tensor.shape) for name, tensor in model.tensors.items()}
    language = {role.name for role in roles if role.component == "language_model"}
    experts = sum(sizes[name] for name in language if _EXPERT.search(name))
    total = sum(sizes[name] for name in language)
    heads, width = _number(text, "num_attention_heads"), _number(text, "hidden_size")
    head = _number(text, "head_dim") or (width // heads if heads and width else None)
    return ModelShape(
        vocabulary=_number(text, "vocab_size"),
        width=width,
        active_parameters=total - experts * (1 - _share_of_experts(text)),
        layers=_number(text, "num_hidden_layers"),
        attention_width=heads * head if heads and head else None,
    )


def utilisation(tokens_a_second: float, flops_a_token: float, accelerators: Accelerators) -> float:
    """The share of the declared accelerators' peak that this speed uses."""
    peak = accelerators.count * float(accelerators.peak_flops)
    return tokens_a_second * flops_a_token / peak if peak > 0 else math.inf


def _text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("text_config", "language_config", "llm_config"):
        inner = config.get(name)
        if isinstance(inner, dict) and "vocab_size" in inner:
            return inner
    return config


def _share_of_experts(text: Mapping[str, Any]) -> float:
    used = _number(text, "num_experts_per_tok")
    there = next(
        (n for key in ("num_experts", "num_local_experts", "n_routed_experts") if (n := _number(text, key))), None
    )
    return used / there if used and there else 1.0


def _number(config: Mapping[str, Any], key: str) -> int | None:
    value = config.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
