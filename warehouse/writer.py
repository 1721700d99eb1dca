"""Records what was measured and decided: one transaction a record, so that it stands there whole or not at all.

A run recorded again replaces its rows: no row stands twice. A decision is only ever added: the newest one counts.
"""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from checks.records.canonical import canonical_sha256
from checks.records.decisions import Decision
from checks.records.lineage import Trace
from checks.records.quality import QualityReport
from checks.records.record import Record
from checks.records.runs import RunRecord
from checks.records.scores import SuiteScores
from warehouse.layout import DECISION, QUALITY, RUN, SCORES, TRACE, Layout, Row, rows_of
from warehouse.store import Warehouse

_INCOMING = "incoming"


def record_scores(warehouse: Warehouse, run: RunRecord, scores: SuiteScores) -> None:
    """Records a complete run of the benchmark stage."""
    _record_run(warehouse, run, SCORES, scores)


def record_trace(warehouse: Warehouse, run: RunRecord, trace: Trace) -> None:
    """Records a complete run of the independence stage."""
    _record_run(warehouse, run, TRACE, trace)


def record_quality(warehouse: Warehouse, run: RunRecord, report: QualityReport) -> None:
    """Records a complete run of the data-quality stage."""
    _record_run(warehouse, run, QUALITY, report)


def record_failure(warehouse: Warehouse, run: RunRecord, message: str, report: QualityReport | None = None) -> None:
    """Records that a run could not be measured and why, with the report of what was judged all the same.

    What the same run measured once is not lost for it.
    """
    with warehouse.writing() as connection:
        complete = "select 1 from runs where run_id = ? and status = 'complete'"
        if not connection.execute(complete, [run.run_id]).fetchall():
            judged = {} if report is None else rows_of(QUALITY, report, {"run_id": run.run_id})
            _replace(connection, run.run_id, _run_rows(run, "failed", message) | judged)


def record_decision(warehouse: Warehouse, decision: Decision) -> None:
    """Adds a decision after those that stand there; the same again, with nothing decided between, is not added.

    Raises ValueError for a what-if: only what the programme's own rules come to is a decision.
    """
    if decision.what_if:
        raise ValueError("a what-if is never recorded as a decision")
    sha256 = canonical_sha256(decision)
    with warehouse.writing() as connection:
        latest = connection.execute(
            "select decision_sha256 from decision_log where programme = ? and round = ? order by decision_id desc limit 1",
            [decision.programme, decision.round],
        ).fetchall()
        if latest != [(sha256,)]:
            [(last,)] = connection.execute("select coalesce(max(decision_id), 0) from decision_log").fetchall()
            rows = rows_of(DECISION, decision, {"decision_id": last + 1})
            rows[DECISION.table][0]["decision_sha256"] = sha256
            _insert(connection, rows)


def _record_run(warehouse: Warehouse, run: RunRecord, layout: Layout, record: Record) -> None:
    rows = _run_rows(run, "complete", "") | rows_of(layout, record, {"run_id": run.run_id})
    with warehouse.writing() as connection:
        _replace(connection, run.run_id, rows)


def _run_rows(run: RunRecord, status: str, message: str) -> dict[str, list[Row]]:
    return rows_of(RUN, run, {"run_id": run.run_id, "status": status, "message": message})


def _replace(connection: duckdb.DuckDBPyConnection, run_id: str, rows: Mapping[str, Sequence[Row]]) -> None:
    for table in rows:
        connection.execute(f"delete from {table} where run_id = ?", [run_id])
    _insert(connection, rows)


def _insert(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, Sequence[Row]]) -> None:
    """Through Arrow, some thousand times faster than row by row, in the types of the tables' own columns."""
    for table, each in rows.items():
        if not each:
            continue
        types = connection.sql(f"select * from {table} limit 0").to_arrow_table().schema
        columns = pa.schema([types.field(name) for name in each[0]])
        incoming = pa.table(
            {name: pa.array([_arrow(row[name]) for row in each], columns.field(name).type) for name in each[0]}
        )
        connection.register(_INCOMING, incoming)
        connection.execute(f"insert into {table} by name select * from {_INCOMING}")
        connection.unregister(_INCOMING)


def _arrow(value: object) -> object:
    """Arrow wants a mapping as its pairs, and text that UTF-8 can spell: half a surrogate pair becomes a question mark."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return [(_arrow(name), _arrow(each)) for name, each in value.items()]
    if isinstance(value, list):
        return [_arrow(each) for each in value] if value and isinstance(value[0], str) else value
    return value
