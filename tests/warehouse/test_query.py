"""SQL that anyone types: it answers questions, and can neither change, read nor take anything else."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from checks.contracts.errors import InputFault
from tests.warehouse.processes import scores
from tests.warehouse.records import run
from warehouse.query import answer, run_query
from warehouse.store import Warehouse
from warehouse.writer import record_scores


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("query")
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    warehouse = Warehouse(folder / "warehouse")
    record_scores(warehouse, run(environment={"device": "cpu"}), scores())
    yield warehouse


def test_an_answer_is_plain_values(warehouse: Warehouse) -> None:
    columns, rows = run_query(
        warehouse,
        "select team, n, value, finished_at, ci95_low, 1.50 as d, [1, null] as l, map {'a': 'b'} as m, 'nan'::double as x, "
        "'\\xEA\\xB0\\x80'::blob as b, interval 1 day as i from latest_scores;",
    )
    assert columns == ["team", "n", "value", "finished_at", "ci95_low", "d", "l", "m", "x", "b", "i"]
    [[team, n, value, finished, low, *others]] = rows
    assert (team, n, value, low) == ("t1", 50, 1.0, None)
    assert finished.startswith("2026-01-15T") and finished[-6] in "+-"
    assert others == ["1.50", [1, None], {"a": "b"}, "nan", "가".encode().hex(), "1 day, 0:00:00"]


@pytest.mark.parametrize(
    "sql", ["from scoreboard", "describe items", "with a as (select 1) select * from a", "explain select 1"]
)
def test_every_kind_of_question(warehouse: Warehouse, sql: str) -> None:
    columns, _ = run_query(warehouse, sql)
    assert columns


HOSTILE = [
    "select * from read_csv('{folder}/secret.csv')",
    "select * from '{folder}/secret.csv'",
    "select content from read_text('/etc/passwd')",
    "select * from glob('/*')",
    "copy items to '{folder}/stolen.csv'",
    "export database '{folder}/stolen'",
    "attach '{folder}/other.duckdb'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset enable_external_access",
    "pragma database_list",
    "call pragma_version()",
    "delete from items",
    "with gone as (delete from items returning *) select * from gone",
    "insert into items select * from items",
    "update runs set team = 'x'",
    "drop table items",
    "create table x (a int)",
    "create temp view v as select 1",
    "create secret (type s3)",
    "checkpoint",
    "begin",
    "select 1; select 2",
    "select 1; drop table items",
    "",
    "-- nothing",
    "select",
    "select nothing from nowhere",
    "select * from sniff_csv('{folder}/secret.csv')",
    "import database '{folder}'",
    "set variable x = 1",
    "prepare q as select 1",
    "use memory",
]


def test_anything_else_is_refused(warehouse: Warehouse) -> None:
    """Each in this process, for speed, under the settings that the child has."""
    folder = warehouse.folder.parent
    before = sorted(path.name for path in folder.rglob("*"))
    for sql in HOSTILE:
        with pytest.raises((InputFault, duckdb.Error)):
            answer(warehouse.folder, sql.format(folder=folder))
    assert sorted(path.name for path in folder.rglob("*")) == before


@pytest.mark.parametrize(
    "sql",
    [
        "select nothing from nowhere",
        "drop table items",
        "select content from read_text('/etc/passwd')",
        "select '\udc80'",
    ],
)
def test_a_refusal_is_one_line(warehouse: Warehouse, sql: str) -> None:
    with pytest.raises(InputFault) as raised:
        run_query(warehouse, sql)
    assert raised.value.message.startswith("SQL: found ")
    assert "\n" not in raised.value.message


def test_python_values_are_no_tables(warehouse: Warehouse) -> None:
    with pytest.raises(InputFault, match="asked"):
        run_query(warehouse, "select * from asked")  # a name that the child has


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 4000000000)",
        "select list(a) from range(1000000000) t(a)",
        "select count(*) from range(1000000000) a, range(1000000000) b",
        "with recursive r as (select 1 as a union all select a + 1 from r) select count(*) from r",
        "select * from range(100001)",
        "select repeat('x', 1000000) from range(100)",
    ],
)
def test_what_takes_too_much_is_stopped(warehouse: Warehouse, sql: str) -> None:
    with pytest.raises(InputFault):
        run_query(warehouse, sql, seconds=2)


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="nothing has been recorded yet"):
        run_query(Warehouse(tmp_path), "select 1")
