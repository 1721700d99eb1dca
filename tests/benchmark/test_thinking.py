"""Thoughts before the answer: stripped, kept, counted, and cut at their budget."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.suite import Thinking
from tasks.benchmark import score_suite
from tasks.benchmark.thinking import ThinkingFirst, Thought
from tests.benchmark.suites import GENERATED, documents, write_suite, write_task

OPTIONS = {"until": ["\n"], "max_gen_toks": 4, "do_sample": False}


@dataclass
class _Request:
    arguments: tuple[Any, ...]
    request_type: str = "generate_until"

    @property
    def args(self) -> tuple[Any, ...]:
        return self.arguments


def _engine(llama: Path) -> Any:
    from tasks.benchmark.devices import choose_device
    from tasks.benchmark.engine import HarnessModel
    from tasks.benchmark.model_loading import load_model

    return HarnessModel(load_model(llama, choose_device("cpu", "float32")))


def _one(engine: Any, context: str, **options: Any) -> Any:
    [answers] = list(engine.answers([_Request((context, {**OPTIONS, **options}))], [0]))
    return answers[0]


def test_the_answer_is_what_the_model_writes_after_its_thoughts(llama: Path) -> None:
    """The end mark is a piece of what this model writes: its thoughts are what stands before, and may hold stop strings."""
    engine = _engine(llama)
    context, mark, stop = "A. 하나", " C", "둘"
    free = _one(engine, context, until=[], max_gen_toks=12).value
    thought = _one(ThinkingFirst(engine, Thinking(budget=12, end=mark, then=". ")), context, until=[stop])
    before = free.split(mark)[0]
    assert thought.thinking == before.strip() and stop in before
    assert thought.value == _one(engine, f"{context}{before}{mark}. ", until=[stop]).value.lstrip()
    assert not thought.thinking_cut and 0 < thought.thinking_tokens < 12


def test_thoughts_without_an_end_stop_at_their_budget_and_the_model_has_to_answer(llama: Path) -> None:
    engine = _engine(llama)
    context = "A. 하나"
    thought = _one(ThinkingFirst(engine, Thinking(budget=5, end="</think>", then="")), context, until=[])
    thoughts = _one(engine, context, until=[], max_gen_toks=5).value
    assert thought.thinking_cut and thought.thinking_tokens == 5 and thought.thinking == thoughts.strip()
    answer = _one(engine, f"{context}{thoughts}</think>", until=[])
    assert (thought.value, thought.tokens, thought.ended) == (answer.value.lstrip(), answer.tokens, answer.ended)


@pytest.mark.parametrize("own", [3, 9])
def test_a_models_own_limit_may_be_shorter_than_the_budget_and_never_longer(llama: Path, own: int) -> None:
    engine = _engine(llama)
    engine._model.generation_config.max_new_tokens = own
    thought = _one(ThinkingFirst(engine, Thinking(budget=5, end="</think>", then="")), "A. 하나", until=[])
    assert thought.thinking_cut and thought.thinking_tokens == min(own, 5)


class _Ends:
    """A model that ends its text by itself."""

    def __init__(self, text: str) -> None:
        self._text = text

    def answers(self, requests: Sequence[Any], wanted: Any = None) -> Iterator[dict[int, Any]]:
        from tasks.benchmark.answering_model import Answer

        yield {place: Answer(self._text, 6, "end") for place in range(len(requests))}


@pytest.mark.parametrize(
    ("text", "answer", "thoughts", "tokens"),
    [(" 42\n다음", "42", "", (6, 0)), ("<think> 6 × 7 …", "", "6 × 7 …", (0, 6))],
    ids=["no thoughts", "never ended"],
)
def test_a_text_that_ends_without_the_mark(text: str, answer: str, thoughts: str, tokens: tuple[int, int]) -> None:
    """A model that does not think has answered; one that stopped inside its thoughts has not."""
    thought: Thought = _one(ThinkingFirst(_Ends(text), Thinking(budget=9)), "6 × 7 = ")
    assert (thought.value, thought.thinking, (thought.tokens, thought.thinking_tokens)) == (answer, thoughts, tokens)


def test_a_budget_beyond_the_models_length_is_refused(llama: Path, tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "written", GENERATED, documents(1))
    task = {"id": "written", "use": "tasks/written.yaml", "metric": "exact_match", "thinking": {"budget": 160}}
    with pytest.raises(InputFault, match=r"thinking.budget: found 160, expected less than the model's length of 160"):
        score_suite(llama, write_suite(tmp_path, [task]), device="cpu")


def test_what_is_stripped_is_what_the_harness_strips() -> None:
    from lm_eval.models.utils import postprocess_generated_text

    text = "<think>a\n\nb</think>\n\n42\nmore"

    class Writes(_Ends):
        def answers(self, requests: Sequence[Any], wanted: Any = None) -> Iterator[dict[int, Any]]:
            from tasks.benchmark.answering_model import Answer

            for place, request in enumerate(requests):
                context, options = request.args
                rest = text.removeprefix(context.removeprefix("? "))
                stops = options["until"]
                yield {place: Answer(postprocess_generated_text(rest, stops, None), 3, "stop")}

    thought = _one(ThinkingFirst(Writes(""), Thinking(budget=9)), "? ", until=["\n"])
    assert thought.value == postprocess_generated_text(text, ["\n"], "</think>")
    assert thought.thinking == "a\n\nb"


def test_scores_count_cut_thoughts_and_cut_answers(llama: Path, tmp_path: Path) -> None:
    """Drawn three times, thought about each time; taken up from the file they are the same."""
    write_task(tmp_path / "tasks", "written", GENERATED, documents(3))
    task = {
        "id": "written", "use": "tasks/written.yaml", "metric": "exact_match", "repeats": 3,
        "decoding": {"temperature": 1.0, "max_tokens": 3}, "thinking": {"budget": 4},
    }  # fmt: skip
    suite = write_suite(tmp_path, [task], seed=3)
    path = tmp_path / "items.jsonl"
    scores = score_suite(llama, suite, device="cpu", ledger=path)
    (score,) = scores.tasks
    assert (score.n, score.answers, len(score.ways)) == (3, 9, 3)
    cut = [item for item in scores.items if item.thinking_truncated]
    assert score.thinking_truncated == len(cut) > 0 and {item.thinking_tokens for item in cut} == {4}
    assert all(item.thinking and item.tokens <= 3 for item in cut)
    assert score.truncated == sum(item.truncated for item in scores.items)
    assert score.unparsed == sum(item.unparsed for item in scores.items) > 0
    assert set(score.pass_at) == {"1", "2", "3"} and score.majority is not None
    assert len({(item.thinking, item.output) for item in scores.items if item.item == 0}) > 1
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    assert score_suite(llama, suite, device="cpu", ledger=path).tasks == [score]
    assert path.read_bytes() == whole
