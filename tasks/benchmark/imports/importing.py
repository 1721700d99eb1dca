"""From a folder or file of somebody else's results to a suite's scores."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import IMPORTED_PREFIX, LM_EVAL_PREFIX, LoadedSuite
from checks.contracts.suite import SuiteTask
from checks.contracts.task_files import read_task_file
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from checks.rules.inputs import UNSCALED_METRICS
from tasks.benchmark.imports.every_eval_ever import is_every_eval_ever, read_every_eval_ever
from tasks.benchmark.imports.harness_folder import is_harness, read_harness
from tasks.benchmark.imports.imported_task import Found, FoundTask, Wanted
from tasks.benchmark.imports.inspect_log import is_inspect, read_inspect
from tasks.benchmark.imports.result_files import ResultFiles
from tasks.benchmark.intervals import score_interval

#: A stated mean and the mean of the items beside it differ by rounding only.
SAME_MEAN = 1e-6

_WANTED = "results of lm-evaluation-harness, an Inspect log (.eval, .json) or an Every Eval Ever record"
_Reader = Callable[[ResultFiles, Sequence[Path], Sequence[Wanted]], Found]


def import_scores(path: Path, suite: LoadedSuite) -> SuiteScores:
    """The suite's scores from another tool's files; every task of the suite must be there.

    Raises InputFault for files of no known or of several formats, a task that is missing or there twice, numbers that are none,
    runs that did not end, and items that do not come to the score beside them.
    """
    if not path.exists():
        raise InputFault(path, found="no such file or folder", expected=_WANTED)
    files = ResultFiles(path if path.is_dir() else path.parent)
    wanted = [_wanted(suite, task) for task in suite.suite.tasks]
    read, paths = _format(files, path)
    found = read(files, paths, wanted)
    tasks: list[TaskScore] = []
    items: list[ItemResult] = []
    for each in wanted:
        tasks.append(_score(each, found.tasks[each.task]))
        items += found.tasks[each.task].items
    imported: dict[str, Any] = {
        "format": found.format,
        "tool": found.tool,
        "model": found.model,
        "files": dict(sorted(files.hashes.items())),
        **found.more,
    }
    settings = {"tasks": {each.task: _settings(found.tasks[each.task]) for each in wanted}}
    return SuiteScores(
        suite=suite.suite.suite, tasks=tasks, items=items, settings=settings, engine={"imported": imported}
    )


def _wanted(suite: LoadedSuite, task: SuiteTask) -> Wanted:
    metric, _, narrower = task.metric.partition(",")
    path = suite.task_file(task)
    own = task.use.removeprefix(LM_EVAL_PREFIX).removeprefix(IMPORTED_PREFIX)
    name = own if path is None else str(read_task_file(path).get("task"))
    return Wanted(task.id, tuple(dict.fromkeys((name, task.id))), metric, narrower)


def _format(files: ResultFiles, path: Path) -> tuple[_Reader, list[Path]]:
    """The one format of the files, and those that are of it; other files of a folder are left alone."""
    candidates = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    kinds: dict[_Reader, list[Path]] = {}
    for each in candidates:
        reader = _reader(each, path.is_file())
        if reader is not None:
            kinds.setdefault(reader, []).append(each)
    if len(kinds) != 1:
        raise InputFault(path, found=f"files of {len(kinds)} known formats", expected=f"one: {_WANTED}")
    return kinds.popitem()


def _reader(path: Path, alone: bool) -> _Reader | None:
    if path.suffix == ".eval":
        return read_inspect
    if path.suffix != ".json":
        return None
    try:
        content = ResultFiles(path.parent).json(path)
    except InputFault:
        if alone or path.name.startswith("results_"):
            raise
        return None
    known = ((is_harness, read_harness), (is_inspect, read_inspect), (is_every_eval_ever, read_every_eval_ever))
    return next((reader for is_of, reader in known if is_of(content)), None)


def _score(wanted: Wanted, found: FoundTask) -> TaskScore:
    """The score as it was stated, with its items held against it."""
    means = _item_means(found.items)
    if found.items and len(means) != found.n:
        raise InputFault(found.file, wanted.task, f"{len(means)} items", f"the {found.n} that are stated")
    if found.n < 1:
        raise InputFault(found.file, wanted.task, f"{found.n} items", "at least one")
    _check_possible(wanted, found)
    if found.is_mean and means and abs(math.fsum(means) / len(means) - found.value) > SAME_MEAN:
        come_to = math.fsum(means) / len(means)
        raise InputFault(found.file, wanted.task, f"items that come to {come_to:.6f}", f"the stated {found.value:.6f}")
    interval = found.ci95
    if interval is None and (means or found.stderr is not None):
        interval = score_interval(found.value, means, found.stderr)
    return TaskScore(
        task=wanted.task, metric=wanted.metric, value=found.value, stderr=found.stderr, ci95=interval, n=found.n
    )


def _settings(found: FoundTask) -> dict[str, Any]:
    """How the tool measured, and over how many items: another number of them is another task."""
    return {**found.settings, "items": found.n}


def _check_possible(wanted: Wanted, found: FoundTask) -> None:
    """Raises InputFault for numbers that the metric cannot take: rules multiply a share by 100, whatever it is."""
    is_share = wanted.metric not in UNSCALED_METRICS
    most, words = (1.0, "a share from 0 to 1") if is_share else (math.inf, "a number of at least 0")
    if not 0.0 <= found.value <= most:
        raise InputFault(found.file, found.key, f"{found.value!r} as {wanted.metric}", words)
    wrong = next((each for each in found.items if is_share and not 0.0 <= each.correct <= 1.0), None)
    if wrong is not None:
        key = f"{wanted.metric} of item {wrong.item}"
        raise InputFault(found.file, key, repr(wrong.correct), words)
    if found.stderr is not None and not 0.0 <= found.stderr <= most / 2:
        expected = "a number from 0 to 0.5, as a share's can be" if is_share else words
        raise InputFault(found.file, found.key, f"a standard error of {found.stderr!r}", expected)
    if found.ci95 is not None and not found.ci95[0] <= found.value <= found.ci95[1]:
        low, high = found.ci95
        raise InputFault(found.file, found.key, f"an interval from {low!r} to {high!r}", f"one around {found.value!r}")


def _item_means(items: Sequence[ItemResult]) -> list[float]:
    of_item: dict[int, list[float]] = {}
    for each in items:
        of_item.setdefault(each.item, []).append(each.correct)
    return [math.fsum(values) / len(values) for values in of_item.values()]
