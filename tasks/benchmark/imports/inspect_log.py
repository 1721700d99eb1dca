"""Inspect logs, `.eval` (a zip) or `.json`: one task each, its samples' scores as its scorers gave them.

A log that did not end in success, whose samples were not all scored, or that holds a part of its data set is no result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.stated import absent, stated, stated_number
from checks.records.canonical import canonical_sha256
from checks.records.scores import ItemResult
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.inspect_file import InspectHeader, InspectResults, InspectSample, InspectScorer
from tasks.benchmark.imports.measured_how import inspect_settings, inspect_version
from tasks.benchmark.imports.result_files import ResultFiles

#: Inspect's own letters: correct, incorrect, partial, no answer.
_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


@dataclass(frozen=True)
class _Log:
    """A log as it was read; its samples are looked at where the log is wanted."""

    path: Path
    header: InspectHeader
    samples: Sequence[Any]


def is_inspect(content: Any) -> bool:
    """Whether a JSON file is a log of Inspect."""
    return isinstance(content, dict) and {"eval", "status", "version"} <= content.keys()


def read_inspect(files: ResultFiles, paths: Sequence[Path], wanted: Sequence[Wanted]) -> Found:
    """The wanted tasks, each from the one log of it."""
    logs = [_log(files, path) for path in paths]
    holding = {each.task: _holding(files.root, logs, each) for each in wanted}
    models = {log.header.eval.model for log in holding.values()}
    if len(models) > 1:
        raise InputFault(files.root, "eval.model", f"logs of {', '.join(sorted(models))}", "logs of one model")
    tool = ", ".join(sorted({inspect_version(log.header) for log in holding.values()}))
    tasks = {each.task: _task(holding[each.task], each) for each in wanted}
    return Found("inspect", tool, models.pop(), tasks)


def _log(files: ResultFiles, path: Path) -> _Log:
    if path.suffix == ".eval":
        parts = files.zip_parts(path)
        if "header.json" not in parts:
            raise InputFault(path, "header.json", "no such part", "a log that was written to its end")
        samples = [part for name, part in sorted(parts.items()) if name != "header.json"]
        return _Log(path, stated(InspectHeader, path, parts["header.json"]), samples)
    content = files.json(path)
    samples = content.get("samples") or [] if isinstance(content, dict) else []
    if not isinstance(samples, list):
        raise InputFault(path, "samples", type(samples).__name__, "a list")
    return _Log(path, stated(InspectHeader, path, content), samples)


def _holding(root: Path, logs: Sequence[_Log], wanted: Wanted) -> _Log:
    found = [log for log in logs if log.header.eval.names() & set(wanted.names)]
    if len(found) != 1:
        known = ", ".join(sorted({log.header.eval.task for log in logs}))
        expected = f"one log of {' or '.join(wanted.names)}; there: {known}"
        raise InputFault(root, wanted.task, f"{len(found)} logs of it", expected)
    return found[0]


def _task(log: _Log, wanted: Wanted) -> FoundTask:
    path, results = log.path, _ended(log)
    place, scorer = _scorer(path, results, wanted)
    if scorer.unscored_samples:
        raise InputFault(path, "unscored_samples", str(scorer.unscored_samples), "0: every sample scored")
    items = list(_items(log, scorer.name, wanted.task))
    if len(items) != results.total_samples or results.completed_samples != results.total_samples:
        found = f"{len(items)} scored samples"
        raise InputFault(path, "samples", found, f"the {results.total_samples} that the log counts")
    _whole(log, len({each.item for each in items}))
    at = f"results.scores.{place}.metrics"
    return FoundTask(
        file=path,
        key=f"{at}.{wanted.metric}.value",
        value=_metric(path, at, scorer, wanted.metric),
        n=len({item.item for item in items}),
        stderr=_metric(path, at, scorer, "stderr") if "stderr" in scorer.metrics else None,
        items=items,
        is_mean=wanted.metric in ("accuracy", "mean") and scorer.reducer in (None, "mean"),
        settings=inspect_settings(log.header, scorer, wanted.metric),
    )


def _ended(log: _Log) -> InspectResults:
    header = log.header
    if header.status != "success" or header.invalidated:
        found = "invalidated" if header.invalidated else repr(header.status)
        raise InputFault(log.path, "status", found, "success: what did not end is no result")
    if header.results is None:
        raise absent(log.path, "results.scores")
    return header.results


def _scorer(path: Path, results: InspectResults, wanted: Wanted) -> tuple[int, InspectScorer]:
    """The one scorer that has the metric, and its place."""
    scorers = results.scores
    meant = [
        (place, each)
        for place, each in enumerate(scorers)
        if wanted.metric in each.metrics and wanted.narrower in ("", each.name)
    ]
    if len(meant) != 1:
        known = ", ".join(f"{metric},{each.name}" for each in scorers for metric in each.metrics)
        raise InputFault(path, "results.scores", f"{len(meant)} values of {wanted.metric!r}", f"one of {known}")
    return meant[0]


def _metric(path: Path, at: str, scorer: InspectScorer, name: str) -> float:
    return stated_number(path, f"{at}.{name}.value", scorer.metrics[name].get("value"))


def _whole(log: _Log, asked: int) -> None:
    """Raises InputFault where the log is of a part of its data set."""
    evaluation = log.header.eval
    there = evaluation.dataset.samples
    if there is not None and there != asked:
        expected = f"the {there} of the data set: a run over a part is no result"
        raise InputFault(log.path, "eval.dataset.samples", f"{asked} samples", expected)
    limit = evaluation.config.limit
    harmless = limit is None or (isinstance(limit, int) and not isinstance(limit, bool) and limit > asked)
    if not harmless or evaluation.config.sample_id is not None:
        key = "eval.config.sample_id" if harmless else "eval.config.limit"
        found = repr(evaluation.config.sample_id if harmless else limit)[:80]
        raise InputFault(log.path, key, found, "nothing: a run over a part of the data set is no result")


def _items(log: _Log, scorer: str, task: str) -> Iterator[ItemResult]:
    """Samples are numbered in the data set's order, epochs are repeats; each sample was asked in every epoch, once."""
    samples = [stated(InspectSample, log.path, each, f"samples.{place}") for place, each in enumerate(log.samples)]
    ids = log.header.eval.dataset.sample_ids or list(dict.fromkeys(each.id for each in samples))
    order = {each: place for place, each in enumerate(ids)}
    if len(order) != len(ids):
        raise InputFault(log.path, "eval.dataset.sample_ids", "an id twice", "each sample once")
    seen: set[tuple[str, int]] = set()
    rows = []
    for sample in samples:
        if sample.id not in order:
            expected = "a sample of the data set that the log names"
            raise InputFault(log.path, "samples.id", repr(sample.id), expected)
        if (sample.id, sample.epoch) in seen:
            raise InputFault(log.path, "samples.id", f"{sample.id!r} twice in an epoch", "each sample once in an epoch")
        seen.add((sample.id, sample.epoch))
        rows.append(_item(log.path, sample, order[sample.id], scorer, task))
    epochs = {epoch for _, epoch in seen}
    if len(rows) != len(ids) * len(epochs) or epochs != set(range(1, len(epochs) + 1)):
        found = f"{len(rows)} scored samples"
        raise InputFault(log.path, "samples", found, f"{len(ids)} in each of {len(epochs)} epochs, counted from 1")
    yield from sorted(rows, key=lambda item: (item.item, item.repeat))


def _item(path: Path, sample: InspectSample, item: int, scorer: str, task: str) -> ItemResult:
    at = f"samples.{sample.id}.scores.{scorer}"
    score = (sample.scores or {}).get(scorer)
    if score is None:
        raise absent(path, at)
    usage = sample.output.usage if sample.output is not None else None
    return ItemResult(
        task=task,
        item=item,
        repeat=sample.epoch - 1,
        prompt_sha256=canonical_sha256({"input": sample.input, "choices": sample.choices}),
        output=(sample.output.completion or "") if sample.output is not None else "",
        correct=_value(path, f"{at}.value", score.value),
        tokens=(usage.output_tokens or 0) if usage is not None else 0,
    )


def _value(path: Path, at: str, value: Any) -> float:
    """A letter of Inspect's, true or false, or a number."""
    if isinstance(value, str) and value in _LETTERS:
        return _LETTERS[value]
    return stated_number(path, at, float(value) if isinstance(value, bool) else value)
