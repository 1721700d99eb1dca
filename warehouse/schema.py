"""The warehouse's tables: made by numbered migrations, never by hand, and described by the comments that stand in them.

>>> [table.name for table in describe()][:2]
['contaminated_items', 'decision_log']
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import duckdb

from checks.contracts.errors import InputFault

VIEWS = "views.sql"
#: The one table that is there before the first migration: what was applied, and what it said.
_VERSIONS = """
create table if not exists schema_version (
    name varchar primary key, version integer, sha256 varchar not null, applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True)
class Migration:
    """One numbered step of the schema, or `views.sql`, which has no number and is applied anew whenever it changes."""

    name: str
    version: int | None
    sql: str

    @property
    def sha256(self) -> str:
        """What is compared with what a database was made by."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True)
class Column:
    """A column and what it means."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """A table or a view, what it holds, and its columns."""

    name: str
    kind: Literal["table", "view"]
    comment: str
    columns: list[Column]


@cache
def migrations() -> tuple[Migration, ...]:
    """The shipped migrations in their order; read once, as every reader is held against them."""
    shipped = (each for each in files("warehouse").joinpath("migrations").iterdir() if each.name.endswith(".sql"))
    ordered = sorted(shipped, key=lambda each: each.name)
    return tuple(
        Migration(each.name, int(each.name.split("_")[0]), each.read_text(encoding="utf-8")) for each in ordered
    )


@cache
def _views() -> Migration:
    return Migration(VIEWS, None, files("warehouse").joinpath(VIEWS).read_text(encoding="utf-8"))


def bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Applies what is missing, each step in one transaction; raises InputFault where the database is another's."""
    for step in _missing(connection, path):
        _apply(connection, step)


def is_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether no step is missing; raises InputFault where the database was made by other steps than the shipped ones."""
    return not _missing(connection, path)


def describe() -> list[Table]:
    """Every table and view with the comments that its migration gives it."""
    with duckdb.connect(":memory:") as connection:
        bring_up_to_date(connection, Path(":memory:"))
        return list(_described(connection))


def _missing(connection: duckdb.DuckDBPyConnection, path: Path) -> list[Migration]:
    shipped = migrations()
    applied = _applied(connection)
    if not applied:
        _refuse_foreign(connection, path)
    _refuse_other(applied, shipped, path)
    return [step for step in [*shipped, _views()] if applied.get(step.name) != step.sha256]


def _applied(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Name → SHA-256 of what the database was made by; empty for a new one."""
    try:
        return dict(connection.execute("select name, sha256 from schema_version").fetchall())
    except duckdb.CatalogException:
        return {}


def _refuse_foreign(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A database without a record of its migrations is a new one, or not ours to write in."""
    held = "select table_name from duckdb_tables() where not internal and table_name <> 'schema_version' order by 1"
    names = [name for (name,) in connection.execute(held).fetchall()]
    if names:
        found = (
            f"no migration recorded, beside {len(names)} tables ({', '.join(names[:3])}{', …' if names[3:] else ''})"
        )
        raise InputFault(path, "schema_version", found, "a warehouse that gwanmun made and nobody changed")


def _refuse_other(applied: dict[str, str], shipped: Sequence[Migration], path: Path) -> None:
    known = {step.name: step.sha256 for step in shipped}
    for name, sha256 in sorted(applied.items()):
        if name == VIEWS:
            continue
        if name not in known:
            latest = shipped[-1].name
            raise InputFault(
                path, "schema_version", f"{name}, of a newer gwanmun", f"at most {latest}: install the newer"
            )
        if known[name] != sha256:
            found = f"{name} with the hash {sha256[:12]}…"
            raise InputFault(path, "schema_version", found, f"{known[name][:12]}…, as this gwanmun ships it")


def _apply(connection: duckdb.DuckDBPyConnection, step: Migration) -> None:
    connection.execute("begin transaction")
    connection.execute(_VERSIONS)
    connection.execute(step.sql)
    connection.execute("delete from schema_version where name = ?", [step.name])
    row = [step.name, step.version, step.sha256]
    connection.execute("insert into schema_version (name, version, sha256) values (?, ?, ?)", row)
    connection.execute("commit")


def _described(connection: duckdb.DuckDBPyConnection) -> Iterator[Table]:
    tables = "select table_name, 'table', comment from duckdb_tables() where not internal"
    views = "select view_name, 'view', comment from duckdb_views() where not internal"
    for name, kind, comment in connection.execute(f"{tables} union all {views} order by 1").fetchall():
        columns = connection.execute(
            "select column_name, data_type, comment from duckdb_columns() where table_name = ? order by column_index",
            [name],
        ).fetchall()
        yield Table(name, kind, comment or "", [Column(each, type_, note or "") for each, type_, note in columns])
