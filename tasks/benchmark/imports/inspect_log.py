"""Inspect logs, `.eval` (a zip) or `.json`: one task each, its samples' scores as its scorers gave them.

A log that did not end in success, or whose samples were not all scored, is no result.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_sha256
from checks.records.scores import ItemResult
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.result_files import ResultFiles, field_of, number

#: Inspect's own letters: correct, incorrect, partial, no answer.
_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


def is_inspect(content: Any) -> bool:
    """Whether a JSON file is a log of Inspect."""
    return isinstance(content, dict) and {"eval", "status", "version"} <= content.keys()


def read_inspect(files: ResultFiles, paths: Sequence[Path], wanted: Sequence[Wanted]) -> Found:
    """The wanted tasks, each from the one log of it."""
    logs = [(path, *_log(files, path)) for path in paths]
    tasks: dict[str, FoundTask] = {}
    tools, models = set(), set()
    for each in wanted:
        holding = [log for log in logs if _names(log[1]) & set(each.names)]
        if len(holding) != 1:
            known = ", ".join(sorted({str(log[1]["eval"].get("task")) for log in logs}))
            raise InputFault(
                files.root,
                each.task,
                f"{len(holding)} logs of it",
                f"one log of {' or '.join(each.names)}; there: {known}",
            )
        path, header, samples = holding[0]
        tasks[each.task] = _task(path, header, samples, each)
        tools.add(f"inspect_ai {(header['eval'].get('packages') or {}).get('inspect_ai', '(version unknown)')}")
        models.add(str(field_of(path, header, "eval", "model")))
    if len(models) > 1:
        raise InputFault(files.root, "eval.model", f"logs of {', '.join(sorted(models))}", "logs of one model")
    return Found("inspect", ", ".join(sorted(tools)), models.pop(), tasks)


def _log(files: ResultFiles, path: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    if path.suffix == ".eval":
        parts = files.zip_parts(path)
        if "header.json" not in parts:
            raise InputFault(path, "header.json", "no such part", "a log that was written to its end")
        return parts["header.json"], [part for name, part in sorted(parts.items()) if name != "header.json"]
    content = files.json(path)
    return content, list(content.get("samples") or [])


def _names(header: Mapping[str, Any]) -> set[str]:
    """`inspect_evals/tau2_airline` is also `tau2_airline`."""
    named = {str(header["eval"].get(key)) for key in ("task", "task_registry_name", "task_display_name")}
    return named | {each.rpartition("/")[2] for each in named}


def _task(path: Path, header: Mapping[str, Any], samples: list[Mapping[str, Any]], wanted: Wanted) -> FoundTask:
    if header["status"] != "success" or header.get("invalidated"):
        found = "invalidated" if header.get("invalidated") else repr(header["status"])
        raise InputFault(path, "status", found, "success: what did not end is no result")
    scorers = field_of(path, header, "results", "scores")
    meant = [
        each
        for each in scorers
        if wanted.metric in (each.get("metrics") or {}) and wanted.narrower in ("", each.get("name"))
    ]
    if len(meant) != 1:
        known = ", ".join(f"{metric},{each.get('name')}" for each in scorers for metric in each.get("metrics") or {})
        raise InputFault(path, "results.scores", f"{len(meant)} values of {wanted.metric!r}", f"one of {known}")
    scorer = meant[0]
    metrics = scorer["metrics"]
    if scorer.get("unscored_samples"):
        raise InputFault(path, "unscored_samples", str(scorer["unscored_samples"]), "0: every sample scored")
    items = list(_items(path, header, samples, str(scorer["name"]), wanted.task))
    total = field_of(path, header, "results", "total_samples")
    if len(items) != total or field_of(path, header, "results", "completed_samples") != total:
        raise InputFault(path, "samples", f"{len(items)} scored samples", f"the {total} that the log counts")
    stderr = metrics.get("stderr")
    return FoundTask(
        value=number(path, wanted.metric, field_of(path, metrics[wanted.metric], "value")),
        n=len({item.item for item in items}),
        stderr=None if stderr is None else number(path, "stderr", field_of(path, stderr, "value")),
        items=items,
        is_mean=wanted.metric in ("accuracy", "mean") and scorer.get("reducer") in (None, "mean"),
    )


def _items(
    path: Path, header: Mapping[str, Any], samples: list[Mapping[str, Any]], scorer: str, task: str
) -> Iterator[ItemResult]:
    """Samples are numbered in the data set's order, epochs are repeats."""
    ids = field_of(path, header, "eval", "dataset").get("sample_ids") or []
    order = {
        str(each): place for place, each in enumerate(ids or dict.fromkeys(str(each.get("id")) for each in samples))
    }
    rows = []
    for sample in samples:
        name = str(field_of(path, sample, "id"))
        if name not in order:
            raise InputFault(path, "samples.id", repr(name), "a sample of the data set that the log names")
        score = field_of(path, sample, "scores", scorer, "value")
        output = sample.get("output") or {}
        rows.append(
            ItemResult(
                task=task,
                item=order[name],
                repeat=int(number(path, "samples.epoch", sample.get("epoch", 1))) - 1,
                prompt_sha256=canonical_sha256({"input": sample.get("input"), "choices": sample.get("choices")}),
                output=str(output.get("completion") or ""),
                correct=_LETTERS[score]
                if score in _LETTERS
                else number(path, f"samples.{name}.scores.{scorer}", score),
                tokens=int((output.get("usage") or {}).get("output_tokens") or 0),
            )
        )
    yield from sorted(rows, key=lambda item: (item.item, item.repeat))
