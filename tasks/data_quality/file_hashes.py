"""Whether the weights that were handed in are the bytes that were declared (check C5).

The declaration is what `sha256sum model/*.safetensors evidence/step-*/*.safetensors` prints in the submission's folder.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from checks.contracts.errors import InputFault
from tasks.data_quality.findings import Findings

_LINE = re.compile(r"(?P<hash>[0-9a-fA-F]{64}) [ *](?P<path>.+)")


def measure_hashes(found: Findings, declared: Path | None, beside: Path, folders: Sequence[Path]) -> None:
    """Every file of weights in `folders` must be declared, and be what is declared; paths are relative to `beside`.

    A folder elsewhere is a pinned revision of a hub, which is a hash itself.
    """
    if declared is None:
        found.not_applicable("hashes", observed="no hashes of the weights, which are optional")
        return
    said = _read(declared)
    inside = [folder for folder in folders if folder.is_relative_to(beside)]
    files = {str(path.relative_to(beside)): path for folder in inside for path in sorted(folder.glob("*.safetensors"))}
    wrong = [f"{name}: not declared" for name in files if name not in said]
    wrong += [f"{name}: another hash" for name, path in files.items() if name in said and _sha256(path) != said[name]]
    wrong += [f"{name}: no such file" for name in said if not (beside / name).is_file()]
    found.counted("hashes", max(1, len(files | said)), sorted(wrong))


def _read(path: Path) -> dict[str, str]:
    """Relative path → SHA-256; raises InputFault for a line that sha256sum does not write."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFault(path, found=str(error), expected="lines as sha256sum writes them") from None
    said = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputFault(path, f"line {number}", repr(line[:80]), "a SHA-256, two spaces and a path")
        said[str(Path(match["path"]))] = match["hash"].lower()
    return said


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
