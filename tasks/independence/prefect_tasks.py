"""The independence stage as a Prefect task: one team's weights against every reference."""

from functools import partial
from importlib.metadata import version

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from checks.records.lineage import Trace
from tasks.independence import trace
from tasks.team_run import TeamRun, find_run
from warehouse.writer import record_trace


@task(name="trace one team", cache_policy=NO_CACHE, persist_result=False)
def trace_team(programme: str, round_id: str, team: str) -> "State[None] | None":
    """Traces the team's model; the state is `Indeterminate` where its submission is at fault."""
    run = find_run(programme, round_id, "independence", team)
    fault = run.measure(partial(_trace, run), record_trace, _environment)
    return None if fault is None else Completed(name="Indeterminate", message=fault)


def _trace(run: TeamRun) -> Trace:
    submission = run.submission()
    references = {each.id: run.loaded.reference_path(each) for each in run.loaded.programme.references}
    checkpoints = submission.checkpoint_paths()
    found = trace(submission.model_path(), references, checkpoints=checkpoints, progress=run.progress)
    return found.model_copy(update={"subject": run.team.id})  # a path means nothing on another machine


def _environment() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy")}
