"""The permutation tests against counting every renumbering, against SciPy, and under the null."""

import math
from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from tasks.independence import permutation_test as tests
from tasks.independence.permutation_test import (
    centred_unit_rows,
    fisher_log10,
    log10_fixed_points,
    mutual_nearest,
    signs_log10,
)


def test_the_bound_on_fixed_points_holds_for_every_count_of_all_renumberings() -> None:
    units, pairs = 7, [(0, 0), (1, 1), (2, 4), (3, 3), (5, 5)]
    counts = [sum(order[i] == j for i, j in pairs) for order in permutations(range(units))]
    for fixed in range(1, len(pairs) + 1):
        exact = sum(count >= fixed for count in counts) / len(counts)
        bound = 10 ** log10_fixed_points(units, len(pairs), fixed)
        assert exact <= bound + 1e-12
        assert bound <= 1 and (fixed < 3 or bound < 3 * exact + 1e-12)
    assert log10_fixed_points(128, 128, 128) == pytest.approx(-math.lgamma(129) / math.log(10))


def test_the_bound_on_sums_of_either_sign_holds_for_all_signs() -> None:
    cosines = np.array([0.9, 0.4, 0.3, 0.25, 0.2, 0.1, -0.05, 0.02])
    sums = [(cosines * signs).sum() for signs in product((1, -1), repeat=len(cosines))]
    exact = sum(each >= cosines.sum() for each in sums) / len(sums)
    assert exact <= 10 ** signs_log10(cosines) < 0.2
    assert signs_log10(-cosines) == 0.0


def test_the_rank_of_the_diagonal_is_that_of_all_renumberings() -> None:
    rng = np.random.default_rng(5)
    similarity = rng.standard_normal((8, 8)).astype(np.float32)
    similarity[np.arange(8), np.arange(8)] += 0.9
    observed = np.trace(similarity)
    sums = [similarity[np.arange(8), order].sum() for order in permutations(range(8))]
    exact = np.mean(np.array(sums) >= observed - 1e-6)
    found = 10 ** tests._log10_rank_of_diagonal(similarity, seed=1)
    assert found == pytest.approx(exact, rel=4 / math.sqrt(tests.ENOUGH_AS_HIGH))


def test_fishers_combination_is_scipys() -> None:
    for ps in ([0.5], [0.03, 0.4], [1e-9, 0.7, 0.2, 1e-4], [1.0, 1.0]):
        combined = stats.combine_pvalues(ps, method="fisher").pvalue
        assert fisher_log10([math.log10(p) for p in ps]) == pytest.approx(math.log10(combined), abs=1e-9)
    assert fisher_log10([-215.0, -215.0]) < -420  # far below what a float can hold


def test_binomial_tail_does_not_underflow() -> None:
    assert tests.binomial_log10(20, 5, 0.1) == pytest.approx(math.log10(stats.binom.sf(4, 20, 0.1)))
    assert tests.binomial_log10(5000, 5000, 0.1) == pytest.approx(-5000, rel=1e-6)


def test_models_that_have_nothing_to_do_with_each_other_give_uniform_or_larger_p_values() -> None:
    rng = np.random.default_rng(7)
    found = []
    for seed in range(200):
        left, right = (centred_unit_rows(rng.standard_normal((40, 24)).astype(np.float32)) for _ in range(2))
        test = tests.test_places(left @ right.T, seed)
        assert test is not None
        found.append(10**test.log10_p)
    assert stats.kstest(found, "uniform", alternative="greater").pvalue > 0.01


@pytest.mark.parametrize("r", [0.9, 0.3, 0.1])
def test_a_trace_of_the_parent_is_found_and_a_renumbered_one_is_not(r: float) -> None:
    rng = np.random.default_rng(3)
    parent = rng.standard_normal((256, 192)).astype(np.float32)
    child = (r * parent + math.sqrt(1 - r * r) * rng.standard_normal(parent.shape)).astype(np.float32)
    rows, its = centred_unit_rows(child), centred_unit_rows(parent)
    found = tests.test_places(rows @ its.T, 1)
    assert found is not None and found.log10_p < -3.9
    assert found.mean_cosine == pytest.approx(r, abs=0.02)
    renumbered = tests.test_places(rows[rng.permutation(256)] @ its.T, 1)
    assert renumbered is not None and renumbered.log10_p > -2.5


def test_too_few_units_and_numbers_that_are_none_say_nothing() -> None:
    assert tests.test_places(np.eye(tests.LEAST_UNITS - 1, dtype=np.float32), 1) is None
    assert tests.test_places(np.full((20, 20), np.nan, dtype=np.float32), 1) is None


def test_mutual_nearest_is_one_to_one() -> None:
    similarity = np.random.default_rng(1).standard_normal((30, 50)).astype(np.float32)
    pairs = mutual_nearest(similarity)
    assert pairs
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    for i, j in pairs:
        assert similarity[i].max() == similarity[i, j] == similarity[:, j].max()
