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
from tests.end_to_end.fewer_teams import keep_teams
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


def test_a_fault_stops_its_team_and_nobody_else_and_is_gone_when_it_is_mended(changeable_round: Path) -> None:
    """D's weights are cut short, A's log is no log, C's submission cannot be read: D and C have no total, A's results are judged
    all the same and only its evidence is open, the others stand as before."""
    submissions = changeable_round.parent / "submissions"
    faulty = {
        "t4": submissions / "t4" / "model" / "model.safetensors",
        "t1": submissions / "t1" / "evidence" / "train.jsonl",
        "t3": submissions / "t3" / "submission.yaml",
    }
    whole = {path: path.read_bytes() for path in faulty.values()}
    truncate(faulty["t4"])
    faulty["t1"].write_text("nothing\n", encoding="utf-8")
    faulty["t3"].write_bytes(whole[faulty["t3"]] + b"colour: blue\n")
    before = decision_of(changeable_round)

    answer = gwanmun("run", changeable_round, "--json")
    assert answer.code == 3 and "Traceback" not in answer.err, answer
    assert (answer.document["measured"], answer.document["reused"]) == (2, 9), "B's and E's audits compare all results"
    said = {team: [each for each in answer.document["faults"] if f"Team {team}" in each] for team in "ACD"}
    assert sum(map(len, said.values())) == len(answer.document["faults"])
    assert len(said["D"]) == len(said["C"]) == 4 and len(said["A"]) == 1
    assert all("model.safetensors" in each for each in said["D"]) and all("colour" in each for each in said["C"])
    assert "no readable line" in said["A"][0]
    after = decision_of(changeable_round)
    for team in ("t3", "t4"):
        assert (standing(after, team).status, standing(after, team).total) == ("review", None)
        assert set(standing(after, team).gates.values()) == {"indeterminate"}
    for team in ("t1", "t2", "t5"):
        assert standing(after, team).total == standing(before, team).total
    assert (standing(after, "t1").gates["data-quality"], standing(after, "t1").status) == ("indeterminate", "review")
    assert standing(after, "t2").status == standing(before, "t2").status
    assert standing(after, "t5").status == "review", "who is last cannot be said while totals are missing"

    failed = "select run_id, team, recorded_at from runs where status = 'failed' order by all"
    recorded = rows(changeable_round, failed)
    assert {team for _, team, _ in recorded} == {"t1", "t3", "t4"}
    again = run_programme(changeable_round, say=print)
    assert (again.measured, again.faults, again.decision) == (0, answer.document["faults"], after)
    assert rows(changeable_round, failed) == recorded

    for path, content in whole.items():
        path.write_bytes(content)
    mended = run_programme(changeable_round, say=print)
    assert (mended.measured, mended.reused, mended.faults) == (0, 20, [])
    assert decided(mended).standings == before.standings


def test_a_submission_that_cannot_be_read_is_recorded_without_an_engine(changeable_programme: Path) -> None:
    keep_teams(changeable_programme, "t3")
    path = changeable_programme.parent / "submissions" / "t3" / "submission.yaml"
    path.write_bytes(path.read_bytes() + b"colour: blue\n")
    outcome = run_programme(changeable_programme, say=print)
    assert (outcome.measured, outcome.reused, len(outcome.faults)) == (0, 0, 4)
    assert standing(decided(outcome), "t3").status == "review"
    recorded = rows(changeable_programme, "select run_id, recorded_at from runs where status = 'failed' order by 1")
    again = run_programme(changeable_programme, say=print)
    assert (again.measured, again.faults, again.decision) == (0, outcome.faults, outcome.decision)
    assert rows(changeable_programme, "select run_id, recorded_at from runs order by 1") == recorded
    assert len(recorded) == 4
    log = changeable_programme.parent / "warehouse" / "run.log"
    assert not log.exists(), "nothing was to be measured, so nothing was started"


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


def test_what_changes_while_it_is_measured_is_not_recorded_and_the_stage_alone_takes_it_up(
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
    alone = ("run", changeable_programme, "--stage", "independence", "--team", "t5", "--json")
    answer = gwanmun(*alone)
    assert answer.code == 0, answer
    assert answer.document == {"measured": 1, "reused": 0, "faults": []}, "a round with stages to come is not decided"
    assert rows(changeable_programme, "select stage, team, status from runs") == [("independence", "t5", "complete")]
    assert gwanmun(*alone).document == {"measured": 0, "reused": 1, "faults": []}
