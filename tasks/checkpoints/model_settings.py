"""The settings beside a model's weights, as far as this code reads them itself: of the type that they are read as, or refused.

All else in those files is transformers' to judge.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import PositiveFloat

from checks.contracts.errors import InputFault
from checks.contracts.stated import Stated, stated


class _Family(Stated):
    """A config.json, or the part of one that describes a component."""

    model_type: str | None = None
    architectures: list[str] | None = None


class _Tokenizer(Stated):
    model_max_length: PositiveFloat | None = None


class _Generation(Stated):
    eos_token_id: int | list[int] | None = None


def read_config(folder: Path) -> dict[str, Any]:
    """config.json as it stands, empty where there is none. Raises InputFault as `check_settings` does."""
    path = folder / "config.json"
    content = _read(path, _Family)
    for key, part in content.items():
        if isinstance(part, dict):
            stated(_Family, path, part, key)
    return content


def check_settings(folder: Path) -> None:
    """Raises InputFault for a settings file that is not JSON, or has a value of a type that it cannot be read as."""
    read_config(folder)
    _read(folder / "tokenizer_config.json", _Tokenizer)
    _read(folder / "generation_config.json", _Generation)


def _read(path: Path, model: type[Stated]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise InputFault(path, found="a file that is not JSON", expected="the model's settings") from None
    if not isinstance(content, dict):
        raise InputFault(path, found=f"a JSON {type(content).__name__}", expected="a JSON object")
    stated(model, path, content)
    return content
