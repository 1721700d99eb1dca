"""The file of items: one JSON line an item, on disk before the next chunk starts, so that a kill loses one chunk at most.

A line is an ItemResult with two more keys: `greedy` (whether each choice is what the model would have written, which
some metrics need) and `settings_sha256` (model, task, prompts, decoding, dtype), by which a file made for another
model or other settings is refused:

    {"task": "josa", "item": 0, "variant": 0, "repeat": 0, "prompt_sha256": "…", "loglikelihoods": [-0.1, -2.5],
     "prediction": 0, "output": "", …, "correct": 1.0, "tokens": 2, …, "greedy": [true, false], "settings_sha256": "…"}

What is kept are the model's responses. Metrics are computed from them each time, so a resumed run and an uninterrupted
one end with the same bytes. How long an item took is never the same twice: `seconds` stand in a file beside it
(FILE.jsonl.times), which no score is computed from and which may be lost.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from checks.contracts.errors import InputFault
from checks.records.scores import ItemResult

ItemKey = tuple[str, int, int, int]


class LedgerLine(ItemResult):
    """One line of the file."""

    greedy: list[bool] = []
    settings_sha256: str

    @property
    def key(self) -> ItemKey:
        """Task, variant, item, repeat: a line's identity."""
        return self.task, self.variant, self.item, self.repeat

    @property
    def text(self) -> str:
        """The line as written: keys in the order of the record, floats by their shortest repr."""
        written = self.model_dump(mode="json", exclude={"seconds"})
        return json.dumps(written, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def result(self) -> ItemResult:
        """The line without what only the ledger needs."""
        return ItemResult(**self.model_dump(exclude={"greedy", "settings_sha256"}))


#: How a torn last line begins, unless it is no line of ours.
_BEGINS = b'{"task": '


class Ledger:
    """The lines of one scoring run, in a file or (without a path) in memory only. Use as a context manager.

    Raises InputFault where the file exists and `resume` is false, where another process writes to it, where a line but
    a torn last one cannot be read, and where a line belongs to other settings than `settings` says (task → sha256).
    """

    def __init__(self, path: Path | None, settings: Mapping[str, str], resume: bool = True) -> None:
        self.path = path
        self.lines: dict[ItemKey, LedgerLine] = {}
        self._settings = settings
        self._file: IO[bytes] | None = None
        self._times = Times(None if path is None else times_file(path))
        if path is not None:
            self._open(path, resume)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        if self.path is not None and self._file is not None:
            if not self.lines:  # a fault came before the first item: nothing half-made stays behind
                self.path.unlink(missing_ok=True)
                times_file(self.path).unlink(missing_ok=True)
            self._file.close()

    def append(self, lines: Iterable[LedgerLine]) -> None:
        """Adds lines, and returns when they are on disk."""
        added = list(lines)
        self.lines.update((line.key, line) for line in added)
        if self._file is not None:
            self._file.write("".join(line.text for line in added).encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._times.append(added)

    def finish(self, lines: Iterable[LedgerLine]) -> None:
        """Takes over the lines as judged now, and rewrites the file in canonical order: suite's, variant's, item's, repeat's.

        Lines of items beyond a `limit` of this run stay in the file.
        """
        self.lines.update((line.key, line) for line in lines)
        if self.path is None:
            return
        order = {task: place for place, task in enumerate(self._settings)}
        canonical = sorted(self.lines.values(), key=lambda line: (order[line.task], *line.key[1:]))
        content = "".join(line.text for line in canonical).encode()
        if content != self.path.read_bytes():
            replace_file(self.path, content)

    def _open(self, path: Path, resume: bool) -> None:
        if path.exists() and not resume:
            raise InputFault(path, found="a file of items", expected="a new file, or --resume to take it up again")
        if not path.parent.is_dir():
            raise InputFault(path, found=f"no folder {path.parent}", expected="a file in a folder that exists")
        try:
            self._file = path.open("a+b")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputFault(path, found="another run that writes to it", expected="one run a file") from None
        except OSError as error:
            raise InputFault(path, found=error.strerror or str(error), expected="a file that can be written") from None
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        for number, raw in enumerate(content[:whole].split(b"\n")[:-1], start=1):
            self._take(_parsed(path, number, raw), number)
        if not content[whole:].startswith(_BEGINS[: len(content) - whole]):
            raise InputFault(path, found="another file, no file of items", expected="a file that `score --items` wrote")
        self._file.truncate(whole)
        self._times.take_up(bool(self.lines))
        for key, seconds in self._times.known.items():
            if key in self.lines:
                self.lines[key] = self.lines[key].model_copy(update={"seconds": seconds})

    def _take(self, line: LedgerLine, number: int) -> None:
        wanted = self._settings.get(line.task)
        if wanted is None:
            known = ", ".join(self._settings)
            raise InputFault(self.path or "", "task", repr(line.task), f"a task of this suite ({known})", number)
        if line.settings_sha256 != wanted:
            raise InputFault(
                self.path or "",
                "settings_sha256",
                f"an item of {line.task!r} scored with another model or other settings ({line.settings_sha256[:12]})",
                f"items of this model and these settings ({wanted[:12]}), or a new file",
                number,
            )
        self.lines[line.key] = line


class Times:
    """How long items took, beside their file: `[task, variant, item, repeat, seconds]` a line, in the order of answering."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.known: dict[ItemKey, float] = {}

    def take_up(self, resumed: bool) -> None:
        """Reads what stands there for a file that is resumed; of lines that a kill tore nothing is taken."""
        if self._path is None or not self._path.is_file():
            return
        if not resumed:
            self._path.unlink()
            return
        for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                task, variant, item, repeat, seconds = json.loads(line)
                self.known[task, variant, item, repeat] = float(seconds)

    def append(self, lines: Iterable[LedgerLine]) -> None:
        """Adds the times of items that are on disk."""
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps([*line.key, round(line.seconds or 0.0, 6)], ensure_ascii=False) + "\n")


def times_file(path: Path) -> Path:
    """The file of times that stands beside a file of items."""
    return path.with_name(f"{path.name}.times")


def replace_file(path: Path, content: bytes) -> None:
    """Puts new content in a file's place at once: readers see the old bytes or the new ones, never a part."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _parsed(path: Path, number: int, raw: bytes) -> LedgerLine:
    try:
        return LedgerLine.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputFault(path, key, first["msg"], "one item a line, as score --items writes", number) from None
