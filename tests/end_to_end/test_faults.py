"""Whom a fault stops: one of the programme everybody before anything runs, one of a submission that team's stages only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from checks.records.decisions import Decision
from flows.evaluate_round import RunOutcome, StoppedPartWay, run_programme
from tests.cli.command import contents, gwanmun
from tests.end_to_end.outcome import standing
from tests.end_to_end.test_round import decision_of, rows
from warehouse.store import Warehouse


def truncate(path: Path) -> None:
    """Cuts the file in the middle, as a copy that was broken off leaves it."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def decided(outcome: RunOutcome) -> Decision:
    """The outcome's decision, which must be there."""
    assert outcome.decision is not None
    return outcome.decision


def test_a_corrupt_model_stops_its_team_and_nobody_else(changeable_round: Path) -> None:
    """D's weights are cut short, C's log is no log, E declares something anew: D has no total, C's results are judged all the
    same and only its evidence is open, E is measured, the others stand as before."""
    submissions = changeable_round.parent / "submissions"
    truncate(submissions / "t4" / "model" / "model.safetensors")
    declared = submissions / "t5" / "submission.yaml"
    declared.write_text(declared.read_text(encoding="utf-8") + "# handed in again\n", encoding="utf-8")
    (submissions / "t3" / "evidence" / "train.jsonl").write_text("nothing\n", encoding="utf-8")
    before = decision_of(changeable_round)
    answer = gwanmun("run", changeable_round, "--json")
    assert answer.code == 3 and "Traceback" not in answer.err, answer
    assert (answer.document["measured"], answer.document["reused"]) == (3, 12), (
        "three teams' audits, which compare the results of those that have any; all else is there"
    )
    *of_d, of_c = sorted(answer.document["faults"], key=lambda each: "Team C" in each)
    assert len(of_d) == 4 and all("Team D" in each and "model.safetensors" in each for each in of_d)
    assert "Team C" in of_c and "no readable line" in of_c
    after = decision_of(changeable_round)
    team = standing(after, "t4")
    assert (team.status, team.total, team.rank) == ("review", None, None)
    assert set(team.gates.values()) == {"indeterminate"}
    for other in ("t1", "t2", "t3", "t5"):
        assert standing(after, other).total == standing(before, other).total
    for other in ("t1", "t2"):
        assert standing(after, other).status == standing(before, other).status
    assert (standing(after, "t3").gates["data-quality"], standing(after, "t3").status) == ("indeterminate", "review")
    assert standing(after, "t5").status == "review", "who is last cannot be said while one total is missing"
    failed = rows(changeable_round, "select distinct team, status from runs where status = 'failed' order by 1")
    assert failed == [("t3", "failed"), ("t4", "failed")]


def test_a_submission_that_cannot_be_read_is_recorded_without_an_engine(changeable_round: Path) -> None:
    path = changeable_round.parent / "submissions" / "t3" / "submission.yaml"
    readable = path.read_bytes()
    path.write_bytes(readable + b"colour: blue\n")
    log = changeable_round.parent / "warehouse" / "run.log"
    outcome = run_programme(changeable_round, say=print)
    assert (outcome.measured, outcome.reused, len(outcome.faults)) == (4, 12, 4), (
        "four audits, which compared C's results"
    )
    assert all("Team C" in each and "colour" in each for each in outcome.faults)
    assert standing(decided(outcome), "t3").status == "review"
    recorded = rows(changeable_round, "select run_id, recorded_at from runs where status = 'failed' order by 1")
    log.unlink()
    again = run_programme(changeable_round, say=print)
    assert (again.measured, again.reused, again.faults, again.decision) == (0, 16, outcome.faults, outcome.decision)
    assert rows(changeable_round, "select run_id, recorded_at from runs where status = 'failed' order by 1") == recorded
    assert not log.exists(), "nothing was to be measured, so nothing was started"

    path.write_bytes(readable)
    mended = run_programme(changeable_round, say=print)
    assert (mended.measured, mended.reused, mended.faults) == (0, 20, [])
    assert standing(decided(mended), "t3").status == "advances"


def a_wrong_answer(folder: Path) -> None:
    """An item whose answer is none of its choices."""
    path = folder / "suites" / "tasks" / "data" / "numerals-test.jsonl"
    first, *others = path.read_text(encoding="utf-8").splitlines()
    item = json.loads(first) | {"answer": 99}
    path.write_text("\n".join([json.dumps(item, ensure_ascii=False), *others]) + "\n", encoding="utf-8")


PROGRAMME_FAULTS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "an item of a suite": (a_wrong_answer, ["numerals", "item 0", "answer"]),
    "a reference": (lambda folder: truncate(folder / "models" / "globe-vl" / "model.safetensors"), ["globe-vl"]),
    "a reference that is gone": (
        lambda folder: (folder / "models" / "globe-vl").rename(folder / "models" / "elsewhere"),
        ["references.globe-vl.source"],
    ),
}


@pytest.mark.parametrize("what", PROGRAMME_FAULTS)
def test_a_fault_of_the_programme_stops_everybody_before_anything_runs(changeable_programme: Path, what: str) -> None:
    spoil, words = PROGRAMME_FAULTS[what]
    spoil(changeable_programme.parent)
    with pytest.raises(InputFault) as fault:
        run_programme(changeable_programme, say=print)
    assert all(word in fault.value.message for word in words), fault.value.message
    left = contents(changeable_programme.parent / "warehouse")
    assert not [name for name in left if name.endswith((".duckdb", ".jsonl"))], "something was measured or recorded"


def test_a_second_run_waits_says_so_and_gives_up(demo_round: Path) -> None:
    said: list[str] = []
    warehouse = Warehouse(load_programme(demo_round).warehouse)
    with warehouse.running(0, said.append), pytest.raises(InputFault, match="one run at a time"):
        run_programme(demo_round, wait_seconds=0.2, say=said.append)
    assert len(said) == 1 and "another run holds the warehouse" in said[0]


def test_what_changes_while_it_is_measured_is_not_recorded_and_the_next_run_takes_it_up(
    changeable_programme: Path,
) -> None:
    """The rows would stand under the hash of what was handed in before."""
    added = changeable_programme.parent / "submissions" / "t5" / "model" / "NOTES.txt"

    def hand_in_more(label: str, done: int, total: int) -> None:
        added.write_text("late", encoding="utf-8")

    with pytest.raises(StoppedPartWay, match=r"independence · Team E.*changed while it was measured.*run\.log"):
        run_programme(changeable_programme, stage="independence", team="t5", progress=hand_in_more, say=print)
    assert not (changeable_programme.parent / "warehouse" / "current.duckdb").exists()
    log = (changeable_programme.parent / "warehouse" / "run.log").read_text(encoding="utf-8")
    assert "ChangedMeanwhile" in log and "Traceback" in log
    outcome = run_programme(changeable_programme, stage="independence", team="t5", say=print)
    assert (outcome.measured, outcome.reused, outcome.faults) == (1, 0, [])
