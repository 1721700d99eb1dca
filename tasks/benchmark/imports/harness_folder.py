"""lm-evaluation-harness: `results_TIME.json`, and `samples_TASK_TIME.jsonl` beside it where samples were logged.

A sample's `filtered_resps` and metric values are as the harness computed them; its numbers come as text.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.records.scores import ItemResult
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.result_files import ResultFiles, field_of, number

_PREFIX = "results_"


def is_harness(content: Any) -> bool:
    """Whether a JSON file is a results file of the harness."""
    return isinstance(content, dict) and {"results", "configs", "n-samples"} <= content.keys()


def read_harness(files: ResultFiles, paths: Sequence[Path], wanted: Sequence[Wanted]) -> Found:
    """The wanted tasks, each from the one results file that has it."""
    contents = [(path, files.json(path)) for path in paths]
    tasks = {}
    for each in wanted:
        holding = [
            (path, content, name) for path, content in contents for name in each.names if name in content["results"]
        ]
        if not holding:
            known = ", ".join(sorted({name for _, content in contents for name in content["results"]}))
            raise InputFault(files.root, each.task, "no results of it", f"{' or '.join(each.names)}; there: {known}")
        if len({path for path, _, _ in holding}) > 1:
            raise InputFault(files.root, each.task, f"{len(holding)} results of it", "one: name the file that counts")
        tasks[each.task] = _task(files, *holding[0], each)
    path, first = contents[0]
    model = str(first.get("model_name") or field_of(path, first, "config", "model"))
    tool = f"lm_eval {first.get('lm_eval_version', '(version unknown)')}"
    shas = sorted({str(content.get("config", {}).get("model_sha") or "") for _, content in contents} - {""})
    return Found("lm-evaluation-harness", tool, model, tasks, {"model_sha": shas} if shas else {})


def _task(files: ResultFiles, path: Path, content: Mapping[str, Any], name: str, wanted: Wanted) -> FoundTask:
    row = content["results"][name]
    key = _key(path, name, row, wanted)
    stderr = row.get(key.replace(",", "_stderr,", 1))
    members = list(_members(content, name))
    items = _items(files, path, content, members, key, wanted.task)
    counted = sum(int(field_of(path, content, "n-samples", each, "effective")) for each in members)
    return FoundTask(
        value=number(path, f"results.{name}.{key}", row[key]),
        n=counted,
        stderr=None if stderr in (None, "N/A") else number(path, f"results.{name}.{key}", stderr),
        items=items,
        is_mean=len(members) == 1 and wanted.metric in ("acc", "acc_norm", "exact_match"),
    )


def _key(path: Path, name: str, row: Mapping[str, Any], wanted: Wanted) -> str:
    """`acc,none`: the metric with the filter that the suite names, or the only filter there is."""
    offered = [key for key in row if key.partition(",")[0] == wanted.metric and "," in key]
    meant = [key for key in offered if wanted.narrower in ("", key.partition(",")[2])]
    if len(meant) != 1:
        known = ", ".join(key for key in row if "," in key and "_stderr," not in key)
        asked = wanted.metric + (f",{wanted.narrower}" if wanted.narrower else "")
        raise InputFault(path, f"results.{name}", f"{len(meant)} values of {asked!r}", f"one of {known}")
    return meant[0]


def _members(content: Mapping[str, Any], name: str) -> Iterator[str]:
    """A group's tasks in their order; a task's own name."""
    inner = (content.get("group_subtasks") or {}).get(name)
    if not inner:
        yield name
        return
    for each in inner:
        yield from _members(content, each)


def _items(
    files: ResultFiles, path: Path, content: Mapping[str, Any], members: list[str], key: str, task: str
) -> list[ItemResult]:
    """The logged samples, numbered through a group's tasks; none where a task's were not logged."""
    metric, _, filter_name = key.partition(",")
    time = path.stem.removeprefix(_PREFIX)
    logged = [path.with_name(f"samples_{each}_{time}.jsonl") for each in members]
    if not all(each.is_file() for each in logged):
        return []
    items, first = [], 0
    for member, samples in zip(members, logged, strict=True):
        seen: set[int] = set()
        for line, sample in files.json_lines(samples):
            if sample.get("filter") not in (filter_name, None):
                continue
            item = _item(samples, line, sample, metric, task, first)
            if item.item in seen:
                raise InputFault(samples, "doc_id", f"{sample['doc_id']} twice", "each item once", line=line)
            seen.add(item.item)
            items.append(item)
        effective = int(field_of(path, content, "n-samples", member, "effective"))
        if len(seen) != effective:
            raise InputFault(samples, found=f"{len(seen)} samples", expected=f"the {effective} that {path.name} counts")
        first += int(field_of(path, content, "n-samples", member, "original"))
    return sorted(items, key=lambda item: item.item)


def _item(path: Path, line: int, sample: Mapping[str, Any], metric: str, task: str, first: int) -> ItemResult:
    answers = field_of(path, sample, "filtered_resps")
    scored = isinstance(answers, list) and all(isinstance(each, list) and len(each) == 2 for each in answers)
    loglikelihoods = [_loglikelihood(path, each[0], line) for each in answers] if scored else []
    value = field_of(path, sample, metric)
    return ItemResult(
        task=task,
        item=first + int(number(path, "doc_id", field_of(path, sample, "doc_id"), line)),
        prompt_sha256=str(sample.get("prompt_hash") or ""),
        loglikelihoods=loglikelihoods,
        prediction=loglikelihoods.index(max(loglikelihoods)) if len(loglikelihoods) > 1 and metric == "acc" else None,
        output="" if scored or not answers else str(answers[0]),
        correct=float(value[0] == value[1])
        if isinstance(value, list) and len(value) == 2
        else number(path, metric, value, line),
        tokens=0,
    )


def _loglikelihood(path: Path, text: Any, line: int) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = float("nan")
    return number(path, "filtered_resps", value, line)
