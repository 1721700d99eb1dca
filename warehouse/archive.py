"""One zip for one set of files: the same files give the same bytes, and what is not those bytes is refused.

A zip has room for much that no reader shows (comments, times, gaps, a second file of the same name). So files are stored as
they are, in the order of their names, and a zip is accepted only where packing its files again gives it back byte for byte.
"""

import io
import re
import zipfile
from collections.abc import Mapping

#: What is read into memory; a round of twenty teams with a hundred thousand items each is less.
MOST_BYTES = 1_900_000_000
MOST_FILES = 50_000
#: Below every time zone's and daylight saving's reach: the first moment that a zip can tell.
_TIME = (1980, 1, 1, 0, 0, 0)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class NotAnArchive(Exception):  # noqa: N818  (what was found, not a fault of the program)
    """The bytes are not those that `pack` gives."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()


def unpack(packed: bytes) -> dict[str, bytes]:
    """The files in the zip; raises NotAnArchive for anything that `pack` would not have written. Nothing touches the disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            files = _read(archive)
    except NotAnArchive:
        raise
    except Exception as error:  # zipfile raises what comes up when its bytes are chosen by someone else
        raise NotAnArchive(f"no readable zip ({type(error).__name__})") from None
    if pack(files) != packed:
        raise NotAnArchive("bytes beside the files, or files in another order")
    return files


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise NotAnArchive(f"{len(entries)} files, more than {MOST_FILES}")
    files: dict[str, bytes] = {}
    for entry in entries:
        if not _NAME.fullmatch(entry.filename):
            raise NotAnArchive(f"the file name {entry.filename!a}")
        if entry.filename in files:
            raise NotAnArchive(f"{entry.filename} twice")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise NotAnArchive(f"{entry.filename} is compressed or encrypted")
        files[entry.filename] = archive.read(entry)
    return files
