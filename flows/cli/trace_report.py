"""What stands around a trace's report: where it may be written, and what it takes to come to the same numbers again."""

import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from checks.records.record import MEASUREMENT_VERSION

if TYPE_CHECKING:
    from checks.records.lineage import Trace
    from tasks.independence.report import Provenance

#: What a trace reads in a model's folder.
_READ = (".safetensors", ".json")
_COMPUTES_WITH = ("numpy", "scipy")


def write_trace_report(path: Path, trace: "Trace", folders: Iterable[Path], catalogue: Path | None) -> None:
    """Writes the report with hashes of all files in these folders that a trace reads, and of the fingerprints of a catalogue
    that were tested; they are read once more for that."""
    from tasks.independence.report import write_report

    files = [*_files(folders), *([] if catalogue is None else _fingerprints(catalogue, trace))]
    write_report(path, trace, provenance(files))


def provenance(files: Iterable[Path]) -> "Provenance":
    """The command as it was given, versions, and the files' SHA-256, all cores at once."""
    from tasks.independence.copies import side_by_side
    from tasks.independence.report import Provenance
    from warehouse.content import HashCache, hash_file

    unremembered = HashCache(Path(os.devnull))
    return Provenance(
        command=shlex.join(["gwanmun", *sys.argv[1:]]),
        version=version("gwanmun"),
        measurement=MEASUREMENT_VERSION["independence"],
        environment={"Python": sys.version.split()[0], **{name: version(name) for name in _COMPUTES_WITH}},
        made_at=datetime.now(UTC),
        files=side_by_side(lambda path: (str(path), hash_file(path, unremembered)), list(files)),
    )


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in dict.fromkeys(folders):
        yield from sorted(path for path in folder.iterdir() if path.suffix in _READ and path.is_file())


def _fingerprints(catalogue: Path, trace: "Trace") -> list[Path]:
    from tasks.independence.fingerprint_file import SUFFIX

    files = (catalogue / f"{each.reference}{SUFFIX}" for each in trace.references)
    return [path for path in files if path.is_file()]
