"""One run: one stage measured once for one team, keyed by the content that went in."""

from typing import Any

from pydantic import AwareDatetime

from checks.records.record import Record, Stage


class RunRecord(Record):
    """The row that every measurement hangs on.

    `key` is the SHA-256 of what was measured: the team, contents of submission, suite and references, and the stage's
    MEASUREMENT_VERSION. The same key is never measured twice. `subject` is the suite's id for
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
    started_at: AwareDatetime
    finished_at: AwareDatetime

    @property
    def run_id(self) -> str:
        """A readable identifier, one for each key: `benchmark-common-t1-0f3a…`."""
        return run_id_of(self.stage, self.subject, self.team, self.key)


def run_id_of(stage: Stage, subject: str, team: str, key: str) -> str:
    """The identifier of the run with that key."""
    return "-".join(part for part in (stage, subject, team, key[:12]) if part)
