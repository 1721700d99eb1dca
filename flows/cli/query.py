"""`gwanmun query`: read-only SQL on the warehouse."""

import csv
import io
import json
from typing import Annotated, Any

import typer

from checks.contracts.errors import InputFault
from flows.cli.answers import console, print_json, table
from flows.cli.options import JsonOption, ProgrammeArgument


def query(
    programme: ProgrammeArgument,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT (or WITH, FROM, DESCRIBE, SHOW).")],
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, in UTF-8.")] = False,
) -> None:
    """Ask the warehouse in SQL, read-only.

    At any time, also while a run writes. Views to begin with: scoreboard, latest_scores, findings, decisions
    (docs/tables.md describes them and all tables). The answer is as the warehouse was when the query began. --json prints
    {"columns": […], "rows": [[…]]}; decimals and times are text.

    \b
    gwanmun query demo "select team, status, total from scoreboard"
    """
    from checks.contracts.loading import load_programme
    from warehouse.query import run_query
    from warehouse.store import Warehouse

    if as_json and as_csv:
        raise InputFault("command line", "--csv", "--json and --csv", "one of the two")
    columns, rows = run_query(Warehouse(load_programme(programme).warehouse), sql)
    if as_json:
        print_json({"columns": columns, "rows": rows})
    elif as_csv:
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_shown(value) for value in row] for row in rows)
        typer.echo(written.getvalue().encode("utf-8", "backslashreplace"), nl=False)
    else:
        _print(columns, rows)


def _print(columns: list[str], rows: list[list[Any]]) -> None:
    numeric = [all(isinstance(row[place], int | float) for row in rows) for place in range(len(columns))]
    shown = table(*(f"{name}>" if right else name for name, right in zip(columns, numeric, strict=True)))
    for row in rows:
        shown.add_row(*map(_shown, row))
    terminal = console()
    terminal.print(shown)
    terminal.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def _shown(value: Any) -> str:
    """A value as SQL users expect it: nothing for NULL, JSON for what is listed or named inside."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
