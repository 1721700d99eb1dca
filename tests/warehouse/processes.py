"""Other processes that write, read and hold a real warehouse: `python -m tests.warehouse.processes ROLE FOLDER …`."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from checks.records.scores import ItemResult, SuiteScores, TaskScore
from tests.warehouse.records import run
from warehouse import store
from warehouse.pending import MAIN
from warehouse.store import EmptyWarehouse, Warehouse
from warehouse.writer import record_scores

REPOSITORY = Path(__file__).resolve().parents[2]
ITEMS = 50


def started(role: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A process in that role; it says something on its standard output once it is at work."""
    command = [sys.executable, "-m", "tests.warehouse.processes", role, str(folder), *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def key_of(name: str, number: int) -> str:
    """The key of a writer's numbered run."""
    return hashlib.sha256(f"{name} {number}".encode()).hexdigest()


def scores() -> SuiteScores:
    """A suite with so many items that a torn record would show."""
    items = [
        ItemResult(task="a", item=number, prompt_sha256="c", loglikelihoods=[-0.5, -1.5], correct=1.0, tokens=2)
        for number in range(ITEMS)
    ]
    return SuiteScores(suite="common", tasks=[TaskScore(task="a", metric="acc", value=1.0, n=ITEMS)], items=items)


def _write(folder: Path, name: str, count: str) -> None:
    """Records run after run and says each key once its record has returned."""
    for number in range(int(count)):
        record_scores(Warehouse(folder), run(team=name, key=key_of(name, number)), scores())
        print(key_of(name, number), flush=True)


def _read(folder: Path, stop: str) -> None:
    """Reads without pause until the file `stop` is there: every run must be whole, and none may vanish."""
    reads, before = 0, 0
    while not Path(stop).exists():
        try:
            with Warehouse(folder).reading() as connection:
                whole = (
                    f"select count(*), coalesce(bool_and(n = {ITEMS} and tasks = 1), true) from (select run_id, "
                    "count(distinct item_no) n, count(distinct task_no) tasks from runs left join items using (run_id) "
                    "left join task_scores using (run_id) group by run_id)"
                )
                [(runs, good)] = connection.execute(whole).fetchall()
        except EmptyWarehouse:
            runs, good = 0, True
        assert good, "a torn run"
        assert runs >= before, "a run that vanished"
        reads, before = reads + 1, runs
        if reads == 1:
            print("reading", flush=True)
    print(reads, flush=True)


def _hold(folder: Path, seconds: str) -> None:
    """Holds the warehouse as a run does."""
    with Warehouse(folder).running(0, print):
        print("held", flush=True)
        time.sleep(float(seconds))


def _open(folder: Path) -> None:
    """Has the record itself open, as another program may."""
    with duckdb.connect(folder / MAIN):
        print("open", flush=True)
        time.sleep(600)


def _die(folder: Path, moment: str) -> None:
    """Records a run and is killed at the moment named: inside the transaction, or after it and before publishing."""
    if moment == "unpublished":
        store.publish = lambda main: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        record_scores(Warehouse(folder), run(), scores())
    with Warehouse(folder).writing() as connection:
        connection.execute("delete from items")
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    {"write": _write, "read": _read, "hold": _hold, "open": _open, "die": _die}[sys.argv[1]](
        Path(sys.argv[2]), *sys.argv[3:]
    )
