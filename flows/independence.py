"""The independence stage as a Prefect flow: every team's weights against every reference.

prefect deployment run 'independence/local' --param programme=demo/programme.yaml
"""

from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact

from flows.run_names import flow_run_name
from flows.stage_runs import StageRuns, stage_runs
from tasks.independence.prefect_tasks import trace_team
from warehouse.reader import load_trace


@flow(name="independence", flow_run_name=flow_run_name, persist_result=False)
def independence(programme: str, round: str | None = None, team: str | None = None) -> None:
    """Traces one team or all; what is in the warehouse is not traced again."""
    with stage_runs(programme, round, "independence", team, get_run_logger().info) as runs:
        for run in runs.to_measure():
            named = trace_team.with_options(task_run_name=runs.label(run))
            named(str(runs.loaded.path), runs.round.id, run.team)
        create_table_artifact(
            _table(runs),
            key="independence-findings",
            description=f"{runs.round.title.ko} · {runs.round.title.en}: independence",
        )


def _table(runs: StageRuns) -> list[dict[str, Any]]:
    """One row a team, reference and component."""
    rows: list[dict[str, Any]] = []
    for run, state in runs.look().recorded():
        if state.status == "failed":
            empty = {"reference": "", "component": "", "verdict": "indeterminate", "relation": "", "log10 p": ""}
            rows.append({"team": run.team, **empty, "fault": state.message})
            continue
        for reference in load_trace(runs.warehouse, state.run_id).references:
            rows += [
                {
                    "team": run.team,
                    "reference": reference.reference,
                    "component": found.component,
                    "verdict": found.verdict,
                    "relation": found.relation or "",
                    "log10 p": "" if found.log10_p is None else f"{found.log10_p:.1f}",
                    "fault": "",
                }
                for found in reference.components
            ]
    return rows
