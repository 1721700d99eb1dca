"""The coverage ledger in few lines: tensors whose names differ in numbers only are one line, and none is left out.

>>> pattern("model.layers.12.mlp.experts.3.up_proj.weight")
'model.layers.*.mlp.experts.*.up_proj.weight'
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from checks.records.lineage import CoverageRow

_NUMBER = re.compile(r"(?<![0-9A-Za-z_])\d+(?![0-9A-Za-z_])")


@dataclass
class Line:
    """Tensors of one kind: how many, with how many parameters, and whether they took part."""

    pattern: str
    component: str
    role: str
    used: bool
    reason: str
    tensors: int = 0
    parameters: int = 0


@dataclass
class Share:
    """One component: how much of it took part in a test."""

    tensors: int = 0
    parameters: int = 0
    used: int = 0

    @property
    def share(self) -> float:
        """Of the parameters."""
        return self.used / self.parameters if self.parameters else 0.0


def pattern(name: str) -> str:
    """The name with a star for every number that stands alone between its dots."""
    return _NUMBER.sub("*", name)


def ledger(coverage: Sequence[CoverageRow]) -> list[Line]:
    """Every tensor in one of the lines; those that took part first."""
    lines: dict[tuple[str, str, str, bool, str], Line] = {}
    for row in coverage:
        key = (pattern(row.tensor), row.component, row.role, row.used, row.reason)
        line = lines.setdefault(key, Line(*key))
        line.tensors += 1
        line.parameters += row.parameters
    return sorted(lines.values(), key=lambda line: (line.component, not line.used, -line.parameters, line.pattern))


def ledger_summary(coverage: Sequence[CoverageRow]) -> dict[str, Share]:
    """Component → how much of it took part."""
    shares: dict[str, Share] = {}
    for row in coverage:
        share = shares.setdefault(row.component, Share())
        share.tensors += 1
        share.parameters += row.parameters
        share.used += row.parameters if row.used else 0
    return dict(sorted(shares.items()))
