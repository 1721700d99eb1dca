"""One benchmark item as it stands in its task's own data file: the question that the numbers beside it are about.

The harness numbers the documents of a split as they come. So where a task reads plain JSON lines and does nothing to them, the
item's number is its line; anywhere else nothing is shown rather than perhaps another item.

    >>> item_document(loaded.suites["common"], "numerals", 0).fields["question"]             # doctest: +SKIP
    '312 → '
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from checks.contracts.task_files import read_task_file

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
#: Keys by which a task changes which document has which number.
_RENUMBERING = ("process_docs", "custom_dataset", "include")


@dataclass(frozen=True)
class ItemDocument:
    """A document's fields as text, and the pictures that it names beside its task."""

    fields: Mapping[str, str]
    pictures: tuple[str, ...] = ()


def item_document(suite: LoadedSuite, task_id: str, number: int) -> ItemDocument | None:
    """The document of that number; None where the task does not keep plain JSON lines beside it."""
    task = next((each for each in suite.suite.tasks if each.id == task_id), None)
    try:
        path = None if task is None else suite.task_file(task)
        data = None if path is None else _test_file(path)
        document = None if data is None else _line(data, number)
    except (InputFault, OSError, ValueError):
        return None
    if path is None or document is None:
        return None
    named = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in document.items()
    }
    return ItemDocument(named, tuple(_pictures(path.parent, named)))


def _test_file(path: Path) -> Path | None:
    """The one file of JSON lines that the task's test split is, or None."""
    content = read_task_file(path)
    if content.get("dataset_path") != "json" or any(key in content for key in _RENUMBERING):
        return None
    files = (content.get("dataset_kwargs") or {}).get("data_files")
    split = content.get("test_split") or content.get("validation_split")
    named = files.get(split) if isinstance(files, dict) else None
    if isinstance(named, list) and len(named) == 1:
        named = named[0]
    return path.parent / named if isinstance(named, str) and named.endswith(".jsonl") else None


def _line(path: Path, number: int) -> dict[str, Any] | None:
    with path.open(encoding="utf-8-sig") as lines:
        found = next(islice(lines, number, None), None)
    document = None if found is None else json.loads(found)
    return document if isinstance(document, dict) else None


def _pictures(folder: Path, fields: Mapping[str, str]) -> list[str]:
    """Pictures in the task's own folder that a field names; a name that leads out of it is only text."""
    named = [folder / value for value in fields.values() if value.lower().endswith(PICTURE_ENDINGS)]
    inside = [path.resolve() for path in named if path.resolve().is_relative_to(folder.resolve())]
    return [str(path) for path in inside if path.is_file()]
