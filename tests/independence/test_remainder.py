"""What is left of a merge once its larger parent is taken out: exact where nothing else went in, clear where something did."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest

from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence.component_evidence import ComponentEvidence, gather
from tasks.independence.one_order_tests import OrderTest, group_log10
from tasks.independence.part import Part, parts
from tasks.independence.remainder import Remainder, remainder_test, taken_out
from tasks.independence.verdict import judge
from tests.independence.drawn_models import Tensors, disguised, disturbed, drawn, written

LARGER, SMALLER = 1, 2
SHARE = 0.1


def language(folder: Path, tensors: Tensors) -> Part:
    model = open_checkpoint(written(folder, tensors))
    return parts(model, assign_roles(model))["language_model"]


def merged(share: float) -> Tensors:
    smaller = drawn(SMALLER)
    return {name: (1 - share) * each + share * smaller[name] for name, each in drawn(LARGER).items()}


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Part:
    return language(tmp_path_factory.mktemp("larger") / "m", drawn(LARGER))


def found_in(subject: Part, larger: Part) -> tuple[ComponentEvidence, Remainder | None]:
    evidence = gather(subject, larger)
    return evidence, taken_out("larger", evidence, judge(evidence, evidence.comparisons))


def rest_of(subject: Part, larger: Part) -> Remainder:
    rest = found_in(subject, larger)[1]
    assert rest is not None
    return rest


@pytest.mark.parametrize("hide", [False, True], ids=["as it is", "disguised"])
def test_the_smaller_parent_is_what_is_left(larger: Part, tmp_path: Path, hide: bool) -> None:
    tensors = merged(SHARE)
    rest = rest_of(language(tmp_path / "subject", disguised(tensors) if hide else tensors), larger)
    smaller = remainder_test(rest, language(tmp_path / "smaller", drawn(SMALLER)), seed=1)
    third = remainder_test(rest, language(tmp_path / "third", drawn(3)), seed=1)
    assert smaller is not None and third is not None
    assert smaller.layers == [(0, 0), (1, 1)] and smaller.parent == "larger"
    assert smaller.mean_cosine > 0.8 and smaller.log10_p < -100
    assert third.mean_cosine < 0.03 and third.log10_p > -2


def test_what_is_left_lies_across_the_larger_parent(larger: Part, tmp_path: Path) -> None:
    """By plain arithmetic: of the merge's rows at their places the part along the larger parent's taken off."""
    subject = language(tmp_path / "subject", merged(SHARE))
    rest = rest_of(subject, larger).layers[0]
    ours, known = subject.layers[0].leading(80).writes, larger.layers[0].leading(80).writes
    across = ours - (ours * known).sum(axis=1, keepdims=True) / (known**2).sum(axis=1, keepdims=True) * known
    back = rest.writes.left_over @ rest.writes.directions.T  # the subject lies in the larger parent's stream
    cosines = (back * across).sum(axis=1) / np.linalg.norm(back, axis=1) / np.linalg.norm(across, axis=1)
    assert rest.units.tolist() == list(range(80))
    assert cosines.mean() > 0.8  # the turn is found, not given, and so a little off


def test_p_values_are_exact_for_models_that_did_not_go_in(larger: Part, tmp_path: Path) -> None:
    subject = language(tmp_path / "subject", disguised(disturbed(drawn(LARGER), 0.95)))
    rest = rest_of(subject, larger)

    def tests() -> Iterator[OrderTest]:
        for seed in range(100, 160):
            test = remainder_test(rest, language(tmp_path / str(seed), drawn(seed)), seed)
            assert test is not None
            yield test

    values = [[10 ** group_log10(each) for each in test.groups.values()] for test in tests()]
    for group in zip(*values, strict=True):
        assert kstest(group, "uniform", alternative="greater").pvalue > 0.01  # small ones not too often
        assert min(group) < 0.5  # and not all of them one


def test_only_a_parent_whose_units_were_found_is_taken_out(larger: Part, tmp_path: Path) -> None:
    stranger = language(tmp_path / "stranger", drawn(9))
    assert found_in(stranger, larger)[1] is None
    copy = language(tmp_path / "copy", drawn(LARGER))
    assert found_in(copy, larger)[1] is None  # nothing is left of a copy


def test_a_model_of_other_shapes_is_not_what_is_left(larger: Part, tmp_path: Path) -> None:
    rest = rest_of(language(tmp_path / "subject", merged(SHARE)), larger)
    assert remainder_test(rest, language(tmp_path / "other", drawn(SMALLER, units=96)), seed=1) is None
