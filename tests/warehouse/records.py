"""Records drawn at random from their own types, every field filled: what a warehouse has to give back unchanged."""

from datetime import UTC, datetime
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime

from checks.records.record import Record
from checks.records.runs import RunRecord

RecordType = TypeVar("RecordType", bound=Record)

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)
#: A run's rows are counted in 64 bits, the places within it in 32.
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXTS,
    int: st.integers(-(2**31), 2**31 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    Any: _JSON,
    AwareDatetime: st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)),
}


def records(kind: type[RecordType], **fixed: Any) -> st.SearchStrategy[RecordType]:
    """Any record of this kind; `fixed` fields have that value."""
    drawn = {name: _of_type(info.annotation) for name, info in kind.model_fields.items() if name not in fixed}
    return st.builds(kind, **drawn, **{name: st.just(value) for name, value in fixed.items()})


def run(stage: str = "benchmark", key: str = "0f3a" * 16, **changed: Any) -> RunRecord:
    """A plain run."""
    at = datetime(2026, 1, 15, 9, 30, 0, 123456, tzinfo=UTC)
    fields = {
        "programme": "kr-demo",
        "round": "round-1",
        "team": "t1",
        "subject": "common" if stage == "benchmark" else "",
        "submission_sha256": "a" * 64,
        "model_sha256": "b" * 64,
        "environment": {"device": "cpu", "threads": 2},
        "started_at": at,
        "finished_at": at,
    }
    return RunRecord.model_validate({**fields, "stage": stage, "key": key, **changed})


def _of_type(kind: Any) -> st.SearchStrategy[Any]:
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is type(None):
        return st.none()
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of(*map(_of_type, arguments))
    if origin is list:
        return st.lists(_of_type(arguments[0]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(_of_type, arguments))
    if origin is dict:
        return st.dictionaries(_of_type(arguments[0]), _of_type(arguments[1]), max_size=3)
    return records(kind)
