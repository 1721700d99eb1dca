"""Are two models different on the items that both answered? Paired tests, far sharper than two intervals side by side.

    for each in paired_tests({"t1": scores, "t2": other}):
        print(each.task, each.first, each.second, each.difference, each.p_value, each.holm)

Items are the same for both, so what makes an item hard cancels: the error is that of the items' differences (Miller 2024,
"Adding error bars to evals", section 4). Where every item is right or wrong and stands by itself, the p-value is McNemar's
exact one (1947): of the items that one model alone got right, how many are either's. Elsewhere Student's paired t, with the
clustered error where items share a passage. `holm` corrects for all tests that were asked at once (Holm 1979).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from checks.records.scores import ItemResult, SuiteScores
from checks.rules.clustered_error import clustered_error
from checks.rules.item_tables import values_by_task


@dataclass(frozen=True)
class PairedTest:
    """Two teams on the `n` items of one task that both answered: `difference` is first − second in the metric's raw value.

    `only_first` and `only_second` count the items that one of them did better on. `p_value` is two-sided; None where
    nothing can be told (fewer than two items or clusters).
    """

    task: str
    first: str
    second: str
    n: int
    difference: float
    stderr: float | None
    only_first: int
    only_second: int
    test: Literal["mcnemar", "t"]
    p_value: float | None
    holm: float | None = None


def paired_tests(scores: Mapping[str, SuiteScores]) -> list[PairedTest]:
    """Every two teams in every task that both have, in the order given; `holm` over all of them."""
    values = {team: values_by_task(each.items) for team, each in scores.items()}
    clusters = {team: _clusters(each.items) for team, each in scores.items()}
    tasks = dict.fromkeys(task.task for each in scores.values() for task in each.tasks)
    found = []
    for task in tasks:
        for first, second in combinations(scores, 2):
            if task in values[first] and task in values[second]:
                one, other = values[first][task], values[second][task]
                shared, at, there = np.intersect1d(one.items, other.items, return_indices=True)
                if len(shared):
                    own = clusters[first].get(task, {})
                    groups = [own.get(item, "") for item in shared.tolist()]
                    found.append(_test(task, first, second, one.values[at], other.values[there], groups))
    return _corrected(found)


def _test(
    task: str,
    first: str,
    second: str,
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    groups: Sequence[str],
) -> PairedTest:
    differences = one - other
    grouped = all(groups)
    plain = not grouped and bool(np.isin(one, (0, 1)).all() and np.isin(other, (0, 1)).all())
    better, worse = int((differences > 0).sum()), int((differences < 0).sum())
    units = len(set(groups)) if grouped else len(differences)
    stderr = clustered_error(differences, groups if grouped else [str(item) for item in range(units)])
    p_value = mcnemar(better, worse) if plain else _student(float(differences.mean()), stderr, units)
    return PairedTest(
        task, first, second, len(differences), float(differences.mean()), stderr, better, worse,
        "mcnemar" if plain else "t", p_value,
    )  # fmt: skip


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of items that one alone got right, under equal chances for both."""
    from scipy import stats

    apart = only_first + only_second
    return float(stats.binomtest(only_first, apart, 0.5).pvalue) if apart else 1.0


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Corrected so that with probability 1 − p none of all the differences called real is chance (Holm 1979)."""
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, place) in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p))
        corrected[place] = least
    return corrected


def _corrected(tests: Sequence[PairedTest]) -> list[PairedTest]:
    corrected = holm([each.p_value for each in tests])
    return [replace(each, holm=p) for each, p in zip(tests, corrected, strict=True)]


def _student(difference: float, stderr: float | None, units: int) -> float | None:
    """Two-sided; where all differences are alike there is no error to divide by, and the exact sign test is left."""
    from scipy import stats

    if stderr is None:
        return None
    if stderr == 0:
        return 1.0 if difference == 0 else 2.0 ** (1 - units)
    return float(2 * stats.t.sf(abs(difference) / stderr, units - 1))


def _clusters(items: Sequence[ItemResult]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for each in items:
        if each.cluster:
            found.setdefault(each.task, {})[each.item] = each.cluster
    return found
