"""What the data-quality stage measured, and what Great Expectations made of it."""

from typing import Literal

from checks.records.record import Record, Text

Severity = Literal["hard", "soft"]
Outcome = Literal["pass", "fail", "conditional"]
QualitySuite = Literal["manifest", "inventory", "sample", "training_log", "checkpoints", "items", "results"]


class Measurement(Record):
    """One check's number before anybody judges it.

    `value` is what was seen (None when `state` is not "measured"), `rows` how many rows it was computed over, `bad` how
    many of them offend. `state` "missing": the evidence or declaration that the check needs is absent, which is
    "not proven" and never a pass; "not_applicable": the check has no object here (no accelerators on CPU).
    """

    suite: QualitySuite
    check: str
    subject: str
    state: Literal["measured", "missing", "not_applicable"] = "measured"
    value: float | None = None
    rows: int = 0
    bad: int = 0
    observed: str = ""
    examples: list[str] = []


class ExpectationResult(Record):
    """One check's verdict: what was expected, what was seen, over how many rows, in Korean and English."""

    suite: QualitySuite
    check: str
    subject: str
    outcome: Outcome
    severity: Severity
    observed: str
    expected: str
    rows: int
    examples: list[str] = []
    text: Text


class ContaminatedItem(Record):
    """A benchmark item found in the corpus sample; `longest_run` in weighted characters, `coverage` in [0, 1]."""

    task: str
    item: int
    document: str
    kind: Literal["exact", "near"]
    longest_run: int
    coverage: float


class QualityReport(Record):
    """All that the data-quality stage found for one submission."""

    measurements: list[Measurement]
    results: list[ExpectationResult]
    thresholds_sha256: str
    items_scanned: int = 0
    contaminated: list[ContaminatedItem] = []
