"""Every Eval Ever records (evalevalai.com): one JSON file a model and source, with instances in a JSONL file where there are any.

Scores on a scale of 0 to 100 become shares, as everywhere here; other scales are refused.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_sha256
from checks.records.scores import ItemResult
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.result_files import ResultFiles, field_of, number


def is_every_eval_ever(content: Any) -> bool:
    """Whether a JSON file is such a record."""
    return isinstance(content, dict) and {"schema_version", "evaluation_id", "evaluation_results"} <= content.keys()


def read_every_eval_ever(files: ResultFiles, paths: Sequence[Path], wanted: Sequence[Wanted]) -> Found:
    """The wanted tasks, each from the one record that has it."""
    records = [(path, files.json(path)) for path in paths]
    models = {str(field_of(path, record, "model_info", "id")) for path, record in records}
    if len(models) > 1:
        raise InputFault(files.root, "model_info.id", f"records of {', '.join(sorted(models))}", "records of one model")
    tasks = {each.task: _find(files, records, each) for each in wanted}
    path, first = records[0]
    library = first.get("eval_library") or {}
    tool = f"{library.get('name', 'unknown')} {library.get('version', '(version unknown)')}"
    source = field_of(path, first, "source_metadata")
    kept = ("source_type", "source_organization_name", "evaluator_relationship")
    return Found("every-eval-ever", tool, models.pop(), tasks, {key: source.get(key) for key in kept})


def _find(files: ResultFiles, records: list[tuple[Path, Any]], wanted: Wanted) -> FoundTask:
    rows = [(path, record, row) for path, record in records for row in record["evaluation_results"]]
    named = [each for each in rows if each[2].get("evaluation_name") in wanted.names]
    meant = [each for each in named if len(named) == 1 or wanted.metric in _metric_names(each[2])]
    if len(meant) != 1:
        known = ", ".join(sorted({str(row.get("evaluation_name")) for _, _, row in rows}))
        expected = f"one of {' or '.join(wanted.names)} by {wanted.metric!r}; there: {known}"
        raise InputFault(files.root, wanted.task, f"{len(meant)} results of it", expected)
    path, record, row = meant[0]
    if field_of(path, row, "metric_config", "lower_is_better"):
        raise InputFault(path, str(row["evaluation_name"]), "a score of which less is better", "more is better")
    scale = _scale(path, row)
    details = field_of(path, row, "score_details")
    uncertainty = details.get("uncertainty") or {}
    items = list(_items(files, path, record, str(row["evaluation_name"]), wanted.task, scale))
    stated = uncertainty.get("num_samples")
    count = len(items) if items else stated
    if not isinstance(count, int):
        raise InputFault(path, "num_samples", "nothing", "over how many items the score is, or the instances")
    error, interval = uncertainty.get("standard_error"), uncertainty.get("confidence_interval") or {}
    is_95 = interval.get("confidence_level") == 0.95
    return FoundTask(
        value=number(path, "score", field_of(path, details, "score")) / scale,
        n=count,
        stderr=None if error is None else number(path, "standard_error", field_of(path, error, "value")) / scale,
        ci95=(number(path, "lower", interval["lower"]) / scale, number(path, "upper", interval["upper"]) / scale)
        if is_95
        else None,
        items=items,
    )


def _metric_names(row: Mapping[str, Any]) -> set[str]:
    config = row.get("metric_config") or {}
    return {str(config.get(key)) for key in ("metric_id", "metric_name", "evaluation_description")}


def _scale(path: Path, row: Mapping[str, Any]) -> float:
    config = row["metric_config"]
    if config.get("score_type") == "binary":
        return 1.0
    ends = (config.get("min_score"), config.get("max_score"))
    if ends not in ((0, 1), (0, 100)):
        name = str(row["evaluation_name"])
        raise InputFault(path, f"{name}.metric_config", f"a score from {ends[0]} to {ends[1]}", "0 to 1, or 0 to 100")
    return float(ends[1])


def _items(
    files: ResultFiles, path: Path, record: Mapping[str, Any], evaluation: str, task: str, scale: float
) -> Iterator[ItemResult]:
    named = record.get("detailed_evaluation_results")
    if not named or not named.get("file_path"):
        return
    instances = path.parent / Path(str(named["file_path"])).name
    content = files.bytes(instances)
    algorithm = named.get("hash_algorithm", "sha256")
    if named.get("checksum") and hashlib.new(algorithm, content).hexdigest() != named["checksum"]:
        raise InputFault(instances, "checksum", "another content", f"the one that {path.name} states")
    places: dict[str, int] = {}
    for line, each in files.json_lines(instances):
        if each.get("evaluation_name") != evaluation:
            continue
        if each.get("evaluation_id") != record["evaluation_id"]:
            raise InputFault(instances, "evaluation_id", repr(each.get("evaluation_id")), "the record's", line=line)
        name = str(field_of(instances, each, "sample_id"))
        if name in places:
            raise InputFault(instances, "sample_id", f"{name!r} twice", "each item once", line=line)
        places[name] = len(places)
        yield ItemResult(
            task=task,
            item=places[name],
            prompt_sha256=canonical_sha256(field_of(instances, each, "input")),
            output=" ".join((each.get("output") or {}).get("raw") or []),
            correct=number(instances, "score", field_of(instances, each, "evaluation", "score"), line) / scale,
            tokens=int((each.get("token_usage") or {}).get("output_tokens") or 0),
        )
