"""A run's key changes when, and only when, what is measured changes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from checks.records.runs import RunRecord
from tests.warehouse.processes import scores
from tests.warehouse.programmes import make, write
from tests.warehouse.records import run
from warehouse.run_keys import PlannedRun, pending, plan
from warehouse.store import Warehouse
from warehouse.writer import record_failure, record_scores


def _keys(folder: Path) -> dict[tuple[str, str], str]:
    loaded = load_programme(folder / "programme.yaml")
    return {(each.stage, each.team): each.key for each in plan(loaded, loaded.round())}


def _edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _appended(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


BENCHMARK, LINEAGE, QUALITY = "benchmark", "independence", "data-quality"
T1, BOTH = ["t1"], ["t1", "t2"]
T1_FOLDER = Path("submissions/t1")

#: What is changed, and the stages and teams whose keys must change with it, and no others.
CHANGES: dict[str, tuple[Callable[[Path], None], list[str], list[str]]] = {
    "a byte of a model": (
        lambda f: _appended(f / T1_FOLDER / "model" / "model.safetensors"),
        [BENCHMARK, LINEAGE, QUALITY],
        T1,
    ),
    "a byte of a checkpoint": (
        lambda f: _appended(f / T1_FOLDER / "evidence" / "step-0" / "model.safetensors"),
        [LINEAGE, QUALITY],
        T1,
    ),
    "a byte of the training log": (lambda f: _appended(f / T1_FOLDER / "evidence" / "train.jsonl"), [QUALITY], T1),
    "the submission's words": (lambda f: _appended(f / T1_FOLDER / "submission.yaml"), [QUALITY], T1),
    "a byte of a reference": (lambda f: _appended(f / "models" / "globe" / "model.safetensors"), [LINEAGE], BOTH),
    "a byte of the items": (lambda f: _appended(f / "suites" / "sums.jsonl"), [BENCHMARK, QUALITY], BOTH),
    "the task": (
        lambda f: _edited(f / "suites" / "sums.yaml", "{{question}}", "Q: {{question}}"),
        [BENCHMARK, QUALITY],
        BOTH,
    ),
    "the suite's seed": (
        lambda f: _edited(f / "suites" / "common.yaml", "suite: common", "suite: common\nseed: 7"),
        [BENCHMARK, QUALITY],
        BOTH,
    ),
    "a weight": (lambda f: _edited(f / "suites" / "common.yaml", "weight: 1", "weight: 2.5"), [], []),
    "a rater's value": (lambda f: _edited(f / "panels" / "expert.csv", "t1,P1,32", "t1,P1,33"), [], []),
    "the rules": (lambda f: _edited(f / "programme.yaml", "places: 1", "places: 2"), [], []),
    "a file nobody reads": (lambda f: (f / "suites" / "notes.txt").write_text("x") and None, [], []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_keys_change_with_content_only(tmp_path: Path, change: str) -> None:
    folder = make(tmp_path / "programme").folder
    before = _keys(folder)
    assert set(before) == {(stage, team) for stage in (BENCHMARK, LINEAGE, QUALITY) for team in BOTH}
    do, stages, teams = CHANGES[change]
    do(folder)
    after = _keys(folder)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {(stage, team) for stage in stages for team in teams}


def test_a_folder_renamed_keeps_its_keys(tmp_path: Path) -> None:
    before = _keys(make(tmp_path / "programme").folder)
    assert _keys((tmp_path / "programme").rename(tmp_path / "moved")) == before


def test_the_same_model_from_two_teams_is_two_runs(tmp_path: Path) -> None:
    loaded = make(tmp_path)
    planned = plan(loaded, loaded.round())
    assert planned[0].model_sha256 == planned[1].model_sha256
    assert len({each.key for each in planned}) == len({each.run_id for each in planned}) == 6
    assert [(each.stage, each.team, each.subject) for each in planned[:3]] == [
        ("benchmark", "t1", "common"),
        ("benchmark", "t2", "common"),
        ("independence", "t1", ""),
    ]


def test_a_faulty_submission_is_its_teams_fault(tmp_path: Path) -> None:
    loaded = make(tmp_path / "programme")
    (loaded.folder / T1_FOLDER / "model" / "model.safetensors").unlink()
    (loaded.folder / T1_FOLDER / "model").rmdir()
    planned = plan(loaded, loaded.round())
    faults = {(each.stage, each.team): each.fault for each in planned if each.fault is not None}
    assert set(faults) == {(stage, "t1") for stage in (BENCHMARK, LINEAGE, QUALITY)}
    assert faults[BENCHMARK, "t1"] is not None and str(tmp_path) not in faults[BENCHMARK, "t1"]
    before = _keys(loaded.folder)
    assert _keys(loaded.folder.rename(tmp_path / "moved")) == before


def test_a_faulty_reference_stops_everything(tmp_path: Path) -> None:
    loaded = make(tmp_path)
    (loaded.folder / "models" / "globe").rename(loaded.folder / "models" / "gone")
    with pytest.raises(InputFault, match=r"references\.globe\.source"):
        plan(loaded, loaded.round())


def test_a_withdrawn_team_is_not_measured_and_no_reference_means_no_trace(tmp_path: Path) -> None:
    loaded = make(tmp_path)
    programme = yaml.safe_load(loaded.path.read_text(encoding="utf-8"))
    programme["rounds"][0]["teams"][1]["withdrawn"] = "2026-01-10"
    programme["references"] = []
    loaded = load_programme(write(loaded.path, programme))
    assert [(each.stage, each.team) for each in plan(loaded, loaded.round())] == [(BENCHMARK, "t1"), (QUALITY, "t1")]


def test_what_is_complete_is_not_pending(tmp_path: Path) -> None:
    loaded = make(tmp_path)
    planned, warehouse = plan(loaded, loaded.round()), Warehouse(loaded.warehouse)
    assert pending(warehouse, planned) == planned
    record_scores(warehouse, _as_run(planned[0]), scores())
    record_failure(warehouse, _as_run(planned[1]), "no")
    assert pending(warehouse, planned) == planned[1:]


def test_data_quality_compares_all_teams_and_is_measured_again_once_a_suite_is_scored(tmp_path: Path) -> None:
    loaded = make(tmp_path)
    before = _keys(loaded.folder)
    record_scores(Warehouse(loaded.warehouse), _as_run(plan(loaded, loaded.round())[0]), scores())
    after = _keys(loaded.folder)
    assert {name for name in before if before[name] != after[name]} == {(QUALITY, "t1"), (QUALITY, "t2")}


def _as_run(planned: PlannedRun) -> RunRecord:
    return run(planned.stage, planned.key, team=planned.team, subject=planned.subject)
