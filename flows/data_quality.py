"""The data-quality stage as a Prefect flow: every team's evidence, corpus sample and results.

prefect deployment run 'data-quality/local' --param programme=demo/programme.yaml
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.futures import wait
from prefect.utilities.annotations import quote

from checks.contracts.errors import InputFault
from flows.benchmark_items import benchmark_items
from flows.run_names import flow_run_name
from flows.shard_runner import shard_runner
from flows.stage_runs import StageRuns, stage_runs
from tasks.benchmark import text_losses
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.prefect_tasks import audit_team, scan_one_shard
from tasks.data_quality.sample_scan import SampleScan, named_shards
from warehouse.reader import load_quality
from warehouse.run_keys import PlannedRun

#: Files of a sample that are read and not put together yet: each may hold 64 MB of signatures.
MOST_SHARDS_AT_ONCE = 16


@flow(name="data-quality", flow_run_name=flow_run_name, persist_result=False, task_runner=shard_runner())
def data_quality(programme: str, round: str | None = None, team: str | None = None) -> None:
    """Audits one team or all, with the benchmark's results as far as they are there; what was audited is not audited again."""
    with stage_runs(programme, round, "data-quality", team, get_run_logger().info) as runs:
        to_measure = runs.to_measure()
        items = benchmark_items(runs.loaded.suites[name] for name in runs.round.suites()) if to_measure else []
        for run in to_measure:
            named = audit_team.with_options(task_run_name=runs.label(run))
            scan: Any = quote(_scanned(runs, run, items))
            losses: Any = quote(text_losses)
            named(str(runs.loaded.path), runs.round.id, run.team, quote(items), losses, scan)
        create_table_artifact(
            _table(runs),
            key="data-quality-checks",
            description=f"{runs.round.title.ko} · {runs.round.title.en}: data quality",
        )


def _scanned(runs: StageRuns, run: PlannedRun, items: Sequence[BenchmarkItem]) -> SampleScan | None:
    """A corpus sample of several files, read as one task each by the flow's task runner, and merged by content.

    None for a sample of one file, which the audit reads itself, and where a file cannot be read: the audit then says why.
    """
    submission = runs.team_run(run).submission()
    corpus = submission.submission.evidence.corpus
    if corpus is None or corpus.sample is None:
        return None
    path = submission.evidence_file(corpus.sample, "evidence.corpus.sample")
    try:
        shards = named_shards(path) if path.is_dir() else []
    except InputFault:
        return None
    if not shards:
        return None
    asked: Any = quote(list(dict.fromkeys(items)))  # as the audit asks them
    waiting: deque[Any] = deque()
    whole = SampleScan()
    left = deque(shards)
    while left or waiting:
        while left and len(waiting) < MOST_SHARDS_AT_ONCE:
            name, shard = left.popleft()
            named = scan_one_shard.with_options(task_run_name=f"{runs.label(run)} · {shard.name}")
            waiting.append(named.submit(str(shard), name, asked))
        scan = waiting.popleft().result(raise_on_failure=False)
        if not isinstance(scan, SampleScan):
            wait(list(waiting))
            return None
        whole.merge(scan)
    return whole


def _table(runs: StageRuns) -> list[dict[str, Any]]:
    """One row a team and check that did not pass, and one for all that did."""
    rows: list[dict[str, Any]] = []
    for run, state in runs.look().recorded():
        if state.status == "failed":
            empty = {"suite": "", "check": "", "subject": "", "outcome": "indeterminate"}
            rows.append({"team": run.team, **empty, "found": state.message})
            continue
        results = load_quality(runs.warehouse, state.run_id).results
        passed = sum(each.outcome == "pass" for each in results)
        empty = {"suite": "", "check": f"{passed} of {len(results)}", "subject": "", "outcome": "pass"}
        rows.append({"team": run.team, **empty, "found": ""})
        rows += [
            {
                "team": run.team,
                "suite": each.suite,
                "check": each.check,
                "subject": each.subject,
                "outcome": each.outcome,
                "found": each.text.en,
            }
            for each in results
            if each.outcome != "pass"
        ]
    return rows
