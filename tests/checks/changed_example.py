"""The example round with one thing changed: a programme that loads, and its twin that must not."""

import shutil
from pathlib import Path

from tests.conftest import REPOSITORY

EXAMPLE = REPOSITORY / "examples" / "imported-points"


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the example in which `old`, which stands once in `file`, is `new`; returns its programme.yaml."""
    shutil.copytree(EXAMPLE, folder / "round")
    target = folder / "round" / file
    text = target.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    target.write_text(text.replace(old, new), encoding="utf-8")
    return folder / "round" / "programme.yaml"


def line_of(file: Path, text: str) -> int:
    """The number of the first line that holds `text`."""
    return next(number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1) if text in line)
