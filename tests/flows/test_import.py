"""An import is recorded as a team's benchmark run; others in its place are looked at again."""

from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from flows.importing import import_results
from tests.benchmark.imported_files import harness_results, harness_samples, write_harness
from tests.warehouse.programmes import make
from warehouse.life_cycle import append
from warehouse.reader import load_scores, run_states
from warehouse.run_keys import plan
from warehouse.store import Warehouse


def _import(folder: Path, team: str, right: tuple[float, ...], fewshot: int = 0, replace: bool = False) -> None:
    results = harness_results()
    results["results"]["sums"]["acc,none"] = sum(right) / len(right)
    results["n-shot"]["sums"] = fewshot
    path = write_harness(folder / "theirs", results, {"sums": harness_samples(right)})
    import_results(folder / "programme.yaml", None, team, "common", path, replace=replace, say=lambda words: None)


def _keys(folder: Path) -> dict[tuple[str, str], str]:
    loaded = load_programme(folder / "programme.yaml")
    return {(each.stage, each.team): each.key for each in plan(loaded, loaded.round())}


def test_an_import_in_the_place_of_another_is_looked_at_again(tmp_path: Path) -> None:
    loaded = make(tmp_path)
    _import(tmp_path, "t1", (1, 0, 1, 0))
    _import(tmp_path, "t2", (1, 1, 1, 0))
    first = _keys(tmp_path)
    _import(tmp_path, "t2", (1, 1, 1, 0))
    assert _keys(tmp_path) == first, "the same files"
    with pytest.raises(InputFault, match="--replace"):
        _import(tmp_path, "t2", (1, 1, 1, 0), fewshot=5)
    _import(tmp_path, "t2", (1, 1, 1, 0), fewshot=5, replace=True)
    changed = {each for each, key in _keys(tmp_path).items() if first[each] != key}
    assert changed == {("data-quality", "t1"), ("data-quality", "t2")}
    key = first["benchmark", "t2"]
    held = load_scores(Warehouse(loaded.warehouse), run_states(Warehouse(loaded.warehouse), [key])[key].run_id)
    assert held.settings["tasks"]["sums"]["fewshot"] == [5] and held.tasks[0].value == 0.75
    assert held.imported is not None and len(held.imported["files"]) == 2


def test_what_a_frozen_round_was_decided_on_is_not_replaced(tmp_path: Path) -> None:
    warehouse = Warehouse(make(tmp_path).warehouse)
    _import(tmp_path, "t1", (1, 0, 1, 0))
    append(warehouse, "by-hand", "round-1", "Kim", lambda chain: [("frozen", {})])
    _import(tmp_path, "t1", (1, 0, 0, 0), replace=True)
    append(warehouse, "by-hand", "round-1", "Kim", lambda chain: [("decided", {})])
    with pytest.raises(
        InputFault, match=r"rounds\.round-1: found benchmark-common-t1-.*, which round-1 was decided on by Kim"
    ):
        _import(tmp_path, "t1", (1, 0, 1, 0), replace=True)
    _import(tmp_path, "t1", (1, 0, 0, 0))
