"""Every Eval Ever records (evalevalai.com): one JSON file a model and source, with instances in a JSONL file where there are any.

Scores on a scale of 0 to 100 become shares, as everywhere here; other scales are refused.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.stated import stated
from checks.records.canonical import canonical_sha256
from checks.records.scores import ItemResult
from tasks.benchmark.imports.every_eval_file import EvalRecord, EvaluationResult, Instance, InstanceFile
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.measured_how import library_version, record_settings
from tasks.benchmark.imports.result_files import ResultFiles


@dataclass(frozen=True)
class _Holding:
    """The record that has a task, and its row there."""

    path: Path
    record: EvalRecord
    place: int

    @property
    def row(self) -> EvaluationResult:
        return self.record.evaluation_results[self.place]

    @property
    def at(self) -> str:
        return f"evaluation_results.{self.place}"


def is_every_eval_ever(content: Any) -> bool:
    """Whether a JSON file is such a record."""
    return isinstance(content, dict) and {"schema_version", "evaluation_id", "evaluation_results"} <= content.keys()


def read_every_eval_ever(files: ResultFiles, paths: Sequence[Path], wanted: Sequence[Wanted]) -> Found:
    """The wanted tasks, each from the one record that has it."""
    records = [(path, stated(EvalRecord, path, files.json(path))) for path in paths]
    models = {record.model_info.id for _, record in records}
    if len(models) > 1:
        raise InputFault(files.root, "model_info.id", f"records of {', '.join(sorted(models))}", "records of one model")
    holding = {each.task: _holding(files.root, records, each) for each in wanted}
    tools = {library_version(each.record.eval_library) for each in holding.values()}
    tasks = {each.task: _task(files, holding[each.task], each) for each in wanted}
    source = records[0][1].source_metadata.model_dump(mode="json")
    return Found("every-eval-ever", ", ".join(sorted(tools)), models.pop(), tasks, source)


def _holding(root: Path, records: Sequence[tuple[Path, EvalRecord]], wanted: Wanted) -> _Holding:
    rows = [
        _Holding(path, record, place) for path, record in records for place in range(len(record.evaluation_results))
    ]
    named = [each for each in rows if each.row.evaluation_name in wanted.names]
    meant = [each for each in named if len(named) == 1 or wanted.metric in each.row.metric_config.names()]
    if len(meant) != 1:
        known = ", ".join(sorted({each.row.evaluation_name for each in rows}))
        expected = f"one of {' or '.join(wanted.names)} by {wanted.metric!r}; there: {known}"
        raise InputFault(root, wanted.task, f"{len(meant)} results of it", expected)
    return meant[0]


def _task(files: ResultFiles, holding: _Holding, wanted: Wanted) -> FoundTask:
    path, row = holding.path, holding.row
    if row.metric_config.lower_is_better:
        raise InputFault(path, row.evaluation_name, "a score of which less is better", "more is better")
    scale = _scale(holding)
    uncertainty = row.score_details.uncertainty
    items = list(_items(files, holding, wanted.task, scale))
    count = uncertainty.num_samples if uncertainty is not None and not items else len(items) or None
    if count is None:
        raise InputFault(path, "num_samples", "nothing", "over how many items the score is, or the instances")
    _whole(holding, count)
    error = uncertainty.standard_error if uncertainty is not None else None
    interval = uncertainty.confidence_interval if uncertainty is not None else None
    return FoundTask(
        file=path,
        key=f"{holding.at}.score_details.score",
        value=row.score_details.score / scale,
        n=count,
        stderr=None if error is None else error.value / scale,
        ci95=(interval.lower / scale, interval.upper / scale)
        if interval is not None and interval.confidence_level == 0.95
        else None,
        items=items,
        settings=record_settings(holding.record.eval_library, row, wanted.metric),
    )


def _whole(holding: _Holding, count: int) -> None:
    """Raises InputFault where the record says that it is over another number of items, or over a part of the data set."""
    uncertainty, data = holding.row.score_details.uncertainty, holding.row.source_data
    stated_counts = (
        ("score_details.uncertainty.num_samples", uncertainty.num_samples if uncertainty is not None else None),
        ("source_data.samples_number", data.samples_number if data is not None else None),
    )
    for key, number in stated_counts:
        if number is not None and number != count:
            expected = f"the {number} that are stated: a run over a part is no result"
            raise InputFault(holding.path, f"{holding.at}.{key}", f"{count} items", expected)


def _scale(holding: _Holding) -> float:
    config = holding.row.metric_config
    if config.score_type == "binary":
        return 1.0
    if (config.min_score, config.max_score) not in ((0, 1), (0, 100)):
        found = f"a score from {config.min_score} to {config.max_score}"
        raise InputFault(holding.path, f"{holding.row.evaluation_name}.metric_config", found, "0 to 1, or 0 to 100")
    return float(config.max_score or 1.0)


def _items(files: ResultFiles, holding: _Holding, task: str, scale: float) -> Iterator[ItemResult]:
    named = holding.record.detailed_evaluation_results
    if named is None or not named.file_path:
        return
    instances = holding.path.parent / Path(named.file_path).name
    _check_checksum(files, instances, named, holding.path.name)
    places: dict[str, int] = {}
    for line, content in files.json_lines(instances):
        each = stated(Instance, instances, content, line=line)
        if each.evaluation_name != holding.row.evaluation_name:
            continue
        if each.evaluation_id != holding.record.evaluation_id:
            raise InputFault(instances, "evaluation_id", repr(each.evaluation_id)[:80], "the record's", line=line)
        if each.sample_id in places:
            raise InputFault(instances, "sample_id", f"{each.sample_id!r} twice", "each item once", line=line)
        places[each.sample_id] = len(places)
        yield ItemResult(
            task=task,
            item=places[each.sample_id],
            prompt_sha256=canonical_sha256(each.input),
            output=" ".join((each.output.raw if each.output is not None else None) or []),
            correct=float(each.evaluation.score) / scale,
            tokens=(each.token_usage.output_tokens if each.token_usage is not None else None) or 0,
        )


def _check_checksum(files: ResultFiles, instances: Path, named: InstanceFile, record: str) -> None:
    content = files.bytes(instances)
    if named.checksum and hashlib.new(named.hash_algorithm, content).hexdigest() != named.checksum:
        raise InputFault(instances, "checksum", "another content", f"the one that {record} states")
