"""Log-likelihoods by transformers alone, each pair in a forward of its own."""

from collections.abc import Sequence
from pathlib import Path

Pairs = Sequence[tuple[list[int], list[int]]]


def by_transformers(folder: Path, pairs: Pairs) -> list[float]:
    """Of each continuation behind its context."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    sums = []
    for context, continuation in pairs:
        with torch.inference_mode():
            logprobs = model(torch.tensor([(context + continuation)[:-1]])).logits[0].log_softmax(dim=-1)
        sums.append(float(sum(logprobs[len(context) - 1 + at, token] for at, token in enumerate(continuation))))
    return sums
