"""DuckDB databases as files: how they are opened, what tells one state from the next, and the words for what is wrong with one.

DuckDB writes one of a file's two database headers anew with every checkpoint, and names the database in the main header. So two
files whose headers and sizes are the same are copies of one state, which is seen without opening either.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from checks.contracts.errors import InputFault

#: Nothing is fetched from anywhere; files can be read by DuckDB 1.5 too.
OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
STORAGE = {"storage_compatibility_version": "v1.5.0"}
_HEADERS_BYTES = 3 * 4096
_OF_THE_FILE = (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException)
#: What DuckDB and the system say → what is wanted in its place; where none of these, the file itself is damaged.
_WANTED = {
    "Could not set lock": "a file that nobody else has open; current.duckdb is for reading",
    "No space left": "room on the disk; then the same command goes on",
    "Disk quota": "room on the disk; then the same command goes on",
    "File too large": "room for a larger file; then the same command goes on",
    "Permission denied": "a file that may be opened",
    "Read-only file system": "a file system that can be written",
}

FileState = tuple[int, bytes]
#: Says what is wanted in the place of a damaged file; asked only where one is.
Wanted = Callable[[], str]


def file_state(path: Path) -> FileState | None:
    """Size and headers of a database file; None where there is no file that can be read."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as opened:
            return path.stat().st_size, opened.read(_HEADERS_BYTES)
    except OSError:
        return None


def write_ahead_log(path: Path) -> Path:
    """Where DuckDB keeps what was committed and is not in the file yet."""
    return path.with_name(f"{path.name}.wal")


def is_readable(path: Path) -> bool:
    """Whether DuckDB opens the file, to read it only."""
    try:
        duckdb.connect(path, read_only=True, config=OFFLINE).close()
    except duckdb.Error:
        return False
    return True


@contextmanager
def open_to_write(path: Path, wanted: Wanted) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write; raises InputFault where the file or the disk is at fault, in opening or inside the block."""
    with file_faults(path, wanted), duckdb.connect(path, config=OFFLINE | STORAGE) as connection:
        yield connection


@contextmanager
def file_faults(path: Path, wanted: Wanted) -> Iterator[None]:
    """Raises InputFault for what DuckDB says of a file or a disk; what it says of SQL stays what it is."""
    try:
        yield
    except duckdb.Error as error:
        if not is_of_the_file(error):
            raise
        raise file_fault(path, error, wanted) from None


def is_of_the_file(error: duckdb.Error) -> bool:
    """Whether the file or its disk is at fault, and not what was asked."""
    return isinstance(error, _OF_THE_FILE) or "orrupt" in str(error)


def file_fault(path: Path, error: duckdb.Error, wanted: Wanted) -> InputFault:
    """The fault of that file in DuckDB's words."""
    said = " ".join(str(error).split())
    return InputFault(path, found=said[:300], expected=wanted_instead(said) or wanted())


def wanted_instead(said: str) -> str | None:
    """What is wanted where the disk or another process is at fault, in the words of DuckDB or of the system; else None."""
    return next((words for each, words in _WANTED.items() if each in said), None)
