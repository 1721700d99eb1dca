r"""Standard output and standard error as a command needs them: nothing that a terminal cannot show or take ends in a traceback.

What the terminal's encoding lacks is written as `\uad00`; an answer that cannot be written whole is said, on standard error; and
where nobody hears standard error, the exit code is all that is left.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from checks.contracts.errors import InputFault

STDOUT, STDERR = 1, 2


class AnswerLost(InputFault):
    """The answer could not be written: a full disk behind `>`, or standard output that is closed."""

    def __init__(self, found: str) -> None:
        super().__init__("standard output", found=found, expected="somewhere to write the answer")


class _Output(io.BufferedWriter):
    """Standard output; a reader that has gone stays a BrokenPipeError, anything else is AnswerLost."""

    def write(self, data: Any) -> int:
        with _said():
            return super().write(data)

    def flush(self) -> None:
        with _said():
            super().flush()


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AnswerLost(error.strerror or str(error)) from None


class _Messages(io.BufferedWriter):
    """Standard error; where it cannot be written, there is nobody to tell."""

    def write(self, data: Any) -> int:
        with suppress(OSError):
            return super().write(data)
        return memoryview(data).nbytes

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def take_over_streams() -> None:
    """Puts both streams in place; raises AnswerLost where standard output is closed.

    A closed stream is opened on nothing, for the next file to be opened would take its number, and be written into.
    """
    closed = [number for number in (0, STDOUT, STDERR) if not _is_open(number)]
    for number in closed:
        nothing = os.open(os.devnull, os.O_RDWR)
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)
    sys.stdout = _text(_Output(_raw(STDOUT)), sys.stdout)
    sys.stderr = _text(_Messages(_raw(STDERR)), sys.stderr)
    if STDOUT in closed:
        raise AnswerLost("a closed stream")


def write_no_more() -> None:
    """From now on what would go to standard output, what is held back included, goes nowhere."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, STDOUT)
    os.close(nothing)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _raw(number: int) -> io.FileIO:
    return io.FileIO(number, "wb", closefd=False)


def _text(buffered: io.BufferedWriter, before: Any) -> io.TextIOWrapper:
    """In the encoding that the stream had; None is what Python makes of a closed one."""
    encoding = getattr(before, "encoding", None) or "utf-8"
    lines = buffered.isatty() or buffered.fileno() == STDERR
    return io.TextIOWrapper(buffered, encoding=encoding, errors="backslashreplace", line_buffering=lines)
