"""A whole round as a Prefect flow: the three stages in their order, then the decision.

prefect deployment run 'evaluate-round/local' --param programme=demo/programme.yaml --watch
"""

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from checks.contracts.loading import load_programme
from checks.records.decisions import Decision
from flows.benchmark import benchmark
from flows.data_quality import data_quality
from flows.deciding import decide_and_record
from flows.independence import independence
from flows.run_names import flow_run_name
from flows.stage_runs import stage_runs


@flow(name="evaluate-round", flow_run_name=flow_run_name, persist_result=False)
def evaluate_round(programme: str, round: str | None = None, team: str | None = None) -> Decision | None:
    """Measures what has not been measured, of one team or all, and decides once every run of the round is recorded."""
    logger = get_run_logger()
    with stage_runs(programme, round, None, team, logger.info) as runs:
        for stage in (benchmark, independence, data_quality):
            stage(programme, runs.round.id, team)
        look = runs.look()
        for run, state in look.recorded():
            if state.status == "failed":
                logger.warning("%s is indeterminate: %s", runs.label(run), state.message)
        missing = look.unrecorded()
        if missing:
            logger.info("not decided: %s has not been measured", runs.label(missing[0]))
            return None
        return decide.with_options(task_run_name=f"decide {runs.round.id}")(programme, runs.round.id)


@task(name="decide", cache_policy=NO_CACHE, persist_result=False)
def decide(programme: str, round_id: str) -> Decision:
    """Applies the rules, records the decision and leaves it as a table."""
    loaded = load_programme(Path(programme))
    round_ = loaded.round(round_id)
    decision = decide_and_record(loaded, round_)
    description = (
        f"{round_.title.ko} · {round_.title.en}: {len(decision.standings)} teams, {decision.vacancies} vacancies"
    )
    create_table_artifact(_table(decision), key="decision", description=description)
    return decision


def _table(decision: Decision) -> list[dict[str, Any]]:
    """One row a team, as ranked."""
    return [
        {
            "rank": "" if each.rank is None else each.rank,
            "team": f"{each.name.ko} · {each.name.en}",
            "total": each.total or "",
            "status": each.status,
            "eliminated by": each.eliminated_by or "",
            "gates": ", ".join(f"{gate}: {result}" for gate, result in each.gates.items()),
        }
        for each in decision.standings
    ]
