"""What a server offers, found by asking it: its model, its longest sequence, and how it gives log-probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from tasks.benchmark.endpoint.calls import Call, Caller
from tasks.benchmark.endpoint.ways import TOP, LabelWay, PromptWay, Ways, one_choice

#: How far two ways of asking for one log-probability may lie apart: bfloat16's noise is below it, a distribution that was
#: changed on the way (by a temperature, a mask of tokens) is not.
SAME = 0.1

_PROMPT_WAYS: tuple[PromptWay, ...] = ("suffix", "prompt_logprobs", "echo")


@dataclass(frozen=True)
class Offer:
    """What was found. `max_length` is in tokens, what is written included; None where the server does not say.

    `weights_sha256`: what the server says its weights are, under that name beside the model's id; nobody must.
    `token_ids`: whether written texts come as token ids too, so that they are decoded here.
    """

    model: str
    kind: str
    max_length: int | None
    weights_sha256: str | None
    prompt_way: PromptWay | None
    label_way: LabelWay | None
    top: int
    token_ids: bool

    @property
    def ways(self) -> Ways:
        """The calls for this model."""
        return Ways(self.model, self.top)

    @property
    def words(self) -> str:
        """How log-probabilities come, in one phrase."""
        found = [each for each in (self.label_way, self.prompt_way) if each is not None]
        return ", ".join(found) or "none"


def find_offer(caller: Caller, folder: Path, probe: Sequence[int]) -> Offer:
    """Asks the server with the token ids `probe`, a short text. Raises InputFault for one that cannot be asked at all."""
    entry = _entry(caller, folder)
    offer = Offer(
        model=entry["id"],
        kind=str(entry.get("owned_by") or "unknown"),
        max_length=entry.get("max_model_len") if isinstance(entry.get("max_model_len"), int) else None,
        weights_sha256=entry.get("weights_sha256") if isinstance(entry.get("weights_sha256"), str) else None,
        prompt_way=None,
        label_way=None,
        top=TOP[0],
        token_ids=False,
    )
    first = caller.one(Call("completions", offer.ways.completion(probe, 1), lambda answer: one_choice(answer, probe)))
    if not isinstance(first.get("text"), str):
        raise InputFault(caller.base, "completions", "an answer without text", "what the model wrote")
    offer = replace(offer, token_ids=_token_ids(caller, offer, probe))
    offer = replace(offer, prompt_way=_prompt_way(caller, offer, probe))
    return _with_labels(caller, offer, probe)


def _entry(caller: Caller, folder: Path) -> dict[str, Any]:
    """The model that is meant: the only one served, or the one that bears the folder's name."""
    served = caller.one(Call("models", None, lambda answer: [dict(each) for each in answer["data"]]))
    named = [each for each in served if folder.name in (_last_part(each.get("id")), _last_part(each.get("root")))]
    meant = served if len(served) == 1 else named
    if len(meant) != 1 or not isinstance(meant[0].get("id"), str):
        ids = ", ".join(repr(each.get("id")) for each in served) or "none"
        raise InputFault(caller.base, "models", ids, f"one model, or one of several that is called {folder.name!r}")
    entry: dict[str, Any] = meant[0]
    return entry


def _last_part(name: Any) -> str:
    return str(name).rstrip("/").rpartition("/")[2]


def _token_ids(caller: Caller, offer: Offer, probe: Sequence[int]) -> bool:
    body = offer.ways.completion(probe, 1, return_token_ids=True)
    ids = caller.offered(Call("completions", body, lambda answer: one_choice(answer, probe)["token_ids"]))
    return isinstance(ids, list) and len(ids) == 1 and isinstance(ids[0], int)


def _prompt_way(caller: Caller, offer: Offer, probe: Sequence[int]) -> PromptWay | None:
    scored = len(probe) // 2
    offered = (way for way in _PROMPT_WAYS if caller.offered(offer.ways.prompt(way, probe, scored)) is not None)
    return next(offered, None)


def _with_labels(caller: Caller, offer: Offer, probe: Sequence[int]) -> Offer:
    """Label scoring, where it gives for the probe's last token what prompt log-probabilities give for it."""
    context, last = probe[:-1], probe[-1]
    tried: list[Offer] = [replace(offer, label_way="named")]
    tried += [replace(offer, label_way="top", top=top) for top in TOP]
    for each in tried:
        assert each.label_way is not None
        label = last if each.label_way == "named" else _likeliest(caller, each, context)
        if label is None:
            continue
        found = caller.offered(each.ways.labels(each.label_way, context, [label]))
        if found and label in found and _agrees(caller, each, [*context, label], found[label][0]):
            return each
    return offer


def _likeliest(caller: Caller, offer: Offer, context: Sequence[int]) -> int | None:
    """The token that would be written; also where its name tells whether names are token ids."""
    call = offer.ways.labels("top", context, [])
    names = caller.offered(
        replace(call, read=lambda answer: one_choice(answer, context)["logprobs"]["top_logprobs"][0])
    )
    if not names:
        return None
    best = max(names, key=lambda name: names[name])
    return int(best.partition(":")[2]) if best.startswith("token_id:") and best.partition(":")[2].isdigit() else None


def _agrees(caller: Caller, offer: Offer, ids: Sequence[int], value: float) -> bool:
    if offer.prompt_way is None:
        return value < 0  # a distribution with a mask or a temperature of 0 gives its best token a log-probability of 0
    found = caller.offered(offer.ways.prompt(offer.prompt_way, ids, 1))
    return bool(found) and abs(found[0][0] - value) <= SAME
