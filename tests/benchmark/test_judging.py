"""From responses to scores: by hand for right and wrong, draws and pairs, and by the harness's rule for groups."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.records.scores import ItemResult
from tasks.benchmark.harness_tasks import LoadedTask, Part, load_tasks
from tasks.benchmark.intervals import mean_stderr
from tasks.benchmark.items import Item, chunks
from tasks.benchmark.judging import judge, predicted_choice
from tasks.benchmark.task_scores import Judged, check_group, task_score
from tests.benchmark.suites import FULL_TEXT, documents, write_suite, write_task

SEED = 1234


def _judged(part: int, item: int, value: Any, correct: float, repeat: int = 0, variant: int = 0, **more: Any) -> Judged:
    result = ItemResult(
        task="text", item=item, variant=variant, repeat=repeat, prompt_sha256="", correct=correct, tokens=1, **more
    )
    return Judged(part, value, None, result)


def _task(folder: Path, metric: str, items: int = 6, name: str = "text") -> tuple[LoadedTask, list[Item]]:
    both = {"metric": "f1", "aggregation": "f1", "higher_is_better": True}
    write_task(
        folder / "tasks", name, {**FULL_TEXT, "metric_list": [*FULL_TEXT["metric_list"], both]}, documents(items)
    )
    suite = write_suite(folder, [{"id": name, "use": f"tasks/{name}.yaml", "metric": metric}])
    (task,) = load_tasks(suite)
    return task, next(chunks(task, task.parts[0], suite.suite, None))


def test_each_metric_takes_its_own_choice(tmp_path: Path) -> None:
    """Log-likelihoods that the plain sum and the sum per character read differently; gold of item 0 is choice 0."""
    task, items = _task(tmp_path, "acc")
    choices = task.parts[0].harness.doc_to_choice(items[0].document)
    values = [-float(len(choices[0])), -1.5 * len(choices[1]), -0.5 * len(choices[2])]
    values[1] = -0.1
    assert predicted_choice(task, task.parts[0], items[0], values) == 1
    by_length = [value / len(choice) for value, choice in zip(values, choices, strict=True)]
    normed = replace(task, metric="acc_norm")
    assert predicted_choice(normed, task.parts[0], items[0], values) == by_length.index(max(by_length))
    responses = [(-0.1, True), (-2.0, False), (-3.0, False)]
    assert judge(task, 0, items[0], responses).correct == 1.0
    assert judge(task, 0, items[1], responses).correct == 0.0


def test_draws_of_an_item_count_as_one_by_their_mean(tmp_path: Path) -> None:
    task, _ = _task(tmp_path, "acc")
    rows = {0: (1.0, 0.0), 1: (1.0, 1.0), 2: (0.0, 0.0)}
    judged = [
        _judged(0, item, value, value, repeat) for item, values in rows.items() for repeat, value in enumerate(values)
    ]
    score = task_score(task, judged, SEED)
    assert score.value == pytest.approx(0.5)
    assert score.n == 3
    assert score.stderr == pytest.approx(mean_stderr([0.5, 1.0, 0.0]))
    assert score.ci95 is not None and score.ci95[0] == 0.0


def test_f1_is_aggregated_from_pairs_with_a_bootstrapped_error(tmp_path: Path) -> None:
    task, _ = _task(tmp_path, "f1")
    pairs = [(1, 1)] * 6 + [(1, 0)] * 2 + [(0, 1)] * 4 + [(0, 0)] * 8
    judged = [_judged(0, item, pair, float(pair[0] == pair[1])) for item, pair in enumerate(pairs)]
    score = task_score(task, judged, SEED)
    assert score.value == pytest.approx(2 * 6 / (2 * 6 + 4 + 2))
    assert score.stderr is not None and 0.05 < score.stderr < 0.25
    assert score == task_score(task, judged, SEED)


def _group(folder: Path, weight_by_size: bool) -> LoadedTask:
    from lm_eval.api.group import Group
    from lm_eval.config.group import AggMetricConfig

    first, _ = _task(folder, "acc", items=2, name="small")
    second, _ = _task(folder, "acc", items=6, name="large")
    rule = AggMetricConfig(metric="acc", aggregation="mean", weight_by_size=weight_by_size)
    group = Group("both", aggregate_metric_list=[rule])
    group.add(first.parts[0].harness)
    group.add(second.parts[0].harness)
    parts = (first.parts[0], Part(second.parts[0].harness, 2))
    return replace(first, parts=parts, group=group)


@pytest.mark.parametrize(("weight_by_size", "value"), [(True, (2 + 3) / 8), (False, (1.0 + 0.5) / 2)])
def test_a_group_scores_as_the_harness_aggregates_it(tmp_path: Path, weight_by_size: bool, value: float) -> None:
    task = _group(tmp_path, weight_by_size)
    judged = [_judged(0, item, 1.0, 1.0) for item in range(2)]
    judged += [_judged(1, 2 + item, float(item % 2), float(item % 2)) for item in range(6)]
    score = task_score(task, judged, SEED)
    assert score.value == pytest.approx(value)
    assert score.n == 8
    assert score.stderr is not None and score.ci95 is not None
    check_group(task)


def test_a_group_that_does_not_aggregate_the_metric_is_refused(tmp_path: Path) -> None:
    task = _group(tmp_path, True)
    with pytest.raises(
        InputFault, match="found the group 'both', which aggregates acc, expected that, or one of its tasks"
    ):
        check_group(replace(task, metric="acc_norm"))
