"""The data-quality stage as a Prefect flow: every team's evidence, corpus sample and results.

prefect deployment run 'data-quality/local' --param programme=demo/programme.yaml
"""

from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.utilities.annotations import quote

from flows.benchmark_items import benchmark_items
from flows.run_names import flow_run_name
from flows.stage_runs import StageRuns, stage_runs
from tasks.data_quality.prefect_tasks import audit_team
from warehouse.reader import load_quality


@flow(name="data-quality", flow_run_name=flow_run_name, persist_result=False)
def data_quality(programme: str, round: str | None = None, team: str | None = None) -> None:
    """Audits one team or all, with the benchmark's results as far as they are there; what was audited is not audited again."""
    with stage_runs(programme, round, "data-quality", team, get_run_logger().info) as runs:
        to_measure = runs.to_measure()
        items = benchmark_items(runs.loaded.suites[name] for name in runs.round.suites()) if to_measure else []
        for run in to_measure:
            named = audit_team.with_options(task_run_name=runs.label(run))
            named(str(runs.loaded.path), runs.round.id, run.team, quote(items))
        create_table_artifact(
            _table(runs),
            key="data-quality-checks",
            description=f"{runs.round.title.ko} · {runs.round.title.en}: data quality",
        )


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
