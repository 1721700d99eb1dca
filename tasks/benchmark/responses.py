"""What a model answered to one item, as the engine gives it or as the ledger kept it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.benchmark.items import Item
from tasks.benchmark.ledger import LedgerLine
from tasks.benchmark.thinking import Thought

#: What a line keeps of an answer besides what is judged.
KEPT = ("tokens", "truncated", "prompt_truncated", "thinking", "thinking_tokens", "thinking_truncated", "seconds")


@dataclass(frozen=True)
class Response:
    """One draw's answer: one value a request, and all else that is kept of it (the fields KEPT)."""

    values: list[Any]
    kept: dict[str, Any]


def together(answers: Sequence[Any], seconds: float) -> Response:
    """The engine's answers to an item's requests, which took so long."""
    written, first = isinstance(answers[0].value, str), answers[0]
    kept = {
        "tokens": sum(answer.tokens for answer in answers),
        "truncated": written and first.ended == "limit",
        "prompt_truncated": any(answer.prompt_cut for answer in answers),
        "seconds": seconds,
    }
    if isinstance(first, Thought):
        kept |= {
            "thinking": first.thinking,
            "thinking_tokens": first.thinking_tokens,
            "thinking_truncated": first.thinking_cut,
        }
    return Response([answer.value for answer in answers], kept)


def response_of(item: Item, line: LedgerLine) -> Response:
    """A ledger's line as the model's answer to the item's requests."""
    kept = {name: getattr(line, name) for name in KEPT}
    kind = item.requests[0].request_type
    if kind == "generate_until":
        return Response([line.output], kept)
    if kind == "loglikelihood_rolling":
        return Response(list(line.loglikelihoods), kept)
    return Response(list(zip(line.loglikelihoods, line.greedy, strict=True)), kept)
