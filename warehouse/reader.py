"""Reads back what was recorded, exactly as it was: `load_trace(warehouse, run_id) == trace`, floats to the last bit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_sha256
from checks.records.decisions import Decision
from checks.records.lineage import Trace
from checks.records.quality import QualityReport
from checks.records.runs import RunRecord
from checks.records.scores import SuiteScores
from warehouse.layout import DECISION, QUALITY, RUN, SCORES, TRACE, Layout, load
from warehouse.publishing import CURRENT
from warehouse.store import EmptyWarehouse, Warehouse

#: Under this name a run of data quality keeps, in its environment, the hash of the benchmark's results that it looked at.
RESULTS_KEY = "results_key"


@dataclass(frozen=True)
class RunState:
    """What the warehouse knows of a run; `message` says why a failed one could not be measured. `imported` is the hash of where its
    results come from and how they say they were measured; empty where they were measured here."""

    run_id: str
    status: Literal["complete", "failed"]
    message: str
    imported: str


@dataclass(frozen=True)
class RecordedDecision:
    """One entry of a round's decisions, by its hash."""

    decision_sha256: str
    recorded_at: datetime


def load_scores(warehouse: Warehouse, run_id: str) -> SuiteScores:
    """What the benchmark stage measured in that run; raises InputFault for a run that is not there or of another stage."""
    scores: SuiteScores = _load(warehouse, SCORES, run_id)
    return scores


def load_trace(warehouse: Warehouse, run_id: str) -> Trace:
    """What the independence stage measured in that run; raises InputFault as `load_scores` does."""
    trace: Trace = _load(warehouse, TRACE, run_id)
    return trace


def load_quality(warehouse: Warehouse, run_id: str) -> QualityReport:
    """What the data-quality stage measured in that run; raises InputFault as `load_scores` does."""
    report: QualityReport = _load(warehouse, QUALITY, run_id)
    return report


def checked_results(warehouse: Warehouse, keys: Iterable[str]) -> dict[str, str]:
    """`results_key` → the newest run in which those results of the benchmark were checked, a failed one among them."""
    asked = f"""
        select environment->>'$.{RESULTS_KEY}' as results, arg_max(run_id, finished_at)
        from runs join quality_reports using (run_id) where list_contains(?, results) group by results"""
    try:
        with warehouse.reading() as connection:
            return dict(connection.execute(asked, [list(keys)]).fetchall())
    except EmptyWarehouse:
        return {}


def load_run(warehouse: Warehouse, run_id: str) -> RunRecord:
    """The run itself, complete or failed; raises InputFault for one that is not there."""
    run: RunRecord = _load(warehouse, RUN, run_id)
    return run


def load_decision(warehouse: Warehouse, programme: str, round_id: str) -> Decision | None:
    """The decision of the round that counts: the one recorded last. None where there is none; raises InputFault where its rows
    are not what was recorded."""
    newest = (
        "select decision_id, decision_sha256 from decision_log where programme = ? and round = ? "
        "order by decision_id desc limit 1"
    )
    try:
        with warehouse.reading() as connection:
            found = connection.execute(newest, [programme, round_id]).fetchall()
            if not found:
                return None
            decision: Decision = load(connection, DECISION, "decision_id", found[0][0])[0]
    except EmptyWarehouse:
        return None
    if canonical_sha256(decision) != found[0][1]:
        said = f"rows of {round_id!r} that do not hash to the decision that was recorded ({found[0][1][:12]}…)"
        raise InputFault(warehouse.folder / CURRENT, "decision_log", said, "the rows as they were recorded")
    return decision


def load_history(warehouse: Warehouse, programme: str, round_id: str) -> list[RecordedDecision]:
    """Every decision of the round in the order of recording; the last one counts."""
    asked = (
        "select decision_sha256, recorded_at from decision_log where programme = ? and round = ? order by decision_id"
    )
    with warehouse.reading() as connection:
        found = connection.execute(asked, [programme, round_id]).fetchall()
    return [RecordedDecision(sha256, recorded_at.astimezone(UTC)) for sha256, recorded_at in found]


def run_states(warehouse: Warehouse, keys: Iterable[str]) -> dict[str, RunState]:
    """Key → state of each of these runs that is recorded."""
    asked = """
        select key, run_id, status, message,
            case when json_exists(environment, '$.imported') then sha256(environment::varchar) else '' end
        from runs where list_contains(?, key)"""
    try:
        with warehouse.reading() as connection:
            found = connection.execute(asked, [list(keys)]).fetchall()
    except EmptyWarehouse:
        return {}
    return {key: RunState(*state) for key, *state in found}


def _load(warehouse: Warehouse, layout: Layout, run_id: str) -> Any:
    with warehouse.reading() as connection:
        found = load(connection, layout, "run_id", run_id)
    if not found:
        expected = f"a run with rows in {layout.table}"
        raise InputFault(warehouse.folder / CURRENT, "runs", f"{run_id!r}, which is not recorded", expected)
    return found[0]
