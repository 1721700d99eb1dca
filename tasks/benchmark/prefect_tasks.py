"""The benchmark stage as a Prefect task: one team on one suite, item by item into a file that survives a kill."""

from functools import partial
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from checks.contracts.errors import InputFault
from checks.records.scores import SuiteScores
from tasks.benchmark.devices import environment
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
        fault = run.measure(partial(_score, run, device), record_scores, partial(environment, device))
    if fault is not None:
        return Completed(name="Indeterminate", message=fault)
    _remove(items_file(run))
    return None


def _score(run: TeamRun, device: str | None) -> SuiteScores:
    """Takes up the items that a killed run left, unless they were answered on another kind of device or by other versions."""
    path = items_file(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    model, suite = run.submission().model_path(), run.loaded.suites[run.planned.subject]
    score = partial(score_suite, model, suite, device=device, ledger=path, progress=run.progress)
    try:
        return score()
    except InputFault as fault:
        if fault.file != str(path):
            raise
        _remove(path)
        return score()


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
