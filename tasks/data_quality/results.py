"""Measures benchmark results before anything is ranked by them: complete, in range, the score the mean of its items, comparable.

Results come as columns (`warehouse.item_columns`), so that a million items are looked at in a second.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from checks.records.quality import Measurement
from checks.records.scores import TaskScore
from checks.rules.equal_settings import differing
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.findings import MAX_EXAMPLES, Findings
from warehouse.item_columns import ItemColumns, SuiteResults

#: Of a whole suite, and of each of its tasks.
SUITE_CHECKS = ("same-settings", "inside-window")
TASK_CHECKS = (
    "items-complete",
    "score-is-mean",
    "values-in-range",
    "empty-outputs",
    "truncated-outputs",
    "same-prompts",
    "identical-outputs",
)
CHECKS = (*TASK_CHECKS, *SUITE_CHECKS)
#: Metrics that are no shares of anything; their values need only be finite.
UNBOUNDED = ("perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "bleu", "chrf", "ter", "likelihood")
#: Metrics of lm-evaluation-harness that look at all items together instead of taking their mean.
NOT_MEANS = (*UNBOUNDED, "f1", "mcc", "matthews_corrcoef", "acc_all", "brier_score")
#: A shorter text is an answer that two models give alike because it is right.
LEAST_LETTERS = 32
#: With fewer answers to compare nothing can be said.
LEAST_ANSWERS = 20

#: An item and its repeat as one number.
_REPEAT_BITS = 16

Places = npt.NDArray[np.int64]
#: A team, the places of the items that it shares with this one, its own items, and their places there.
Shared = tuple[str, Places, ItemColumns, Places]
#: Another team's results of the same suite, by team.
Others = Mapping[str, SuiteResults]
Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Results:
    """What a submission scored by suite, the other teams' results by suite and team, when it was to be measured, and which
    settings the round lets differ (`prompts`: what models are shown, as a chat template of their own makes it)."""

    by_suite: Mapping[str, SuiteResults]
    others: Mapping[str, Others] = field(default_factory=dict)
    window: Window | None = None
    may_differ: Collection[str] = ()


NO_RESULTS = Results({})


def measure_results(results: Results, items: Sequence[BenchmarkItem]) -> list[Measurement]:
    """Suite `results`, one subject a suite and task (`common/kmmlu`); `items` are what was to be scored.

    Of a task that `items` do not hold, items 0 … n - 1 are expected.
    """
    found = Findings("results")
    if not results.by_suite:
        found.not_applicable(*CHECKS, observed="no results are there to be looked at")
        return found.rows
    expected: dict[str, set[int]] = {}
    for item in items:
        if item.split == "test":
            expected.setdefault(item.task, set()).add(item.item)
    for suite, result in sorted(results.by_suite.items()):
        beside = results.others.get(suite, {})
        _same_settings(found, suite, result, beside, results.may_differ)
        _inside_window(found, suite, result, results.window)
        if not result.tasks:
            found.missing(*TASK_CHECKS, subject=suite, observed="no task has a score")
        for task in result.tasks:
            subject = f"{suite}/{task.task}"
            own = result.items.get(task.task)
            wanted = expected.get(task.task) if result.settings.get("limit") is None else None
            _complete(found, subject, own, np.array(sorted(wanted if wanted is not None else range(task.n))))
            if own is None or not len(own.item):
                found.missing(*TASK_CHECKS[1:], subject=subject, observed="no item has a result")
                continue
            settings = result.settings.get("tasks", {}).get(task.task, {})
            _values(found, subject, task, own, len(settings.get("versions", [])) > 1)
            _written(found, subject, own)
            shared = [
                (team, *_shared(own, each.items[task.task]))
                for team, each in sorted(beside.items())
                if task.task in each.items
            ]
            own_template = result.settings.get("chat_template") or settings.get("chat_template")
            if "prompts" in results.may_differ or own_template:
                why = "each model's own chat template" if own_template else "the round lets them differ"
                found.not_applicable("same-prompts", subject=subject, observed=why)
            else:
                _prompts(found, subject, own, shared)
            _answers(found, subject, own, shared)
    return found.rows


def _complete(found: Findings, subject: str, own: ItemColumns | None, wanted: np.ndarray) -> None:
    item = own.item if own is not None else np.empty(0, dtype=np.int64)
    repeat = own.repeat if own is not None else np.empty(0, dtype=np.int64)
    repeats = np.unique(repeat) if len(repeat) else np.zeros(1, dtype=np.int64)
    keys = np.sort(item << _REPEAT_BITS | repeat)
    missing = [(each, wanted[~np.isin(wanted, item[repeat == each])]) for each in repeats]
    unknown = item[~np.isin(item, wanted)]
    doubled = keys[1:][keys[1:] == keys[:-1]]
    faults = sum(len(absent) for _, absent in missing) + len(unknown) + len(doubled)
    examples = [f"item {each} missing" for _, absent in missing for each in absent[:MAX_EXAMPLES]]
    examples += [f"item {each >> _REPEAT_BITS} scored more than once" for each in doubled[:MAX_EXAMPLES]]
    examples += [f"item {each} unknown" for each in unknown[:MAX_EXAMPLES]]
    rows = max(1, len(wanted) * len(repeats))
    found.measured("items-complete", faults, rows, subject=subject, bad=faults, examples=examples)


def _values(found: Findings, subject: str, score: TaskScore, own: ItemColumns, grouped: bool) -> None:
    if grouped or score.metric in NOT_MEANS:
        why = "a group's score is its own aggregate" if grouped else f"{score.metric} is no mean of its items"
        found.not_applicable("score-is-mean", subject=subject, observed=why)
    else:
        mean = math.fsum(own.correct) / len(own.correct)
        observed = f"score {score.value!r}, mean of the items {mean!r}"
        found.measured("score-is-mean", abs(score.value - mean), len(own.item), subject=subject, observed=observed)
    values = np.concatenate(([score.value], own.correct))
    wrong = ~np.isfinite(values)
    if score.metric not in UNBOUNDED:
        wrong |= (values < 0.0) | (values > 1.0)
    places = np.flatnonzero(wrong)
    names = ["the score" if place == 0 else f"item {own.item[place - 1]}" for place in places[:MAX_EXAMPLES]]
    examples = [f"{name}: {values[place]}" for name, place in zip(names, places, strict=False)]
    found.measured("values-in-range", len(places), len(values), subject=subject, bad=len(places), examples=examples)


def _written(found: Findings, subject: str, own: ItemColumns) -> None:
    """Of generated answers: from which none could be taken, and which were cut off at their limit."""
    written = own.generated
    total = int(written.sum())
    for check, wrong in (("empty-outputs", own.unparsed), ("truncated-outputs", own.truncated)):
        bad = np.flatnonzero(written & wrong)
        if total == 0:
            found.not_applicable(check, subject=subject, observed="nothing is generated")
            continue
        examples = [f"item {each}" for each in own.item[bad[:MAX_EXAMPLES]]]
        found.measured(check, len(bad) / total, total, subject=subject, bad=len(bad), examples=examples)


def _same_settings(found: Findings, suite: str, own: SuiteResults, others: Others, may_differ: Collection[str]) -> None:
    """Harness, precision, seed, few-shot order, and every task's settings, against each other team's."""
    if not others:
        found.not_applicable("same-settings", subject=suite, observed="no other team has results")
        return
    different = [
        f"{team}: {', '.join(names)}"
        for team, other in sorted(others.items())
        if (names := differing(own.settings, other.settings, may_differ))
    ]
    found.counted("same-settings", len(others), different, subject=suite)


def _inside_window(found: Findings, suite: str, own: SuiteResults, window: Window | None) -> None:
    if window is None:
        found.not_applicable("inside-window", subject=suite, observed="the round names no window")
        return
    outside = max((window[0] - own.started_at).total_seconds(), (own.finished_at - window[1]).total_seconds(), 0.0)
    observed = f"{own.started_at.isoformat()} to {own.finished_at.isoformat()}"
    found.measured("inside-window", outside, 1, subject=suite, bad=int(outside > 0), observed=observed)


def _prompts(found: Findings, subject: str, own: ItemColumns, shared: Sequence[Shared]) -> None:
    if not shared:
        found.not_applicable("same-prompts", subject=subject, observed="no other team has results")
        return
    different = np.zeros(len(own.item), dtype=np.bool_)
    examples: list[str] = []
    for team, mine, theirs, their in shared:
        places = mine[own.prompt[mine] != theirs.prompt[their]]
        different[places] = True
        examples += [f"item {item}: another prompt than {team}'s" for item in own.item[places[:MAX_EXAMPLES]]]
    bad = int(different.sum())
    found.measured("same-prompts", bad, len(own.item), subject=subject, bad=bad, examples=examples)


def _answers(found: Findings, subject: str, own: ItemColumns, shared: Sequence[Shared]) -> None:
    """The share of answers that are letter for letter (or likelihood for likelihood) another team's, with the closest team."""
    closest: tuple[float, int, int, str] | None = None
    examples: dict[str, list[str]] = {}
    for team, mine, theirs, their in shared:
        telling = ~own.generated[mine] | (own.letters[mine] >= LEAST_LETTERS)
        rows = int(telling.sum())
        if rows >= LEAST_ANSWERS:
            alike = telling & (own.answer[mine] == theirs.answer[their])
            same = int(alike.sum())
            examples[team] = [f"item {each}" for each in own.item[mine[alike][:MAX_EXAMPLES]]]
            closest = max(closest or (-1.0, 0, 0, ""), (same / rows, same, rows, team))
    if closest is None:
        found.not_applicable("identical-outputs", subject=subject, observed="no answers of other teams to compare")
        return
    share, same, rows, team = closest
    with_team = f"the most with {team}"
    found.measured(
        "identical-outputs", share, rows, subject=subject, bad=same, observed=with_team, examples=examples[team]
    )


def _shared(own: ItemColumns, theirs: ItemColumns) -> tuple[Places, ItemColumns, Places]:
    """Places of the items and repeats that both have, in the one and in the other."""
    mine_keys, their_keys = (each.item << _REPEAT_BITS | each.repeat for each in (own, theirs))
    if np.array_equal(mine_keys, their_keys):
        every = np.arange(len(mine_keys))
        return every, theirs, every
    _, mine, their = np.intersect1d(mine_keys, their_keys, return_indices=True)
    return mine, theirs, their
