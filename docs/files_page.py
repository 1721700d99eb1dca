"""docs/files.md: every key of the files that a user writes, its type, default and meaning, from the contracts."""

import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from checks.contracts.fields import Contract
from checks.contracts.patch import Patch
from checks.contracts.policy import Policy
from checks.contracts.programme import Programme
from checks.contracts.rulings import Ruling
from checks.contracts.submission import Submission
from checks.contracts.suite import Suite
from checks.records.record import Record
from docs.markdown import anchor, table

#: File → its model; a section for each model that its keys lead to follows.
FILES: dict[str, type[Contract]] = {
    "programme.yaml": Programme,
    "submission.yaml": Submission,
    "suite.yaml": Suite,
    "policy.yaml": Policy,
    "what-if.yaml": Patch,
}
_PLAIN = {str: "text", int: "whole number", bool: "true or false", date: "date", Decimal: "number"}
_SIGNS = ((Gt, "gt", ">"), (Ge, "ge", "≥"), (Lt, "lt", "<"), (Le, "le", "≤"))
_HEAD = """# Files

A programme, its submissions, suites and policies are YAML files; panels, imported points and rulings are CSV tables beside
them. Paths are relative to the file that names them and may not leave its folder, by link or otherwise, unless the file says
`allow_outside: true`. Numbers are exact decimals, days are `YYYY-MM-DD`, keys are text (`on:` too). An unknown
key, a wrong type, a missing file or a duplicate id stops with one message: file, line, key, what was found, what is expected.
"""


def files_page() -> str:
    """The page."""
    parts = [_HEAD]
    done: set[type] = set()
    for name, model in FILES.items():
        parts.append(f"## {name}\n\n{_summary(model)}\n\n{_keys(model)}")
        for below in models_below(model):
            if below not in done:
                done.add(below)
                parts.append(f"### {below.__name__}\n\n{_summary(below)}\n\n{_keys(below)}")
    return "\n".join([*parts, _tables()])


def keys_of(model: type[Contract]) -> dict[str, FieldInfo]:
    """The keys as a user writes them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_below(model: type[Contract]) -> Iterator[type[Contract]]:
    """The models that this one's keys lead to, each once, in reading order."""
    seen = {model}
    waiting = list(_models(get_type_hints(model, include_extras=True).values()))
    while waiting:
        each = waiting.pop(0)
        if each not in seen:
            seen.add(each)
            yield each
            waiting = [*_models(get_type_hints(each, include_extras=True).values()), *waiting]


def _keys(model: type[Contract]) -> str:
    hints = get_type_hints(model, include_extras=True)
    rows = [
        (f"`{field.alias or name}`", _type(hints[name]), _default(field), field.description or "")
        for name, field in model.model_fields.items()
    ]
    return table(["Key", "Type", "Default", "Meaning"], rows)


def _summary(model: type) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _models(annotations: Any) -> Iterator[type[Contract]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, Contract):
            yield annotation
        else:
            yield from _models(get_args(annotation))


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is tuple:
        return "[" + ", ".join(_type(each) for each in arguments) + "]"
    if origin is dict:
        return f"mapping of {_type(arguments[0])} to {_type(arguments[1])}"
    if issubclass(annotation, Contract):
        return f"[{annotation.__name__}](#{anchor(annotation.__name__)})"
    return "`{ko, en}`" if issubclass(annotation, Record) else _PLAIN[annotation]


def _annotated(base: Any, metadata: tuple[Any, ...]) -> str:
    constraints = [each for extra in metadata for each in (extra.metadata if isinstance(extra, FieldInfo) else [extra])]
    pattern = next((found for each in constraints if (found := getattr(each, "pattern", None))), None)
    if base is str and pattern is not None:
        return f"text matching `{pattern}`"
    bounds = [
        f"{sign} {getattr(each, name)}" for each in constraints for kind, name, sign in _SIGNS if isinstance(each, kind)
    ]
    return " ".join([_type(base), *bounds])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value in ([], {}) or isinstance(value, Contract):
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _tables() -> str:
    rulings = ", ".join(f"`{name}`" for name in Ruling.model_fields)
    rows = [
        (
            "`from: {imported: …}`",
            "`team`, `value`; optional `stderr`",
            "each team once; values from 0 to `max`; a standard error says how far the value may be off",
        ),
        ("`tasks: {groups: …}`", "`item`, `group`", "every item of the test split that is asked, by its number, once"),
        ("`from: {irt: …}`", "`team`, `ability`, `stderr`", "each team once; abilities of either sign"),
        (
            "`baseline: {table: …}`",
            "`model`, `released_on`, `task`, `score`; optional `source`",
            "every task of the suite for each model, metric × 100; one day of release a model",
        ),
        ("`tie_break: {fewer_parameters: …}`", "`team`, `parameters`", "a row for every team; whole numbers"),
        ("`from: {cost_efficiency: …}`", "`team`, `quality`, `cost`", "each team once; costs above 0"),
        (
            "`from: {raters: …}`",
            "`team`, `rater`, `value`; optional `criterion`, `recused`",
            "raters are codes, never names; values from 0 to the leaf's points; a rater's criteria are summed; a row whose "
            "`recused` says yes, or whose value is `recused`, is kept and not counted",
        ),
        (
            "`population: {frozen: …}`",
            "`team`; optional `value`",
            "who counts, whatever happens later; a value makes it independent of this round",
        ),
        (
            "`adjustments`",
            "`team`, `points`, `reason`, `signed_by`, `second_signature`; optional `evidence`",
            "points above or below zero, several a team; signatures as in `rulings`",
        ),
        (
            "`waivers`",
            "`team`, `gate`, `expires`, `reason`, `signed_by`, `second_signature`; optional `evidence`",
            "a threshold or baseline gate, once a team; the last day on which it holds",
        ),
        (
            "`select: {wildcards: …}`",
            "`team`, `reason`, `signed_by`, `second_signature`; optional `evidence`",
            "each team once, at most `most` rows",
        ),
        (
            "`appeals`",
            "`team`, `gate`, `ground`, `filed_on`, `result`, `reason`, `signed_by`, `second_signature`; optional `evidence`",
            "one a team and gate; the result is a gate's, `dismissed` or `pending`",
        ),
        (
            "`invalidations`",
            "`team`, `found_on`, `effect`, `reason`, `signed_by`, `second_signature`; optional `evidence`",
            "each team once; `effect` is the share of its result that is wrong, from `at_least` to 1",
        ),
        ("`freeze: {late_evidence: …}`", "`team`, `received_on`, `sha256`, `title`", "each after the freeze"),
        (
            "`votes`",
            "`team`, `panellist`, `vote`",
            "yes, no, abstain or recused (찬성, 반대, 기권, 제척); panellists are codes",
        ),
        ("`rulings`", rulings, "every field but `evidence` is required; the two signatures are different people's"),
        (
            "`evidence.corpus.inventory`",
            "`source`, `url`, `licence`, `language`, `documents`, `tokens`, `epochs`, `collected_on`, `sha256`",
            "one row a source; licences are SPDX expressions",
        ),
        (
            "`evidence.corpus.sample`",
            "`id`, `source`, `text`",
            "JSONL, JSONL.zst or Parquet, or a folder of such files; a broken line (no JSON, not UTF-8, half a character, over "
            "16 MB) is counted, never passed over; a file that unfolds to over 1,000 times its size (and 100 MB), or has over a "
            "million lines without a document, is refused",
        ),
        (
            "`evidence.replays`",
            "`first_step`, `last_step`, `distance`, `spread`, `run_by`",
            "one row a segment that somebody ran again; both norms of the difference of all weights, `spread` that of two"
            " honest replays on the same hardware",
        ),
        (
            "`evidence.training_log`",
            "`step`, `tokens`, `loss`, `learning_rate`, `grad_norm`, `time`; optional `validation_loss`, `prev_sha256`",
            "JSONL, one object a line; `prev_sha256` is the SHA-256 of the line before, 64 zeros on the first",
        ),
    ]
    head = (
        "## Tables\n\nCSV is UTF-8, with or without a byte-order mark, or CP949 as Korean Excel writes it. Tables of what people\n"
        "did to a round (rulings, votes, appeals and the like) may hold their header alone: there may be none yet.\n"
    )
    return f"{head}\n{table(['Named by', 'Columns', 'Rules'], rows)}"
