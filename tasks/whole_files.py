"""Files that are there whole or not at all."""

import tempfile
from pathlib import Path

from checks.contracts.errors import InputFault


def write_whole(path: Path, content: bytes) -> None:
    """Writes beside the place and moves the finished file there; raises InputFault where it cannot be written."""
    unfinished: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            unfinished = Path(file.name)
            file.write(content)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except OSError as error:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
        raise InputFault(path, found=error.strerror or str(error), expected="a file to write") from None
