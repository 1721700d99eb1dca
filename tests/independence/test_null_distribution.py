"""The null in closed form against every renumbering, against drawn ones, and as a trace records it."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from checks.records.lineage import ComponentFinding, LineageTest, Trace
from tasks.independence import trace
from tasks.independence.null_distribution import diagonal_null, mean_of_layers, share_null
from tests.independence.drawn_models import component, disturbed, drawn, written


def test_mean_and_deviation_are_those_of_all_renumberings() -> None:
    similarity = np.random.default_rng(3).standard_normal((7, 7)).astype(np.float32) + np.float32(0.4)
    similarity[:, 2] += 3.0  # columns and rows of unequal means, which a naive variance counts
    means = [similarity[np.arange(7), list(order)].mean() for order in permutations(range(7))]
    assert diagonal_null(similarity) == pytest.approx((np.mean(means), np.std(means)), rel=1e-5)
    naive = similarity.std() / np.sqrt(7)
    assert abs(naive / np.std(means) - 1) > 0.3


def test_the_mean_over_layers_renumbered_apart_is_as_drawn_and_close_to_normal() -> None:
    rng = np.random.default_rng(7)
    layers = [rng.standard_normal((units, units)).astype(np.float32) for units in (40, 60, 80)]
    drawn_means = [
        np.mean([each[np.arange(len(each)), rng.permutation(len(each))].mean() for each in layers]) for _ in range(2000)
    ]
    mean, deviation = mean_of_layers([diagonal_null(each) for each in layers])
    assert np.mean(drawn_means) == pytest.approx(mean, abs=4 * deviation / np.sqrt(2000))
    assert np.std(drawn_means) == pytest.approx(deviation, rel=0.06)
    assert stats.kstest(drawn_means, "norm", (mean, deviation)).pvalue > 0.01
    assert stats.kstest(drawn_means, "norm", (mean, 1.3 * deviation)).pvalue < 1e-6


def test_the_null_of_a_share_is_the_binomials() -> None:
    null, law = share_null(68, 0.1), stats.binom(68, 0.1)
    assert (null.mean, null.deviation) == pytest.approx((law.mean() / 68, law.std() / 68))


def _finding(found: Trace, kind: str) -> ComponentFinding:
    return next(each for each in found.references[0].components if each.component == kind)


def _standardised(test: LineageTest) -> float:
    assert test.null is not None and test.statistic is not None
    return (test.statistic - test.null.mean) / test.null.deviation


def test_a_trace_records_what_a_verdict_rests_on_and_its_null(tmp_path: Path) -> None:
    """The borrowed tower's two groups lie far outside their null, every group of the rest within it, and nothing rests on those."""
    tower = disturbed(component(drawn(1), "vision_tower"), 0.9)
    found = trace(written(tmp_path / "m", drawn(3) | tower), {"ref": written(tmp_path / "r", drawn(1))})
    vision = _finding(found, "vision_tower")
    resting = [test for test in vision.tests if test.decides]
    assert [test.test for test in resting] == ["permutation"] * 2 and len({test.group for test in resting}) == 2
    assert all(_standardised(test) > 20 and test.null is not None and test.null.units >= 32 for test in resting)
    assert (vision.subject_layers, vision.reference_layers) == (2, 2)
    assert [(each.test, each.share) for each in vision.layers] == [("permutation", 1.0)] * 2
    for kind in ("language_model", "projector"):
        tests = _finding(found, kind).tests
        assert not any(test.decides for test in tests) and _finding(found, kind).layers == []
        nulls = [test for test in tests if test.null is not None]
        assert {test.null.kind for test in nulls if test.null} == {"renumberings", "binomial"}
        assert all(_standardised(test) < 5 for test in nulls)
    assert all(test.note is not None for each in found.references[0].components for test in each.tests)


def test_layers_say_how_much_of_them_was_copied_and_what_found_them(tmp_path: Path) -> None:
    parent, child = drawn(1, layers=3), drawn(2, layers=3)
    theirs = "model.language_model.layers.2."
    for name in (each for each in child if "layers.0.mlp" in each):
        child[name] = parent[name.replace("model.language_model.layers.0.", theirs)]
    found = trace(written(tmp_path / "m", child), {"ref": written(tmp_path / "r", parent)})
    language = _finding(found, "language_model")
    (match,) = language.layers
    assert (match.subject_layer, match.reference_layer, match.test, match.p_value) == (0, 2, "exact-copy", None)
    in_layer = {name: each.size for name, each in child.items() if "language_model.layers.0." in name}
    copied = sum(size for name, size in in_layer.items() if ".mlp." in name)
    assert match.share == pytest.approx(copied / sum(in_layer.values()))
    assert [test.test for test in language.tests if test.decides] == ["exact-copy"]
