"""The one way to say that something a user wrote or handed in is wrong."""

from collections.abc import Sequence
from pathlib import Path


class InputFault(Exception):  # noqa: N818  (the field's word: a fault in the input, not in the program)
    """Bad input: which file, where in it, what was found and what is expected.

    >>> InputFault("programme.yaml", key="rounds[0].places", found="'four'", expected="a whole number").message
    "programme.yaml: rounds[0].places: found 'four', expected a whole number"

    `more` holds further faults of the same file, for `gwanmun check`, which shows them all.
    """

    def __init__(
        self,
        file: Path | str,
        key: str = "",
        found: str = "",
        expected: str = "",
        line: int | None = None,
        more: Sequence["InputFault"] = (),
    ) -> None:
        self.file = str(file)
        self.key = key
        self.found = found
        self.expected = expected
        self.line = line
        self.more = list(more)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One line: `file:line: key: found …, expected …`."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        saw = f"found {self.found}" if self.found else ""
        wanted = f"expected {self.expected}" if self.expected else ""
        what = ", ".join(part for part in (saw, wanted) if part)
        return ": ".join(part for part in (where, self.key, what) if part)

    def __reduce__(self) -> tuple[object, ...]:
        return (InputFault, (self.file, self.key, self.found, self.expected, self.line, self.more))


class Misfit(ValueError):  # noqa: N818  (as InputFault)
    """What a model's validator finds wrong, `expected; found`, and `at`: the keys that lead from the model to it, for the line."""

    def __init__(self, words: str, *at: str | int) -> None:
        self.at = at
        super().__init__(words)
