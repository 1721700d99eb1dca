"""Snapshots: a finished copy of the database under a new name, and the link that leads to the newest.

A kill between any two steps leaves the link on a whole snapshot: the copy has another ending until it is complete and on the
disk, and swinging the link is one rename.
"""

import os
import shutil
import time
from pathlib import Path

from checks.contracts.errors import InputFault

CURRENT = "current.duckdb"
#: A reader that has just found a snapshot opens it within moments; two more publications are longer than that.
KEPT = 3
_PREFIX, _ENDING, _UNFINISHED = "pub-", ".duckdb", ".tmp"


def publish(main: Path) -> Path:
    """Copies the closed database beside it, swings `current.duckdb` to the copy, deletes old copies; the caller holds the lock.

    Raises InputFault where someone put a folder in the place of the link, OSError where the disk is full.
    """
    folder = main.parent
    current = folder / CURRENT
    if current.is_dir() and not current.is_symlink():
        raise InputFault(current, found="a folder", expected="a link: move it away, and the next command makes one")
    for leftover in folder.glob(f"*{_ENDING}{_UNFINISHED}"):
        leftover.unlink(missing_ok=True)
    snapshot = folder / f"{_PREFIX}{_later_than(published(folder))}{_ENDING}"
    unfinished = snapshot.with_name(snapshot.name + _UNFINISHED)
    try:
        shutil.copyfile(main, unfinished)
        with unfinished.open("rb+") as copied:
            os.fsync(copied.fileno())
    except OSError:  # a full disk has no room for half a copy either
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.chmod(0o444)
    unfinished.rename(snapshot)
    link = folder / f"{CURRENT}{_UNFINISHED}"
    link.symlink_to(snapshot.name)
    link.rename(current)
    _sync_folder(folder)
    for old in published(folder)[:-KEPT]:
        old.unlink(missing_ok=True)
    return snapshot


def published(folder: Path) -> list[Path]:
    """The snapshots, oldest first."""
    return sorted(folder.glob(f"{_PREFIX}*{_ENDING}"), key=_number)


def _number(snapshot: Path) -> int:
    digits = snapshot.name.removeprefix(_PREFIX).removesuffix(_ENDING)
    return int(digits) if digits.isdecimal() else 0


def _later_than(published: list[Path]) -> int:
    """The time in nanoseconds, or one more than the newest snapshot's where the clock was set back: names only rise."""
    return max(time.time_ns(), _number(published[-1]) + 1 if published else 0)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
