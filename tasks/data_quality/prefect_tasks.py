"""The data-quality stage as a Prefect task: one team's evidence, corpus sample and results."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from checks.expectations.thresholds import with_defaults
from checks.records.quality import QualityReport
from tasks.data_quality.audit import audit
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.team_run import TeamRun, find_run
from warehouse.reader import load_scores, run_states
from warehouse.run_keys import plan
from warehouse.writer import record_quality


@task(name="audit one team", cache_policy=NO_CACHE, persist_result=False)
def audit_team(programme: str, round_id: str, team: str, items: Sequence[BenchmarkItem]) -> "State[None] | None":
    """Audits what the team handed in; the state is `Indeterminate` where it is at fault.

    `items` are those of the round's suites: pass them as `prefect.utilities.annotations.quote(items)`.
    """
    run = find_run(programme, round_id, "data-quality", team)
    fault = run.measure(partial(_audit, run, items), record_quality, _environment)
    return None if fault is None else Completed(name="Indeterminate", message=fault)


def _audit(run: TeamRun, items: Sequence[BenchmarkItem]) -> QualityReport:
    benchmarks = [each for each in plan(run.loaded, run.round) if (each.stage, each.team) == ("benchmark", run.team.id)]
    states = run_states(run.warehouse, [each.key for each in benchmarks])
    complete = [each for each in benchmarks if each.key in states and states[each.key].status == "complete"]
    policy = run.loaded.policies.get(run.round.id)
    return audit(
        run.submission(),
        items,
        {each.subject: load_scores(run.warehouse, each.run_id) for each in complete},
        with_defaults(policy.data_quality.thresholds if policy is not None else {}),
        run.progress,
    )


def _environment() -> dict[str, str]:
    return {name: version(name) for name in ("great-expectations", "numpy", "scipy")}
