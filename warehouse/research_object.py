"""RO-Crate metadata: what is in a bundle, in the words that archives and libraries index (https://w3id.org/ro/crate/1.1)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checks.contracts.programme import Programme, Round
from checks.records.canonical import canonical_json
from checks.records.record import Text

METADATA = "ro-crate-metadata.json"
_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_CONFORMS_TO = "https://w3id.org/ro/crate/1.1"
_FORMATS = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "pem": "application/x-pem-file",
    "txt": "text/plain",
}


def describe_files(files: Mapping[str, bytes], programme: Programme, round_: Round, decided_at: datetime) -> bytes:
    """The metadata of a bundle with these files."""
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": _both(programme.title, round_.title),
        "description": "평가 결과와 그 근거 · The decision of one round and all that the rules looked at",
        "identifier": f"{programme.programme}/{round_.id}",
        "datePublished": decided_at.isoformat(),
        "license": "미정 · to be said by whoever publishes it",
        "hasPart": [{"@id": name} for name in sorted(files)],
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": _CONFORMS_TO},
    }
    graph = [descriptor, root, *(_file(name, files[name]) for name in sorted(files))]
    return canonical_json({"@context": _CONTEXT, "@graph": graph}).encode()


def _both(title: Text, of_round: Text) -> str:
    return f"{title.ko}, {of_round.ko} · {title.en}, {of_round.en}"


def _file(name: str, content: bytes) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": "File",
        "name": name.rsplit("/", 1)[-1],
        "encodingFormat": _FORMATS[name.rsplit(".", 1)[-1]],
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
