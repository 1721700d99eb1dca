"""A served model behind lm-evaluation-harness's interface, as `engine.HarnessModel` is one in process.

Choices of one token behind a common context are read off one answer, where the server offers it; what it does not give that
way, and longer choices, are asked for by the log-probabilities of the prompt. An item's questions end together, so that it is
kept as soon as it is answered. Texts are cut here at stop strings, as the
server may take four of them only.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lm_eval.models.utils import normalize_gen_kwargs, postprocess_generated_text

from checks.contracts.errors import InputFault
from tasks.benchmark.answering_model import Answer, AnsweringModel
from tasks.benchmark.endpoint.calls import Ask, Call, Caller, Job, asking
from tasks.benchmark.endpoint.faults import BrokenAnswer
from tasks.benchmark.endpoint.offer import Offer
from tasks.benchmark.endpoint.ways import Scored, one_choice
from tasks.benchmark.generation import DEFAULT_NEW_TOKENS
from tasks.benchmark.items import pictures
from tasks.benchmark.thinking import BUDGET

#: As many stop strings as every server takes.
SENT_STOPS = 4

#: Sampling settings of the harness's tasks that completions interfaces know by the same name.
_SAMPLING = {"temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty"}
_SAID_OTHERWISE = {"do_sample", "until", "max_gen_toks", "seed", "use_cache", "num_beams", BUDGET}


@dataclass(frozen=True)
class _Pair:
    """Token ids of a context and of the continuation that is scored, cut to what the model takes; `cut`: that they were."""

    context: tuple[int, ...]
    continuation: tuple[int, ...]
    cut: bool


class ServedModel(AnsweringModel):
    """A model of a server; `answers` gives the same as the three functions of the interface, as they come."""

    def __init__(self, caller: Caller, offer: Offer, tokenizer: Any, length: int) -> None:
        super().__init__(caller.base, tokenizer)
        self._texts.whole = True  # the server takes longer: no need to spare the tokenizer
        self._caller = caller
        self._offer = offer
        self._length = length

    @property
    def max_length(self) -> int:
        """The longest sequence that is scored, in tokens, the last one not counted (as it is not read)."""
        return self._length

    @property
    def record(self) -> dict[str, Any]:
        """How texts were scored and written, beside the scores."""
        return {"ways": {"scoring": f"server, {self._offer.words}", "writing": "server"}}

    def token_logprobs(self, ids: Sequence[int], last: int) -> list[float]:
        """The log-probability of each of the last tokens, where the server gives those of prompts."""
        if self._offer.prompt_way is None or last < 1:
            return []
        scored = self._caller.one(self._offer.ways.prompt(self._offer.prompt_way, ids, last))
        return [value for value, _ in scored]

    def answers(self, requests: Sequence[Any], wanted: Collection[int] | None = None) -> Iterator[dict[int, Answer]]:
        """Index of a wanted request → its answer, as they come, for requests of one kind."""
        wanted = sorted(range(len(requests)) if wanted is None else wanted)
        if any(pictures(requests[index]) for index in wanted):
            raise self._fault("an item with pictures", "items of text: pictures are scored in process (no endpoint)")
        ask = {
            "loglikelihood": self._choices,
            "loglikelihood_rolling": self._whole_texts,
            "generate_until": self._written,
        }
        yield from ask[requests[0].request_type](requests, wanted)
        self._encoded.clear()

    def _loglikelihood_tokens(self, requests: Sequence[Any], **_: Any) -> list[tuple[float, bool]]:
        """The harness's inner interface: (texts, context ids, continuation ids)."""
        pairs = [self._cut(context, continuation) for _, context, continuation in requests]
        scored = {index: each for batch in self._scored(pairs) for index, each in batch.items()}
        return [scored[index] for index in range(len(pairs))]

    def _choices(self, requests: Sequence[Any], wanted: Sequence[int]) -> Iterator[dict[int, Answer]]:
        pairs = [self._cut(*self._ids(requests[index])) for index in wanted]
        for batch in self._scored(pairs):
            yield {
                wanted[place]: Answer(value, len(pairs[place].continuation), prompt_cut=pairs[place].cut)
                for place, value in batch.items()
            }

    def _whole_texts(self, requests: Sequence[Any], wanted: Sequence[int]) -> Iterator[dict[int, Answer]]:
        pairs: list[_Pair] = []
        of_request: dict[int, range] = {}
        for index in wanted:
            first = len(pairs)
            pairs += [self._cut(*window) for window in self._windows(requests[index].args[0])]
            of_request[index] = range(first, len(pairs))
        yield {index: Answer(0.0, 0) for index in wanted if not of_request[index]}  # texts of white space, say
        of_request = {index: places for index, places in of_request.items() if places}
        scored: dict[int, tuple[float, bool]] = {}
        for batch in self._scored(pairs):
            scored.update(batch)
            complete = [index for index, places in of_request.items() if all(each in scored for each in places)]
            yield {index: self._sum(pairs, scored, of_request.pop(index)) for index in complete}

    def _sum(self, pairs: list[_Pair], scored: dict[int, tuple[float, bool]], places: range) -> Answer:
        """Windows' log-likelihoods added up in their order."""
        total = 0.0
        for place in places:
            total += scored[place][0]
        return Answer(total, sum(len(pairs[place].continuation) for place in places))

    def _cut(self, context: Sequence[int], continuation: Sequence[int]) -> _Pair:
        """The end of both that the model takes. Raises InputFault where the continuation alone is none or too long."""
        if not 0 < len(continuation) <= self._length:
            raise self._fault(f"a continuation of {len(continuation)} tokens", f"1 to {self._length}")
        whole = [*context, *continuation]
        kept = whole[-(self._length + 1) :]
        return _Pair(tuple(kept[: -len(continuation)]), tuple(continuation), len(kept) < len(whole))

    def _scored(self, pairs: Sequence[_Pair]) -> Iterator[dict[int, tuple[float, bool]]]:
        """Index of a pair → its log-likelihood and greediness, those of one context at a time."""
        members: dict[tuple[int, ...], list[int]] = {}
        for index, pair in enumerate(pairs):
            members.setdefault(pair.context, []).append(index)
        asked = [list(dict.fromkeys(pairs[index].continuation for index in each)) for each in members.values()]
        if any(len(each) > 1 for every in asked for each in every) and self._offer.prompt_way is None:
            raise self._no_logprobs("of prompts")
        jobs = [self._job(context, every) for context, every in zip(members, asked, strict=True)]
        contexts = list(members.values())
        for place, found in self._caller.each(jobs):
            yield {index: found[pairs[index].continuation] for index in contexts[place]}

    def _job(self, context: tuple[int, ...], continuations: list[tuple[int, ...]]) -> Job:
        """Continuation → log-likelihood and greediness: those of one token together, what is left one by one."""
        labels = [each[0] for each in continuations if len(each) == 1]

        async def job(ask: Ask) -> dict[tuple[int, ...], tuple[float, bool]]:
            found: dict[tuple[int, ...], tuple[float, bool]] = {}
            if labels and self._offer.label_way is not None:
                given = await ask(self._offer.ways.labels(self._offer.label_way, context, labels))
                found = {(label,): scored for label, scored in given.items()}
            for each in continuations:
                if each in found:
                    continue
                if self._offer.prompt_way is None:
                    raise self._no_logprobs(f"of token {each[0]}, which is not among the likeliest {self._offer.top}")
                call = self._offer.ways.prompt(self._offer.prompt_way, context + each, len(each))
                found[each] = _together(await ask(call))
            return found

        return job

    def _no_logprobs(self, whose: str) -> InputFault:
        expected = (
            "a server that gives them (vLLM: prompt_logprobs; SGLang: /generate), or tasks whose answers are written"
        )
        return self._fault(f"no log-probabilities {whose}", expected)

    def _written(self, requests: Sequence[Any], wanted: Sequence[int]) -> Iterator[dict[int, Answer]]:
        calls = [self._write(requests[index].args[0], dict(requests[index].args[1])) for index in wanted]
        for place, answer in self._caller.each([asking(call) for call in calls]):
            yield {wanted[place]: answer}

    def _write(self, prompt: str, settings: dict[str, Any]) -> Call:
        seed = settings.pop("seed", None)
        options: dict[str, Any] = dict(normalize_gen_kwargs(settings, DEFAULT_NEW_TOKENS))
        room, stops = int(options["max_gen_toks"]), [each for each in options["until"] if each]
        if room >= self._length:
            raise self._fault(f"max_gen_toks {room}", f"less than the served model's length of {self._length}")
        unknown = sorted(options.keys() - _SAMPLING - _SAID_OTHERWISE)
        if unknown or options.get("num_beams", 1) != 1:
            raise self._fault(f"the generation setting {(unknown or ['num_beams'])[0]!r}", "settings that servers know")
        whole = self.tok_encode(prompt)
        ids = whole[-(self._length - room) :]
        sampling = {name: options[name] for name in sorted(_SAMPLING & options.keys())} if options["do_sample"] else {}
        more: dict[str, Any] = {"stop": stops[:SENT_STOPS]} if stops else {}
        more |= {"return_token_ids": True} if self._offer.token_ids else {}
        more |= {"seed": seed} if seed is not None and options["do_sample"] else {}
        body = self._offer.ways.completion(ids, room, **{"temperature": 1.0, **sampling} if sampling else {}, **more)
        ending = self.tokenizer.decode(self.tokenizer.eos_token_id, skip_special_tokens=False)
        return Call(
            "completions", body, lambda answer: self._text(answer, ids, room, [*stops, ending], len(ids) < len(whole))
        )

    def _text(self, answer: Any, ids: Sequence[int], room: int, stops: list[str], cut: bool) -> Answer:
        """The text as it would be in process; decoded here where its token ids come with it."""
        choice = one_choice(answer, ids)
        written = choice["token_ids"] if self._offer.token_ids else None
        count = len(written) if written is not None else int(answer["usage"]["completion_tokens"])
        if count > room:
            raise BrokenAnswer(f"{count} tokens", f"at most the {room} that were asked for")
        if choice.get("finish_reason") not in ("stop", "length"):
            raise BrokenAnswer(f"a text that ended with {choice.get('finish_reason')!r}", "stop or length")
        text = choice["text"] if written is None else self.tokenizer.decode(written, skip_special_tokens=True)
        if not isinstance(text, str):
            raise BrokenAnswer(f"{type(text).__name__} for a text", "a text")
        kept = postprocess_generated_text(text, stops, None)
        if written is not None and kept != text:  # the server knows the first few stop strings only, and went on
            written = written[: self._tokens_to_stop(written, stops)]
            count = len(written)
        ended: Literal["stop", "end", "limit"] = "stop"
        if written is not None and written[-1:] == [self.tokenizer.eos_token_id]:
            ended = "end"
        elif choice["finish_reason"] == "length" and kept == text:
            ended = "limit"
        return Answer(kept, count, ended, cut)

    def _tokens_to_stop(self, written: list[int], stops: list[str]) -> int:
        """How many tokens there are up to the one that completes a stop string, as they are counted in process."""

        def stopped(count: int) -> bool:
            text = self.tokenizer.decode(written[:count], skip_special_tokens=True)
            return any(each in text for each in stops if each)

        return bisect_left(range(1, len(written)), True, key=stopped) + 1

    def _fault(self, found: str, expected: str) -> InputFault:
        return InputFault(self._caller.base, found=found, expected=expected)


def _together(tokens: Sequence[Scored]) -> tuple[float, bool]:
    """A continuation's log-likelihood, and whether each of its tokens is the likeliest."""
    total = 0.0
    for value, _ in tokens:
        total += value
    return total, all(best for _, best in tokens)
