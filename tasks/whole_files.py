"""Files that are there whole or not at all."""

import tempfile
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.contracts.plain_files import refuse_to_lose

#: How every page that Gwanmun writes begins, and who makes its PDFs.
_PAGE = b'<!doctype html>\n<html lang="ko">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"'
_PDF_MAKER = b"Typst"


def refuse_to_lose_for_report(path: Path) -> None:
    """Raises InputFault where a file stands that is no report, or a folder."""
    refuse_to_lose(path, "report", _is_report)


def _is_report(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return content.lstrip().startswith(_PAGE) or (content.startswith(b"%PDF") and _PDF_MAKER in content)


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
