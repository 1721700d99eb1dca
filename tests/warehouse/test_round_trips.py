"""What was recorded is read back exactly, and recording it again makes no row twice."""

import math
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_json
from checks.records.decisions import Decision
from checks.records.lineage import Trace
from checks.records.quality import QualityReport
from checks.records.runs import RunRecord
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from tests.warehouse.records import records, run
from warehouse.layout import DECISION, EVENT, QUALITY, RUN, SCORES, TRACE, columns_of
from warehouse.reader import load_decision, load_quality, load_run, load_scores, load_trace, run_states
from warehouse.store import EmptyWarehouse, Warehouse
from warehouse.writer import record_decision, record_failure, record_quality, record_scores, record_trace

#: Each example writes to the disk: few of them, each with every field filled.
few = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    yield Warehouse(tmp_path_factory.mktemp("round-trips") / "warehouse")


def _rows(warehouse: Warehouse, table: str) -> int:
    with warehouse.reading() as connection:
        found = connection.execute(f"select count(*) from {table}").fetchone()
    assert found is not None
    return int(found[0])


@few
@given(records(RunRecord, stage="benchmark", key="1" * 64, subject="common", team="t1"), records(SuiteScores))
def test_scores(warehouse: Warehouse, measured: RunRecord, scores: SuiteScores) -> None:
    record_scores(warehouse, measured, scores)
    assert load_scores(warehouse, measured.run_id) == scores
    assert load_run(warehouse, measured.run_id) == measured


@few
@given(records(Trace))
def test_trace(warehouse: Warehouse, trace: Trace) -> None:
    measured = run("independence", "2" * 64)
    record_trace(warehouse, measured, trace)
    assert load_trace(warehouse, measured.run_id) == trace


@few
@given(records(QualityReport))
def test_quality(warehouse: Warehouse, report: QualityReport) -> None:
    measured = run("data-quality", "3" * 64)
    record_quality(warehouse, measured, report)
    assert load_quality(warehouse, measured.run_id) == report


@few
@given(records(Decision, round="round-1", what_if=False, places=4, vacancies=1))
def test_decision_keeps_the_order_of_everything(warehouse: Warehouse, decision: Decision) -> None:
    record_decision(warehouse, decision)
    loaded = load_decision(warehouse, decision.programme, "round-1")
    assert loaded == decision
    assert loaded is not None and loaded.model_dump_json() == decision.model_dump_json()


@few
@given(
    st.lists(st.floats(allow_nan=False) | st.sampled_from([-0.0, 5e-324, math.inf, -math.inf, 0.1 + 0.2]), min_size=1)
)
def test_floats_to_the_last_bit(warehouse: Warehouse, floats: list[float]) -> None:
    item = ItemResult(task="a", item=0, prompt_sha256="c", loglikelihoods=floats, correct=floats[0], tokens=1)
    task = TaskScore(task="a", metric="acc", value=floats[-1], ci95=(floats[0], floats[-1]), n=1)
    measured = run(key="4" * 64)
    record_scores(warehouse, measured, SuiteScores(suite="common", tasks=[task], items=[item]))
    loaded = load_scores(warehouse, measured.run_id)
    found = [*loaded.items[0].loglikelihoods, loaded.tasks[0].value, *(loaded.tasks[0].ci95 or ())]
    expected = [*floats, floats[-1], floats[0], floats[-1]]
    assert struct.pack(f"{len(found)}d", *found) == struct.pack(f"{len(expected)}d", *expected)


def _scores(value: float = 0.5, items: int = 3) -> SuiteScores:
    return SuiteScores(
        suite="common",
        tasks=[TaskScore(task="a", metric="acc", value=value, n=items)],
        items=[ItemResult(task="a", item=item, prompt_sha256="c", correct=value, tokens=1) for item in range(items)],
    )


def test_a_run_recorded_again_replaces_its_rows(tmp_path: Path) -> None:
    warehouse, measured = Warehouse(tmp_path), run()
    record_scores(warehouse, measured, _scores(0.5, items=3))
    record_scores(warehouse, run(team="t2", key="9" * 64), _scores(0.7, items=2))
    record_scores(warehouse, measured, _scores(0.5, items=3))
    assert (_rows(warehouse, "runs"), _rows(warehouse, "task_scores"), _rows(warehouse, "items")) == (2, 2, 5)
    assert load_scores(warehouse, measured.run_id) == _scores(0.5, items=3)


def test_a_failure_is_replaced_by_a_measurement_and_not_the_other_way(tmp_path: Path) -> None:
    warehouse, measured = Warehouse(tmp_path), run()
    record_failure(warehouse, measured, "model/: found no such folder")
    assert run_states(warehouse, [measured.key])[measured.key].status == "failed"
    assert run_states(warehouse, [measured.key])[measured.key].message == "model/: found no such folder"
    with pytest.raises(InputFault, match="not recorded"):
        load_scores(warehouse, measured.run_id)
    record_scores(warehouse, measured, _scores())
    record_failure(warehouse, measured, "out of memory")
    state = run_states(warehouse, [measured.key, "unknown"])
    assert {key: (each.status, each.message) for key, each in state.items()} == {measured.key: ("complete", "")}
    assert load_scores(warehouse, measured.run_id) == _scores()


def test_text_that_utf8_cannot_spell_does_not_stop_the_recording(tmp_path: Path) -> None:
    item = ItemResult(task="a", item=0, prompt_sha256="c", output="half a pair: \ud800!", correct=0.0, tokens=1)
    record_scores(Warehouse(tmp_path), run(), SuiteScores(suite="common", tasks=[], items=[item]))
    assert load_scores(Warehouse(tmp_path), run().run_id).items[0].output == "half a pair: ?!"


def _decision(**changed: object) -> Decision:
    fields = {"programme": "p", "round": "r", "rules_version": "1", "rules_sha256": "d" * 64, "policy": None}
    return Decision.model_validate({**fields, "places": 1, "vacancies": 0, "standings": [], **changed})


def test_decisions_are_only_ever_added(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first, second = _decision(), _decision(rules_version="2")
    assert load_decision(warehouse, "p", "r") is None
    for decision in (first, first, second, second, first):
        record_decision(warehouse, decision)
    assert _rows(warehouse, "decision_log") == 3
    assert load_decision(warehouse, "p", "r") == first
    assert load_decision(warehouse, "p", "another") is None
    assert load_decision(warehouse, "another", "r") is None, "a warehouse may hold several programmes"
    with warehouse.reading() as connection:
        recorded = connection.sql("select rules_version from decision_log order by decision_id").fetchall()
    assert recorded == [("1",), ("2",), ("1",)]


def test_a_what_if_is_never_recorded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="what-if"):
        record_decision(Warehouse(tmp_path), _decision(what_if=True))
    with pytest.raises(EmptyWarehouse), Warehouse(tmp_path).reading():
        pass


def test_every_table_has_a_layout_and_every_column_a_field(warehouse: Warehouse) -> None:
    """The schema and the records agree: what a migration adds is written, what a record gains has a column."""
    own = {
        "runs": {"run_id", "status", "message", "recorded_at"},
        "decision_log": {"decision_id", "decision_sha256", "recorded_at"},
    }
    expected = {}
    for root in (RUN, SCORES, TRACE, QUALITY, DECISION, EVENT):
        owner = {"decision_log": ["decision_id"], "round_events": []}.get(root.table, ["run_id"])
        stack = [(root, owner)]
        while stack:
            layout, keys = stack.pop()
            keys = [*keys, layout.place] if layout.place else keys
            expected[layout.table] = {
                *keys,
                *(column.name for column in columns_of(layout.record)),
                *own.get(layout.table, set()),
            }
            stack += [(part, keys) for part in layout.parts.values()]
    record_decision(warehouse, _decision(round="round-2"))
    with warehouse.reading() as connection:
        tables = "select table_name, list(column_name) from duckdb_columns() where not internal group by all"
        found = {name: set(columns) for name, columns in connection.sql(tables).fetchall()}
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(expected) == {
        "schema_version",
        "scoreboard",
        "latest_scores",
        "findings",
        "decisions",
        "paired_scores",
    }


def test_canonical_json_is_one_spelling() -> None:
    at = datetime(2026, 1, 15, tzinfo=UTC)
    assert canonical_json({"b": 1, "a": [0.1, "가"]}) == '{"a":[0.1,"가"],"b":1}'
    assert canonical_json(run(started_at=at)) == canonical_json(run(started_at=at))
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": math.nan})
