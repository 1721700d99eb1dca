"""Reading what somebody else handed in: every file is hashed as it is read; one that is no JSON or ends early is an InputFault."""

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault

#: The largest part of a log that is read, in bytes: more than any log of a benchmark, less than a machine's memory.
LARGEST_PART = 2**30

#: The method of a zip's parts that Inspect writes, which Python's zipfile does not read before 3.14.
_ZSTANDARD = 93


@dataclass
class ResultFiles:
    """The files of one import; `hashes` grows with each that is read, by its name below `root`."""

    root: Path
    hashes: dict[str, str] = field(default_factory=dict)

    def json(self, path: Path) -> Any:
        """A JSON file's content."""
        return parsed(path, self.bytes(path))

    def json_lines(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """(line number, object) of a JSONL file."""
        for number, line in enumerate(self.bytes(path).split(b"\n"), start=1):
            if line.strip():
                content = parsed(path, line, number)
                if not isinstance(content, dict):
                    raise InputFault(path, found=type(content).__name__, expected="one object a line", line=number)
                yield number, content

    def bytes(self, path: Path) -> bytes:
        """A file's content, its hash noted."""
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            found = getattr(error, "strerror", None) or str(error)
            raise InputFault(path, found=found, expected="a file of results") from None
        name = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        self.hashes[name] = hashlib.sha256(content).hexdigest()
        return content

    def zip_parts(self, path: Path) -> dict[str, Any]:
        """Name → JSON of the parts of a zip that are needed of an Inspect log: its header and samples."""
        self.bytes(path)
        try:
            with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
                infos = [each for each in archive.infolist() if _is_wanted(each.filename)]
                return {each.filename: parsed(path, _part(archive, raw, each)) for each in infos}
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError) as error:
            raise InputFault(path, found=f"a broken zip ({error})", expected="a whole .eval log") from None


def _is_wanted(name: str) -> bool:
    return name == "header.json" or (name.startswith("samples/") and name.endswith(".json"))


def _part(archive: zipfile.ZipFile, raw: Any, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > LARGEST_PART:
        raise zipfile.BadZipFile(f"{info.filename} of {info.file_size} bytes")
    if info.compress_type != _ZSTANDARD:
        return archive.read(info)
    import zstandard

    raw.seek(info.header_offset)
    name, extra = struct.unpack("<26x2H", raw.read(30))
    raw.seek(info.header_offset + 30 + name + extra)
    try:
        content = zstandard.ZstdDecompressor().decompress(raw.read(info.compress_size), max_output_size=info.file_size)
    except zstandard.ZstdError as error:
        raise zipfile.BadZipFile(f"{info.filename}: {error}") from None
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise zipfile.BadZipFile(f"{info.filename}: another content than its checksum")
    return content


def parsed(path: Path, content: bytes, line: int | None = None) -> Any:
    """JSON, or an InputFault. Half a character (a surrogate alone), which no file of ours can hold, becomes a question mark."""
    try:
        found = json.loads(content)
        if b"\\ud" in content.lower():
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise InputFault(path, found="text that is not JSON", expected="a whole file of results", line=line) from None
    return found
