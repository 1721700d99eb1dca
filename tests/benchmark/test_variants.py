"""Other wordings and other orders of the choices: the right answer stays right, and what cannot be shuffled is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from checks.rules.clustered_error import clustered_error
from tasks.benchmark import score_suite
from tasks.benchmark.harness_tasks import load_tasks
from tasks.benchmark.items import Item, chunks
from tasks.benchmark.judging import judge
from tasks.benchmark.scoring import check_suite
from tasks.benchmark.variants import Variant, orders, variants
from tests.benchmark.suites import FULL_TEXT, GENERATED, LETTERS, documents, write_suite, write_task

ROWS = documents(12)
SHUFFLED = {"id": "letters", "use": "tasks/letters.yaml", "shuffle_choices": 4, "choice_fields": ["a", "b", "c"]}


def _suite(folder: Path, task: dict[str, Any], config: dict[str, Any] = LETTERS, **more: Any) -> LoadedSuite:
    write_task(folder / "tasks", task["id"], config, ROWS)
    return write_suite(folder, [task], **more)


def _ways(suite: LoadedSuite) -> list[tuple[Variant, list[Item]]]:
    (task,) = load_tasks(suite)
    return [(each, next(chunks(each.task, each.task.parts[0], suite.suite, None))) for each in variants(suite, task)]


def test_in_every_order_the_right_answers_text_stands_under_its_new_letter(tmp_path: Path) -> None:
    """The prompt is read back as a person would; a model that always says A is right where the right text stands at A."""
    own, *shuffled = _ways(_suite(tmp_path, SHUFFLED))
    assert [each.name for each, _ in shuffled] == ["order-1", "order-2", "order-3", "order-4"]
    seen: dict[int, set[tuple[str, ...]]] = {}
    for variant, items in [own, *shuffled]:
        for item, row in zip(items, ROWS, strict=True):
            shown = dict(re.findall(r"^([ABC])\. (.*)$", item.requests[0].args[0], re.MULTILINE))
            right = next(
                letter for letter, text in shown.items() if text == (row["a"], row["b"], row["c"])[row["gold"]]
            )
            for place, letter in enumerate("ABC"):
                responses = [(0.0 if other == place else -5.0, other == place) for other in range(3)]
                assert judge(variant.task, 0, item, responses).correct == float(letter == right)
            seen.setdefault(item.number, set()).add(tuple(shown.values()))
    assert {len(each) for each in seen.values()} == {5}, "five ways of asking are five different orders"


def test_orders_are_drawn_by_the_seed_each_once_before_any_comes_again() -> None:
    def drawn(seed: int, item: int, count: int) -> list[tuple[int, ...]]:
        source = orders(seed, "t", item, 3)
        return [next(source) for _ in range(count)]

    assert drawn(1, 0, 12) == drawn(1, 0, 12)
    assert any(drawn(1, item, 5) != drawn(2, item, 5) for item in range(3))
    first, second = drawn(1, 0, 12)[:6], drawn(1, 0, 12)[6:]
    assert len(set(first)) == len(set(second)) == 6
    assert first[-1] == second[-1] == (0, 1, 2), "as written is the task's own, so it comes last"


def test_items_in_another_order_keep_their_examples(tmp_path: Path) -> None:
    """Few-shot from the test split: an item is never its own example, whatever its choices' order."""
    config = {**LETTERS, "fewshot_split": "test"}
    task = {**SHUFFLED, "fewshot": 3}
    (_, own), *shuffled = _ways(_suite(tmp_path, task, config))
    for _, items in shuffled:
        for item, as_written in zip(items, own, strict=True):
            examples, before = (each.requests[0].args[0].split("\n\n")[:-1] for each in (item, as_written))
            assert examples == before


def test_another_wording_is_the_examples_too(tmp_path: Path) -> None:
    template = "질문: {{question}}\n(A) {{a}} (B) {{b}} (C) {{c}}\n답:"
    task = {"id": "letters", "use": "tasks/letters.yaml", "templates": [template], "fewshot": 2}
    (_, own), (variant, worded) = _ways(_suite(tmp_path, task))
    assert (variant.number, variant.name) == (1, "template-1")
    prompt = worded[0].requests[0].args[0]
    assert prompt.count("질문: ") == 3 and "정답" not in prompt
    assert own[0].requests[0].args[0].count("정답") == 3
    assert worded[0].number == own[0].number and worded[0].prompt_sha256 != own[0].prompt_sha256


def test_the_score_is_the_mean_of_the_ways_and_the_same_again(llama: Path, tmp_path: Path) -> None:
    """Over a kill too: an items file of one way alone is taken up."""
    task = {**SHUFFLED, "shuffle_choices": 2, "templates": ["{{question}} A {{a}} B {{b}} C {{c}}?"], "groups": "g.csv"}
    (tmp_path / "g.csv").write_text("item,group\n" + "".join(f"{item},passage {item % 4}\n" for item in range(12)))
    suite = _suite(tmp_path, task)
    path = tmp_path / "items.jsonl"
    scores = score_suite(llama, suite, device="cpu", ledger=path)
    (score,) = scores.tasks
    means = [sum(each.correct for each in scores.items if each.item == item) / 4 for item in range(12)]
    assert score.stderr == clustered_error(means, [f"passage {item % 4}" for item in range(12)])
    assert (score.clusters, score.chance) == (4, pytest.approx(1 / 3))
    assert {each.cluster for each in scores.items if each.item == 5} == {"passage 1"}
    assert [way.name for way in score.ways] == ["own", "template-1", "order-1", "order-2"]
    assert score.value == pytest.approx(sum(way.value for way in score.ways) / 4)
    assert (score.n, score.answers) == (12, 48)
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:17]))
    assert score_suite(llama, suite, device="cpu", ledger=path).tasks == [score]
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("task", "config", "fault"),
    [
        ({"templates": ["{{questoin}}"]}, LETTERS, r"templates\[0\]: found '\{\{questoin\}\}': UndefinedError"),
        ({"templates": [LETTERS["doc_to_text"]]}, LETTERS, "which asks item 0 as the task does"),
        ({"shuffle_choices": 1}, LETTERS, "found no field 'choices' in the items"),
        (
            {"shuffle_choices": 1, "choice_fields": ["a", "b"]},
            LETTERS,
            "found 2 choice_fields, expected one for each of",
        ),
        (
            {"shuffle_choices": 1, "choice_fields": ["b", "a", "c"]},
            FULL_TEXT,
            "choice_fields in the order of the choices",
        ),
        (
            {"shuffle_choices": 1, "choice_fields": ["a", "b", "c"]},
            FULL_TEXT,
            "whose question does not show the choices",
        ),
        ({"shuffle_choices": 1, "metric": "exact_match"}, GENERATED, "whose answers are no choices after one question"),
        ({"repeats": 3}, LETTERS, "found 3, of answers that are the same each time"),
        ({"thinking": {"budget": 9}}, LETTERS, r"tasks\[0\].thinking: found letters, whose answers are scored"),
    ],
    ids=["no-field", "same", "no-choices", "too-few", "other-order", "not-shown", "written", "greedy", "no-thoughts"],
)
def test_what_cannot_be_asked_so_is_refused(
    tmp_path: Path, task: dict[str, Any], config: dict[str, Any], fault: str
) -> None:
    suite = _suite(tmp_path, {"id": "letters", "use": "tasks/letters.yaml", **task}, config)
    with pytest.raises(InputFault, match=fault):
        check_suite(suite)
