"""lm-evaluation-harness: `results_TIME.json`, and `samples_TASK_TIME.jsonl` beside it where samples were logged.

A sample's `filtered_resps` and metric values are as the harness computed them; its numbers come as text. A run over a part of its
documents is no result.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.stated import absent, stated, stated_number
from checks.records.scores import ItemResult
from tasks.benchmark.imports.harness_file import HarnessResults, HarnessSample
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.measured_how import harness_settings, harness_version
from tasks.benchmark.imports.result_files import ResultFiles

_PREFIX = "results_"


@dataclass(frozen=True)
class _Holding:
    """The results file that has a task, under that name."""

    path: Path
    content: HarnessResults
    name: str


def is_harness(content: Any) -> bool:
    """Whether a JSON file is a results file of the harness."""
    return isinstance(content, dict) and {"results", "configs", "n-samples"} <= content.keys()


def read_harness(files: ResultFiles, paths: Sequence[Path], wanted: Sequence[Wanted]) -> Found:
    """The wanted tasks, each from the one results file that has it; all of them of one model."""
    contents = [(path, stated(HarnessResults, path, files.json(path))) for path in paths]
    holding = {each.task: _holding(files.root, contents, each) for each in wanted}
    models = {_model(each) for each in holding.values()}
    if len(models) > 1:
        raise InputFault(files.root, "model_name", f"results of {', '.join(sorted(models))}", "results of one model")
    tasks = {each.task: _task(files, holding[each.task], each) for each in wanted}
    tools = {harness_version(each.content) for each in holding.values()}
    shas = {each.content.config.model_sha or "" for each in holding.values() if each.content.config} - {""}
    return Found(
        "lm-evaluation-harness",
        ", ".join(sorted(tools)),
        models.pop(),
        tasks,
        {"model_sha": sorted(shas)} if shas else {},
    )


def _holding(root: Path, contents: Sequence[tuple[Path, HarnessResults]], wanted: Wanted) -> _Holding:
    found = [
        _Holding(path, content, name) for path, content in contents for name in wanted.names if name in content.results
    ]
    if not found:
        known = ", ".join(sorted({name for _, content in contents for name in content.results}))
        raise InputFault(root, wanted.task, "no results of it", f"{' or '.join(wanted.names)}; there: {known}")
    if len({each.path for each in found}) > 1:
        raise InputFault(root, wanted.task, f"{len(found)} results of it", "one: name the file that counts")
    return found[0]


def _model(holding: _Holding) -> str:
    model = holding.content.model_name or (holding.content.config and holding.content.config.model)
    if not model:
        raise InputFault(holding.path, "model_name", "nothing", "the name of the model that was measured")
    return model


def _task(files: ResultFiles, holding: _Holding, wanted: Wanted) -> FoundTask:
    row = holding.content.results[holding.name]
    key = _key(holding, row, wanted)
    stderr_key = key.replace(",", "_stderr,", 1)
    at, stderr = f"results.{holding.name}", row.get(stderr_key)
    members = _members(holding)
    for each in members:
        _whole(holding, each)
    return FoundTask(
        file=holding.path,
        key=f"{at}.{key}",
        value=stated_number(holding.path, f"{at}.{key}", row[key]),
        n=sum(holding.content.n_samples[each].effective for each in members),
        stderr=None if stderr in (None, "N/A") else stated_number(holding.path, f"{at}.{stderr_key}", stderr),
        items=_items(files, holding, members, key, wanted.task),
        is_mean=len(members) == 1 and wanted.metric in ("acc", "acc_norm", "exact_match"),
        settings=harness_settings(holding.content, holding.name, members, key),
    )


def _key(holding: _Holding, row: Mapping[str, Any], wanted: Wanted) -> str:
    """`acc,none`: the metric with the filter that the suite names, or the only filter there is."""
    offered = [key for key in row if key.partition(",")[0] == wanted.metric and "," in key]
    meant = [key for key in offered if wanted.narrower in ("", key.partition(",")[2])]
    if len(meant) != 1:
        known = ", ".join(key for key in row if "," in key and "_stderr," not in key)
        asked = wanted.metric + (f",{wanted.narrower}" if wanted.narrower else "")
        found = f"{len(meant)} values of {asked!r}"
        raise InputFault(holding.path, f"results.{holding.name}", found, f"one of {known}")
    return meant[0]


def _members(holding: _Holding) -> list[str]:
    """A group's tasks in their order; a task's own name. Groups of groups hold each name once, so that none holds itself."""
    members: list[str] = []
    seen = {holding.name}
    ahead = [holding.name]
    while ahead:
        name = ahead.pop()
        inner = (holding.content.group_subtasks or {}).get(name) or []
        if not inner:
            members.append(name)
        for each in inner:
            if each in seen:
                raise InputFault(holding.path, f"group_subtasks.{name}", f"{each!r} twice", "each task and group once")
            seen.add(each)
        ahead += reversed(inner)
    return members


def _whole(holding: _Holding, name: str) -> None:
    """Raises InputFault for a task whose configuration is absent, and for one of which not every document was asked."""
    if name not in holding.content.configs:
        raise absent(holding.path, f"configs.{name}")
    counts = holding.content.n_samples.get(name)
    if counts is None:
        raise absent(holding.path, f"n-samples.{name}")
    limit = holding.content.config.limit if holding.content.config is not None else None
    asked = counts.effective
    if limit is not None:
        asked = min(asked, math.ceil(counts.original * limit) if limit < 1 else int(limit))
    if asked != counts.original:
        found = f"{asked} of {counts.original} documents"
        raise InputFault(holding.path, f"n-samples.{name}", found, "all of them: a run over a part is no result")


def _items(files: ResultFiles, holding: _Holding, members: list[str], key: str, task: str) -> list[ItemResult]:
    """The logged samples, numbered through a group's tasks; none where a task's were not logged."""
    time = holding.path.stem.removeprefix(_PREFIX)
    beside = {each.name: each for each in holding.path.parent.iterdir() if each.is_file()}
    logged = [beside.get(f"samples_{each}_{time}.jsonl") for each in members]
    items: list[ItemResult] = []
    first = 0
    for member, samples in zip(members, logged, strict=True):
        if samples is None:
            return []
        counts = holding.content.n_samples[member]
        own = list(_items_of_one(files, samples, key, task, first, counts.original))
        if len(own) != counts.effective:
            expected = f"the {counts.effective} that {holding.path.name} counts"
            raise InputFault(samples, found=f"{len(own)} samples", expected=expected)
        items += own
        first += counts.original
    return sorted(items, key=lambda item: item.item)


def _items_of_one(
    files: ResultFiles, samples: Path, key: str, task: str, first: int, documents: int
) -> Iterator[ItemResult]:
    metric, _, filter_name = key.partition(",")
    seen: set[int] = set()
    for line, content in files.json_lines(samples):
        sample = stated(HarnessSample, samples, content, line=line)
        if sample.filter not in (filter_name, None):
            continue
        if sample.doc_id >= documents:
            raise InputFault(samples, "doc_id", str(sample.doc_id), f"a number below {documents}", line=line)
        if sample.doc_id in seen:
            raise InputFault(samples, "doc_id", f"{sample.doc_id} twice", "each item once", line=line)
        seen.add(sample.doc_id)
        yield _item(samples, line, content, sample, metric, task, first)


def _item(
    path: Path, line: int, content: Mapping[str, Any], sample: HarnessSample, metric: str, task: str, first: int
) -> ItemResult:
    choices = sample.choices
    loglikelihoods = [_loglikelihood(path, each, line) for each in choices or ()]
    answers = sample.filtered_resps
    return ItemResult(
        task=task,
        item=first + sample.doc_id,
        prompt_sha256=sample.prompt_hash or "",
        loglikelihoods=loglikelihoods,
        prediction=loglikelihoods.index(max(loglikelihoods)) if len(loglikelihoods) > 1 and metric == "acc" else None,
        output="" if choices is not None or not answers else str(answers[0]),
        correct=_correct(path, line, content, metric),
        tokens=0,
    )


def _correct(path: Path, line: int, content: Mapping[str, Any], metric: str) -> float:
    """The sample's own value; of a metric over all of them, a pair (what is right, what was answered), whether they agree."""
    if metric not in content:
        raise absent(path, metric, line)
    value = content[metric]
    if isinstance(value, list) and len(value) == 2:
        return float(value[0] == value[1])
    return stated_number(path, metric, float(value) if isinstance(value, bool) else value, line)


def _loglikelihood(path: Path, text: Any, line: int) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise InputFault(path, "filtered_resps", repr(text)[:80], "a finite number", line=line)
    return value
