"""The ways in which servers give log-probabilities: what is asked, and how the answer is read.

| way | asked of | what it computes |
| --- | --- | --- |
| `suffix` | SGLang's `/generate`, `logprob_start_len` | the tokens that are scored, the rest from the prefix cache |
| `prompt_logprobs` | vLLM's `/v1/completions` | every token of the prompt, past the prefix cache |
| `echo` | `/v1/completions` with `echo` and `logprobs` | the same |
| `named` | SGLang's `/generate`, `token_ids_logprob` | one token after the context, for the labels named |
| `top` | `/v1/completions`, one token with `logprobs` | one token after the context, for the likeliest only |

Each number must be there, finite and at most 0, and as many as there are tokens: else the answer is broken.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.benchmark.endpoint.calls import Call
from tasks.benchmark.endpoint.faults import BrokenAnswer

PromptWay = Literal["suffix", "prompt_logprobs", "echo"]
LabelWay = Literal["named", "top"]

#: Log-probability of a token, and whether no other token is likelier.
Scored = tuple[float, bool]

#: The most that a server gives beside the generated token: vLLM's default is 20, OpenAI's 5.
TOP = (20, 5)

_TOKEN_ID = "token_id:"


@dataclass(frozen=True)
class Ways:
    """Makes the calls for one model of one server."""

    model: str
    top: int = TOP[0]

    def prompt(self, way: PromptWay, ids: Sequence[int], scored: int) -> Call:
        """The log-probabilities of the last `scored` tokens, as a list of Scored."""
        if way == "suffix":
            body = self._generate(ids, logprob_start_len=max(0, len(ids) - scored - 1), top_logprobs_num=1)
            return Call("/generate", body, lambda answer: _suffix(answer, ids, scored))
        if way == "prompt_logprobs":
            body = self.completion(ids, 1, prompt_logprobs=1)
            return Call("completions", body, lambda answer: _prompt_logprobs(answer, ids, scored))
        body = self.completion(ids, 1, echo=True, logprobs=1)
        return Call("completions", body, lambda answer: _echo(answer, ids, scored))

    def labels(self, way: LabelWay, ids: Sequence[int], labels: Sequence[int]) -> Call:
        """Label → Scored, for those of the labels that the server gives."""
        if way == "named":
            body = self._generate(ids, logprob_start_len=-1, token_ids_logprob=list(labels))
            return Call("/generate", body, lambda answer: _named(answer, labels))
        body = self.completion(ids, 1, logprobs=self.top, return_tokens_as_token_ids=True)
        return Call("completions", body, lambda answer: _top(answer, ids, labels))

    def completion(self, ids: Sequence[int], tokens: int, **more: Any) -> dict[str, Any]:
        """The body of a completion of `tokens` tokens, greedy unless said otherwise."""
        return {"model": self.model, "prompt": list(ids), "max_tokens": tokens, "temperature": 0, **more}

    def _generate(self, ids: Sequence[int], **more: Any) -> dict[str, Any]:
        sampling = {"max_new_tokens": 1, "temperature": 0}
        return {"input_ids": list(ids), "sampling_params": sampling, "return_logprob": True, **more}


def one_choice(answer: Mapping[str, Any], ids: Sequence[int]) -> Mapping[str, Any]:
    """The answer's only choice; a server that counts other tokens than were sent has read something else."""
    choices = answer["choices"]
    if len(choices) != 1:
        raise BrokenAnswer(f"{len(choices)} choices", "one")
    counted = (answer.get("usage") or {}).get("prompt_tokens", len(ids))
    if counted != len(ids):
        raise BrokenAnswer(f"a count of {counted} tokens in the prompt", f"the {len(ids)} that were sent")
    return dict(choices[0])


def _suffix(answer: Mapping[str, Any], ids: Sequence[int], scored: int) -> list[Scored]:
    given, best = (answer["meta_info"][name] for name in ("input_token_logprobs", "input_top_logprobs"))
    given, best = _last(given, scored), _last(best, scored)
    _same_tokens([each[1] for each in given], ids[-scored:])
    return [(_number(each[0]), _is_best(each[0], [top[0] for top in tops or []])) for each, tops in _both(given, best)]


def _prompt_logprobs(answer: Mapping[str, Any], ids: Sequence[int], scored: int) -> list[Scored]:
    given = one_choice(answer, ids)["prompt_logprobs"]
    if given is None:
        raise BrokenAnswer("no log-probabilities", "one for each token of the prompt")
    _as_many(given, len(ids))
    rows = [(each[str(token)], each) for token, each in _both(ids[-scored:], given[-scored:])]
    return [
        (_number(own["logprob"]), _is_best(own["logprob"], [other["logprob"] for other in every.values()]))
        for own, every in rows
    ]


def _echo(answer: Mapping[str, Any], ids: Sequence[int], scored: int) -> list[Scored]:
    given = one_choice(answer, ids)["logprobs"]
    if given is None:
        raise BrokenAnswer("no log-probabilities", "one for each token of the prompt")
    own, best = given["token_logprobs"], given["top_logprobs"]
    written = len(own) - len(ids)
    if written not in (0, 1) or len(best) != len(own):
        raise BrokenAnswer(
            f"{len(own)} log-probabilities", f"one for each of the {len(ids)} tokens and the one written"
        )
    own, best = own[len(ids) - scored : len(ids)], best[len(ids) - scored : len(ids)]
    return [(_number(each), _is_best(each, (tops or {}).values())) for each, tops in _both(own, best)]


def _named(answer: Mapping[str, Any], labels: Sequence[int]) -> dict[int, Scored]:
    about = answer["meta_info"]
    given = {int(token): float(value) for value, token, *_ in about["output_token_ids_logprobs"][0]}
    written = int(about["output_token_logprobs"][0][1])
    absent = [each for each in labels if each not in given]
    if absent:
        raise BrokenAnswer(f"no log-probability of token {absent[0]}", "one for each that was named")
    return {each: (_number(given[each]), each == written) for each in labels}


def _top(answer: Mapping[str, Any], ids: Sequence[int], labels: Sequence[int]) -> dict[int, Scored]:
    given = one_choice(answer, ids)["logprobs"]
    if given is None:
        raise BrokenAnswer("no log-probabilities", "those of the likeliest tokens")
    likeliest = {int(name.removeprefix(_TOKEN_ID)): value for name, value in given["top_logprobs"][0].items()}
    return {
        each: (_number(likeliest[each]), _is_best(likeliest[each], likeliest.values()))
        for each in labels
        if each in likeliest
    }


def _both(first: Sequence[Any], second: Sequence[Any]) -> "zip[tuple[Any, Any]]":
    return zip(first, second, strict=True)


def _last(given: Sequence[Any], scored: int) -> Sequence[Any]:
    if len(given) < scored:
        raise BrokenAnswer(f"{len(given)} log-probabilities", f"one for each of the {scored} tokens")
    return given[len(given) - scored :]


def _as_many(given: Sequence[Any], tokens: int) -> None:
    if len(given) != tokens:
        raise BrokenAnswer(f"{len(given)} log-probabilities", f"one for each of the {tokens} tokens")


def _same_tokens(given: Sequence[int], sent: Sequence[int]) -> None:
    if list(given) != list(sent):
        raise BrokenAnswer("log-probabilities of other tokens", "those of the tokens that were sent")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BrokenAnswer(f"{value!r} for a log-probability", "a number")
    if not math.isfinite(value) or value > 0:
        raise BrokenAnswer(f"{value} for a log-probability", "a finite number, at most 0")
    return float(value)


def _is_best(value: float, others: Any) -> bool:
    """Whether no likelier token stands beside it; the token itself may be among the others."""
    return all(value >= other for other in others)
