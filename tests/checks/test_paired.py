"""Two teams on the same items: exact tests against sums of binomials, errors against sums over pairs, and the SQL view."""

import math
from pathlib import Path

import pytest

from checks.records.scores import ItemResult, SuiteScores, TaskScore
from checks.rules.paired import holm, mcnemar, paired_tests
from tests.warehouse.records import run
from warehouse.query import run_query
from warehouse.store import Warehouse
from warehouse.writer import record_scores


def _scores(values: list[float], clusters: str = "", task: str = "t") -> SuiteScores:
    items = [
        ItemResult(task=task, item=n, prompt_sha256="", correct=value, tokens=1, cluster=clusters[n : n + 1])
        for n, value in enumerate(values)
    ]
    score = TaskScore(task=task, metric="acc", value=sum(values) / len(values), n=len(values))
    return SuiteScores(suite="common", tasks=[score], items=items)


def test_mcnemar_is_the_binomial_sum_of_both_tails() -> None:
    """The harness's issue #3831: 12 against 2 of 14 that differ."""
    tail = sum(math.comb(14, k) for k in range(3)) / 2**14
    assert mcnemar(12, 2) == pytest.approx(2 * tail)
    assert mcnemar(2, 12) == mcnemar(12, 2)
    assert (mcnemar(0, 0), mcnemar(3, 3)) == (1.0, pytest.approx(1.0))


def test_right_and_wrong_items_are_compared_by_those_that_one_alone_got() -> None:
    one, other = [1.0] * 12 + [0.0] * 2 + [1.0] * 6, [0.0] * 12 + [1.0] * 2 + [1.0] * 6
    [found] = paired_tests({"t1": _scores(one), "t2": _scores(other)})
    assert (found.test, found.only_first, found.only_second, found.n) == ("mcnemar", 12, 2, 20)
    assert found.difference == pytest.approx(0.5) and found.p_value == mcnemar(12, 2)
    differences = [a - b for a, b in zip(one, other, strict=True)]
    variance = sum((each - 0.5) ** 2 for each in differences) / 19
    assert found.stderr == pytest.approx(math.sqrt(variance / 20))
    [same] = paired_tests({"t1": _scores(one), "t2": _scores(one)})
    assert (same.difference, same.p_value) == (0.0, 1.0)


def test_values_between_are_compared_by_students_paired_t() -> None:
    from scipy import stats

    one, other = [0.5, 0.25, 1.0, 0.75, 0.5, 0.0], [0.25, 0.25, 0.5, 0.5, 0.0, 0.25]
    [found] = paired_tests({"t1": _scores(one), "t2": _scores(other)})
    assert (found.test, found.p_value) == ("t", pytest.approx(stats.ttest_rel(one, other).pvalue))


def test_items_of_one_passage_are_one_observation() -> None:
    """Five items a passage, all alike: ten observations, not fifty."""
    from scipy import stats

    one = [float(n // 5 in (0, 1, 2, 3, 4, 5, 6)) for n in range(50)]
    other = [float(n // 5 in (0, 1, 7)) for n in range(50)]
    passages = "".join("abcdefghij"[n // 5] for n in range(50))
    [apart] = paired_tests({"t1": _scores(one), "t2": _scores(other)})
    [together] = paired_tests({"t1": _scores(one, passages), "t2": _scores(other, passages)})
    assert (apart.test, together.test) == ("mcnemar", "t")
    assert apart.p_value is not None and together.p_value is not None and apart.p_value < 0.001 < together.p_value
    means = [sum(one[5 * n : 5 * n + 5]) / 5 - sum(other[5 * n : 5 * n + 5]) / 5 for n in range(10)]
    assert together.stderr == pytest.approx(float(stats.sem(means)), rel=0.06)
    [single] = paired_tests({"t1": _scores(one, "a" * 50), "t2": _scores(other, "a" * 50)})
    assert (single.stderr, single.p_value) == (None, None), "one passage tells nothing"


def test_only_shared_items_count_and_holm_is_over_all_comparisons() -> None:
    short, whole = _scores([1.0] * 8), _scores([0.0] * 20)
    [found] = paired_tests({"t1": short, "t2": whole})
    assert (found.n, found.only_first) == (8, 8)
    three = paired_tests({"t1": short, "t2": whole, "t3": _scores([0.0] * 20)})
    assert [each.holm for each in three] == [pytest.approx(3 * 2 / 2**8)] * 2 + [1.0]


def test_holm_by_hand() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]


def test_the_view_says_the_same(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    passages = "".join("abcdefghij"[n // 5] for n in range(50))
    measured = {
        "t1": _scores([float(n % 3 > 0) for n in range(50)], passages),
        "t2": _scores([float(n % 7 > 3) for n in range(50)], passages),
    }
    plain = {team: _scores([item.correct for item in each.items], task="u") for team, each in measured.items()}
    for team in measured:
        both = SuiteScores(
            suite="common",
            tasks=[*measured[team].tasks, *plain[team].tasks],
            items=[*measured[team].items, *plain[team].items],
        )
        record_scores(warehouse, run(team=team, key=f"{team}0000000000"), both)
        measured[team] = both
    asked = "select task, n, difference, stderr, only_first, only_second, p_value from paired_scores order by task"
    _, rows = run_query(warehouse, asked)
    for row, test in zip(rows, paired_tests(measured), strict=True):
        p_value = test.p_value if test.test == "mcnemar" else None
        assert row[:2] == [test.task, test.n] and row[4:6] == [test.only_first, test.only_second]
        assert row[2:4] == pytest.approx([test.difference, test.stderr])
        assert row[6] == (None if p_value is None else pytest.approx(p_value))
