"""One spelling of a value as bytes, so that the same content has the same hash everywhere (RFC 8785 in spirit)."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def canonical_json(value: Any) -> str:
    """Sorted keys, no blanks, UTF-8 as it is, floats by their shortest repr; NaN and infinity are refused (ValueError)."""
    plain = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_sha256(value: Any) -> str:
    """SHA-256, hexadecimal, of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
