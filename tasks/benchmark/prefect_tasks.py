"""The benchmark stage as a Prefect task: one team on one suite, item by item into a file that survives a kill."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from checks.contracts.errors import InputFault
from checks.records.scores import SuiteScores
from tasks.benchmark.devices import environment
from tasks.benchmark.endpoint import connect
from tasks.benchmark.gpu_lock import one_gpu
from tasks.benchmark.ledger import times_file
from tasks.benchmark.scoring import score_suite
from tasks.team_run import TeamRun, find_run
from warehouse.reader import run_states
from warehouse.store import Warehouse
from warehouse.writer import record_scores

#: In the warehouse's folder: the items of runs that have not ended, one file a run, named by its key.
ITEMS_FOLDER = "items"


@task(name="score one team on one suite", cache_policy=NO_CACHE, persist_result=False)
def score_team(programme: str, round_id: str, team: str, suite: str) -> "State[None] | None":
    """Scores the team's model; the state is `Indeterminate` where its submission is at fault."""
    run = find_run(programme, round_id, "benchmark", team, suite)
    with one_gpu(get_run_logger().info) as device:
        scoring = _Scoring(run, device)
        fault = run.measure(scoring.measure, record_scores, lambda: scoring.environment)
    if fault is not None:
        return Completed(name="Indeterminate", message=fault)
    _remove(items_file(run))
    return None


@dataclass
class _Scoring:
    """One scoring, in process or by the server that the submission names; `environment` says which once it has run."""

    run: TeamRun
    device: str | None
    environment: dict[str, Any] = field(default_factory=dict)

    def measure(self) -> SuiteScores:
        """Takes up the items that a killed run left."""
        submission = self.run.submission()
        model, url = submission.model_path(), submission.submission.model.endpoint
        if url is None:
            scores = self._score(partial(score_suite, model, device=self.device))
            self.environment = environment(self.device)
            return scores
        with connect(url, model) as endpoint:
            scores = self._score(partial(score_suite, model, endpoint=endpoint))
            self.environment = endpoint.environment()
            return scores

    def _score(self, score: Callable[..., SuiteScores]) -> SuiteScores:
        """Anew where the items were answered on another kind of device, by another server or by other versions."""
        path = items_file(self.run)
        path.parent.mkdir(parents=True, exist_ok=True)
        suite = self.run.loaded.suites[self.run.planned.subject]
        try:
            return score(suite, ledger=path, progress=self.run.progress)
        except InputFault as fault:
            if fault.file != str(path):
                raise
            _remove(path)
            return score(suite, ledger=path, progress=self.run.progress)


def items_file(run: TeamRun) -> Path:
    """Where the run keeps its items until its rows are in the warehouse."""
    return run.warehouse.folder / ITEMS_FOLDER / f"{run.planned.key}.jsonl"


def remove_recorded_items(warehouse: Warehouse) -> None:
    """Removes the files of runs whose rows are in the warehouse: a kill may come between the rows and the file's removal."""
    files = {path.stem: path for path in (warehouse.folder / ITEMS_FOLDER).glob("*.jsonl")}
    for key, state in run_states(warehouse, files).items():
        if state.status == "complete":
            _remove(files[key])


def _remove(path: Path) -> None:
    """The file of items last: it is by that one that the next run finds what a kill left."""
    times_file(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)
