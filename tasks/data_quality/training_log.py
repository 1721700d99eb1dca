"""Reads a training log, line by line, with the hash of every line's bytes.

>>> log = read_log(Path("evidence/train.jsonl"))
>>> log.steps[:3], log.tokens[:3]
(array([1, 2, 3]), array([1024, 2048, 3072]))
"""

import hashlib
import json
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault

#: A line of numbers and a hash is some hundred bytes; one this long is broken and is not held in memory.
MAX_LINE_BYTES = 1_000_000
#: The predecessor's hash on the first line.
FIRST_LINK = "0" * 64

Floats = npt.NDArray[np.float64]


@dataclass
class TrainingLog:
    """The columns of the readable lines; NaN where a field is absent, null or no number.

    `times` are seconds since 1970. `chained` says whether any line holds `prev_sha256`; `broken_links` are the lines whose
    value is not the hash of the line before. `present` names the fields that at least one line holds. `line_hashes` are the
    SHA-256 of the lines of the steps that were asked for.
    """

    lines: int = 0
    broken_lines: list[str] = field(default_factory=list)
    broken_links: list[str] = field(default_factory=list)
    chained: bool = False
    present: set[str] = field(default_factory=set)
    columns: dict[str, "array[Any]"] = field(default_factory=dict)
    line_hashes: dict[int, list[str]] = field(default_factory=dict)

    def column(self, name: str) -> Floats:
        """A numeric column over the readable lines."""
        return np.asarray(self.columns[name], dtype=np.float64)

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        """The step of every readable line."""
        return np.asarray(self.columns["step"], dtype=np.int64)

    @property
    def tokens(self) -> npt.NDArray[np.int64]:
        """Tokens read since the start of training, at every readable line."""
        return np.asarray(self.columns["tokens"], dtype=np.int64)


_NUMBERS = ("loss", "learning_rate", "grad_norm", "validation_loss")


def read_log(path: Path, hashed: Collection[int] = ()) -> TrainingLog:
    """The log; raises InputFault where the file cannot be read or holds no readable line; broken lines are counted.

    `hashed` are the steps whose lines' hashes are kept.
    """
    log = TrainingLog(columns={name: array("q") for name in ("step", "tokens")})
    log.columns |= {name: array("d") for name in (*_NUMBERS, "time")}
    previous = FIRST_LINK
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), start=1):
                log.lines += 1
                fields, link = _read_line(log, number, line), hashlib.sha256(line or b"").hexdigest()
                if fields is not None:  # a line that is no JSON has a check of its own
                    log.chained = log.chained or "prev_sha256" in fields
                    if fields.get("prev_sha256") != previous:
                        log.broken_links.append(f"line {number}")
                    if fields["step"] in hashed:
                        log.line_hashes.setdefault(int(fields["step"]), []).append(link)
                previous = link
    except OSError as error:
        raise InputFault(path, found=error.strerror or str(error), expected="a readable training log") from None
    if not log.columns["step"]:
        raise InputFault(path, found="no readable line", expected="JSON lines with step, tokens, loss")
    return log


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Every line without its end, None for one that is too long; an empty last line is none."""
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield line.removesuffix(b"\n")


def _read_line(log: TrainingLog, number: int, line: bytes | None) -> dict[str, Any] | None:
    """Adds a line's numbers; returns its fields, None for a broken line."""
    if line is None:
        log.broken_lines.append(f"line {number}: longer than {MAX_LINE_BYTES:,} bytes")
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        log.broken_lines.append(f"line {number}: no JSON")
        return None
    if not isinstance(fields, dict) or not all(_is_count(fields.get(name)) for name in ("step", "tokens")):
        log.broken_lines.append(f"line {number}: no step or tokens")
        return None
    for name in ("step", "tokens"):
        log.columns[name].append(int(fields[name]))
    for name in _NUMBERS:
        log.columns[name].append(_number(fields.get(name)))
    log.columns["time"].append(_seconds(fields.get("time")))
    log.present.update(fields)
    return fields


def _is_count(value: object) -> bool:
    """A whole number, written as 1024 or as 1.024e3."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value < 2**53 and value == int(value)


def _number(value: object) -> float:
    """The number, NaN for anything else; an integer too large for a float is infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _seconds(value: object) -> float:
    """Seconds since 1970 of a number or an ISO 8601 time; a time without a zone is taken as UTC."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return float("nan")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return _number(value)
