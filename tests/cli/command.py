"""The command as a user runs it, in a process of its own, and what a test of bad input asks of every answer."""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).parent / "gwanmun"


@dataclass(frozen=True)
class Answer:
    """How the command ended and what it said where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)

    def refused(self, *words: str, code: int = 2) -> None:
        """Bad input: the exit code, nothing on standard output, one line that says where and what, no traceback."""
        assert (self.code, self.out) == (code, ""), self
        lines = self.err.splitlines()
        assert len(lines) == 1 and "Traceback" not in self.err, self.err
        for word in words:
            assert word in lines[0], (word, lines[0])


def gwanmun(*arguments: object, cwd: Path | None = None) -> Answer:
    """Runs `gwanmun ARGUMENTS`."""
    ran = subprocess.run(
        [COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
    )
    return Answer(ran.returncode, ran.stdout, ran.stderr)


def in_process(*arguments: object) -> Answer:
    """The same in this process, where heavy libraries are imported already: for what a process of its own adds nothing to."""
    from typer.testing import CliRunner

    from flows.cli.app import app

    ran = CliRunner().invoke(app, [str(each) for each in arguments])
    return Answer(ran.exit_code, ran.stdout, ran.stderr)


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder and the hash of what it holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
