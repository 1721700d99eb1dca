"""Imports what somebody found who ran segments of the training again (check C3): how far the weights came out apart.

The evaluator chooses the segments after the checkpoints were handed in. `distance` is ‖W − W′‖ between the checkpoint and the
replay, `spread` the same between two honest replays on the same hardware.
"""

from decimal import Decimal, InvalidOperation
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.contracts.tables import TableRow, read_table
from tasks.data_quality.findings import Findings

COLUMNS = ("first_step", "last_step", "distance", "spread", "run_by")
CHECKS = ("replayed-weights", "replayed-segments")


def measure_replays(found: Findings, path: Path | None) -> None:
    """The greatest distance over the spread of honest replays, and how many segments were run."""
    if path is None:
        found.not_applicable(*CHECKS, observed="nobody ran a segment again, which is optional")
        return
    rows = read_table(path, COLUMNS)
    ratios = {f"step {row.cells['first_step']} → {row.cells['last_step']}": _ratio(path, row) for row in rows}
    if not ratios:
        found.missing(*CHECKS, observed="the table holds no segment")
        return
    worst = max(ratios, key=lambda segment: ratios[segment])
    by = ", ".join(sorted({row.cells["run_by"] or "(nobody named)" for row in rows}))
    found.measured("replayed-weights", ratios[worst], len(rows), observed=f"{worst}; run by {by}")
    found.measured("replayed-segments", len(ratios), len(rows))


def _ratio(path: Path, row: TableRow) -> float:
    """Distance over spread; raises InputFault for a row that is no segment of steps with both."""
    cells = row.cells
    try:
        first, last = int(cells["first_step"]), int(cells["last_step"])
        distance, spread = Decimal(cells["distance"]), Decimal(cells["spread"])
        right = 0 <= first < last and distance.is_finite() and distance >= 0 and spread.is_finite() and spread > 0
    except (InvalidOperation, ValueError):
        right = False
    if not right:
        found = ", ".join(f"{name} {cells[name] or '(empty)'}" for name in COLUMNS[:4])
        raise InputFault(path, f"line {row.line}", found, "two steps, a distance, and a spread above zero")
    return float(distance / spread)
