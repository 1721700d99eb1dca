"""Hashes of the log's lines that were left with the evaluator while training went on (check L6).

The hash chain ties every line to those before it, so that a line whose hash somebody else kept cannot be changed later, nor any
line before it. `recorded_by` says who kept it; a time stamp of RFC 3161 is one more way of being kept.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from checks.contracts.errors import InputFault
from checks.contracts.tables import read_table
from tasks.data_quality.findings import Findings
from tasks.data_quality.training_log import TrainingLog

COLUMNS = ("time", "step", "sha256", "recorded_by")
CHECKS = ("anchors", "anchored-weekly")
_SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True)
class Anchor:
    """One hash: when it was left (seconds since 1970), of which step's line, the hash."""

    time: float
    step: int
    sha256: str


def read_anchors(path: Path) -> list[Anchor]:
    """The table; raises InputFault for a row without a time, a step or a hash."""
    anchors = []
    for row in read_table(path, COLUMNS):
        cells = row.cells
        try:
            moment = datetime.fromisoformat(cells["time"])
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            anchors.append(Anchor(seconds, int(cells["step"]), bytes.fromhex(cells["sha256"]).hex()))
        except ValueError:
            found = ", ".join(f"{name} {cells[name] or '(empty)'}" for name in COLUMNS[:3])
            raise InputFault(path, f"line {row.line}", found, "an ISO 8601 time, a step and a SHA-256") from None
    return anchors


def measure_anchors(found: Findings, log: TrainingLog, anchors: list[Anchor] | None) -> None:
    """Whether the anchored lines have these hashes, and the longest time without one."""
    if anchors is None:
        found.not_applicable(*CHECKS, observed="no hashes kept by the evaluator, which are optional")
        return
    if not anchors:
        found.missing(*CHECKS, observed="the table holds no hash")
        return
    wrong = [
        f"step {each.step}: {each.sha256[:12]}…, {'another line' if each.step in log.line_hashes else 'no such line'}"
        for each in anchors
        if each.sha256 not in log.line_hashes.get(each.step, [])
    ]
    found.counted("anchors", anchors, wrong)
    times = log.column("time")
    times = times[np.isfinite(times)]
    if not len(times):
        found.missing("anchored-weekly", observed="the log has no times")
        return
    moments = sorted([float(times[0]), *(each.time for each in anchors), float(times[-1])])
    longest = float(np.diff(moments).max()) / _SECONDS_A_DAY
    found.measured("anchored-weekly", longest, len(anchors))
