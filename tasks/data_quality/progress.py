"""How far a measurement has come: a callback of (label, done, total)."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]


def silent(label: str, done: int, total: int) -> None:
    """Says nothing."""
