"""How asking a server ends badly. What will not mend itself is an InputFault; these are the rest."""


class ServerStopped(Exception):  # noqa: N818  (the server's state; the same command takes the run up again)
    """The server gave no whole answer however often it was asked: the run stops part-way."""


class BrokenAnswer(Exception):  # noqa: N818  (the server's doing)
    """An answer that came, and is not what was asked for: no JSON, too few numbers, no log-probabilities."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found = found
        self.expected = expected
