"""Readers and writers in processes of their own, writers killed at any moment: nothing acknowledged is lost, nothing is torn."""

import random
import signal
import subprocess
from pathlib import Path

import duckdb
import pytest

from checks.contracts.errors import InputFault
from tests.warehouse.processes import ITEMS, key_of, scores, started
from tests.warehouse.records import run
from warehouse.pending import MAIN
from warehouse.publishing import CURRENT, KEPT
from warehouse.reader import load_scores, run_states
from warehouse.store import EmptyWarehouse, Warehouse
from warehouse.writer import record_scores


def test_readers_and_killed_writers(tmp_path: Path) -> None:
    folder, stop = tmp_path / "warehouse", tmp_path / "stop"
    reader = started("read", folder, str(stop))
    writers = [started("write", folder, name, "3") for name in ("t1", "t2")]
    acknowledged: list[str] = []
    chance = random.Random(7)
    for attempt in range(3):
        victim = started("write", folder, f"victim-{attempt}", "100")
        assert victim.stdout is not None
        acknowledged.append(victim.stdout.readline().strip())
        try:
            victim.wait(timeout=chance.uniform(0.05, 0.6))
        except subprocess.TimeoutExpired:
            victim.send_signal(signal.SIGKILL)
        acknowledged += victim.communicate()[0].split()
    for writer in writers:
        output, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors
        acknowledged += output.split()
    stop.touch()
    output, errors = reader.communicate(timeout=60)
    assert reader.returncode == 0, errors
    assert int(output.split()[-1]) > 20, "the reader was held up"

    assert {key_of(name, number) for name in ("t1", "t2") for number in range(3)} <= set(acknowledged)
    states = run_states(Warehouse(folder), acknowledged)
    assert {key for key, state in states.items() if state.status == "complete"} == set(acknowledged)
    with Warehouse(folder).reading() as connection:
        [(runs, items, distinct)] = connection.execute(
            "select (select count(*) from runs), count(*), count(distinct (run_id, item_no)) from items"
        ).fetchall()
    assert items == distinct == runs * ITEMS
    record_scores(Warehouse(folder), run(), scores())
    assert len(list(folder.glob("pub-*.duckdb"))) == KEPT
    assert not list(folder.glob("*.tmp"))


def test_killed_inside_the_transaction_changes_nothing(tmp_path: Path) -> None:
    record_scores(Warehouse(tmp_path), run(), scores())
    assert started("die", tmp_path, "inside").wait(timeout=60) == -signal.SIGKILL
    assert load_scores(Warehouse(tmp_path), run().run_id) == scores()
    record_scores(Warehouse(tmp_path), run(key="8" * 64), scores())
    assert load_scores(Warehouse(tmp_path), run().run_id) == scores()


def test_killed_before_publishing_it_is_there_all_the_same(tmp_path: Path) -> None:
    assert started("die", tmp_path, "unpublished").wait(timeout=60) == -signal.SIGKILL
    assert set(run_states(Warehouse(tmp_path), [run().key])) == {run().key}
    record_scores(Warehouse(tmp_path), run(team="t2", key="8" * 64), scores())
    assert set(run_states(Warehouse(tmp_path), [run().key, "8" * 64])) == {run().key, "8" * 64}


def test_a_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    record_scores(warehouse, run(), scores())
    with warehouse.reading() as held:
        for number in range(KEPT + 2):
            record_scores(warehouse, run(team="t2", key=key_of("t2", number)), scores())
        assert held.execute("select count(*) from runs").fetchall() == [(1,)]
        with warehouse.reading() as new:
            assert new.execute("select count(*) from runs").fetchall() == [(KEPT + 3,)]
        with pytest.raises(duckdb.Error):
            held.execute("delete from runs")


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    record_scores(Warehouse(tmp_path), run(), scores())
    with pytest.raises(RuntimeError, match="half-way"), Warehouse(tmp_path).writing() as connection:
        connection.execute("delete from items")
        raise RuntimeError("half-way")
    record_scores(Warehouse(tmp_path), run(key="8" * 64), scores())
    assert load_scores(Warehouse(tmp_path), run().run_id) == scores()


def test_a_second_run_waits_says_so_and_gives_up(tmp_path: Path) -> None:
    holder = started("hold", tmp_path, "600")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    said: list[str] = []
    with pytest.raises(InputFault) as raised, Warehouse(tmp_path).running(0.3, said.append):
        pass
    assert f"another run (process {holder.pid}, since 20" in raised.value.message
    assert "waited for 0.3 s" in raised.value.message
    assert len(said) == 1 and f"process {holder.pid}" in said[0]
    holder.kill()
    holder.communicate()
    with Warehouse(tmp_path).running(5, said.append):
        assert len(said) == 1, "a killed run's lock is free at once"


def test_a_second_run_goes_on_when_the_first_has_ended(tmp_path: Path) -> None:
    holder = started("hold", tmp_path, "1")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    said: list[str] = []
    with Warehouse(tmp_path).running(60, said.append):
        assert holder.wait(timeout=10) == 0
    assert len(said) == 1
    holder.communicate()


def test_nothing_recorded_yet_is_a_state_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(EmptyWarehouse, match="nothing has been recorded"), Warehouse(tmp_path / "none").reading():
        pass
    assert not (tmp_path / "none").exists()


def test_what_is_no_database_is_refused_with_a_message(tmp_path: Path) -> None:
    (tmp_path / MAIN).write_bytes(b"not a database" * 1000)
    with pytest.raises(InputFault, match=r"main\.duckdb"), Warehouse(tmp_path).writing():
        pass
    (tmp_path / CURRENT).symlink_to(MAIN)
    with pytest.raises(InputFault, match=r"current\.duckdb"), Warehouse(tmp_path).reading():
        pass


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputFault, match="file"), Warehouse(tmp_path / "file" / "warehouse").writing():
        pass
    with pytest.raises(InputFault, match="file"), Warehouse(tmp_path / "file" / "warehouse").running(0, print):
        pass
