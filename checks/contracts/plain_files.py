"""Files that can be read to their end: a named pipe, a socket or a device in a file's place would be waited for without end."""

import stat
from pathlib import Path

from checks.contracts.errors import InputFault


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
