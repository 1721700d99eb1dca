"""What a score says of its own certainty, against arithmetic done by hand or by another library."""

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.records.scores import ItemResult, TaskScore
from checks.rules.clustered_error import clustered_error
from tasks.benchmark.harness_tasks import LoadedTask, load_tasks
from tasks.benchmark.intervals import mean_stderr, score_interval
from tasks.benchmark.items import chunks
from tasks.benchmark.judging import judge
from tasks.benchmark.repeated_draws import majority, pass_at, pass_at_each
from tasks.benchmark.scoring import check_suite
from tasks.benchmark.task_scores import Judged, task_score
from tests.benchmark.suites import GENERATED, LETTERS, documents, write_suite, write_task


def test_items_of_one_passage_count_as_millers_formula_says() -> None:
    """Three passages of two items that are right or wrong together, and one of two that are not."""
    values = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
    passages = ["a", "a", "b", "b", "c", "c", "d", "d"]
    mean, n = 5 / 8, 8
    plain = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    pairs = [
        (values[one] - mean) * (values[other] - mean)
        for one in range(n)
        for other in range(n)
        if one != other and passages[one] == passages[other]
    ]
    assert clustered_error(values, passages) == pytest.approx(math.sqrt(plain**2 + sum(pairs) / n**2))
    assert mean_stderr(values) == pytest.approx(plain)
    assert clustered_error(values, [str(item) for item in range(n)]) == pytest.approx(plain), "each by itself: as ever"
    assert clustered_error(values, ["a"] * n) is None, "one cluster says nothing about others"


def test_an_interval_over_clusters_is_that_of_fewer_independent_items() -> None:
    """Ten passages of five items all alike are ten items: Wilson's interval of 6 of 10, with Student's t of 9."""
    values = [float(passage < 6) for passage in range(10) for _ in range(5)]
    passages = [str(passage) for passage in range(10) for _ in range(5)]
    error = clustered_error(values, passages)
    assert error is not None
    interval = score_interval(0.6, values, error, clusters=10)
    t, size = 2.2621571627409915, 0.6 * 0.4 / error**2
    assert size == pytest.approx(10, rel=0.03)
    centre = (size * 0.6 + t * t / 2) / (size + t * t)
    half = t / (size + t * t) * math.sqrt(size * 0.24 + t * t / 4)
    assert interval == pytest.approx((centre - half, centre + half))
    wide, narrow = score_interval(1.0, [1.0] * 50, 0.0, clusters=10), score_interval(1.0, [1.0] * 50, 0.0)
    assert wide is not None and narrow is not None and wide[0] < narrow[0] < 1.0


def _result(item: int, correct: float, repeat: int = 0, variant: int = 0, **more: Any) -> ItemResult:
    return ItemResult(
        task="t", item=item, variant=variant, repeat=repeat, prompt_sha256="", correct=correct, tokens=1, **more
    )


@pytest.fixture
def letters(tmp_path: Path) -> LoadedTask:
    write_task(tmp_path / "tasks", "letters", LETTERS, documents(6))
    (task,) = load_tasks(write_suite(tmp_path, [{"id": "letters", "use": "tasks/letters.yaml"}]))
    return task


def _score(
    task: LoadedTask, results: list[ItemResult], chance: float | None = None, names: Any = ("own",)
) -> TaskScore:
    return task_score(task, [Judged(0, each.correct, chance, each) for each in results], 1, names)


def test_ways_of_asking_are_each_a_score_and_their_mean_counts(letters: LoadedTask) -> None:
    right = {0: (1, 1, 1, 0), 1: (1, 0, 0, 0), 2: (1, 1, 0, 0)}
    results = [_result(item, hit, variant=way) for way, hits in right.items() for item, hit in enumerate(hits)]
    score = _score(letters, results, names=("own", "template-1", "order-1"))
    assert [(way.name, way.value) for way in score.ways] == [("own", 0.75), ("template-1", 0.25), ("order-1", 0.5)]
    assert score.spread is not None
    assert (score.value, score.spread.min, score.spread.max) == (pytest.approx(0.5), 0.25, 0.75)
    assert score.spread.sd == pytest.approx(0.25)
    assert (score.n, score.answers) == (4, 12)
    assert score.stderr == pytest.approx(mean_stderr([1, 2 / 3, 1 / 3, 0]))
    alone = _score(letters, results[:4])
    assert alone.ways == [] and alone.spread is None, "one way differs from nothing"


def test_a_score_whose_interval_holds_chance_is_said_to(letters: LoadedTask) -> None:
    guessing = _score(letters, [_result(item, item % 3 == 0) for item in range(60)], chance=1 / 3)
    assert guessing.chance == pytest.approx(1 / 3) and guessing.at_chance
    knowing = _score(letters, [_result(item, item % 3 > 0) for item in range(60)], chance=1 / 3)
    assert knowing.chance == pytest.approx(1 / 3) and not knowing.at_chance
    assert not _score(letters, [_result(0, 1)]).at_chance, "no choices, no chance"


def test_chance_is_one_over_the_choices_and_none_for_what_is_written(letters: LoadedTask, tmp_path: Path) -> None:
    suite = write_suite(tmp_path, [{"id": "letters", "use": "tasks/letters.yaml"}])
    item = next(chunks(letters, letters.parts[0], suite.suite, None))[0]
    assert judge(letters, 0, item, [(-1.0, True), (-2.0, False), (-3.0, False)]).chance == pytest.approx(1 / 3)


def test_no_answer_is_apart_from_a_wrong_one(tmp_path: Path) -> None:
    """The filter takes the first digit; item 0 asks for 0."""
    write_task(tmp_path / "tasks", "written", GENERATED, documents(1))
    suite = write_suite(tmp_path, [{"id": "written", "use": "tasks/written.yaml", "metric": "exact_match"}])
    (task,) = load_tasks(suite)
    item = next(chunks(task, task.parts[0], suite.suite, None))[0]
    found = {text: judge(task, 0, item, [text]) for text in ("= 0", "= 7", "모르겠다", "")}
    assert {text: (each.correct, each.answer, each.unparsed) for text, each in found.items()} == {
        "= 0": (1.0, "0", False),
        "= 7": (0.0, "7", False),
        "모르겠다": (0.0, "", True),
        "": (0.0, "", True),
    }
    assert found["= 0"].chance is None


@pytest.mark.parametrize(("n", "c", "k"), [(5, 2, 1), (5, 2, 3), (6, 0, 4), (6, 6, 2), (4, 1, 4)])
def test_pass_at_k_is_the_share_of_all_choices_of_k_draws_with_a_right_one(n: int, c: int, k: int) -> None:
    draws = [True] * c + [False] * (n - c)
    every = list(combinations(draws, k))
    assert pass_at(n, c, k) == pytest.approx(sum(map(any, every)) / len(every))


def test_draws_give_pass_at_k_and_the_majoritys_score() -> None:
    """Item 0: two of four right, and the majority is; item 1: never parsed; item 2: one right, outvoted."""
    answers = [["7", "7", "3", "4"], ["", "", "", ""], ["1", "2", "2", "9"]]
    right = ["7", "5", "1"]
    drawn = [
        [
            _result(item, float(text == right[item]), repeat, answer=text, unparsed=not text)
            for repeat, text in enumerate(each)
        ]
        for item, each in enumerate(answers)
    ]
    assert pass_at_each(drawn) == pytest.approx({"1": (0.5 + 0 + 0.25) / 3, "2": (5 / 6 + 0 + 0.5) / 3, "4": 2 / 3})
    assert majority(drawn) == pytest.approx(1 / 3)
    once = [each[:1] for each in drawn]
    assert (pass_at_each(once), majority(once)) == ({}, None), "one draw says neither"


def test_the_majority_is_the_harness_own() -> None:
    from lm_eval.filters.selection import MajorityVoteFilter

    answers = ["b", "a", "a", "b", "c"]
    [[elected]] = list(MajorityVoteFilter().apply([answers], [{}]))
    drawn = [_result(0, float(each == elected), place, answer=each) for place, each in enumerate(answers)]
    assert majority([drawn]) == 1.0


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("item,group\n0,a\n1,a\n", "no row for item 2 of letters, expected a group for every item"),
        ("item,group\n0,a\n1,a\n2,b\n3,b\n", "item 3, expected 0 to 2, the items of letters"),
    ],
    ids=["missing", "beyond"],
)
def test_groups_that_do_not_fit_the_items_are_refused(tmp_path: Path, rows: str, fault: str) -> None:
    write_task(tmp_path / "tasks", "letters", LETTERS, documents(3))
    (tmp_path / "groups.csv").write_text(rows)
    suite = write_suite(tmp_path, [{"id": "letters", "use": "tasks/letters.yaml", "groups": "groups.csv"}])
    with pytest.raises(InputFault, match=fault):
        check_suite(suite)
