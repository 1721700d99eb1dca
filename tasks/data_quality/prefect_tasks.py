"""The data-quality stage as a Prefect task: one team's evidence, corpus sample and results."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from checks.expectations.thresholds import with_defaults
from checks.records.quality import QualityReport
from tasks.data_quality.audit import audit, audit_results
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.held_out import TextLosses
from tasks.data_quality.results import Results
from tasks.data_quality.sample_scan import SampleScan, scan_shard
from tasks.team_run import TeamRun, find_run
from warehouse.item_columns import SuiteResults, load_results
from warehouse.reader import RESULTS_KEY, run_states
from warehouse.run_keys import plan
from warehouse.writer import record_quality


@task(name="scan one shard", cache_policy=NO_CACHE, persist_result=False)
def scan_one_shard(path: str, name: str, items: Sequence[BenchmarkItem]) -> SampleScan:
    """Reads one file of a corpus sample; what it leaves is merged with that of the other files, whichever machine read them."""
    return scan_shard(Path(path), items, name=name)


@task(name="audit one team", cache_policy=NO_CACHE, persist_result=False)
def audit_team(
    programme: str,
    round_id: str,
    team: str,
    items: Sequence[BenchmarkItem],
    losses: TextLosses,
    scan: SampleScan | None = None,
) -> "State[None] | None":
    """Audits what the team handed in; the state is `Indeterminate` where it is at fault, its benchmark's results judged alone.

    `items` are those of the round's suites, `losses` runs weights on texts, `scan` is the corpus sample where it was read
    already: pass them as `prefect.utilities.annotations.quote(…)`.
    """
    run = find_run(programme, round_id, "data-quality", team)
    of_results = partial(audit_results, items, _results(run), _thresholds(run))
    fault = run.measure(
        partial(_audit, run, items, scan, losses), record_quality, partial(_environment, run), of_results
    )
    return None if fault is None else Completed(name="Indeterminate", message=fault)


def _audit(run: TeamRun, items: Sequence[BenchmarkItem], scan: SampleScan | None, losses: TextLosses) -> QualityReport:
    return audit(run.submission(), items, _results(run), _thresholds(run), run.progress, scan, losses)


def _thresholds(run: TeamRun) -> dict[str, float]:
    policy = run.loaded.policies.get(run.round.id)
    return with_defaults(policy.data_quality.thresholds if policy is not None else {})


def _results(run: TeamRun) -> Results:
    """What the warehouse holds of the team's benchmarks, and of the other teams' in the same round."""
    benchmarks = [each for each in plan(run.loaded, run.round) if each.stage == "benchmark"]
    states = run_states(run.warehouse, [each.key for each in benchmarks])
    own: dict[str, SuiteResults] = {}
    others: dict[str, dict[str, SuiteResults]] = {}
    for each in benchmarks:
        if each.key not in states or states[each.key].status != "complete":
            continue
        results = load_results(run.warehouse, each.run_id)
        if each.team == run.team.id:
            own[each.subject] = results
        else:
            others.setdefault(each.subject, {})[each.team] = results
    window = run.round.window
    times = window.times() if window is not None else None
    return Results(own, others, times, frozenset(run.round.settings_may_differ))


def _environment(run: TeamRun) -> dict[str, str]:
    versions = {name: version(name) for name in ("great-expectations", "numpy", "scipy")}
    return {**versions, RESULTS_KEY: run.planned.results_key}
