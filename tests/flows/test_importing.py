"""An import may take another's place only where nothing rests on it, and what was checked of the former is checked again."""

import json
from functools import partial
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from flows.importing import import_results
from tests.warehouse.programmes import make, write
from warehouse.life_cycle import append
from warehouse.run_keys import plan
from warehouse.store import Warehouse


def _programme(folder: Path) -> LoadedProgramme:
    loaded = make(folder)
    task = {"id": "sums", "use": "imported:sums", "metric": "acc"}
    write(folder / "suites" / "common.yaml", {"version": 1, "suite": "common", "tasks": [task]})
    return load_programme(loaded.path)


def _results(folder: Path, accuracy: float) -> Path:
    """A harness folder without its samples."""
    folder.mkdir()
    said = {
        "results": {"sums": {"alias": "sums", "acc,none": accuracy, "acc_stderr,none": 0.25}},
        "configs": {"sums": {"num_fewshot": 0}},
        "n-samples": {"sums": {"original": 4, "effective": 4}},
        "config": {"model": "hf", "model_args": "pretrained=x", "limit": None},
        "model_name": "x",
        "lm_eval_version": "0.4.9",
    }
    (folder / "results_2026-01-01T00-00-00.json").write_text(json.dumps(said))
    return folder


def _key_of_quality(loaded: LoadedProgramme) -> str:
    return next(each.key for each in plan(loaded, loaded.round()) if each.stage == "data-quality" and each.team == "t1")


def test_results_that_were_replaced_are_checked_again(tmp_path: Path) -> None:
    loaded = _programme(tmp_path / "round")
    take = partial(import_results, loaded.path, None, "t1", "common", say=print)
    half, less = _results(tmp_path / "half", 0.5), _results(tmp_path / "less", 0.25)
    nothing = _key_of_quality(loaded)
    take(half)
    before = _key_of_quality(loaded)
    take(half)
    assert before not in (nothing,) and _key_of_quality(loaded) == before, "the same files say nothing new"
    with pytest.raises(InputFault, match="an import of other files"):
        take(less)
    assert _key_of_quality(loaded) == before
    take(less, replace=True)
    assert _key_of_quality(loaded) not in (nothing, before)


def test_what_a_round_was_decided_on_is_not_replaced(tmp_path: Path) -> None:
    loaded = _programme(tmp_path / "round")
    take = partial(import_results, loaded.path, None, "t1", "common", say=print)
    half, less = _results(tmp_path / "half", 0.5), _results(tmp_path / "less", 0.25)
    take(half)
    append(Warehouse(loaded.warehouse), "by-hand", "round-1", "Kim", lambda chain: [("frozen", {})])
    take(less, replace=True)
    append(Warehouse(loaded.warehouse), "by-hand", "round-1", "Kim", lambda chain: [("decided", {})])
    with pytest.raises(
        InputFault, match=r"rounds\.round-1: found benchmark-common-t1-.*, which round-1 was decided on by Kim"
    ):
        take(half, replace=True)
    take(less)
