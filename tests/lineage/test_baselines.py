"""The published statistics as baselines: each finds a plain derivative, and fails as it is known to; their arithmetic by hand."""

import itertools
import math
from functools import cache

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from tests.lineage.baselines import BASELINES, Score, alarms, cka, mdir, spearman_log10
from tests.lineage.models import Changed, Recipe, Trained, made
from tests.lineage.seen_models import Seen, seen
from tests.lineage.test_evidence import PARENT, STRANGER, TUNED
from tests.lineage.training import BUDGET

LONGER = Trained(PARENT, data=304, steps=3 * BUDGET)


@cache
def opened(recipe: Recipe) -> Seen:
    return seen(made(recipe))


@cache
def scored(name: str, recipe: Recipe) -> Score:
    """The method's answer to a model against the parent."""
    score = BASELINES[name](opened(recipe), opened(PARENT))
    assert score is not None
    return score


@pytest.mark.parametrize("name", list(BASELINES))
def test_each_finds_a_plain_derivative(name: str) -> None:
    tuned = scored(name, TUNED)
    assert tuned.value > scored(name, STRANGER).value and alarms(name, tuned) is not False


@pytest.mark.parametrize(
    ("name", "disguise"),
    [
        ("CSU", "units renumbered"),
        ("MATCH", "all, new embeddings"),
        ("MDIR", "stream rotated"),
        ("AWM", "stream rotated"),
        ("HuRef", "all, new embeddings"),
        ("REEF", "all, new embeddings"),
        ("std curve", "all disguises"),
    ],
)
def test_each_is_lost_under_what_is_known_to_defeat_it(name: str, disguise: str) -> None:
    """What a derivative scores in disguise, two models score that share nothing; AWM keeps a trace, far below its plain 0.99."""
    hidden, plain = (scored(name, each) for each in (Changed(TUNED, disguise, seed=11), TUNED))
    assert hidden.value < max(scored(name, STRANGER).value, 0.1 * plain.value) + 1e-9


@pytest.mark.parametrize("name", [pytest.param("REEF", marks=pytest.mark.slow), "std curve"])
def test_what_looks_alike_ranks_pairs_the_wrong_way_round(name: str) -> None:
    """A model that shares nothing but its data is nearer than a child trained three times as long."""
    assert scored(name, STRANGER).value > scored(name, LONGER).value


@pytest.mark.parametrize(
    ("name", "disguise"),
    [
        ("CSU", "stream rotated"),
        ("AWM", "stream renumbered"),
        ("MDIR", "stream renumbered"),
        ("HuRef", "stream rotated"),
        ("REEF", "stream rotated"),
    ],
)
def test_invariances_that_the_papers_claim(name: str, disguise: str) -> None:
    """Of the parent itself; of CSU, which claims none, that it has none."""
    turned, plain = (scored(name, each).value for each in (Changed(PARENT, disguise, seed=11), PARENT))
    if name == "CSU":
        assert turned < 3 < plain
    else:
        assert turned == pytest.approx(plain, rel=1e-3)


def test_spearman_agrees_with_scipy() -> None:
    rng = np.random.default_rng(1)
    places = np.arange(30)
    moved = places + rng.normal(0, 12, 30)
    expected = math.log10(spearmanr(places, moved).pvalue)
    assert spearman_log10(places, moved.argsort().argsort()) == pytest.approx(expected, abs=1e-9)


def test_cka_by_its_definition() -> None:
    """HSIC written out: traces of centred Gram matrices; and the unbiased one as a U-statistic over all four different samples."""
    generator = torch.Generator().manual_seed(2)
    one, other = (torch.randn(7, 3, generator=generator).double() for _ in range(2))
    centre = torch.eye(7).double() - 1 / 7

    def hsic(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(torch.trace(a @ a.T @ centre @ b @ b.T @ centre))

    assert cka(one, other, unbiased=False) == pytest.approx(
        hsic(one, other) / math.sqrt(hsic(one, one) * hsic(other, other))
    )

    def unbiased(a: torch.Tensor, b: torch.Tensor) -> float:
        k, m = (a @ a.T).numpy(), (b @ b.T).numpy()
        terms = [k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q]) for i, j, q, r in itertools.permutations(range(7), 4)]
        return float(np.mean(terms))

    expected = unbiased(one, other) / math.sqrt(unbiased(one, one) * unbiased(other, other))
    assert cka(one, other, unbiased=True) == pytest.approx(expected)


def test_mdir_of_a_model_against_itself() -> None:
    """The turn is the identity, t is the width, and the bound follows by hand."""
    parent = opened(PARENT)
    found, width = mdir(parent, parent), parent.layout.width
    expected = (sum(math.log(2 * each) for each in range(1, width + 1)) - width**2 / 2) / math.log(10)
    assert found is not None and found.log10_p == pytest.approx(expected, rel=1e-6)
