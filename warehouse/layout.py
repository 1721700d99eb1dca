"""How a record lies in tables: which table holds it, which hold what is listed inside it, and how it is put together again.

Writer and reader share this, so that what one writes the other reads back exactly. A field is a column of its name; a text in
two languages is two columns (`text_ko`, `text_en`); a record inside it lends its columns a prefix; a list of records is a
table of its own, whose rows carry the places of the rows above them (`reference_no`, `component_no`, …).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from checks.records.record import Record, Text
from checks.records.runs import RunRecord
from checks.records.scores import ItemResult, SuiteScores, TaskScore

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
    parts={"tasks": Layout("task_scores", TaskScore, "task_no"), "items": Layout("items", ItemResult, "item_no")},
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


def rows_of(layout: Layout, record: Record, above: Row) -> dict[str, list[Row]]:
    """Table → rows of the record and all that is listed inside it; `above` is what every row carries."""
    rows: dict[str, list[Row]] = {table: [] for table in layout.tables()}
    _collect(layout, record, above, rows)
    return rows


def load(connection: duckdb.DuckDBPyConnection, layout: Layout, owner: str, value: str | int) -> list[Any]:
    """The records of this layout whose column `owner` has the value, put together from their tables."""
    below = _load_part(connection, layout, owner, value, ())
    return below.get((), [])


def columns_of(record: type[Record], parts: Mapping[str, Layout], prefix: str = "") -> list[str]:
    """The columns in which a record's own fields stand, what is listed in it left out."""
    columns: list[str] = []
    for name, info in record.model_fields.items():
        if name in parts:
            continue
        inner = _inner_record(info)
        column = _column(prefix, name)
        if inner is Text:
            columns += [f"{column}_ko", f"{column}_en"]
        elif inner is not None:
            columns += columns_of(inner, {}, f"{column}_")
        else:
            columns.append(column)
    return columns


def _collect(layout: Layout, record: Record, above: Row, rows: dict[str, list[Row]]) -> None:
    rows[layout.table].append(above | _flat(record, layout.parts))
    for name, part in layout.parts.items():
        for place, each in enumerate(getattr(record, name)):
            _collect(part, each, above | {part.place: place}, rows)


def _flat(record: Record, parts: Mapping[str, Layout], prefix: str = "") -> Row:
    row: Row = {}
    for name, info in type(record).model_fields.items():
        value = getattr(record, name)
        if name in parts:
            continue
        inner = _inner_record(info)
        column = _column(prefix, name)
        if inner is Text:
            row[f"{column}_ko"] = None if value is None else value.ko
            row[f"{column}_en"] = None if value is None else value.en
        elif inner is not None:
            row |= _flat(value, {}, f"{column}_")
        else:
            row[column] = _json(value) if _is_json(info) else value
    return row


def _load_part(
    connection: duckdb.DuckDBPyConnection, layout: Layout, owner: str, value: str | int, places: Sequence[str]
) -> dict[tuple[int, ...], list[Any]]:
    """Places of the row above → its records in their order."""
    places = [*places, layout.place] if layout.place else list(places)
    inside = {name: _load_part(connection, part, owner, value, places) for name, part in layout.parts.items()}
    columns = [*places, *columns_of(layout.record, layout.parts)]
    order = f" order by {', '.join(places)}" if places else ""
    asked = f"select {', '.join(columns)} from {layout.table} where {owner} = ?{order}"
    loaded: dict[tuple[int, ...], list[Any]] = {}
    for values in connection.execute(asked, [value]).fetchall():
        row = dict(zip(columns, values, strict=True))
        place = tuple(row[each] for each in places)
        fields = _nested(layout.record, row, layout.parts)
        fields |= {name: records.get(place, []) for name, records in inside.items()}
        loaded.setdefault(place[:-1], []).append(layout.record.model_validate(fields))
    return loaded


def _nested(record: type[Record], row: Row, parts: Mapping[str, Layout], prefix: str = "") -> Row:
    """The fields of a record from the columns of its row: `_flat` turned back."""
    fields: Row = {}
    for name, info in record.model_fields.items():
        if name in parts:
            continue
        inner = _inner_record(info)
        column = _column(prefix, name)
        if inner is Text:
            korean, english = row[f"{column}_ko"], row[f"{column}_en"]
            fields[name] = None if korean is None else {"ko": korean, "en": english}
        elif inner is not None:
            fields[name] = _nested(inner, row, {}, f"{column}_")
        else:
            fields[name] = json.loads(row[column]) if _is_json(info) else row[column]
    return fields


def _column(prefix: str, name: str) -> str:
    return f"{prefix}{RENAMED.get(name, name)}"


def _inner_record(info: FieldInfo) -> type[Record] | None:
    """The record that a field holds, where it holds one and no list of them."""
    kinds = get_args(info.annotation) if get_origin(info.annotation) in _UNIONS else (info.annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Record)), None)


_UNIONS = (Union, type(int | str))


def _is_json(info: FieldInfo) -> bool:
    """An open mapping (`dict[str, Any]`) is one column of JSON; a mapping of texts is a column of its own type."""
    return get_origin(info.annotation) is dict and get_args(info.annotation)[1] is Any


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
