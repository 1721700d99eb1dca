"""The record and its published copies apart: a writer stopped between commit and publication, a file gone, damaged or another's."""

import fcntl
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from checks.contracts.errors import InputFault
from tests.warehouse.processes import key_of, scores, started
from tests.warehouse.records import run
from warehouse.duckdb_files import OFFLINE, STORAGE, file_state
from warehouse.pending import MAIN, is_behind
from warehouse.publishing import CURRENT
from warehouse.query import run_query
from warehouse.reader import run_states
from warehouse.store import WRITE_LOCK, EmptyWarehouse, Warehouse
from warehouse.writer import record_scores


@pytest.fixture
def recorded(tmp_path: Path) -> Warehouse:
    """A warehouse with two runs, each published."""
    warehouse = Warehouse(tmp_path / "warehouse")
    for number in range(2):
        record_scores(warehouse, run(key=key_of("t1", number)), scores())
    return warehouse


def _count(warehouse: Warehouse) -> int:
    [[count]] = run_query(warehouse, "select count(*) from runs")[1]
    return int(count)


def _killed_before_publishing(warehouse: Warehouse) -> None:
    assert started("die", warehouse.folder, "unpublished").wait(timeout=60) == -signal.SIGKILL
    assert is_behind(warehouse.folder)


def _refused(warehouse: Warehouse, *words: str) -> None:
    """Refused by a run before it begins and by a writer, and nothing is changed."""
    before = {path.name: path.read_bytes() for path in warehouse.folder.glob("*.duckdb") if path.is_file()}
    for refused in (warehouse.running(0, print), warehouse.writing()):
        with pytest.raises(InputFault) as raised, refused:
            pass
        for word in words:
            assert word in raised.value.message, (word, raised.value.message)
    assert before == {path.name: path.read_bytes() for path in warehouse.folder.glob("*.duckdb") if path.is_file()}


def test_what_was_committed_is_there_for_the_next_reader(recorded: Warehouse) -> None:
    _killed_before_publishing(recorded)
    assert _count(recorded) == 3
    assert not is_behind(recorded.folder)
    assert set(run_states(recorded, [run().key])) == {run().key}


def test_a_run_is_asked_of_the_record(recorded: Warehouse) -> None:
    _killed_before_publishing(recorded)
    with recorded.running(0, print):
        assert not is_behind(recorded.folder)


def test_a_reader_waits_for_nobody(recorded: Warehouse) -> None:
    _killed_before_publishing(recorded)
    with (recorded.folder / WRITE_LOCK).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert _count(recorded) == 2, "a writer is at work, and publishes it himself"
    assert _count(recorded) == 3


def test_what_cannot_be_published_is_said_to_be_there(recorded: Warehouse) -> None:
    _killed_before_publishing(recorded)
    lock = recorded.folder / WRITE_LOCK
    lock.unlink()
    lock.mkdir()
    with pytest.raises(InputFault, match=r"main\.duckdb: found records that current\.duckdb does not show yet"):
        _count(recorded)
    lock.rmdir()
    assert _count(recorded) == 3


def _remove(path: Path) -> None:
    path.unlink()


def _dangle(path: Path) -> None:
    path.resolve().unlink()


def _empty(path: Path) -> None:
    path.resolve().chmod(0o644)
    os.truncate(path, 0)


def _halve(path: Path) -> None:
    path.resolve().chmod(0o644)
    os.truncate(path, path.stat().st_size // 2)


def _replace(path: Path) -> None:
    path.unlink()
    path.write_text("something else")


@pytest.mark.parametrize("harm", [_remove, _dangle, _empty, _halve, _replace])
def test_a_harmed_copy_is_made_anew(recorded: Warehouse, harm: Callable[[Path], None]) -> None:
    harm(recorded.folder / CURRENT)
    assert _count(recorded) == 2
    assert (recorded.folder / CURRENT).is_symlink()
    record_scores(recorded, run(), scores())
    assert _count(recorded) == 3


def test_a_folder_in_the_place_of_the_copy_is_named(recorded: Warehouse) -> None:
    current = recorded.folder / CURRENT
    current.unlink()
    current.mkdir()
    _refused(recorded, "current.duckdb", "found a folder", "move it away")
    current.rmdir()
    assert _count(recorded) == 2


def test_a_copy_that_is_damaged_inside_is_named(recorded: Warehouse) -> None:
    copy = (recorded.folder / CURRENT).resolve()
    _scribble(copy)
    for read in (lambda: _count(recorded), lambda: run_states(recorded, [])):
        with pytest.raises(InputFault, match=r"current\.duckdb: found .*expected a copy of main\.duckdb: remove it"):
            read()
    (recorded.folder / CURRENT).unlink()
    assert _count(recorded) == 2


def _scribble(path: Path) -> None:
    """Leaves size and headers as they were."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[3 * 4096 :] = os.urandom(len(content) - 3 * 4096)
    path.write_bytes(content)


@pytest.mark.parametrize("left", [CURRENT, "pub-*"])
def test_a_record_that_is_gone_is_not_begun_anew(recorded: Warehouse, left: str) -> None:
    main = recorded.folder / MAIN
    main.unlink()
    if left == "pub-*":
        (recorded.folder / CURRENT).unlink()
        with pytest.raises(InputFault, match="found no such file, though pub-"):
            _count(recorded)
    else:
        assert _count(recorded) == 2, "a copy by itself can be read"
    _refused(recorded, "main.duckdb: found no such file, though pub-", "install -m 644 '")
    assert not main.exists()
    _restore(recorded)
    record_scores(recorded, run(), scores())
    assert _count(recorded) == 3


def _restore(warehouse: Warehouse) -> None:
    """Does what the message says."""
    with pytest.raises(InputFault) as raised, warehouse.writing():
        pass
    copy, main = raised.value.expected.partition("install -m 644 ")[2].replace("'", "").split(" ")
    shutil.copyfile(copy, main)


@pytest.mark.parametrize("harm", [_empty, _halve, _replace, _scribble])
def test_a_damaged_record_is_named_and_never_published(recorded: Warehouse, harm: Callable[[Path], None]) -> None:
    _killed_before_publishing(recorded)
    main = recorded.folder / MAIN
    main.with_name(f"{MAIN}.wal").unlink(missing_ok=True)
    harm(main)
    _refused(recorded, "main.duckdb: found ", "expected the record, whole: from a backup", "install -m 644")
    with pytest.raises(InputFault, match=r"main\.duckdb"):
        _count(recorded)
    _restore(recorded)
    assert _count(recorded) == 2


def test_an_older_record_is_not_published_over_a_newer_one(recorded: Warehouse) -> None:
    shutil.copyfile(recorded.folder / MAIN, recorded.folder.parent / "backup.duckdb")
    record_scores(recorded, run(), scores())
    shutil.copyfile(recorded.folder.parent / "backup.duckdb", recorded.folder / MAIN)
    _refused(recorded, "main.duckdb: runs: found a record that lacks 1 of the 3 rows in pub-")


@pytest.mark.parametrize("published", [True, False])
def test_another_database_is_not_taken_over(recorded: Warehouse, published: bool) -> None:
    main = recorded.folder / MAIN
    main.unlink()
    if not published:
        for copy in recorded.folder.glob("*.duckdb"):
            copy.unlink()
    with duckdb.connect(main, config=OFFLINE | STORAGE) as connection:
        connection.execute("create table somebodys (a int)")
    _refused(recorded, "main.duckdb: schema_version: found no migration recorded", "somebodys")


def test_a_record_whose_migrations_were_taken_out_is_refused(recorded: Warehouse) -> None:
    with duckdb.connect(recorded.folder / MAIN, config=OFFLINE | STORAGE) as connection:
        connection.execute("delete from schema_version")
    _refused(recorded, "main.duckdb: schema_version: found no migration recorded, beside 24 tables")


def test_a_record_held_by_another_program_is_named_as_that(recorded: Warehouse) -> None:
    holder = started("open", recorded.folder)
    assert holder.stdout is not None and holder.stdout.readline() == "open\n"
    with pytest.raises(InputFault, match="expected a file that nobody else has open"), recorded.writing():
        pass
    assert _count(recorded) == 2, "which keeps no reader"
    holder.kill()
    holder.communicate()


def test_a_record_begins_with_its_first_write(tmp_path: Path) -> None:
    (tmp_path / f"new-{MAIN}.tmp").write_bytes(b"what a kill left")
    (tmp_path / f"new-{MAIN}.tmp.wal").write_bytes(b"what a kill left")
    with pytest.raises(RuntimeError), Warehouse(tmp_path).writing():
        raise RuntimeError("half-way")
    assert {path.name for path in tmp_path.iterdir()} == {WRITE_LOCK}
    with pytest.raises(EmptyWarehouse), Warehouse(tmp_path).reading():
        pass
    record_scores(Warehouse(tmp_path), run(), scores())
    assert _count(Warehouse(tmp_path)) == 1


def test_nothing_is_published_for_a_reader_who_finds_it_as_it_is(recorded: Warehouse) -> None:
    before = sorted(recorded.folder.iterdir())
    assert _count(recorded) == 2
    assert before == sorted(recorded.folder.iterdir())
    assert file_state(recorded.folder / "none") is None
    with pytest.raises(EmptyWarehouse), Warehouse(recorded.folder / "none").reading():
        pass
