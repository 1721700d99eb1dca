"""Items as tables for resampling: one row an item, or a group of items that stand or fall together, one column a team.

What is summed is kept in whole units, so that sums of drawn rows are exact in single precision and the same on every
machine: a decision that rests on them has to be the same byte for byte wherever it is verified.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checks.records.scores import ItemResult, SuiteScores, TaskScore
from checks.rules.inputs import UNSCALED_METRICS

#: A task's score is resampled where it is the mean of its items to this tolerance; F1 and the like are taken as they are.
MEAN_TOLERANCE = 1e-9
#: Values that are no whole number of 1 ÷ repeats are kept in units of 2⁻¹⁴: a sixteenth of a thousandth of one item.
FINEST = 2**14


@dataclass(frozen=True)
class Values:
    """One team's items of one task, repeats averaged: sorted item numbers, their values, and how often each was drawn."""

    items: NDArray[np.int64]
    values: NDArray[np.float64]
    repeats: int


@dataclass(frozen=True)
class ItemTable:
    """One task, teams that answered the same items side by side.

    `sums[g, t]` is team t's sum over group g in units of `unit` points of score, whole numbers; `sizes[g]` its items.
    `fixed` are the scores of teams that cannot be resampled: their metric is no mean of their items, or items are missing.
    """

    teams: Sequence[str]
    sums: NDArray[np.float32]
    sizes: NDArray[np.float32]
    unit: float
    fixed: Mapping[str, float]


def values_by_task(items: Sequence[ItemResult]) -> dict[str, Values]:
    """Task → its items' values, in one pass over the items."""
    codes: dict[str, int] = {}
    size = len(items)
    task = np.fromiter((codes.setdefault(each.task, len(codes)) for each in items), np.int64, size)
    item = np.fromiter((each.item for each in items), np.int64, size)
    value = np.fromiter((each.correct for each in items), np.float64, size)
    return {name: _averaged(item[task == code], value[task == code]) for name, code in codes.items()}


def _averaged(items: NDArray[np.int64], values: NDArray[np.float64]) -> Values:
    numbers, place, counts = np.unique(items, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=values, minlength=len(numbers)) / counts
    return Values(numbers, means, int(counts.max(initial=1)))


def item_table(
    scores: Mapping[str, SuiteScores], values: Mapping[str, Mapping[str, Values]], task: str, groups: Mapping[int, str]
) -> ItemTable:
    """The task over all teams that were scored on it; `groups` maps items to what they share (a passage, a template)."""
    found = {team: next((each for each in suite.tasks if each.task == task), None) for team, suite in scores.items()}
    scored = {team: each for team, each in found.items() if each is not None}
    fixed = {team: _factor(each) * each.value for team, each in scored.items()}
    means = {team: values[team][task] for team, each in scored.items() if _is_mean(each, values[team].get(task))}
    items = np.unique(np.concatenate([np.empty(0, np.int64), *(each.items for each in means.values())]))
    complete = [team for team, each in means.items() if len(each.items) == len(items)]
    if not complete:
        return ItemTable([], np.empty((0, 0), np.float32), np.empty(0, np.float32), 1.0, fixed)
    table = np.stack([means[team].values for team in complete], axis=1)
    steps = _steps(table, max(means[team].repeats for team in complete))
    whole = np.rint(table * steps)
    sums, sizes = _grouped(whole, items, groups)
    return ItemTable(
        teams=complete,
        sums=sums.astype(np.float32),
        sizes=sizes.astype(np.float32),
        unit=_factor(scored[complete[0]]) / steps,
        fixed={team: score for team, score in fixed.items() if team not in complete},
    )


def _factor(score: TaskScore) -> float:
    return 1.0 if score.metric in UNSCALED_METRICS else 100.0


def _is_mean(score: TaskScore, values: Values | None) -> bool:
    return values is not None and abs(float(values.values.mean()) - score.value) <= MEAN_TOLERANCE


def _steps(table: NDArray[np.float64], repeats: int) -> int:
    """How many units make one: as many as repeats where every value is a whole number of those, else the finest."""
    whole = table * repeats
    return repeats if bool(np.all(np.abs(whole - np.rint(whole)) < MEAN_TOLERANCE)) else FINEST


def _grouped(
    table: NDArray[np.float64], items: NDArray[np.int64], groups: Mapping[int, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and sizes of each group, in the order of the groups' names; without groups each item is one."""
    if not groups:
        return table, np.ones(len(items))
    names, place = np.unique(np.array([groups[item] for item in items.tolist()]), return_inverse=True)
    sums = np.zeros((len(names), table.shape[1]))
    np.add.at(sums, place, table)
    return sums, np.bincount(place, minlength=len(names)).astype(np.float64)
