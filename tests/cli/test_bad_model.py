"""Truncated, corrupt and pickled checkpoints: `trace`, `score` and `audit` refuse them, `run` goes on with the other teams."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmark.suites import FULL_TEXT, documents, write_suite, write_task
from tests.cli.command import contents, gwanmun, in_process
from tests.cli.programmes import write_submission, write_two_teams

Change = Callable[[Path], None]
WEIGHTS = "model.safetensors"


def _truncated(model: Path) -> None:
    (model / WEIGHTS).write_bytes((model / WEIGHTS).read_bytes()[:-100])


def _corrupt(model: Path) -> None:
    content = (model / WEIGHTS).read_bytes()
    (model / WEIGHTS).write_bytes(content[:8] + b"\xff" * 40 + content[48:])


def _pickled(model: Path) -> None:
    (model / WEIGHTS).rename(model / "pytorch_model.bin")


BREAKS: dict[str, tuple[Change, str]] = {
    "truncated": (_truncated, WEIGHTS),
    "corrupt": (_corrupt, WEIGHTS),
    "pickled": (_pickled, "pickle"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_checkpoint(broken: Path, models: Path, tmp_path: Path, name: str) -> None:
    change, word = BREAKS[name]
    change(broken)
    submission = write_submission(tmp_path)
    before = contents(tmp_path)
    gwanmun("trace", broken, "--against", models / "known", "--json").refused("model", word)
    gwanmun("trace", models / "known", "--against", broken).refused("model", word)
    in_process("audit", submission, "--json").refused("model", word)
    checked = in_process("check", submission)
    assert checked.code == 1 and word in checked.err and "Traceback" not in checked.err, checked
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["truncated", "pickled"])
def test_a_broken_model_is_not_scored(broken: Path, tmp_path: Path, name: str) -> None:
    change, word = BREAKS[name]
    change(broken)
    write_task(tmp_path / "tasks", "text", FULL_TEXT, documents(4))
    suite = write_suite(tmp_path, [{"id": "text", "use": "tasks/text.yaml"}])
    before = contents(tmp_path)
    items = tmp_path / "items.jsonl"
    score = gwanmun if name == "truncated" else in_process
    score("score", broken, "--suite", suite.path, "--items", items, "--json").refused("model", word)
    assert contents(tmp_path) == before


def test_one_teams_broken_model_stops_that_team_only(models: Path, tmp_path: Path) -> None:
    programme = write_two_teams(models, tmp_path / "round")
    _truncated(tmp_path / "round" / "t2" / "model")
    answer = gwanmun("run", programme, "--stage", "independence", "--json")
    assert answer.code == 3, answer
    document = answer.document
    assert (document["measured"], document["reused"], len(document["faults"])) == (1, 0, 1)
    assert WEIGHTS in document["faults"][0] and "Team t2" in document["faults"][0] and "Traceback" not in answer.err
    sql = "select team, status from runs where stage = 'independence' order by team"
    assert gwanmun("query", programme, sql, "--json").document["rows"] == [["t1", "complete"], ["t2", "failed"]]
