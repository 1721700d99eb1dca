"""What the stages' flows share: one run at a time in a warehouse, faults found before anything runs, what is left to measure."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from checks.contracts.loading import LoadedProgramme, load_programme
from checks.contracts.programme import Round
from checks.records.record import Stage
from tasks.team_run import TeamRun, record_fault, run_label
from warehouse.freezing import refuse_changed
from warehouse.life_cycle import whole_chain
from warehouse.reader import RunState, run_states
from warehouse.run_keys import PlannedRun, plan
from warehouse.store import Warehouse

#: How long a run waits for another that holds the warehouse.
WAIT_SECONDS = 600.0

_held: ContextVar[str] = ContextVar("held", default="")


@dataclass(frozen=True)
class Look:
    """A round at one moment: all its runs and their states by key. `stage` and `team` say which of them are asked about."""

    planned: Sequence[PlannedRun]
    states: Mapping[str, RunState]
    stage: Stage | None
    team: str | None

    def pending(self) -> list[PlannedRun]:
        """Those asked about that are not recorded complete."""
        return [run for run in self._asked() if self._status(run) != "complete"]

    def recorded(self) -> list[tuple[PlannedRun, RunState]]:
        """Those asked about that are recorded, complete or failed."""
        return [(run, self.states[run.key]) for run in self._asked() if run.key in self.states]

    def unrecorded(self) -> list[PlannedRun]:
        """Those of the whole round of which nothing is recorded, neither rows nor a fault."""
        return [run for run in self.planned if run.key not in self.states]

    def _asked(self) -> list[PlannedRun]:
        return [run for run in self.planned if self.stage in (None, run.stage) and self.team in (None, run.team)]

    def _status(self, run: PlannedRun) -> str:
        return self.states[run.key].status if run.key in self.states else ""


@dataclass(frozen=True)
class StageRuns:
    """The runs of a round that a flow is about; one stage's or all, one team's or all."""

    loaded: LoadedProgramme
    round: Round
    stage: Stage | None = None
    team: str | None = None

    @property
    def warehouse(self) -> Warehouse:
        """Where their rows go."""
        return Warehouse(self.loaded.warehouse)

    def look(self) -> "Look":
        """What they are by the content that is there now, and what the warehouse holds of them."""
        if self.team is not None:
            self.loaded.team(self.round, self.team)
        planned = plan(self.loaded, self.round)
        return Look(planned, run_states(self.warehouse, [run.key for run in planned]), self.stage, self.team)

    def to_measure(self) -> list[PlannedRun]:
        """Those that the warehouse does not hold; a submission that cannot be read is recorded as the fault it is.

        Raises InputFault where a frozen round's files say otherwise than was frozen: nothing is measured of them.
        """
        chain = whole_chain(self.warehouse, self.loaded.programme.programme, self.round.id)
        refuse_changed(self.loaded, self.round, chain)
        pending = self.look().pending()
        for run in pending:
            if run.fault is not None:
                record_fault(self.team_run(run), run.fault)
        return [run for run in pending if run.fault is None]

    def team_run(self, planned: PlannedRun) -> TeamRun:
        """A planned run with its team."""
        return TeamRun(self.loaded, self.round, self.loaded.team(self.round, planned.team), planned)

    def label(self, planned: PlannedRun) -> str:
        """What a run is called: `benchmark common · Team A`."""
        return run_label(planned, self.loaded.team(self.round, planned.team))


@contextmanager
def stage_runs(
    programme: str, round_id: str | None, stage: Stage | None, team: str | None, say: Callable[[str], None]
) -> Iterator[StageRuns]:
    """The runs that a flow is about, the warehouse held for them; the outermost flow looks for faults before it goes on."""
    loaded = load_programme(Path(programme))
    runs = StageRuns(loaded, loaded.round(round_id), stage, team)
    with alone(runs.warehouse, WAIT_SECONDS, say) as outermost:
        if outermost:
            check_before_running(runs, runs.to_measure())
        yield runs


@contextmanager
def alone(warehouse: Warehouse, wait_seconds: float, say: Callable[[str], None]) -> Iterator[bool]:
    """Holds the warehouse for the block; False inside a block that holds it already."""
    folder = os.path.realpath(warehouse.folder)
    if _held.get() == folder:
        yield False
        return
    with warehouse.running(wait_seconds, say):
        token = _held.set(folder)
        try:
            yield True
        finally:
            _held.reset(token)


def check_before_running(runs: StageRuns, to_measure: list[PlannedRun]) -> None:
    """Raises InputFault for a suite or a reference that cannot be used, which stops all teams before anything runs."""
    stages = {run.stage for run in to_measure}
    if stages & {"benchmark", "data-quality"}:
        from tasks.benchmark import check_suite

        for name in runs.round.suites():
            check_suite(runs.loaded.suites[name])
    if "independence" in stages:
        from tasks.checkpoints import open_checkpoint

        for reference in runs.loaded.programme.references:
            open_checkpoint(runs.loaded.reference_path(reference))
