"""Files that can be read to their end: a named pipe, a socket or a device in a file's place would be waited for without end.

And folders in which a database can be opened.
"""

import re
import stat
from collections.abc import Callable
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
