"""What an import looks for and finds, whatever the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.records.scores import ItemResult


@dataclass(frozen=True)
class Wanted:
    """A task of the suite: by which names another tool may know it, and `metric` or `metric,filter` (`metric,scorer`)."""

    task: str
    names: tuple[str, ...]
    metric: str
    narrower: str


@dataclass(frozen=True)
class FoundTask:
    """A task's results, stated in `file` under `key`. `items` are empty where the format came without them; `is_mean`: the value is
    their mean; `settings` say how it was measured."""

    file: Path
    key: str
    value: float
    n: int
    stderr: float | None = None
    ci95: tuple[float, float] | None = None
    items: Sequence[ItemResult] = ()
    is_mean: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """All tasks of an import by the suite's names, the tool that measured them, and the model it says it measured."""

    format: str
    tool: str
    model: str
    tasks: Mapping[str, FoundTask]
    more: Mapping[str, Any] = field(default_factory=dict)
