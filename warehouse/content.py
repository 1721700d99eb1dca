"""Content hashes of what was handed in: a folder renamed keeps its hash, one byte changed does not.

Checkpoints are large and are asked for again at every run, so hashes are remembered beside the warehouse and a file is read
again only where its size, its times or its inode say that it may have changed.

>>> cache = HashCache(Path("warehouse"))
>>> hash_tree(Path("models/globe-vl"), cache)
'5f2c…'
"""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import time
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_sha256

CACHE_FILE = "hashes.json"
#: A file changed twice within its file system's clock tick looks unchanged: a younger file's hash is not remembered.
SETTLED_NS = 2_000_000_000
CHUNK = 1 << 20

Stamp = tuple[int, int, int, int]


class HashCache:
    """Path and stamp (size, times of change, inode) → SHA-256, kept in the warehouse's folder. Losing it costs time only."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not exist; a cache file that is damaged counts as none."""
        self._file = folder / CACHE_FILE
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            for path, (stamp, sha256) in json.loads(self._file.read_text(encoding="utf-8")).items():
                size, modified, changed, inode = stamp
                self._known[path] = ((int(size), int(modified), int(changed), int(inode)), str(sha256))

    def find(self, path: Path, stamp: Stamp) -> str | None:
        """The hash that the file had when it had this stamp."""
        known = self._known.get(str(path))
        return known[1] if known is not None and known[0] == stamp else None

    def remember(self, path: Path, stamp: Stamp, sha256: str) -> None:
        """Keeps the hash of a file that has been left alone for a while."""
        if time.time_ns() - max(stamp[1], stamp[2]) > SETTLED_NS:
            self._known[str(path)] = (stamp, sha256)
            self._changed = True

    def save(self) -> None:
        """Writes what is known of files that still exist; where the folder cannot be written, nothing is remembered."""
        if not self._changed:
            return
        kept = {path: known for path, known in self._known.items() if os.path.exists(path)}  # noqa: PTH110  (many)
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._file.parent, suffix=".tmp", delete=False
            ) as unfinished:
                json.dump(kept, unfinished)
            Path(unfinished.name).chmod(0o644)
            Path(unfinished.name).replace(self._file)
            self._changed = False


def hash_file(path: Path, cache: HashCache) -> str:
    """SHA-256 of the file's bytes; raises InputFault where it is missing, unreadable or no plain file."""
    try:
        with open(path, "rb", opener=_without_waiting) as opened:
            before = os.fstat(opened.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise InputFault(path, found="something that is no plain file", expected="a file")
            known = cache.find(path, _stamp(before))
            if known is not None:
                return known
            digest = hashlib.sha256()
            while chunk := opened.read(CHUNK):
                digest.update(chunk)
            after = os.fstat(opened.fileno())
    except OSError as error:
        raise _fault(path, error, "a file") from None
    if _stamp(before) != _stamp(after):
        raise InputFault(path, found="a file that changed while it was read", expected="a file left alone during a run")
    cache.remember(path, _stamp(after), digest.hexdigest())
    return digest.hexdigest()


def hash_tree(folder: Path, cache: HashCache) -> str:
    """One hash of all files below a folder, by their names within it and their contents; links count as what they lead to.

    Raises InputFault for a folder that is missing, unreadable or leads into itself.
    """
    files = _files(folder, frozenset())
    return canonical_sha256({path.relative_to(folder).as_posix(): hash_file(path, cache) for path in files})


def _files(folder: Path, above: frozenset[tuple[int, int]]) -> list[Path]:
    try:
        state = folder.stat()
        here = above | {(state.st_dev, state.st_ino)}
        if len(here) == len(above):
            raise InputFault(folder, found="a link that leads into itself", expected="a folder that ends")
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise _fault(folder, error, "a folder") from None
    found: list[Path] = []
    for entry in entries:
        if not entry.name.isprintable() and _not_utf8(entry.name):
            raise InputFault(folder, found=f"the name {entry.name!a}", expected="names in UTF-8")
        found += _files(entry, here) if entry.is_dir() else [entry]
    return found


def _not_utf8(name: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in name)


def _without_waiting(path: str, flags: int) -> int:
    """Opens a named pipe too without waiting for someone to write to it, so that it can be refused."""
    return os.open(path, flags | os.O_NONBLOCK)


def _stamp(state: os.stat_result) -> Stamp:
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _fault(path: Path, error: OSError, expected: str) -> InputFault:
    found = f"no such {expected.removeprefix('a ')}" if isinstance(error, FileNotFoundError) else error.strerror
    return InputFault(path, found=found or str(error), expected=expected)
