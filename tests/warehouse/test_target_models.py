"""A target model's scores come from what `gwanmun score --json` answered, and only at the team's own settings."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, LoadedSubmission, load_submission
from checks.records.scores import SuiteScores
from tests.warehouse.programmes import make
from tests.warehouse.test_round_inputs import measured
from warehouse.content import HashCache
from warehouse.round_inputs import decide_round
from warehouse.run_keys import plan, submission_content
from warehouse.target_models import check_targets, targets_of

SETTINGS = {"dtype": "float32", "tasks": {"t": {"fewshot": 5, "sha256": "a", "prompts_sha256": "p"}}}
ANSWER = {
    "suite": "individual",
    "tasks": {"t": {"metric": "acc", "value": 0.801}, "p": {"metric": "word_perplexity", "value": 12.5}},
    "settings": SETTINGS,
}


def _submission(folder: Path, answer: Any = ANSWER, **more: Any) -> LoadedSubmission:
    (folder / "model").mkdir(exist_ok=True)
    (folder / "target.json").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    written = {
        "version": 1, "team": "t1", "target_scores": {"individual": "target.json"},
        "model": {"source": "model/", "licence": "MIT", "components": [{"id": "language_model", "origin": "from-scratch"}]},
    }  # fmt: skip
    (folder / "submission.yaml").write_text(yaml.safe_dump({**written, **more}))
    return load_submission(folder / "submission.yaml")


def _own(**changed: Any) -> dict[str, SuiteScores]:
    return {"individual": SuiteScores(suite="individual", tasks=[], items=[], settings={**SETTINGS, **changed})}


def test_targets_are_the_answers_scores_as_rules_see_them(tmp_path: Path) -> None:
    loaded = _submission(tmp_path, targets={"common": {"t": 70}})
    assert targets_of(loaded, _own(), ()) == {
        "common": {"t": Decimal(70)},
        "individual": {"t": Decimal("80.1"), "p": Decimal("12.5")},
    }


def test_a_target_of_other_settings_is_refused_unless_the_round_lets_them_differ(tmp_path: Path) -> None:
    loaded = _submission(tmp_path)
    with pytest.raises(InputFault, match=r"target.json: settings: found dtype of another value than the team's own"):
        targets_of(loaded, _own(dtype="bfloat16"), ())
    assert targets_of(loaded, _own(dtype="bfloat16"), ("dtype",))["individual"]["t"] == Decimal("80.1")
    with pytest.raises(InputFault, match=r"found tasks.t.fewshot of another value"):
        targets_of(loaded, _own(tasks={"t": {"fewshot": 0, "prompts_sha256": "p"}}), ("dtype",))
    with pytest.raises(InputFault, match=r"found limit of another value"):
        targets_of(_submission(tmp_path, {**ANSWER, "settings": {**SETTINGS, "limit": 10}}), _own(), ())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("{", "JSONDecodeError"),
        ("[" * 100_000, "RecursionError"),
        ([], "found a list, expected a mapping"),
        (
            {**ANSWER, "tasks": {"t": {"metric": "acc", "value": 10**400}}},
            r"tasks\.t\.value: found 10.*, expected a finite number",
        ),
        ({**ANSWER, "tasks": {"t": {"metric": ["acc"], "value": 1}}}, r"tasks\.t\.metric: found a list"),
        ({**ANSWER, "suite": "common"}, "suite: found 'common'"),
        (
            {**ANSWER, "tasks": {"t": {"metric": "acc", "value": 0.0}}},
            r"tasks.t.value: found 0.0, expected a number above 0",
        ),
    ],
    ids=["no-json", "nested", "no-answer", "endless", "no-metric", "other-suite", "zero"],
)
def test_a_file_that_is_no_such_answer_is_refused(tmp_path: Path, answer: Any, fault: str) -> None:
    with pytest.raises(InputFault, match=fault):
        targets_of(_submission(tmp_path, answer), _own(), ())


def test_targets_typed_and_measured_are_a_fault_and_a_changed_file_another_submission(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="both for individual"):
        _submission(tmp_path, targets={"individual": {"t": 70}})
    contents = set()
    for value in (0.801, 0.802):
        answer = {**ANSWER, "tasks": {"t": {"metric": "acc", "value": value}}}
        contents.add(submission_content(_submission(tmp_path, answer), HashCache(tmp_path)).submission)
    assert len(contents) == 2
    (tmp_path / "target.json").unlink()
    with pytest.raises(InputFault, match=r"target_scores\.individual"):
        targets_of(load_submission(tmp_path / "submission.yaml"), _own(), ())


RELATIVE = {"suite": "common", "how": "relative_to_target", "cap": 1}
TARGETS_OF_T1: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, "targets: found no target for sums of common, expected one for every task"),
    "of an unknown suite": ({"common": {"sums": 9}, "comon": {"sums": 9}}, "targets.comon: found 'comon', expected a suite"),
    "of an unknown task": ({"common": {"sums": 9, "sum": 9}}, "targets.common.sum: found 'sum', expected one of sums"),
    "of no task": ({"common": {}}, "targets.common: found no target for sums of common"),
}  # fmt: skip


def _relative(folder: Path, **leaf: Any) -> LoadedProgramme:
    """Two teams with targets of their own, and points relative to them."""
    score = {"points": 100, "parts": [{"id": "common", "points": 100, "from": RELATIVE | leaf}]}
    loaded = make(folder, score=score)
    for team in ("t1", "t2"):
        _hand_in(loaded, team, {"common": {"sums": 50}})
    return loaded


def _hand_in(loaded: LoadedProgramme, team: str, targets: dict[str, Any]) -> None:
    path = loaded.folder / "submissions" / team / "submission.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "targets": targets}))


def _faults(loaded: LoadedProgramme) -> dict[tuple[str, str], str]:
    return {(each.stage, each.team): each.fault for each in plan(loaded, loaded.round()) if each.fault is not None}


@pytest.mark.parametrize("what", TARGETS_OF_T1)
def test_a_target_that_the_rules_need_or_nobody_knows_is_that_teams_fault_alone(tmp_path: Path, what: str) -> None:
    loaded = _relative(tmp_path)
    assert _faults(loaded) == {}
    targets, words = TARGETS_OF_T1[what]
    _hand_in(loaded, "t1", targets)
    faults = _faults(loaded)
    assert list(faults) == [("benchmark", "t1")] and words in faults["benchmark", "t1"]
    assert "submissions/t1/submission.yaml" in faults["benchmark", "t1"]
    with pytest.raises(InputFault, match=re.escape(words)):
        check_targets(loaded.submission(loaded.round().teams[0]), loaded.suites, ["common"])


def test_a_target_that_an_absent_value_needs_not_may_be_absent(tmp_path: Path) -> None:
    loaded = _relative(tmp_path, missing="zero")
    _hand_in(loaded, "t1", {})
    assert _faults(loaded) == {}


def test_a_file_of_targets_that_lacks_a_task_is_the_teams_fault(tmp_path: Path) -> None:
    suites = make(tmp_path / "programme").suites
    answer = {**ANSWER, "suite": "common", "tasks": {"sums": {"metric": "acc", "value": 0.5}}}
    (tmp_path / "handed").mkdir()
    check_targets(_submission(tmp_path / "handed", answer, target_scores={"common": "target.json"}), suites, ["common"])
    with pytest.raises(InputFault, match=r"target\.json: tasks: found no score of sums, expected one for every task"):
        other = {**answer, "tasks": ANSWER["tasks"]}
        check_targets(
            _submission(tmp_path / "handed", other, target_scores={"common": "target.json"}), suites, ["common"]
        )


def test_targets_of_other_settings_stop_their_team_alone(tmp_path: Path) -> None:
    loaded = measured(_relative(tmp_path))
    path = loaded.folder / "submissions" / "t1" / "submission.yaml"
    content = yaml.safe_load(path.read_text())
    del content["targets"]
    path.write_text(yaml.safe_dump({**content, "target_scores": {"common": "target.json"}}))
    tasks = {"sums": {"metric": "acc", "value": 0.5}}
    (path.parent / "target.json").write_text(
        json.dumps({"suite": "common", "settings": {"dtype": "int4"}, "tasks": tasks})
    )
    standings = {each.team: each for each in decide_round(measured(loaded)).standings}
    assert (standings["t1"].total, standings["t1"].status) == (None, "review")
    assert any("dtype of another value" in each.text.en for each in standings["t1"].reasons)
    assert standings["t2"].total == "50.0"


def test_what_lacks_its_targets_has_no_total_and_the_others_are_decided(tmp_path: Path) -> None:
    loaded = _relative(tmp_path)
    whole = {each.team: each.total for each in decide_round(measured(loaded)).standings}
    assert whole == {"t1": "100.0", "t2": "50.0"}
    _hand_in(loaded, "t1", {})
    found = {each.team: (each.total, each.status) for each in decide_round(measured(loaded)).standings}
    assert found["t1"] == (None, "review") and found["t2"][0] == "50.0"
