"""Numbers that say nothing of where a model comes from (zeros of pruning, copies of a unit, scalars, counters) convict nobody,
stop nothing, and hide no derivative."""

from pathlib import Path

import numpy as np
import pytest

from tasks.independence import trace
from tasks.independence.alignment import agreement
from tests.independence.drawn_models import UNITS, Tensors, disguised, disturbed, drawn, written


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("models") / "ref", drawn(1))


def _language(folder: Path, tensors: Tensors, reference: Path) -> str:
    found = trace(written(folder, tensors), {"ref": reference}).references[0]
    return next(each.verdict for each in found.components if each.component == "language_model")


def _pruned(tensors: Tensors, share: float) -> Tensors:
    """The same share of each gated layer's units set to zero."""
    gone = np.random.default_rng(0).permutation(UNITS)[: round(share * UNITS)]
    found = dict(tensors)
    for name in (each for each in tensors if "mlp." in each and "language_model" in each):
        found[name] = tensors[name].copy()
        found[name][(slice(None), gone) if "down" in name else gone] = 0
    return found


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_strangers_pruned_units_convict_nobody(share: float, reference: Path, tmp_path: Path) -> None:
    assert _language(tmp_path / "stranger", _pruned(drawn(2), share), reference) == "independent"


def test_a_childs_pruned_units_hide_nothing(reference: Path, tmp_path: Path) -> None:
    child = disguised(_pruned(disturbed(drawn(1), 0.98), 0.3))
    assert _language(tmp_path / "child", child, reference) == "derived"


def test_a_unit_counts_once_however_often_it_is_repeated() -> None:
    likeness = np.random.default_rng(3).standard_normal((40, 90)).astype(np.float32)
    alone = agreement(likeness, likeness)
    repeated = agreement(*(np.repeat(likeness, 3, axis=0),) * 2)
    assert (alone.tested, alone.agreed) == (repeated.tested, repeated.agreed) == (40, 40)
    empty = agreement(*(np.vstack([likeness, np.zeros_like(likeness)]),) * 2)
    assert (empty.tested, empty.agreed) == (40, 40)


def test_a_model_of_eight_units_is_compared_with_one_of_eighty_without_an_error(
    reference: Path, tmp_path: Path
) -> None:
    few = written(tmp_path / "few", drawn(2, units=8))
    for pair in ((few, reference), (reference, few)):
        language = trace(pair[0], {"ref": pair[1]}).references[0].components[0]
        assert language.component == "language_model" and language.verdict in ("independent", "indeterminate")


@pytest.mark.parametrize("name", ["language_model.layers.0.layernorm_scale", "language_model.pos_embed"])
def test_a_number_without_an_axis_is_read_past(name: str, reference: Path, tmp_path: Path) -> None:
    scalar = {f"model.{name}": np.array(1.0, dtype=np.float32)}
    assert _language(tmp_path / "child", disturbed(drawn(1), 0.98) | scalar, reference) == "derived"
    assert _language(tmp_path / "stranger", drawn(2) | scalar, reference) == "independent"


def test_a_map_in_whole_numbers_that_two_models_share_is_no_copy(tmp_path: Path) -> None:
    shared = {"model.language_model.token_remap": np.random.default_rng(0).permutation(4_096).reshape(64, 64)}
    first = written(tmp_path / "first", drawn(1) | shared)
    assert _language(tmp_path / "second", drawn(2) | shared, first) == "independent"
