"""A target model's scores come from what `gwanmun score --json` answered, and only at the team's own settings."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSubmission, load_submission
from checks.records.scores import SuiteScores
from warehouse.content import HashCache
from warehouse.run_keys import submission_content
from warehouse.target_models import targets_of

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
    loaded = _submission(tmp_path, targets={"common": {"t": "70"}})
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
        ({"tasks": {}}, "found KeyError"),
        ({**ANSWER, "suite": "common"}, "suite: found 'common'"),
        (
            {**ANSWER, "tasks": {"t": {"metric": "acc", "value": 0.0}}},
            r"tasks.t.value: found 0.0, expected a score above 0",
        ),
    ],
    ids=["no-json", "no-answer", "other-suite", "zero"],
)
def test_a_file_that_is_no_such_answer_is_refused(tmp_path: Path, answer: Any, fault: str) -> None:
    with pytest.raises(InputFault, match=fault):
        targets_of(_submission(tmp_path, answer), _own(), ())


def test_targets_typed_and_measured_are_a_fault_and_a_changed_file_another_submission(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="both for individual"):
        _submission(tmp_path, targets={"individual": {"t": "70"}})
    contents = set()
    for value in (0.801, 0.802):
        answer = {**ANSWER, "tasks": {"t": {"metric": "acc", "value": value}}}
        contents.add(submission_content(_submission(tmp_path, answer), HashCache(tmp_path)).submission)
    assert len(contents) == 2
    (tmp_path / "target.json").unlink()
    with pytest.raises(InputFault, match=r"target_scores\.individual"):
        targets_of(load_submission(tmp_path / "submission.yaml"), _own(), ())
