"""One planned run of one team: found by names alone, measured, and recorded whole or as a failure.

What the three stages' Prefect tasks share, without Prefect. Names are all that a task is given, so that a deployment, a page
and a log can show them; what was handed in is read again, and its content decides which run it is.

    run = find_run("demo/programme.yaml", "round-1", "benchmark", "t1", "common")
    fault = run.measure(lambda: score_suite(…), record_scores, environment)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, LoadedSubmission, load_programme
from checks.contracts.programme import Round, Team
from checks.records.quality import QualityReport
from checks.records.record import Stage
from checks.records.runs import RunRecord
from warehouse.reader import run_states
from warehouse.run_keys import PlannedRun, plan
from warehouse.store import Warehouse
from warehouse.writer import record_failure

Measured = TypeVar("Measured")
Progress = Callable[[str, int, int], None]
_NOTHING: Mapping[str, Any] = MappingProxyType({})

_listener: ContextVar[Progress | None] = ContextVar("listener", default=None)


class ChangedMeanwhile(Exception):  # noqa: N818  (somebody's doing, not the program's error)
    """What a run was to measure is not what it measured: a file changed while it ran."""


@contextmanager
def heard_by(progress: Progress | None) -> Iterator[None]:
    """Inside the block, runs tell `progress(label, done, total)` how far they are."""
    token = _listener.set(progress)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(label: str, done: int, total: int) -> None:
    """Tells whoever listens how far something is."""
    listener = _listener.get()
    if listener is not None:
        listener(label, done, total)


@dataclass(frozen=True)
class TeamRun:
    """One stage for one team of a round, as planned from the content that is there now."""

    loaded: LoadedProgramme
    round: Round
    team: Team
    planned: PlannedRun

    @property
    def warehouse(self) -> Warehouse:
        """Where the rows go."""
        return Warehouse(self.loaded.warehouse)

    @property
    def label(self) -> str:
        """`benchmark common · Team A`."""
        return run_label(self.planned, self.team)

    def submission(self) -> LoadedSubmission:
        """What the team handed in; raises InputFault where it is faulty."""
        return self.loaded.submission(self.team)

    def progress(self, part: str, done: int, total: int) -> None:
        """Tells how far a part of this run is."""
        tell(f"{self.label} · {part}", done, total)

    def measure(
        self,
        measure: Callable[[], Measured],
        record: Callable[[Warehouse, RunRecord, Measured], None],
        environment: Callable[[], dict[str, Any]],
        beside_a_fault: Callable[[], QualityReport] | None = None,
    ) -> str | None:
        """Measures and records in one transaction; a fault in the submission is recorded as this run's failure and returned.

        `beside_a_fault` says what can be judged all the same: it is recorded with the failure.
        Raises ChangedMeanwhile where the content is another one afterwards: its rows would stand under the wrong key.
        """
        started = datetime.now(UTC)
        try:
            measured = measure()
        except InputFault as fault:
            report = None if beside_a_fault is None else beside_a_fault()
            return record_fault(self, fault.message, report, {} if report is None else environment())
        after = find_run(str(self.loaded.path), self.round.id, self.planned.stage, self.team.id, self.planned.subject)
        if after.planned.key != self.planned.key:
            raise ChangedMeanwhile(f"{self.label}: what was handed in changed while it was measured; run it again")
        record(self.warehouse, self.row(started, environment()), measured)
        return None

    def row(self, started: datetime, environment: dict[str, Any]) -> RunRecord:
        """The run as the warehouse keeps it, ended now."""
        return RunRecord(
            programme=self.loaded.programme.programme,
            round=self.round.id,
            team=self.team.id,
            stage=self.planned.stage,
            subject=self.planned.subject,
            key=self.planned.key,
            submission_sha256=self.planned.submission_sha256,
            model_sha256=self.planned.model_sha256,
            environment=environment,
            started_at=started,
            finished_at=datetime.now(UTC),
        )


def find_run(programme: str, round_id: str, stage: Stage, team: str, subject: str = "") -> TeamRun:
    """The run of that name, planned anew from the files as they are."""
    loaded = load_programme(Path(programme))
    round_ = loaded.round(round_id)
    planned = next(run for run in plan(loaded, round_) if (run.stage, run.team, run.subject) == (stage, team, subject))
    return TeamRun(loaded, round_, loaded.team(round_, team), planned)


def record_fault(
    run: TeamRun, message: str, report: QualityReport | None = None, environment: Mapping[str, Any] = _NOTHING
) -> str:
    """Records that the run could not be measured, unless that stands there already; returns the message in one line.

    `report` is what was judged all the same, in that environment.
    """
    message = message.replace(f"{run.loaded.folder}/", "")
    state = run_states(run.warehouse, [run.planned.key]).get(run.planned.key)
    if state is None or state.message != message:
        record_failure(run.warehouse, run.row(datetime.now(UTC), dict(environment)), message, report)
    return message


def run_label(planned: PlannedRun, team: Team) -> str:
    """What a run is called in progress bars and in Prefect's page."""
    return f"{planned.stage} {planned.subject}".strip() + f" · {team.name.en}"
