"""How far a long command has come: bars on a terminal, a line now and then elsewhere, nothing for what is done in a moment.

>>> with progress_shown() as progress:
...     progress("josa", 120, 500)
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.cli.answers import say

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Progress = Callable[[str, int, int], None]

#: Shorter than this nobody wonders.
SECONDS_BEFORE = 2.0
#: How often one label is written where there is no terminal.
SECONDS_BETWEEN = 10.0


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """Yields the callback (label, done, total) that the stages call, from any thread; a total of 0 is one that nobody knows."""
    if sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield _Lines()


class _Lines:
    """`Team A: 600 of 1100`, each label at most once in SECONDS_BETWEEN."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}
        self._first = time.monotonic() + SECONDS_BEFORE

    def __call__(self, label: str, done: int, total: int) -> None:
        now = time.monotonic()
        with self._lock:
            if now < self._next.setdefault(label, max(self._first, now + SECONDS_BEFORE)):
                return
            self._next[label] = now + SECONDS_BETWEEN
        say(f"{label}: {done} of {total}" if total else f"{label}: {done} so far")


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    look = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Bars(*look, console=Console(stderr=True), transient=True)
    begin = threading.Timer(SECONDS_BEFORE, bars.start)
    begin.daemon = True
    begin.start()
    try:
        yield _Bars(bars)
    finally:
        begin.cancel()
        begin.join()
        bars.stop()


class _Bars:
    """A bar for each label."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._lock = threading.Lock()
        self._tasks: dict[str, int] = {}

    def __call__(self, label: str, done: int, total: int) -> None:
        with self._lock:
            if label not in self._tasks:
                self._tasks[label] = int(self._bars.add_task(label, total=total or None))
        self._bars.update(self._tasks[label], completed=done, total=total or None)  # type: ignore[arg-type]  # rich's TaskID
