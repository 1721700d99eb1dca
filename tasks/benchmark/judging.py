"""From the model's responses to right and wrong: the task's own filters, metric and aggregation, item by item.

A response is (log-likelihood, is greedy) a choice, one log-likelihood for a whole text, or a generated text. Values are
whatever the metric needs to be aggregated (a number; a pair for f1; log-likelihood and words for perplexity).
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from checks.contracts.errors import InputFault
from checks.records.scores import TaskScore
from tasks.benchmark.harness_tasks import LoadedTask, Part
from tasks.benchmark.intervals import bootstrap_stderr, mean_stderr, score_interval
from tasks.benchmark.items import Item

#: Metrics whose value of one item is the pair (right answer, prediction); one item is right where the two are equal.
_PAIR_METRICS = ("f1", "mcc")


@dataclass(frozen=True)
class Judged:
    """An item's metric value as the aggregation takes it, and as one number: `correct`."""

    part: int
    item: int
    value: Any
    correct: float


def judge(task: LoadedTask, part_index: int, item: Item, responses: Sequence[Any]) -> Judged:
    """One item's value from its responses (one a request), through the filter and metric that the suite names."""
    harness = task.parts[part_index].harness
    for request, response in zip(item.requests, responses, strict=True):
        request.resps, request.filtered_resps = [response], {}
    ensemble = next(each for each in harness._filters if each.name == task.filter)
    ensemble.apply(item.requests)
    filtered = [request.filtered_resps[task.filter] for request in item.requests]
    metrics = harness.process_results(item.document, filtered)
    if task.metric not in metrics:
        offered = ", ".join(sorted(metrics))
        raise InputFault(task.source, f"item {item.number}", f"no value of {task.metric!r}", f"one of {offered}")
    value = metrics[task.metric]
    return Judged(part_index, item.number, value, _as_number(harness, task.metric, value))


def predicted_choice(task: LoadedTask, part: Part, item: Item, loglikelihoods: Sequence[float]) -> int | None:
    """The index of the choice that the metric takes as the model's; None where there is nothing to choose."""
    import numpy as np

    if part.harness.OUTPUT_TYPE != "multiple_choice":
        return None
    choices = part.harness.doc_to_choice(item.document)
    values = np.array(loglikelihoods)
    if len(values) == 2 * len(choices):  # acc_mutual_info: the second half is without the question
        without = values[len(choices) :]
        values = values[: len(choices)] - (without if task.metric == "acc_mutual_info" else 0)
    if task.metric == "acc_norm":
        values = values / np.array([float(len(each)) for each in choices])
    elif task.metric == "acc_bytes":
        values = values / np.array([float(len(each.encode())) for each in choices])
    return int(np.argmax(values))


def task_score(task: LoadedTask, judged: Sequence[Judged], seed: int) -> TaskScore:
    """The task's score by its own aggregation, with standard error and 95 % interval.

    Standard error as the harness's (sample standard deviation / sqrt(n) for means, a bootstrap where it has one, none
    elsewhere); repeated draws of an item count as one, by their mean. For a group: the harness's rule for that group.
    `n` counts items. Interval: see `intervals.score_interval`.
    """
    parts = [[each for each in judged if each.part == index] for index in range(len(task.parts))]
    scored = [(task.parts[index], values) for index, values in enumerate(parts) if values]
    singles = [_part_score(part.harness, task.metric, values, seed) for part, values in scored]
    if task.group is None:
        value, stderr = singles[0]
    else:
        value, stderr = _group_score(task, [part for part, _ in scored], singles, [values for _, values in scored])
    means = _item_means(judged)
    interval = score_interval(value, means, stderr)
    return TaskScore(task=task.id, metric=task.metric, value=value, stderr=stderr, ci95=interval, n=len(means))


def check_group(task: LoadedTask) -> None:
    """Refuses a group that does not say how its metric is aggregated over its tasks."""
    if task.group is None:
        return
    aggregated = [each.metric for each in task.group.aggregate_metric_list or []]
    if task.metric not in aggregated:
        members = ", ".join(part.harness.task_name for part in task.parts)
        found = f"the group {task.group.name!r}, which aggregates {', '.join(aggregated) or 'nothing'}"
        raise InputFault(task.source, f"{task.id}.metric", found, f"that, or one of its tasks: {members}")


def _as_number(harness: Any, metric: str, value: Any) -> float:
    if metric in _PAIR_METRICS:
        return float(value[0] == value[1])
    if isinstance(value, Real):
        return float(value)
    try:
        return min(float(harness.aggregation()[metric]([value])), sys.float_info.max)
    except OverflowError:  # the perplexity of a text that the model finds next to impossible
        return sys.float_info.max


def _part_score(harness: Any, metric: str, judged: Sequence[Judged], seed: int) -> tuple[float, float | None]:
    from lm_eval.api.metrics import acc_all, acc_all_stderr, mean, stderr_for_metric

    aggregate = harness.aggregation()[metric]
    values = [each.value for each in judged]
    score = float(aggregate(values))
    if aggregate is mean:
        return score, mean_stderr(_item_means(judged))
    if aggregate is acc_all:
        return score, float(acc_all_stderr(values))
    if stderr_for_metric(aggregate, bootstrap_iters=1) is not None:  # the harness's own list of what to bootstrap
        return score, bootstrap_stderr(aggregate, values, seed)
    return score, None


def _group_score(
    task: LoadedTask, parts: list[Part], singles: list[tuple[float, float | None]], judged: list[list[Judged]]
) -> tuple[float, float | None]:
    named = {
        part.harness.task_name: {
            f"{task.metric},{task.filter}": value,
            f"{task.metric}_stderr,{task.filter}": "N/A" if stderr is None else stderr,
            "sample_len": len(_item_means(values)),
        }
        for part, (value, stderr), values in zip(parts, singles, judged, strict=True)
    }
    group = task.group.aggregate(named)
    stderr = group[f"{task.metric}_stderr,{task.filter}"]
    return float(group[f"{task.metric},{task.filter}"]), None if stderr == "N/A" else float(stderr)


def _item_means(judged: Sequence[Judged]) -> list[float]:
    """One number an item: the mean over its repeats."""
    of_item: dict[int, list[float]] = {}
    for each in judged:
        of_item.setdefault(each.item, []).append(each.correct)
    return [math.fsum(values) / len(values) for values in of_item.values()]
