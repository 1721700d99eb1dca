"""A model that thinks before it answers: first the thoughts, up to their budget, then the answer after their end.

    engine = ThinkingFirst(HarnessModel(loaded), Thinking(budget=4096))
    engine.answers(requests)[0].thinking, .value

Two requests for one: the task's stop strings would end the thoughts, and its limit is for the answer. A model that has
used up its budget is made to answer by the end put in its place ("budget forcing", Muennighoff and others 2025, s1).
"""

from collections.abc import Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from checks.contracts.suite import Thinking

#: Items that think together: what a kill can lose. As many as a GPU writes at a time.
ITEMS_AT_A_TIME = 256

#: Among a request's settings: tokens that its text never exceeds, whatever the model's generation_config.json says.
BUDGET = "token_budget"


@dataclass(frozen=True)
class Thought:
    """An answer with the thoughts before it. The fields of an engine's answer, and the thoughts' own."""

    value: str
    tokens: int
    ended: str
    prompt_cut: bool
    thinking: str
    thinking_tokens: int
    thinking_cut: bool


class ThinkingFirst:
    """An engine whose texts are written in two steps; `engine` answers each of them."""

    def __init__(self, engine: Any, setting: Thinking) -> None:
        self._engine = engine
        self._setting = setting

    def answers(self, requests: Sequence[Any], wanted: Collection[int]) -> Iterator[dict[int, Thought]]:
        """Index of a wanted request → its answer, some items at a time."""
        left = sorted(wanted)
        while some := left[:ITEMS_AT_A_TIME]:
            left = left[ITEMS_AT_A_TIME:]
            thoughts = self._ask({index: self._to_think(requests[index]) for index in some})
            yield self._answered(requests, thoughts)

    def _ask(self, requests: dict[int, Any]) -> dict[int, Any]:
        order = list(requests)
        if not order:
            return {}
        found = self._engine.answers([requests[index] for index in order])
        return {order[place]: answer for batch in found for place, answer in batch.items()}

    def _to_think(self, request: Any) -> Any:
        context, options, *others = request.args
        budget = self._setting.budget
        thinking = {**options, "until": [self._setting.end], "max_gen_toks": budget, BUDGET: budget}
        return _asking(request, (context, thinking, *others))

    def _answered(self, requests: Sequence[Any], thoughts: dict[int, Any]) -> dict[int, Thought]:
        """A text that the model itself ended without the mark has no end of thoughts: it is all answer, or all thoughts
        where these had begun."""
        whole = {index: thought for index, thought in thoughts.items() if thought.ended == "end"}
        going_on = {
            index: self._to_answer(requests[index], thought.value)
            for index, thought in thoughts.items()
            if index not in whole
        }
        answered = {index: self._without_end(requests[index], thought) for index, thought in whole.items()}
        for index, answer in self._ask(going_on).items():
            thought = thoughts[index]
            answered[index] = Thought(
                value=answer.value.lstrip(),
                tokens=answer.tokens,
                ended=answer.ended,
                prompt_cut=thought.prompt_cut or answer.prompt_cut,
                thinking=self._bare(thought.value),
                thinking_tokens=thought.tokens,
                thinking_cut=thought.ended == "limit",
            )
        return answered

    def _to_answer(self, request: Any, thoughts: str) -> Any:
        context, *others = request.args
        return _asking(request, (f"{context}{thoughts}{self._setting.end}{self._setting.then}", *others))

    def _without_end(self, request: Any, thought: Any) -> Thought:
        begun = self._setting.start in thought.value
        answer = thought.value.split(self._setting.start)[0] if begun else thought.value
        until = request.args[1].get("until") or []
        for stop in [until] if isinstance(until, str) else until:
            answer = answer.split(stop)[0] if stop else answer
        tokens = (0, thought.tokens) if begun else (thought.tokens, 0)
        bare = self._bare(thought.value) if begun else ""
        return Thought(answer.lstrip(), tokens[0], "end", thought.prompt_cut, bare, tokens[1], False)

    def _bare(self, thoughts: str) -> str:
        return thoughts.split(self._setting.start, 1)[-1].strip()


def _asking(request: Any, arguments: tuple[Any, ...]) -> Any:
    changed = copy(request)
    changed.arguments = arguments
    return changed
