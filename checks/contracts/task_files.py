"""Which files a task file depends on: what the content hash of a suite must cover, found without the harness.

A task that calls functions or shows pictures may read anything beside it, so then the whole folder counts.
"""

from pathlib import Path
from typing import Any

import yaml

from checks.contracts.errors import InputFault
from checks.contracts.yaml_source import kind_of


class _Tags(yaml.SafeLoader):
    """Reads `!function module.name` as the text `module.name`, and any other tag as its plain value."""


class _Function(str):
    """The value of a `!function` tag."""


def _function(loader: yaml.SafeLoader, node: yaml.Node) -> _Function:
    return _Function(node.value)


_Tags.add_constructor("!function", _function)


def task_files(path: Path) -> list[Path]:
    """The task file with its includes, data files and, where it calls functions, its whole folder; sorted, each once.

    Raises InputFault for a file that is missing or no YAML.
    """
    found: set[Path] = set()
    _collect(path, found)
    return sorted(found)


def read_task_file(path: Path) -> dict[str, Any]:
    """What the file itself says, its includes not merged; raises InputFault where it is missing or no task."""
    try:
        content: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_Tags)
    except OSError as error:
        raise InputFault(path, found=error.strerror or str(error), expected="a task file") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputFault(path, found="text that is not YAML", expected="a task file") from None
    if not isinstance(content, dict):
        raise InputFault(path, found=kind_of(content), expected="a task in lm-evaluation-harness's format")
    return content


def _collect(path: Path, found: set[Path]) -> None:
    if path in found:
        return
    found.add(path)
    content = read_task_file(path)
    for included in _strings(content.get("include")):
        _collect((path.parent / included).resolve(), found)
    for data in _strings((content.get("dataset_kwargs") or {}).get("data_files")):
        target = (path.parent / data).resolve()
        if "*" in data:
            found.update(sorted(path.parent.glob(data)))
        elif target.is_file():
            found.add(target)
        else:
            raise InputFault(path, "dataset_kwargs.data_files", f"{data!r}, no such file", "a data file")
    if _calls_functions(content):
        beside = (each for each in path.parent.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
        found.update(each.resolve() for each in beside)


def _calls_functions(value: Any) -> bool:
    if isinstance(value, dict):
        return "doc_to_image" in value or any(_calls_functions(each) for each in value.values())
    return isinstance(value, _Function) or (isinstance(value, list) and any(_calls_functions(each) for each in value))


def _strings(value: Any) -> list[str]:
    """All the strings in a string, a list or a mapping of them."""
    if isinstance(value, str):
        return [value]
    nested = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [each for part in nested for each in _strings(part)]
