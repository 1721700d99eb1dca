"""Measures benchmark results before anything is ranked by them: complete, in range, and the score the mean of its items."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from checks.records.quality import Measurement
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.findings import Findings

CHECKS = ("items-complete", "score-is-mean", "values-in-range", "empty-outputs")
#: Metrics that are no shares of anything; their values need only be finite.
UNBOUNDED = ("perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "bleu", "chrf", "ter", "likelihood")
#: Metrics of lm-evaluation-harness that look at all items together instead of taking their mean.
NOT_MEANS = (*UNBOUNDED, "f1", "mcc", "matthews_corrcoef", "acc_all", "brier_score")


def measure_results(scores: Mapping[str, SuiteScores], items: Sequence[BenchmarkItem]) -> list[Measurement]:
    """Suite `results`, one subject a suite and task (`common/kmmlu`); `items` are what was to be scored.

    Of a task that `items` do not hold, items 0 … n - 1 are expected.
    """
    found = Findings("results")
    if not scores:
        found.not_applicable(*CHECKS, observed="no results are there to be looked at")
        return found.rows
    expected: dict[str, set[int]] = {}
    for item in items:
        if item.split == "test":
            expected.setdefault(item.task, set()).add(item.item)
    for suite, result in sorted(scores.items()):
        if not result.tasks:
            found.missing(*CHECKS, subject=suite, observed="no task has a score")
        by_task: dict[str, list[ItemResult]] = {}
        for scored in result.items:
            by_task.setdefault(scored.task, []).append(scored)
        for task in result.tasks:
            wanted = expected.get(task.task) if result.settings.get("limit") is None else None
            grouped = len(result.settings.get("tasks", {}).get(task.task, {}).get("versions", [])) > 1
            _task(found, f"{suite}/{task.task}", task, by_task.get(task.task, []), wanted, grouped)
    return found.rows


def _task(
    found: Findings,
    subject: str,
    score: TaskScore,
    items: Sequence[ItemResult],
    expected: set[int] | None,
    grouped: bool,
) -> None:
    wanted = expected if expected is not None else set(range(score.n))
    repeats = sorted({item.repeat for item in items}) or [0]
    counted = Counter((item.item, item.repeat) for item in items)
    faults = [f"item {item} missing" for item in sorted(wanted) for repeat in repeats if (item, repeat) not in counted]
    faults += [f"item {item} scored {times} times" for (item, _), times in sorted(counted.items()) if times > 1]
    faults += [f"item {item} unknown" for item in sorted({item for item, _ in counted} - wanted)]
    found.counted("items-complete", max(1, len(wanted) * len(repeats)), faults, subject=subject)
    if not items:
        found.missing(*CHECKS[1:], subject=subject, observed="no item has a result")
        return
    if grouped or score.metric in NOT_MEANS:
        why = "a group's score is its own aggregate" if grouped else f"{score.metric} is no mean of its items"
        found.not_applicable("score-is-mean", subject=subject, observed=why)
    else:
        mean = math.fsum(item.correct for item in items) / len(items)
        observed = f"score {score.value!r}, mean of the items {mean!r}"
        found.measured("score-is-mean", abs(score.value - mean), len(items), subject=subject, observed=observed)
    most = math.inf if score.metric in UNBOUNDED else 1.0
    values = {"the score": score.value} | {f"item {item.item}": item.correct for item in items}
    wrong = [f"{name}: {value}" for name, value in values.items() if not _in_range(value, most)]
    found.counted("values-in-range", values, wrong, subject=subject)
    generated = [item for item in items if not item.loglikelihoods]
    empty = [f"item {item.item}" for item in generated if not item.output.strip()]
    found.counted("empty-outputs", generated, empty, subject=subject, share=True)


def _in_range(value: float, most: float) -> bool:
    return math.isfinite(value) and (most == math.inf or 0.0 <= value <= most)
