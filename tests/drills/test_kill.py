"""kill -9 in the middle of each stage, then the same command: the same decision, no row twice, no process left."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from checks.contracts.loading import load_programme
from checks.records.record import STAGES
from tests.cli.command import COMMAND, gwanmun
from tests.end_to_end.fewer_teams import keep_teams
from tests.end_to_end.outcome import standing
from tests.end_to_end.test_round import decision_of, rows
from warehouse.store import Warehouse

#: Where each stage is killed: the benchmark when answers of one task are kept and the next are being asked.
KILLED_AT = {
    "benchmark": "benchmark common · Team E · weekdays",
    "independence": "independence",
    "data-quality": "data-quality",
}
#: No answer has so many tokens.
MARK = 987654
#: Checks that hold a team's results against those of the others, of whom there are fewer here.
COMPARISONS = ("same-settings", "same-prompts", "identical-outputs")

#: A run that ends itself at the first word that begins as is said, from inside the stage.
CHILD = """
import os, signal, sys
from pathlib import Path
from flows.evaluate_round import run_programme
def heard(label, done, total):
    if label.startswith(sys.argv[2]) and done > 0:
        os.kill(os.getpid(), signal.SIGKILL)
run_programme(Path(sys.argv[1]), progress=heard, say=print)
"""


def wait_for_nobody(folder: Path) -> None:
    """Waits until no process is left that was started for this programme; a child needs a moment to see its parent gone."""
    deadline = time.monotonic() + 30
    while left := [
        each for each in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(each.info["cmdline"] or [])
    ]:
        assert time.monotonic() < deadline, f"left running: {[each.info['cmdline'] for each in left]}"
        time.sleep(0.1)


def measured(programme: Path, team: str) -> dict[str, list[Any]]:
    """All that the stages found for a team, without times, tokens, and what compares it with teams that take no part."""
    of_team = f"join runs using (run_id) where team = '{team}' order by all"
    alone = f"stage <> 'data-quality' and team = '{team}'"
    return {
        "runs": rows(programme, f"select run_id, status from runs where {alone} order by all"),
        "items": rows(programme, f"select items.* exclude (seconds, tokens) from items {of_team}"),
        "scores": rows(programme, f"select task_scores.* from task_scores {of_team}"),
        "lineage": rows(programme, f"select lineage_components.* from lineage_components {of_team}"),
        "quality": rows(
            programme,
            "select suite, check_id, quality_results.subject, outcome, observed, expected, rows, examples from quality_results "
            f"join runs using (run_id) where team = '{team}' and check_id not in {COMPARISONS} order by all",
        ),
    }


def mark_an_answer(folder: Path) -> None:
    """Changes the tokens of the first answer that is kept beside the warehouse: asked again, it would have its own."""
    (items,) = (folder / "warehouse" / "items").glob("*.jsonl")
    first, rest = items.read_text(encoding="utf-8").split("\n", 1)
    before, after = first.split('"tokens": ', 1)
    items.write_text(f'{before}"tokens": {MARK}{after[after.index(", ") :]}\n{rest}', encoding="utf-8")


def test_killed_in_every_stage_the_same_command_comes_to_the_same_decision(
    changeable_programme: Path, demo_round: Path
) -> None:
    assert tuple(KILLED_AT) == tuple(STAGES)
    keep_teams(changeable_programme, "t5")
    folder = changeable_programme.parent
    recorded = []
    for stage, where in KILLED_AT.items():
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, changeable_programme, where], capture_output=True, timeout=300
        )
        assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()[-2000:]
        wait_for_nobody(folder)
        assert not list((folder / "warehouse").glob(".prefect-*")), "the server's own folder outlives it"
        recorded.append(_recorded(changeable_programme))
        if stage == "benchmark":
            mark_an_answer(folder)
    assert recorded == [0, 2, 3], "each kill came in the middle of its stage, and what was complete stayed"

    answer = gwanmun("run", changeable_programme, "--json")
    assert answer.code == 0, answer
    assert (answer.document["measured"], answer.document["reused"]) == (1, 3)
    wait_for_nobody(folder)
    assert not list((folder / "warehouse" / "items").iterdir())
    assert rows(changeable_programme, f"select count(*) from items where tokens = {MARK}") == [(1,)]
    assert measured(changeable_programme, "t5") == measured(demo_round, "t5")
    killed, whole = standing(decision_of(changeable_programme), "t5"), standing(decision_of(demo_round), "t5")
    assert (killed.total, killed.gates, killed.scores) == (whole.total, whole.gates, whole.scores)
    assert rows(changeable_programme, "select count(*) from decision_log") == [(1,)]


def _recorded(programme: Path) -> int:
    warehouse = Warehouse(load_programme(programme).warehouse)
    if not (warehouse.folder / "current.duckdb").exists():
        return 0
    [(count,)] = rows(programme, "select count(*) from runs")
    return int(str(count))


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_stopped_politely_it_says_so_and_leaves_nothing_running(
    changeable_programme: Path, signal_number: signal.Signals
) -> None:
    command = [COMMAND, "run", changeable_programme, "--stage", "independence"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_for(changeable_programme.parent / "warehouse" / "run.log")
    process.send_signal(signal_number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "") and "Traceback" not in err, err
    wait_for_nobody(changeable_programme.parent)
    assert not list((changeable_programme.parent / "warehouse").glob(".prefect-*"))


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
