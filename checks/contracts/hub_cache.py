"""Hub ids with a pinned revision, looked up in the local cache only: nothing is downloaded unless somebody did so before."""

import re
from pathlib import Path

from checks.contracts.errors import InputFault

_HUB_ID = re.compile(r"^(?P<name>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})$")


def is_hub_id(source: str) -> bool:
    """Whether `source` is `org/name@commit` with the commit's 40 hex digits; a branch or tag is not pinned."""
    return _HUB_ID.match(source) is not None


def cached_snapshot(source: str, file: Path, key: str) -> Path:
    """The snapshot's folder in the local Hugging Face cache; raises InputFault where it was never fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    match = _HUB_ID.match(source)
    assert match is not None
    name, revision = match["name"], match["revision"]
    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        fetch = f"hf download {name} --revision {revision}"
        raise InputFault(
            file, key, f"{source!r}, which is not in the local cache", f"it fetched before: {fetch}"
        ) from None
