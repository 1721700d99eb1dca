"""Files that can be read to their end, places that may be written to, and folders in which a database can be opened.

A named pipe, a socket or a device in a file's place would be waited for without end; nothing of the user's is lost to a slip
of the pen.
"""

import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from checks.contracts.errors import InputFault

#: In a path, what DuckDB cuts it at, takes for another character, or cannot encode.
_NO_DATABASE = re.compile(r"[?\\\ud800-\udfff]")


def refuse_unopened(folder: Path, fault: Callable[[str, str], InputFault]) -> None:
    """Raises the fault, given what was found and what is expected, where no database can be opened in the folder."""
    if folder.exists() and not folder.is_dir():
        raise fault("a file", "a folder")
    if _NO_DATABASE.search(str(folder)):
        raise fault(f"the path {str(folder)!a}", "one in UTF-8 without ? and \\: databases are not opened there")


def refuse_pipe(path: Path) -> None:
    """Raises InputFault where there is something that is neither a file nor a folder; what is missing is not looked at."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InputFault(path, found="a pipe or a device", expected="a file")


def refuse_pipes(folder: Path) -> None:
    """The same of every entry of a folder."""
    for path in folder.iterdir():
        refuse_pipe(path)


def refuse_to_lose(path: Path, what: str, is_ours: Callable[[Path], bool]) -> None:
    """Raises InputFault where something stands that is not what the command writes: `what`, as `is_ours` knows it."""
    if path.is_dir():
        raise InputFault(path, found="a folder", expected="a file to write")
    refuse_pipe(path)
    if path.exists() and not is_ours(path):
        raise InputFault(path, found=f"another file, no {what}", expected=f"a new file, or a {what} to replace")


def refuse_inside(path: Path, folders: Iterable[Path], what: str) -> None:
    """Raises InputFault for a file in one of the folders, whose content counts: `what` says as what."""
    inside = path.parent.resolve()
    for folder in folders:
        if inside.is_relative_to(folder.resolve()):
            raise InputFault(path, found=f"a file in {str(folder)!r}, {what}", expected="a file elsewhere")
