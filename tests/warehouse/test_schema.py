"""Migrations: applied once, refused where they were changed or are newer, and every table and column explained."""

from pathlib import Path

import duckdb
import pytest

from checks.contracts.errors import InputFault
from checks.records.lineage import Trace
from tests.warehouse.records import run
from warehouse.duckdb_files import OFFLINE, STORAGE
from warehouse.layout import RUN, TRACE, rows_of
from warehouse.pending import MAIN
from warehouse.publishing import CURRENT, publish
from warehouse.reader import load_trace, run_states
from warehouse.schema import _apply, describe, migrations
from warehouse.store import Warehouse
from warehouse.writer import record_failure


def _changed(folder: Path, sql: str) -> None:
    """Changes the warehouse behind the store's back, and publishes it."""
    with duckdb.connect(folder / MAIN, config=OFFLINE | STORAGE) as connection:
        connection.execute(sql)
        connection.execute("checkpoint")
    publish(folder / MAIN)


def _refused(folder: Path, words: str) -> None:
    with pytest.raises(InputFault, match=words):
        record_failure(Warehouse(folder), run(), "x")
    with pytest.raises(InputFault, match=words):
        run_states(Warehouse(folder), [])


def test_a_changed_migration_is_refused(tmp_path: Path) -> None:
    record_failure(Warehouse(tmp_path), run(), "x")
    _changed(tmp_path, "update schema_version set sha256 = 'abcdef' where version = 1")
    _refused(tmp_path, r"schema_version: found 0001\w+\.sql with the hash abcdef…, expected")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    record_failure(Warehouse(tmp_path), run(), "x")
    _changed(tmp_path, "insert into schema_version (name, version, sha256) values ('0002_more.sql', 2, 'ab')")
    _refused(tmp_path, r"found 0002_more\.sql, of a newer gwanmun")


def test_changed_views_are_applied_anew(tmp_path: Path) -> None:
    record_failure(Warehouse(tmp_path), run(), "x")
    _changed(tmp_path, "drop view scoreboard; update schema_version set sha256 = 'old' where name = 'views.sql'")
    record_failure(Warehouse(tmp_path), run(), "x")
    with Warehouse(tmp_path).reading() as connection:
        assert connection.execute("from scoreboard").fetchall() == []


def test_the_file_is_one_that_duckdb_1_5_reads(tmp_path: Path) -> None:
    record_failure(Warehouse(tmp_path), run(), "x")
    with Warehouse(tmp_path).reading() as connection:
        tagged = connection.execute("select tags from duckdb_databases() where not internal").fetchall()
    assert "v1.5" in str(tagged[0][0])


def test_everything_is_explained() -> None:
    described = describe()
    names = {table.name for table in described}
    assert {"runs", "items", "lineage_tests", "quality_results", "decision_log"} <= names
    assert {table.name for table in described if table.kind == "view"} == {
        "scoreboard",
        "latest_scores",
        "findings",
        "decisions",
        "paired_scores",
    }
    bare = [table.name for table in described if not table.comment]
    bare += [f"{table.name}.{each.name}" for table in described for each in table.columns if not each.comment]
    assert bare == []
    assert [step.version for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_what_was_recorded_before_a_migration_is_read_after_it(tmp_path: Path) -> None:
    """A layer map of the first schema, which said neither the test nor the share of a layer, and knew no null."""
    measured = run("independence")
    trace = Trace.model_validate_json(_FIRST_TRACE)
    rows = rows_of(RUN, measured, {"run_id": measured.run_id, "status": "complete", "message": ""})
    rows |= rows_of(TRACE, trace, {"run_id": measured.run_id})
    with duckdb.connect(tmp_path / MAIN, config=OFFLINE | STORAGE) as connection:
        _apply(connection, migrations()[0])
        for table, each in rows.items():
            known = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
            for row in each:
                names = [name for name in row if name in known]
                marks = ", ".join("?" * len(names))
                asked = f"insert into {table} ({', '.join(names)}) values ({marks})"
                connection.execute(asked, [row[name] for name in names])
        assert "test" not in {name for name, *_ in connection.execute("describe lineage_layers").fetchall()}
        connection.execute("checkpoint")
    before = publish(tmp_path / MAIN).read_bytes()
    assert load_trace(Warehouse(tmp_path), measured.run_id) == trace, "by a reader alone, who writes nothing"
    assert (tmp_path / CURRENT).read_bytes() == before
    record_failure(Warehouse(tmp_path), run(), "x")
    assert load_trace(Warehouse(tmp_path), measured.run_id) == trace, "and after the next writer"


_TEST = '{"test": "t", "statistic": 0.9, "p_value": 0.0, "log10_p": -9.0, "group": "g", "scope": "s"}'
_LAYER = '{"subject_layer": 1, "reference_layer": 2, "p_value": 0.0, "log10_p": -9.0}'
_WORDS = '{"ko": "가", "en": "a"}'
_FIRST_TRACE = f"""{{"subject": "m", "verdict": "derived", "seconds": 1.0, "bytes_read": 2, "references": [
  {{"reference": "r", "verdict": "derived", "architecture": {{"same_family": false}}, "components": [
    {{"component": "c", "verdict": "derived", "share_of_parameters": 1.0, "explanation": {_WORDS},
      "layers": [{_LAYER}], "tests": [{_TEST}]}}]}}],
  "chain": [{{"component": "c", "result": "supported", "links": [{_TEST}], "explanation": {_WORDS}}}]}}"""
