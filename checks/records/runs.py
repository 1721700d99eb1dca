"""One run: one stage measured once for one team, keyed by the content that went in."""

from datetime import datetime
from typing import Any

from checks.records.record import Record, Stage


class RunRecord(Record):
    """The row that every measurement hangs on.

    `key` is the SHA-256 of what was measured: contents of submission, suite and references, the stage's
    MEASUREMENT_VERSION and its settings. The same key is never measured twice. `subject` is the suite's id for
    the benchmark stage and empty for the others. `environment` holds what may differ between machines without
    changing what was asked: device, dtype, library versions.
    """

    programme: str
    round: str
    team: str
    stage: Stage
    subject: str = ""
    key: str
    submission_sha256: str
    model_sha256: str
    environment: dict[str, Any] = {}
    started_at: datetime
    finished_at: datetime

    @property
    def run_id(self) -> str:
        """A readable identifier, one for each key: `benchmark-common-t1-0f3a…`."""
        return "-".join(part for part in (self.stage, self.subject, self.team, self.key[:12]) if part)
