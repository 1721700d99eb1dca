"""A round's chain of records in the warehouse: read whole and checked, appended one at a time, never changed.

What a step may follow is looked at inside the transaction that appends it, so that of two processes at once one is refused.

>>> [event.kind for event in load_chain(warehouse, "kr-demo", "round-1")]
['frozen', 'measured', 'decided']
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from checks.contracts.errors import InputFault
from checks.records.decisions import Decision
from checks.records.life_cycle import Kind, RoundEvent
from checks.rules.life_cycle import broken_at, next_event
from warehouse.layout import EVENT, rows_of
from warehouse.publishing import CURRENT
from warehouse.store import EmptyWarehouse, Warehouse
from warehouse.writer import add_decision, insert_rows

#: What a step says, given the chain that it is appended to; raises InputFault where it may not follow.
Step = tuple[Kind, Mapping[str, Any]]
Steps = Callable[[Sequence[RoundEvent]], Sequence[Step]]

#: A name is a line in a table, not a letter.
MOST_CHARACTERS = 200


def load_chain(warehouse: Warehouse, programme: str, round_id: str) -> list[RoundEvent]:
    """The round's records in their order, as they stand; `whole_chain` says whether they can be believed."""
    try:
        with warehouse.reading() as connection:
            return _read(connection, programme, round_id)
    except EmptyWarehouse:
        return []


def whole_chain(warehouse: Warehouse, programme: str, round_id: str) -> list[RoundEvent]:
    """The same; raises InputFault where a record was changed, taken out or put in."""
    chain = load_chain(warehouse, programme, round_id)
    _refuse_broken(chain, warehouse.folder / CURRENT, round_id)
    return chain


def append(
    warehouse: Warehouse, programme: str, round_id: str, by: str, steps: Steps, decision: Decision | None = None
) -> list[RoundEvent]:
    """Appends what `steps` says for the chain as it is now, a decision with it, all or nothing; returns the new records."""
    name = by.strip()
    if not name or len(name) > MOST_CHARACTERS or not name.isprintable():
        raise InputFault("command line", "--by", repr(by[:40]), "the name of whoever does it, on one line")
    with warehouse.writing() as connection:
        chain = _read(connection, programme, round_id)
        _refuse_broken(chain, warehouse.folder / CURRENT, round_id)
        first = len(chain)
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        for kind, content in steps(chain):
            chain.append(next_event(chain, programme, round_id, kind, name, at, content))
            insert_rows(connection, rows_of(EVENT, chain[-1], {}))
        if decision is not None:
            add_decision(connection, decision)
    return chain[first:]


def _read(connection: duckdb.DuckDBPyConnection, programme: str, round_id: str) -> list[RoundEvent]:
    names = ("programme", "round", "event_no", "kind", "at", "by", "content", "link")
    asked = (
        "select programme, round, event_no, kind, happened_at, by_whom, content, link from round_events "
        "where programme = ? and round = ? order by event_no"
    )
    rows = connection.execute(asked, [programme, round_id]).fetchall()
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [RoundEvent.model_validate({**each, "content": json.loads(each["content"])}) for each in found]


def _refuse_broken(chain: Sequence[RoundEvent], file: Path, round_id: str) -> None:
    place = broken_at(chain)
    if place is not None:
        raise InputFault(
            file,
            f"round_events.{round_id}[{place}]",
            f"a record ({chain[place].kind}, {chain[place].by}) that does not follow from the one before",
            "the chain as it was recorded",
        )
