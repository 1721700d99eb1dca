"""Measures the benchmark's items, task by task: possible answers, duplicates, few-shot leaks, answer positions."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from checks.records.quality import Measurement
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.findings import Findings
from tasks.data_quality.folding import fold, fold_all
from tasks.data_quality.near_duplicates import NearDuplicates

CHECKS = ("answers-possible", "choices-distinct", "duplicates", "near-duplicates", "few-shot-leak", "answer-position")
#: Below this chi-square p-value an effect is real; whether it matters is its size's to say.
POSITION_P_VALUE = 1e-3
#: The chi-square law holds from about this many expected in every cell.
LEAST_EXPECTED = 5


def measure_items(items: Sequence[BenchmarkItem]) -> list[Measurement]:
    """Suite `items`, one subject a task; without items the checks have no object."""
    found = Findings("items")
    if not items:
        found.not_applicable(*CHECKS, observed="no suite is named")
        return found.rows
    by_task: dict[str, list[BenchmarkItem]] = defaultdict(list)
    for item in items:
        by_task[item.task].append(item)
    for task, own in sorted(by_task.items()):
        _task(found, task, own)
    return found.rows


def _task(found: Findings, task: str, items: Sequence[BenchmarkItem]) -> None:
    test = [item for item in items if item.split == "test"]
    shown = {_content(item) for item in items if item.split == "fewshot"}
    if not test:
        found.missing(*CHECKS, subject=task, observed="no test item")
        return
    found.counted("answers-possible", test, [_name(item) for item in test if not _is_possible(item)], subject=task)
    with_choices = [item for item in test if item.choices]
    same = [_name(item) for item in with_choices if len(set(item.choices)) < len(item.choices)]
    found.counted("choices-distinct", with_choices, same, subject=task)
    seen: set[object] = set()
    repeated = []
    for item in test:
        content = _content(item)
        if content in seen:
            repeated.append(_name(item))
        seen.add(content)
    found.counted("duplicates", test, repeated, subject=task, share=True)
    near = NearDuplicates()
    told = [item for item in test if not item.picture]
    near.feed(fold_all([item.text for item in told]), [f"item {item.item}" for item in told])
    looked_at, alike, pairs = near.counted()
    if looked_at:
        found.measured("near-duplicates", alike / looked_at, looked_at, subject=task, bad=alike, examples=pairs)
    else:
        found.not_applicable("near-duplicates", subject=task, observed="every item is too short, or shows a picture")
    leaks = [_name(item) for item in test if _content(item) in shown]
    found.counted("few-shot-leak", test if shown else 0, leaks, subject=task)
    _positions(found, task, with_choices)


def _content(item: BenchmarkItem) -> object:
    """What makes two items the same: letters and digits, choices, and pictures.

    Signs count too where little else is there (1+2 and 1-2), so the text is compared as it is without its spaces as well.
    """
    return fold(item.text), "".join(item.text.split()).casefold(), tuple(sorted(item.choices)), item.picture


def _name(item: BenchmarkItem) -> str:
    return f"item {item.item}: {item.text}"


def _is_possible(item: BenchmarkItem) -> bool:
    if item.choices:
        return item.answer is not None and 0 <= item.answer < len(item.choices)
    return bool(item.target.strip())


def _positions(found: Findings, task: str, items: Sequence[BenchmarkItem]) -> None:
    """Effect size w of the right answers' positions against even ones; 0 where chi-square does not call it real.

    Where every item has the same choices (yes and no, the days of the week) a position is an answer's meaning, and says
    nothing about how choices were shuffled.
    """
    sizes = Counter(len(item.choices) for item in items)
    usual = max(sizes, key=lambda size: sizes[size], default=0)
    usable = [item for item in items if len(item.choices) == usual and item.answer is not None]
    if usual < 2 or len({item.choices for item in usable}) < 2 or len(usable) < usual * LEAST_EXPECTED:
        found.not_applicable("answer-position", subject=task, observed="no shuffled choices, or too few items to say")
        return
    from scipy.stats import chisquare

    seen = np.bincount(
        [item.answer for item in usable if item.answer is not None and 0 <= item.answer < usual], minlength=usual
    )
    if seen.sum() == 0:
        found.not_applicable("answer-position", subject=task, observed="no possible answer")
        return
    p_value = float(chisquare(seen).pvalue)
    shares = seen / seen.sum()
    effect = float(np.sqrt(((shares - 1 / usual) ** 2 * usual).sum()))
    observed = f"positions {', '.join(str(each) for each in seen)}; chi-square p = {p_value:.2g}, w = {effect:.3f}"
    value = effect if p_value < POSITION_P_VALUE else 0.0
    found.measured("answer-position", value, int(seen.sum()), subject=task, observed=observed)
