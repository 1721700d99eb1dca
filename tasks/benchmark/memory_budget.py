"""The budget of batches, found from the memory of the machine.

What a device has, not what is free at the moment: a budget decides which tokens share a batch, and so the last bits of a
score, which must be the same whenever this machine is asked. Where others hold so much memory that a batch does not fit, it
is halved when that happens, and the record of the run says so.
"""

from typing import Any

import torch

from tasks.benchmark.batching import CPU_BUDGET, GPU_BUDGET, Budget
from tasks.machine_memory import machine_memory

#: The part of what is left beside the weights that one batch may take: keys and values along the path, the libraries
#: and other programs need the rest.
_SHARE = 0.25

#: The part of it that keys and values of texts under way may take.
_TEXTS_SHARE = 0.5

#: Tensors that a layer holds at once for a token, as multiples of the hidden size and of the feed-forward size; and numbers
#: that are made of each logit (itself, its log-probability, a copy).
_HIDDEN, _FEED_FORWARD, _LOGIT = 12, 3, 3


def found_budget(model: Any, memory: int | None = None) -> Budget:
    """The device's best budget, halved until a batch fits. `memory`: bytes of the device, found out where not said."""
    budget = CPU_BUDGET if model.device.type == "cpu" else GPU_BUDGET
    left = _beside_weights(model, memory)
    while budget.tokens > 1 and _bytes(model, budget) > left * _SHARE:
        budget = budget.half_of(budget.tokens, budget.logits)
    return budget


def texts_memory(model: Any) -> int:
    """Bytes that keys and values of the texts that are written at a time may take."""
    return int(_beside_weights(model) * _TEXTS_SHARE)


def device_memory(device: torch.device) -> int:
    """Bytes of memory of the GPU, or of this machine (of its container, where that is allowed less)."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return machine_memory()


def _beside_weights(model: Any, memory: int | None = None) -> int:
    weights: int = sum(each.numel() * each.element_size() for each in model.parameters())
    return (device_memory(model.device) if memory is None else memory) - weights


def _bytes(model: Any, budget: Budget) -> int:
    """What a full batch takes, roughly."""
    config = model.config.get_text_config(decoder=True)
    hidden = int(config.hidden_size)
    said = getattr(config, "intermediate_size", None) or 4 * hidden
    inner = max(said) if isinstance(said, list | tuple) else int(said)  # Gemma 3n says it layer by layer
    a_token = (_HIDDEN * hidden + _FEED_FORWARD * inner) * model.dtype.itemsize
    return int(budget.tokens * a_token + budget.logits * _LOGIT * 4)
