"""The benchmark stage as a Prefect flow: every team on every suite that the round reads.

prefect deployment run 'benchmark/local' --param programme=demo/programme.yaml --param team=t1
"""

from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact

from flows.run_names import flow_run_name
from flows.stage_runs import StageRuns, stage_runs
from tasks.benchmark.prefect_tasks import remove_recorded_items, score_team
from warehouse.reader import load_scores


@flow(name="benchmark", flow_run_name=flow_run_name, persist_result=False)
def benchmark(programme: str, round: str | None = None, team: str | None = None) -> None:
    """Scores one team or all; what is in the warehouse is not scored again, and items on disk are not asked again."""
    with stage_runs(programme, round, "benchmark", team, get_run_logger().info) as runs:
        remove_recorded_items(runs.warehouse)
        for run in runs.to_measure():
            named = score_team.with_options(task_run_name=runs.label(run))
            named(str(runs.loaded.path), runs.round.id, run.team, run.subject)
        create_table_artifact(
            _table(runs),
            key="benchmark-scores",
            description=f"{runs.round.title.ko} · {runs.round.title.en}: benchmark",
        )


def _table(runs: StageRuns) -> list[dict[str, Any]]:
    """One row a team and task."""
    rows: list[dict[str, Any]] = []
    for run, state in runs.look().recorded():
        row = {"team": run.team, "suite": run.subject}
        if state.status == "failed":
            empty = dict.fromkeys(("task", "metric", "value", "95 %", "chance", "items", "unparsed", "truncated"), "")
            rows.append({**row, **empty, "fault": state.message})
            continue
        for score in load_scores(runs.warehouse, state.run_id).tasks:
            interval = "" if score.ci95 is None else f"{score.ci95[0]:.3f} to {score.ci95[1]:.3f}"
            of_task = {"task": score.task, "metric": score.metric, "value": f"{score.value:.3f}", "95 %": interval}
            chance = (
                ""
                if score.chance is None
                else f"{score.chance:.3f}" + (" (in the interval)" if score.at_chance else "")
            )
            counts = {"items": score.n, "unparsed": score.unparsed, "truncated": score.truncated}
            rows.append({**row, **of_task, "chance": chance, **counts, "fault": ""})
    return rows
