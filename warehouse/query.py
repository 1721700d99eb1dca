"""SQL that anyone types, on the newest snapshot: read-only, in a process of its own that can be stopped and has little memory.

DuckDB has no limit on time, and its limit on memory does not cover every function, so the child's own limits do. It sees no
files, no network and no settings; what it answers is plain values.

>>> run_query(Warehouse(Path("warehouse")), "select team, status from scoreboard")
(['team', 'status'], [['t1', 'advances'], …])
"""

import json
import math
import resource
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from checks.contracts.errors import InputFault
from warehouse.duckdb_files import file_faults
from warehouse.pending import copy_wanted
from warehouse.publishing import CURRENT
from warehouse.store import EmptyWarehouse, Warehouse, open_snapshot

SECONDS = 20.0
#: Address space, of which an idle child takes some 0.7 GB.
MEMORY_BYTES = 2_000_000_000
MOST_ROWS = 100_000
MOST_CHARACTERS = 50_000_000
#: After this nothing in the connection can be changed any more, nor any file be reached but the snapshot.
SANDBOX = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "512MB",
    "threads": "1",
    "max_temp_directory_size": "0B",
    "lock_configuration": "true",
}
_ASKS = ("SELECT", "EXPLAIN")


def run_query(warehouse: Warehouse, sql: str, seconds: float = SECONDS) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of one SELECT; times and decimals come as text.

    Raises InputFault for anything else, for a fault in the SQL, and where it takes too long or too much.
    """
    if any("\ud800" <= character <= "\udfff" for character in sql):
        raise _fault("text that is not UTF-8", "one SELECT")
    warehouse.catch_up()
    asked = json.dumps({"folder": str(warehouse.folder), "sql": sql, "seconds": seconds})
    try:
        child = subprocess.run(
            [sys.executable, "-m", "warehouse.query"], input=asked, capture_output=True, text=True, timeout=seconds + 5
        )
    except subprocess.TimeoutExpired:
        raise _fault(f"a query that took more than {seconds:g} s", "a query of fewer rows") from None
    if child.returncode < 0:
        raise _fault("a query that took too much time or memory and was stopped", "a query of fewer rows")
    if child.returncode > 0:
        raise RuntimeError(f"the query's process failed: {child.stderr}")
    told = json.loads(child.stdout)
    if "found" in told:
        raise InputFault(told["file"], found=told["found"], expected=told["expected"])
    return told["columns"], told["rows"]


def _fault(found: str, expected: str) -> InputFault:
    return InputFault("SQL", found=found, expected=expected)


def answer(folder: Path, sql: str) -> dict[str, Any]:
    """Columns and rows of one SELECT, asked in this process: what the child does, its limits apart."""
    with open_snapshot(folder, SANDBOX) as connection:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type.name not in _ASKS:
            kinds = ", ".join(each.type.name for each in statements) or "nothing"
            raise _fault(kinds, "one SELECT")
        result = connection.execute(statements[0])
        columns = [name for name, *_ in result.description]
        rows: list[list[Any]] = []
        characters = 0
        while batch := result.fetchmany(1000):
            plain = [[_plain(value) for value in row] for row in batch]
            characters += len(json.dumps(plain, ensure_ascii=False))
            rows += plain
            if len(rows) > MOST_ROWS or characters > MOST_CHARACTERS:
                raise _fault(f"more than {MOST_ROWS} rows or {MOST_CHARACTERS} characters", "fewer: say LIMIT")
        return {"columns": columns, "rows": rows}


def _plain(value: Any) -> Any:
    """What JSON can carry; numbers that it cannot and everything else become text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _main() -> None:
    """The child: limits itself first, then answers the question on standard input."""
    asked = json.load(sys.stdin)
    limit = math.ceil(asked["seconds"])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(asked["folder"])
    try:
        with file_faults(folder / CURRENT, partial(copy_wanted, folder)):
            told: dict[str, Any] = answer(folder, asked["sql"])
    except EmptyWarehouse as nothing:
        told = _told(_fault(str(nothing), "a warehouse with measurements"))
    except InputFault as fault:
        told = _told(fault)
    except MemoryError:
        told = _told(_fault("a query that takes too much memory", "a query of fewer rows"))
    except duckdb.Error as error:
        told = _told(_fault(" ".join(str(error).split())[:400], "SQL that DuckDB understands and may run"))
    sys.stdout.write(json.dumps(told))


def _told(fault: InputFault) -> dict[str, Any]:
    return {"file": fault.file, "found": fault.found, "expected": fault.expected}


if __name__ == "__main__":
    _main()
