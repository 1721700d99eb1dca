"""How a record lies in tables: which table holds it, which hold what is listed inside it, and how it is put together again.

Writer and reader share this, so that what one writes the other reads back exactly. A field is a column of its name; a text in
two languages is two columns (`text_ko`, `text_en`); a record inside it lends its columns a prefix; a list of records is a
table of its own, whose rows carry the places of the rows above them (`reference_no`, `component_no`, …).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Union, get_args, get_origin

import duckdb
from pydantic.fields import FieldInfo

from checks.records.decisions import Decision, GateResult, Reason, Standing
from checks.records.lineage import (
    ChainFinding,
    ComponentFinding,
    CoverageRow,
    LayerMatch,
    LineageTest,
    ReferenceFinding,
    Trace,
)
from checks.records.quality import ContaminatedItem, ExpectationResult, Measurement, QualityReport
from checks.records.record import Record
from checks.records.runs import RunRecord
from checks.records.scores import ItemResult, SuiteScores, TaskScore, WayScore

#: Fields whose names SQL keeps for itself.
RENAMED = {"check": "check_id", "group": "tensor_group"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """A record's table. `place` is the column that says where a row stands in its list; the outermost record has none."""

    table: str
    record: type[Record]
    place: str = ""
    parts: Mapping[str, "Layout"] = field(default_factory=dict)

    def tables(self) -> Iterator[str]:
        """This table and those of all its parts."""
        yield self.table
        for part in self.parts.values():
            yield from part.tables()


RUN = Layout("runs", RunRecord)
SCORES = Layout(
    "suite_scores",
    SuiteScores,
    parts={
        "tasks": Layout("task_scores", TaskScore, "task_no", {"ways": Layout("task_ways", WayScore, "way_no")}),
        "items": Layout("items", ItemResult, "item_no"),
    },
)
_COMPONENTS = Layout(
    "lineage_components",
    ComponentFinding,
    "component_no",
    {
        "layers": Layout("lineage_layers", LayerMatch, "layer_no"),
        "tests": Layout("lineage_tests", LineageTest, "test_no"),
    },
)
_LINKS = Layout("lineage_chain_links", LineageTest, "link_no")
TRACE = Layout(
    "lineage_traces",
    Trace,
    parts={
        "references": Layout("lineage_references", ReferenceFinding, "reference_no", {"components": _COMPONENTS}),
        "coverage": Layout("lineage_coverage", CoverageRow, "tensor_no"),
        "chain": Layout("lineage_chain", ChainFinding, "chain_no", {"links": _LINKS}),
    },
)
QUALITY = Layout(
    "quality_reports",
    QualityReport,
    parts={
        "measurements": Layout("quality_measurements", Measurement, "measurement_no"),
        "results": Layout("quality_results", ExpectationResult, "result_no"),
        "contaminated": Layout("contaminated_items", ContaminatedItem, "contaminated_no"),
    },
)
_GATES = Layout("gate_results", GateResult, "gate_no", {"reasons": Layout("gate_reasons", Reason, "reason_no")})
_STANDINGS = Layout(
    "standings",
    Standing,
    "standing_no",
    {"gate_results": _GATES, "reasons": Layout("standing_reasons", Reason, "reason_no")},
)
DECISION = Layout("decision_log", Decision, parts={"standings": _STANDINGS})


@dataclass(frozen=True)
class Column:
    """A column: the field that it holds, or the part of a field that is a record (`ko` of `text`)."""

    name: str
    field: str
    part: str | None = None
    is_json: bool = False

    def value(self, record: Record) -> Any:
        """What stands in this column for the record."""
        value = getattr(record, self.field)
        if self.part is not None and value is not None:
            value = getattr(value, self.part)
        return json.dumps(value, ensure_ascii=False, allow_nan=False) if self.is_json else value


@cache
def columns_of(record: type[Record]) -> tuple[Column, ...]:
    """The columns in which a record's own fields stand; lists of records have tables of their own."""
    columns: list[Column] = []
    for name, info in record.model_fields.items():
        kinds = get_args(info.annotation) if get_origin(info.annotation) in _UNIONS else (info.annotation,)
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Record)), None)
        column = RENAMED.get(name, name)
        if inner is not None:
            columns += [Column(f"{column}_{part}", name, part) for part in inner.model_fields]
        elif not _is_list_of_records(info):
            columns.append(Column(column, name, is_json=_is_open(info)))
    return tuple(columns)


def rows_of(layout: Layout, record: Record, above: Row) -> dict[str, list[Row]]:
    """Table → rows of the record and all that is listed inside it; `above` is what every row carries."""
    rows: dict[str, list[Row]] = {table: [] for table in layout.tables()}
    _collect(layout, record, above, rows)
    return rows


def load(connection: duckdb.DuckDBPyConnection, layout: Layout, owner: str, value: str | int) -> list[Any]:
    """The records of this layout whose column `owner` has the value, put together from their tables."""
    below = _load_part(connection, layout, owner, value, ())
    return below.get((), [])


def _collect(layout: Layout, record: Record, above: Row, rows: dict[str, list[Row]]) -> None:
    rows[layout.table].append(above | {column.name: column.value(record) for column in columns_of(layout.record)})
    for name, part in layout.parts.items():
        for place, each in enumerate(getattr(record, name)):
            _collect(part, each, above | {part.place: place}, rows)


def _load_part(
    connection: duckdb.DuckDBPyConnection, layout: Layout, owner: str, value: str | int, above: Sequence[str]
) -> dict[tuple[int, ...], list[Any]]:
    """Places of the row above → its records in their order."""
    places = [*above, layout.place] if layout.place else list(above)
    inside = {name: _load_part(connection, part, owner, value, places) for name, part in layout.parts.items()}
    columns = columns_of(layout.record)
    names = ", ".join([*places, *(column.name for column in columns)])
    order = f" order by {', '.join(places)}" if places else ""
    asked = f"select {names} from {layout.table} where {owner} = ?{order}"
    loaded: dict[tuple[int, ...], list[Any]] = {}
    for values in connection.execute(asked, [value]).fetchall():
        place = values[: len(places)]
        fields = _fields(columns, values[len(places) :])
        for name, records in inside.items():
            fields[name] = records.get(place, [])
        loaded.setdefault(place[: len(above)], []).append(layout.record.model_validate(fields))
    return loaded


def _fields(columns: Sequence[Column], values: Sequence[Any]) -> Row:
    """A record's fields from the columns of its row; a part that is empty throughout is an absent record."""
    fields: Row = {}
    parted: dict[str, Row] = {}
    for column, value in zip(columns, values, strict=True):
        if column.part is not None:
            parted.setdefault(column.field, {})[column.part] = value
        else:
            fields[column.field] = json.loads(value) if column.is_json else value
    for name, parts in parted.items():
        fields[name] = None if all(part is None for part in parts.values()) else parts
    return fields


def _is_open(info: FieldInfo) -> bool:
    """An open mapping (`dict[str, Any]`) is one column of JSON; a mapping of texts is a column of its own type."""
    return get_origin(info.annotation) is dict and get_args(info.annotation)[1] is Any


def _is_list_of_records(info: FieldInfo) -> bool:
    kinds = get_args(info.annotation)
    return get_origin(info.annotation) is list and isinstance(kinds[0], type) and issubclass(kinds[0], Record)


_UNIONS = (Union, type(int | str))
