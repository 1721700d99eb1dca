"""A round, or a part of it, run in this process: what `gwanmun run` and `gwanmun demo` do.

    outcome = run_programme(Path("demo/programme.yaml"), say=print)
    outcome.decision, outcome.measured, outcome.reused

Where nothing is left to measure, the round is decided at once, without Prefect. Else a temporary server is brought up and the
same flows run that a worker runs from `prefect.yaml`. This module imports neither Prefect nor torch.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from checks.records.decisions import Decision
from checks.records.record import Stage
from flows.deciding import decide_and_record
from flows.quiet_prefect import quiet_prefect, say_last_words_in
from flows.stage_runs import WAIT_SECONDS, Look, StageRuns, alone, check_before_running
from flows.temporary_server import run_server
from tasks.team_run import Progress, heard_by
from warehouse.run_keys import PlannedRun

#: In the warehouse's folder: what Prefect and the libraries said during the last run that measured something.
LOG_FILE = "run.log"


class StoppedPartWay(Exception):  # noqa: N818  (the run's state; the same command takes it up again)
    """The run ended before its end for another reason than bad input: one line, and where to read on."""


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to. `faults` are those of teams' submissions, whose stages are indeterminate.

    `decision` is None where a part of the round has not been measured. `measured` and `reused` count runs.
    """

    decision: Decision | None
    measured: int
    reused: int
    faults: list[str] = field(default_factory=list)


def run_programme(
    programme: Path,
    *,
    round_id: str | None = None,
    stage: Stage | None = None,
    team: str | None = None,
    wait_seconds: float = WAIT_SECONDS,
    progress: Progress | None = None,
    say: Callable[[str], None],
) -> RunOutcome:
    """Measures what has not been measured of a round, a stage or a team, and decides once everything is recorded.

    Waits up to `wait_seconds` for another run on the same warehouse. Raises InputFault for what is wrong in the programme
    (nothing has run then), StoppedPartWay for anything that the same call takes up again.
    """
    loaded = load_programme(programme)
    runs = StageRuns(loaded, loaded.round(round_id), stage, team)
    with alone(runs.warehouse, wait_seconds, say):
        to_measure = runs.to_measure()
        decision = _measure(runs, to_measure, progress) if to_measure else None
        look = runs.look()
        if decision is None and not look.unrecorded():
            decision = decide_and_record(loaded, runs.round)
        faults = [f"{runs.label(run)}: {state.message}" for run, state in look.recorded() if state.status == "failed"]
        return RunOutcome(decision, *_counts(look, to_measure), faults)


def _counts(look: Look, to_measure: list[PlannedRun]) -> tuple[int, int]:
    """How many of the complete runs were measured now, and how many were there before."""
    pending = {(run.stage, run.team, run.subject) for run in to_measure}
    complete = [(run.stage, run.team, run.subject) for run, state in look.recorded() if state.status == "complete"]
    measured = sum(each in pending for each in complete)
    return measured, len(complete) - measured


def _measure(runs: StageRuns, to_measure: list[PlannedRun], progress: Progress | None) -> Decision | None:
    """Runs the flow in this process; the server starts while the files are checked."""
    path = runs.warehouse.folder / LOG_FILE
    say_last_words_in(path)
    with path.open("w", encoding="utf-8", buffering=1) as log, run_server(runs.warehouse.folder, log) as server:
        check_before_running(runs, to_measure)
        try:
            with quiet_prefect(server, log), heard_by(progress):
                return _flow(runs)
        except InputFault:
            raise
        except Exception as error:
            _write_traceback(log, error)
            what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise StoppedPartWay(f"{what} (more in {path}); the same command takes it up again") from error


def _flow(runs: StageRuns) -> Decision | None:
    about = (str(runs.loaded.path), runs.round.id, runs.team)
    if runs.stage is None:
        from flows.round_flow import evaluate_round

        return evaluate_round(*about)
    _stage_flow(runs.stage)(*about)
    return None


def _stage_flow(stage: Stage) -> Any:
    if stage == "benchmark":
        from flows.benchmark import benchmark

        return benchmark
    if stage == "independence":
        from flows.independence import independence

        return independence
    from flows.data_quality import data_quality

    return data_quality


def _write_traceback(log: IO[str], error: Exception) -> None:
    import traceback

    traceback.print_exception(error, file=log)
