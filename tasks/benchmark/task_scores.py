"""From judged items to a task's score: its own aggregation, standard error, interval, chance, and how its ways differ."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from checks.contracts.errors import InputFault
from checks.records.scores import ItemResult, Spread, TaskScore, WayScore
from checks.rules.clustered_error import clustered_error
from tasks.benchmark.harness_tasks import LoadedTask, Part
from tasks.benchmark.intervals import bootstrap_stderr, mean_stderr, score_interval
from tasks.benchmark.judging import aggregated
from tasks.benchmark.repeated_draws import majority, pass_at_each

Way = tuple[int, int]


@dataclass(frozen=True)
class Judged:
    """One answer as it is kept, with its metric value as the aggregation takes it, and the part of the task it is of."""

    part: int
    value: Any
    chance: float | None
    result: ItemResult

    @property
    def way(self) -> Way:
        """Variant and repeat: all items asked in one way make one score of the task."""
        return self.result.variant, self.result.repeat


def task_score(task: LoadedTask, judged: Sequence[Judged], seed: int, names: Sequence[str] = ("own",)) -> TaskScore:
    """The task's score by its own aggregation, with standard error and 95 % interval; `names` are the variants'.

    The score is the mean over the ways of asking. Standard error as the harness's (sample standard deviation / sqrt(n) for
    means, a bootstrap where it has one, none elsewhere), by clusters where items have them; the answers to an item count as
    one, by their mean. For a group: the harness's rule for that group. `n` counts items. Interval: `intervals.score_interval`.
    """
    value, stderr = _value(task, judged, seed)
    items = _items(judged)
    means = [fmean([each.result.correct for each in answers]) for answers in items]
    clusters = _clusters(items)
    if clusters is not None and math.isclose(value, fmean(means)):
        stderr = clustered_error(means, clusters)
    elif task.group is not None:  # a group that weighs its tasks otherwise has the harness's own error
        clusters = None
    count = None if clusters is None else len(set(clusters))
    ways = _ways(task, judged, names)
    drawn = _draws(judged)
    return TaskScore(
        task=task.id,
        metric=task.metric,
        value=value,
        stderr=stderr,
        ci95=score_interval(value, means, stderr, count),
        n=len(means),
        clusters=count,
        chance=_chance(task, judged),
        answers=len(judged),
        unparsed=sum(each.result.unparsed for each in judged),
        truncated=sum(each.result.truncated for each in judged),
        thinking_truncated=sum(each.result.thinking_truncated for each in judged),
        prompts_truncated=sum(each.result.prompt_truncated for each in judged),
        ways=ways,
        spread=_spread([way.value for way in ways]) if ways else None,
        pass_at=pass_at_each(drawn),
        majority=majority(drawn),
    )


def check_group(task: LoadedTask) -> None:
    """Refuses a group that does not say how its metric is aggregated over its tasks."""
    if task.group is None:
        return
    aggregated = [each.metric for each in task.group.aggregate_metric_list or []]
    if task.metric not in aggregated:
        members = ", ".join(part.harness.task_name for part in task.parts)
        found = f"the group {task.group.name!r}, which aggregates {', '.join(aggregated) or 'nothing'}"
        raise InputFault(task.source, f"{task.id}.metric", found, f"that, or one of its tasks: {members}")


def _value(task: LoadedTask, judged: Sequence[Judged], seed: int | None) -> tuple[float, float | None]:
    """Score and standard error (without a seed none is drawn)."""
    parts = [[each for each in judged if each.part == index] for index in range(len(task.parts))]
    scored = [(task.parts[index], values) for index, values in enumerate(parts) if values]
    singles = [_part_score(task, part.harness, values, seed) for part, values in scored]
    if task.group is None:
        return singles[0]
    return _group_score(task, [part for part, _ in scored], singles, [len(_items(values)) for _, values in scored])


def _part_score(
    task: LoadedTask, harness: Any, judged: Sequence[Judged], seed: int | None
) -> tuple[float, float | None]:
    from lm_eval.api.metrics import acc_all, acc_all_stderr, mean, stderr_for_metric

    def aggregate_ways(answers: Sequence[Judged]) -> float:
        return _over_ways(lambda values: aggregated(task, harness, values, harness.task_name), answers)

    aggregate = harness.aggregation()[task.metric]
    score = aggregate_ways(judged)
    if aggregate is mean:
        return score, mean_stderr([fmean([each.result.correct for each in answers]) for answers in _items(judged)])
    if aggregate is acc_all:
        return score, float(acc_all_stderr([each.value for each in judged]))
    if seed is not None and stderr_for_metric(aggregate, bootstrap_iters=1) is not None:  # the harness's own list
        return score, bootstrap_stderr(
            lambda sample: aggregate_ways([each for answers in sample for each in answers]),
            _together(judged),
            seed,
        )
    return score, None


def _over_ways(aggregate: Callable[[list[Any]], float], judged: Sequence[Judged]) -> float:
    """The mean over ways of each one's aggregate."""
    values: dict[Way, list[Any]] = {}
    for each in judged:
        values.setdefault(each.way, []).append(each.value)
    return fmean([aggregate(own) for own in values.values()])


def _group_score(
    task: LoadedTask, parts: list[Part], singles: list[tuple[float, float | None]], sizes: list[int]
) -> tuple[float, float | None]:
    named = {
        part.harness.task_name: {
            f"{task.metric},{task.filter}": value,
            f"{task.metric}_stderr,{task.filter}": "N/A" if stderr is None else stderr,
            "sample_len": size,
        }
        for part, (value, stderr), size in zip(parts, singles, sizes, strict=True)
    }
    group = task.group.aggregate(named)
    stderr = group[f"{task.metric}_stderr,{task.filter}"]
    return float(group[f"{task.metric},{task.filter}"]), None if stderr == "N/A" else float(stderr)


def _chance(task: LoadedTask, judged: Sequence[Judged]) -> float | None:
    """What guessing comes to, through the same rule as the score."""
    if any(each.chance is None for each in judged):
        return None
    guessed = [
        Judged(each.part, each.chance, None, each.result.model_copy(update={"correct": each.chance}))
        for each in judged
        if each.way == judged[0].way
    ]
    return _value(task, guessed, None)[0]


def _ways(task: LoadedTask, judged: Sequence[Judged], names: Sequence[str]) -> list[WayScore]:
    """Each way's own score; none where there is only one."""
    of_way: dict[Way, list[Judged]] = {}
    for each in judged:
        of_way.setdefault(each.way, []).append(each)
    if len(of_way) < 2:
        return []
    return [
        WayScore(
            variant=variant,
            name=names[variant],
            repeat=repeat,
            value=_value(task, answers, None)[0],
            unparsed=sum(each.result.unparsed for each in answers),
            truncated=sum(each.result.truncated for each in answers),
        )
        for (variant, repeat), answers in sorted(of_way.items())
    ]


def _spread(values: Sequence[float]) -> Spread:
    centre = fmean(values)
    sd = math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))
    return Spread(mean=centre, min=min(values), max=max(values), sd=sd)


def _items(judged: Sequence[Judged]) -> list[list[Judged]]:
    """The answers to each item together."""
    of_item: dict[int, list[Judged]] = {}
    for each in judged:
        of_item.setdefault(each.result.item, []).append(each)
    return list(of_item.values())


def _together(judged: Sequence[Judged]) -> list[list[Judged]]:
    """What is drawn together in a bootstrap: the answers to an item, or to a cluster of items."""
    of_unit: dict[str | int, list[Judged]] = {}
    for each in judged:
        of_unit.setdefault(each.result.cluster or each.result.item, []).append(each)
    return list(of_unit.values())


def _clusters(items: Sequence[Sequence[Judged]]) -> list[str] | None:
    clusters = [answers[0].result.cluster for answers in items]
    return clusters if all(clusters) else None


def _draws(judged: Sequence[Judged]) -> list[list[ItemResult]]:
    """The draws of each item in each variant."""
    of_item: dict[tuple[int, int], list[ItemResult]] = {}
    for each in judged:
        of_item.setdefault((each.result.item, each.result.variant), []).append(each.result)
    return list(of_item.values())
