"""What goes where: a command's answer on standard output, everything else on standard error."""

import contextlib
import ctypes
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: A file or a pipe has no width of its own, and nothing is folded there.
WIDTH_OF_A_PIPE = 1000


@contextlib.contextmanager
def only_the_answer() -> Iterator[None]:
    """Inside, whatever a library prints to standard output, from Python, from C or from a child, goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        ctypes.CDLL(None).fflush(None)  # what C wrote and holds back would come out later, in the answer
        os.dup2(kept, 1)
        os.close(kept)


def say(message: str) -> None:
    """A line for the person at the terminal, on standard error."""
    typer.echo(message, err=True)


def print_json(document: Any) -> None:
    """The one JSON document, in UTF-8 whatever the terminal speaks; NaN is no JSON and raises ValueError."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    typer.echo(text.encode("utf-8", "backslashreplace"))


def console() -> "Console":
    """Where tables are printed: standard output as it is now, as wide as the terminal."""
    from rich.console import Console

    class Answer(Console):
        def on_broken_pipe(self) -> None:
            """Ends as everything else does whose reader has gone, and not with rich's own exit code of 1."""
            raise BrokenPipeError

    width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
    return Answer(highlight=False, markup=False, emoji=False, width=width)


def table(*columns: str, title: str | None = None) -> "Table":
    """An empty table in the house's look; a name that ends in `>` is a column of numbers, set to the right."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name.removesuffix(">"), justify="right" if name.endswith(">") else "left", overflow="fold")
    return made
