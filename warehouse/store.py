"""One writer at a time on `main.duckdb`, any number of readers on published snapshots; neither waits for the other.

DuckDB locks a file for one process, readers included. So what is written is published: a copy under a name never used before,
to which the link `current.duckdb` is swung. Readers open what the link leads to and keep what they opened.

    >>> warehouse = Warehouse(Path("warehouse"))
    >>> with warehouse.writing() as connection:      # one transaction, published when the block ends
    ...     connection.execute("…")
    >>> with warehouse.reading() as connection:
    ...     connection.sql("from scoreboard").fetchall()
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

import duckdb

from checks.contracts.errors import InputFault
from warehouse.duckdb_files import OFFLINE, file_fault, file_faults, open_to_write, wanted_instead, write_ahead_log
from warehouse.pending import MAIN, copy_wanted, is_behind, publish_pending, refuse_lost, whole_record
from warehouse.publishing import CURRENT, publish
from warehouse.schema import bring_up_to_date, is_up_to_date

WRITE_LOCK = ".write.lock"
RUN_LOCK = ".run.lock"
#: A write takes milliseconds; one that holds the lock for this long was stopped by someone.
WRITE_WAIT_SECONDS = 120.0
POLL_SECONDS = 0.05
#: How often a reader follows the link anew, where a snapshot is deleted between finding and opening it.
OPENING_TRIES = 50


class EmptyWarehouse(Exception):  # noqa: N818  (a state, not a fault: nothing was recorded yet)
    """Nothing was published yet."""


@dataclass(frozen=True)
class Warehouse:
    """A warehouse's folder."""

    folder: Path

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection to the newest snapshot, which stays as it is however long it is held.

        Raises EmptyWarehouse where nothing was published, InputFault where a newer version wrote it. What an older one
        wrote is read through a copy brought up to date: reading changes nothing.
        """
        self.catch_up()
        with file_faults(self.folder / CURRENT, partial(copy_wanted, self.folder)):
            with open_snapshot(self.folder, OFFLINE) as connection:
                if is_up_to_date(connection, self.folder / CURRENT):
                    yield connection
                    return
            with _newer_copy(self.folder) as connection:
                yield connection

    def catch_up(self) -> None:
        """Publishes what was committed and not published, its writer having been stopped.

        Nobody waits: a writer who is at work publishes it himself. Raises InputFault where it cannot be published.
        """
        if not is_behind(self.folder):
            return
        try:
            with (self.folder / WRITE_LOCK).open("a+", encoding="utf-8") as lock:
                if _wait(lock, 0):
                    publish_pending(self.folder)
        except OSError as error:
            found = f"records that {CURRENT} does not show yet, and no way to publish them ({error})"
            expected = "room, and a folder that can be written: the next command publishes them"
            raise InputFault(self.folder / MAIN, found=found, expected=expected) from None

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection inside one transaction, committed and published when the block ends, undone where it raises.

        Once the block has ended, what was written survives any kill. Raises InputFault where the folder cannot be written, and
        where the record is gone or damaged.
        """
        main = self.folder / MAIN
        with self._settled():
            with _begun(main) as record, open_to_write(record, partial(whole_record, self.folder)) as connection:
                bring_up_to_date(connection, main)
                with transaction(connection):
                    yield connection
                with self._committed(record):
                    connection.execute("checkpoint")
            with self._committed(main):
                publish(main)

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """The lock of writers, held, and the record whole and published."""
        with self._lock_file(WRITE_LOCK) as lock:
            self._wait_to_write(lock)
            refuse_lost(self.folder)
            with self._faults_named():
                publish_pending(self.folder)
            yield

    @contextmanager
    def running(self, wait_seconds: float, say: Callable[[str], None]) -> Iterator[None]:
        """Holds the warehouse for a whole run: a second run waits, says for whom, and gives up after `wait_seconds`.

        The kernel frees the lock when its holder ends, however it ends. Raises InputFault where the record is gone or damaged.
        """
        with self._lock_file(RUN_LOCK) as lock:
            self._wait_to_run(lock, wait_seconds, say)
            with self._settled(), self._faults_named():
                lock.truncate(0)
                lock.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
                lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def _lock_file(self, name: str) -> IO[str]:
        with self._faults_named():
            self.folder.mkdir(parents=True, exist_ok=True)
            return (self.folder / name).open("a+", encoding="utf-8")

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            found = error.strerror or str(error)
            other = "a file" if isinstance(error, IsADirectoryError) else "a folder to write in"
            file = error.filename2 or error.filename or self.folder
            raise InputFault(file, found=found, expected=wanted_instead(found) or other) from None

    @contextmanager
    def _committed(self, record: Path) -> Iterator[None]:
        """What fails in the block does so after the commit, and says so: the same command again would not be the same."""
        try:
            yield
        except (OSError, duckdb.Error) as error:
            why = " ".join(str(error).split())[:300]
            if record.name != MAIN:
                raise InputFault(record, found=why, expected="room; then the same command goes on") from None
            found = f"no way to publish what was written, which stands in {MAIN} ({why})"
            raise InputFault(
                self.folder / CURRENT, found=found, expected="room: the next command publishes it"
            ) from None

    def _wait_to_write(self, lock: IO[str]) -> None:
        if not _wait(lock, WRITE_WAIT_SECONDS):
            raise InputFault(
                self.folder / WRITE_LOCK,
                found=f"a writer that has held it for {WRITE_WAIT_SECONDS:g} s",
                expected="writes of a moment; is a process stopped?",
            )

    def _wait_to_run(self, lock: IO[str], wait_seconds: float, say: Callable[[str], None]) -> None:
        if _wait(lock, 0):
            return
        say(f"{self.folder}: another run holds the warehouse ({_holder(lock)}); waiting up to {wait_seconds:g} s")
        if not _wait(lock, wait_seconds):
            raise InputFault(
                self.folder,
                found=f"another run ({_holder(lock)}), waited for {wait_seconds:g} s",
                expected="one run at a time; try again when it has ended",
            )


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that the block does, or nothing."""
    connection.execute("begin transaction")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # after a fault of the file nothing is left to undo
            connection.execute("rollback")
        raise
    connection.execute("commit")


def open_snapshot(folder: Path, settings: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the newest snapshot, tried again where the link moved on meanwhile."""
    for _ in range(OPENING_TRIES):
        snapshot = current_snapshot(folder)
        try:
            return duckdb.connect(snapshot, read_only=True, config=dict(settings))
        except duckdb.Error as error:
            if current_snapshot(folder) == snapshot and snapshot.exists():
                raise file_fault(folder / CURRENT, error, partial(copy_wanted, folder)) from None
    raise InputFault(folder / CURRENT, found="a link to a snapshot that is gone", expected=copy_wanted(folder))


def current_snapshot(folder: Path) -> Path:
    """The newest snapshot's own path; raises EmptyWarehouse where there is none."""
    link = folder / CURRENT
    if not link.exists():
        refuse_lost(folder)
    if not link.is_symlink() and not link.exists():
        raise EmptyWarehouse(f"{folder}: nothing has been recorded yet; `gwanmun run` measures and records")
    return Path(os.path.realpath(link))


@contextmanager
def _newer_copy(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="gwanmun-") as beside:
        copy = Path(beside) / MAIN
        shutil.copyfile(current_snapshot(folder), copy)
        with open_to_write(copy, lambda: "a whole copy") as connection:
            bring_up_to_date(connection, folder / CURRENT)
        with duckdb.connect(copy, read_only=True, config=OFFLINE) as connection:
            yield connection


@contextmanager
def _begun(main: Path) -> Iterator[Path]:
    """The record to write in. A new one has another name until something is in it: a kill or a fault leaves none."""
    if main.exists():
        yield main
        return
    unfinished = main.with_name(f"new-{main.name}.tmp")
    _discard(unfinished)
    try:
        yield unfinished
        unfinished.rename(main)
    finally:
        _discard(unfinished)


def _discard(database: Path) -> None:
    for file in (database, write_ahead_log(database)):
        file.unlink(missing_ok=True)


def _wait(lock: IO[str], seconds: float) -> bool:
    """Takes the lock; False where it was not free within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(POLL_SECONDS, left))


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "a process that has just begun"
