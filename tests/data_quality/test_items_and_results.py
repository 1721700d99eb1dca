"""Items and results by themselves: positions, repeats, limits, metrics that are no means."""

import math
import random

import pytest

from checks.records.quality import Measurement
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.items import measure_items
from tasks.data_quality.results import Results, measure_results
from tests.data_quality.columns import results_of, suite_results


def question(number: int, answer: int, choices: tuple[str, ...] | None = None) -> BenchmarkItem:
    """An item with four choices of its own."""
    own = choices or tuple(f"{number}-{letter}" for letter in "abcd")
    return BenchmarkItem("quiz", number, f"질문 {number}번의 답은?{own[answer]}", choices=own, answer=answer)


def of(rows: list[Measurement], check: str) -> Measurement:
    """The measurement of that check."""
    (found,) = [row for row in rows if row.check == check]
    return found


def test_even_positions_pass_and_one_favourite_is_found_with_its_size() -> None:
    rng = random.Random(1)
    even = of(measure_items([question(n, rng.randrange(4)) for n in range(1000)]), "answer-position")
    assert even.value == 0.0
    lopsided = [question(n, 0 if rng.random() < 0.2 else rng.randrange(4)) for n in range(1000)]
    counts = [sum(item.answer == position for item in lopsided) for position in range(4)]
    size = math.sqrt(sum((count / 1000 - 0.25) ** 2 / 0.25 for count in counts))
    found = of(measure_items(lopsided), "answer-position")
    assert found.value == pytest.approx(size) and size > 0.2


def test_a_small_real_effect_is_below_the_bound_and_a_large_one_by_chance_is_no_effect() -> None:
    many = [question(n, 0 if n % 50 == 0 else n % 4) for n in range(40_000)]
    assert 0 < (of(measure_items(many), "answer-position").value or 0) < 0.1
    few = [question(n, [0, 0, 0, 1, 2, 3][n % 6]) for n in range(24)]
    assert of(measure_items(few), "answer-position").value == 0.0


def test_the_same_choices_everywhere_have_meanings_and_no_positions() -> None:
    items = [question(n, 0, ("예", "아니요")) for n in range(200)]
    assert of(measure_items(items), "answer-position").state == "not_applicable"


def test_pictures_tell_equal_questions_apart() -> None:
    colours = ("빨강", "파랑")
    same = [BenchmarkItem("see", n, "색: 빨강", choices=colours, answer=0, picture=f"hash-{n}") for n in range(5)]
    assert of(measure_items(same), "duplicates").bad == 0
    assert of(measure_items([*same, same[0]]), "duplicates").bad == 1
    plus_minus = [BenchmarkItem("sum", n, text, target="3") for n, text in enumerate(("1+2=3", "1-2=3"))]
    assert of(measure_items(plus_minus), "duplicates").bad == 0


def test_an_item_without_an_answer_is_named() -> None:
    items = [question(0, 0), BenchmarkItem("quiz", 1, "글?", target=" ")]
    found = of(measure_items(items), "answers-possible")
    assert found.bad == 1 and found.examples == ["item 1: 글?"]


def result(item: int, correct: float, repeat: int = 0, output: str = "답", unparsed: bool = False) -> ItemResult:
    """A generated answer."""
    return ItemResult(
        task="t",
        item=item,
        repeat=repeat,
        prompt_sha256="0" * 64,
        output=output,
        correct=correct,
        tokens=1,
        unparsed=unparsed,
    )


def scores(items: list[ItemResult], value: float, metric: str = "acc", n: int = 4, **settings: object) -> SuiteScores:
    """One task's score."""
    task = TaskScore(task="t", metric=metric, value=value, n=n)
    return SuiteScores(suite="s", tasks=[task], items=items, settings=dict(settings))


def test_repeats_are_complete_when_every_item_has_each() -> None:
    items = [result(n, 0.5, repeat) for n in range(4) for repeat in range(2)]
    assert of(measure_results(results_of(scores(items, 0.5)), []), "items-complete").bad == 0
    assert of(measure_results(results_of(scores(items[:-1], 0.5)), []), "items-complete").examples == ["item 3 missing"]
    twice = of(measure_results(results_of(scores([*items, items[0]], 0.5)), []), "items-complete")
    assert twice.examples == ["item 0 scored more than once"]


def test_what_the_suite_holds_is_expected_but_of_a_limited_run() -> None:
    asked = [BenchmarkItem("t", n, f"글 {n}") for n in range(10)]
    items = [result(n, 1.0) for n in range(4)]
    assert of(measure_results(results_of(scores(items, 1.0)), asked), "items-complete").bad == 6
    assert of(measure_results(results_of(scores(items, 1.0, limit=4)), asked), "items-complete").bad == 0


def test_a_group_or_a_metric_of_all_items_is_no_mean() -> None:
    items = [result(n, float(n % 2)) for n in range(4)]
    group = {"tasks": {"t": {"versions": ["1.0", "1.0"]}}}
    for given in (scores(items, 0.4, **group), scores(items, 0.4, metric="f1")):
        assert of(measure_results(results_of(given), []), "score-is-mean").state == "not_applicable"
    assert of(measure_results(results_of(scores(items, 0.4)), []), "score-is-mean").value == pytest.approx(0.1)
    assert (
        of(measure_results(results_of(scores(items, 12.5, metric="word_perplexity")), []), "values-in-range").bad == 0
    )


def test_a_score_that_is_no_number_is_found() -> None:
    measured = measure_results(results_of(scores([result(n, 1.0) for n in range(4)], float("nan"))), [])
    assert of(measured, "values-in-range").bad == 1
    assert of(measured, "score-is-mean").value is None


def test_outputs_without_an_answer_are_a_share_of_the_generated() -> None:
    items = [result(0, 0.0, output="음…", unparsed=True), *(result(n, 1.0) for n in range(1, 4))]
    assert of(measure_results(results_of(scores(items, 0.75)), []), "empty-outputs").value == 0.25


def test_no_items_for_a_score_is_not_complete() -> None:
    measured = measure_results(results_of(scores([], 0.5)), [])
    assert of(measured, "items-complete").bad == 4
    assert of(measured, "score-is-mean").state == "missing"


def written(text: str, prompt: str = "0", truncated: bool = False) -> list[ItemResult]:
    """Thirty long answers that begin alike."""
    return [
        ItemResult(
            task="t",
            item=n,
            prompt_sha256=prompt * 64,
            output=f"{text}, 문항 {n}의 답을 길게 쓴다. " * 3,
            correct=1.0,
            tokens=9,
            truncated=truncated,
        )
        for n in range(30)
    ]


def beside(own: list[ItemResult], other: list[ItemResult], **settings: object) -> list[Measurement]:
    """The first team's measurements beside another team's results; `settings` are those of the other."""
    mine, theirs = scores(own, 1.0, n=30), scores(other, 1.0, n=30, **settings)
    return measure_results(Results({"s": suite_results(mine)}, {"s": {"t2": suite_results(theirs)}}), [])


def test_answers_that_are_another_teams_are_counted_with_the_team() -> None:
    apart = of(beside(written("하나"), written("둘")), "identical-outputs")
    assert (apart.value, apart.rows) == (0.0, 30)
    same = of(beside(written("하나"), written("하나")[:15] + written("둘")[15:]), "identical-outputs")
    assert (same.value, same.bad, same.observed) == (0.5, 15, "the most with t2")
    short = [result(n, 1.0, output="B") for n in range(30)]
    assert of(beside(short, short), "identical-outputs").state == "not_applicable", "right answers are alike"


def test_other_prompts_and_other_settings_are_named() -> None:
    rows = beside(written("하나"), written("둘", prompt="1"), seed=7)
    assert of(rows, "same-settings").examples == ["t2: seed"]
    assert of(rows, "same-prompts").bad == 30
    alone = measure_results(results_of(scores(written("하나"), 1.0, n=30)), [])
    assert {of(alone, check).state for check in ("same-settings", "same-prompts")} == {"not_applicable"}


def test_a_setting_may_differ_only_where_the_round_says_so() -> None:
    own, other = written("하나"), written("둘", prompt="1")
    mine = scores(own, 1.0, n=30, dtype="float32", tasks={"t": {"fewshot": 5, "prompts_sha256": "0"}})
    theirs = scores(other, 1.0, n=30, dtype="bfloat16", tasks={"t": {"fewshot": 5, "prompts_sha256": "1"}})

    def measured(*may_differ: str) -> list[Measurement]:
        beside = {"s": {"t2": suite_results(theirs)}}
        return measure_results(Results({"s": suite_results(mine)}, beside, may_differ=may_differ), [])

    assert of(measured(), "same-settings").examples == ["t2: dtype, tasks.t.prompts_sha256"]
    assert of(measured("dtype"), "same-settings").examples == ["t2: tasks.t.prompts_sha256"]
    allowed = measured("dtype", "prompts")
    assert of(allowed, "same-settings").value == 0
    assert (of(allowed, "same-prompts").state, of(measured(), "same-prompts").bad) == ("not_applicable", 30)


def test_answers_cut_off_at_their_limit_are_counted() -> None:
    cut = scores([*written("하나")[:10], *written("하나", truncated=True)[10:]], 1.0, n=30)
    assert of(measure_results(results_of(cut), []), "truncated-outputs").value == pytest.approx(2 / 3)


def test_not_a_number_is_in_no_range() -> None:
    items = [result(n, math.nan if n == 2 else 1.0) for n in range(4)]
    found = of(measure_results(results_of(scores(items, 1.0)), []), "values-in-range")
    assert found.bad == 1 and found.examples == ["item 2: nan"]
