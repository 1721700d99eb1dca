"""The record and its published copies, brought together where a kill, a full disk or someone's hand came between them.

`main.duckdb` is the record. What is committed to it is there: where its writer could not publish it, the next command does.
A record that is gone, damaged or older than what was published is never published over that, nor begun anew.
"""

from functools import partial
from pathlib import Path

import duckdb

from checks.contracts.errors import InputFault
from warehouse.duckdb_files import OFFLINE, file_state, is_readable, open_to_write, write_ahead_log
from warehouse.publishing import CURRENT, publish, published
from warehouse.schema import is_up_to_date

MAIN = "main.duckdb"
#: Of what is never taken out of a record again: table → what names a row of it.
_KEPT_ROWS = {"runs": "run_id", "decision_log": "decision_id, decision_sha256", "round_events": "link"}

Rows = set[tuple[object, ...]]


def is_behind(folder: Path) -> bool:
    """Whether `current.duckdb` is not the record as it is; False where there is no record to be held against."""
    main = folder / MAIN
    state = file_state(main)
    return state is not None and (write_ahead_log(main).exists() or file_state(folder / CURRENT) != state)


def publish_pending(folder: Path) -> None:
    """Publishes what was committed and not published; the caller holds the lock.

    Raises InputFault where the record is another's, damaged, or lacks what was published.
    """
    if not is_behind(folder):
        return
    main = folder / MAIN
    with open_to_write(main, partial(whole_record, folder)) as connection:
        is_up_to_date(connection, main)
        _refuse_older(connection, folder)
        _read_all(connection)
        connection.execute("checkpoint")
    publish(main)


def refuse_lost(folder: Path) -> None:
    """Raises InputFault where the record is gone and what it leaves behind is there: a new one would take its place unseen."""
    main = folder / MAIN
    left = [each for each in (*_copies(folder), write_ahead_log(main)) if each.exists() or each.is_symlink()]
    if left and not main.exists():
        found = f"no such file, though {left[0].name} was made from it"
        raise InputFault(main, found=found, expected=whole_record(folder))


def whole_record(folder: Path) -> str:
    """What is wanted in the place of a record that is gone or damaged, and the command that makes one of the last copy."""
    copy = next((each for each in _copies(folder) if is_readable(each)), None)
    if copy is None:
        return "the record, whole: from a backup; or move the whole folder away, to begin anew"
    return f"the record, whole: from a backup, or as it was last published: install -m 644 '{copy}' '{folder / MAIN}'"


def copy_wanted(folder: Path) -> str:
    """What is wanted in the place of a published copy that is damaged."""
    if (folder / MAIN).exists():
        return f"a copy of {MAIN}: remove it, and the next command makes it anew"
    return whole_record(folder)


def _copies(folder: Path) -> list[Path]:
    """What was published, the newest first."""
    return [*reversed(published(folder)), folder / CURRENT]


def _refuse_older(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """A record holds all that was ever published of it; one that does not is an older one, or another."""
    for copy in _copies(folder):
        try:
            with duckdb.connect(copy, read_only=True, config=OFFLINE) as opened:
                before = {table: _rows(opened, table) for table in _KEPT_ROWS}
        except duckdb.Error:  # a damaged copy is made anew, and says nothing of the record
            continue
        for table, rows in before.items():
            lacking = len(rows - _rows(connection, table))
            if lacking:
                found = (
                    f"a record that lacks {lacking} of the {len(rows)} rows in {copy.name}: an older one, or another"
                )
                raise InputFault(folder / MAIN, table, found, whole_record(folder))
        return


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> Rows:
    try:
        return set(connection.execute(f"select {_KEPT_ROWS[table]} from {table}").fetchall())
    except duckdb.CatalogException:  # a schema before this table
        return set()


def _read_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Reads every row of every table, so that a damaged record is found before it takes the place of a whole copy."""
    tables = connection.execute("select table_name from duckdb_tables() where not internal").fetchall()
    for (table,) in tables:
        connection.execute(f"select bit_xor(hash(each)) from {table} each").fetchall()
