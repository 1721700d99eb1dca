"""From a suite to lm-evaluation-harness's own task objects, loaded by its own loader.

    for task in load_tasks(load_suite(Path("suites/common.yaml"))):
        print(task.id, task.metric, [part.harness.task_name for part in task.parts])

`use: tasks/josa.yaml` is a file in the harness's format; its data files are absolute or relative to the file that names
them, wherever the program is started. `use: lm_eval:kmmlu` is a task or group that the harness ships; a group's subtasks
are the parts of one task, and its items are numbered through them in the group's order.
"""

import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, wraps
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import IMPORTED_PREFIX, LM_EVAL_PREFIX, LoadedSuite
from checks.contracts.suite import SuiteTask
from checks.contracts.task_files import task_files
from tasks.benchmark.hub_revisions import pinned
from tasks.benchmark.library_quiet import quiet_libraries
from tasks.benchmark.safe_templates import sandbox_templates
from tasks.benchmark.sandbox import check_sandbox
from tasks.benchmark.sandbox.code_eval import code_eval_sandboxed, runs_in_sandbox, score_pass_at
from tasks.benchmark.task_checks import check_task
from tasks.benchmark.task_faults import check_data_file, check_metrics, task_fault

#: What the harness itself seeds Python's generator with before tasks are loaded.
HARNESS_SEED = 0

#: The harness imports `!function` modules and registers metrics in tables of its own process: one task at a time.
_LOADING = threading.Lock()


@dataclass(frozen=True)
class Part:
    """One task of the harness, and the number that its first item has in the suite's task."""

    harness: Any
    first_item: int


@dataclass(frozen=True)
class LoadedTask:
    """A suite's task ready to be asked: the harness's task (or a group's), the metric and the filter that count.

    `source` is the file that a fault names: the task's own, or the suite's for a task that the harness ships.
    """

    setting: SuiteTask
    source: Path
    parts: tuple[Part, ...]
    group: Any
    metric: str
    filter: str

    @property
    def id(self) -> str:
        """The task's name in scores."""
        return self.setting.id


def load_tasks(suite: LoadedSuite) -> list[LoadedTask]:
    """The suite's tasks with their data, without those that another tool runs.

    Raises InputFault for a task, data file, split or metric that is not there.
    """
    quiet_libraries()
    sandbox_templates()
    return [
        _load(suite, index, setting)
        for index, setting in enumerate(suite.suite.tasks)
        if not setting.use.startswith(IMPORTED_PREFIX)
    ]


def suite_files(suite: LoadedSuite) -> list[Path]:
    """The files that decide what is asked, sorted: the suite, its task files with `include`s, data files, `!function`
    modules and what lies beside those (pictures). Tasks that the harness ships are pinned by its version instead."""
    files = {suite.path.resolve()}
    for setting in suite.suite.tasks:
        path = suite.task_file(setting)
        files.update([] if path is None else task_files(path))
    return sorted(files)


def _load(suite: LoadedSuite, index: int, setting: SuiteTask) -> LoadedTask:
    path = suite.task_file(setting)
    key = f"tasks[{index}]"
    with _LOADING, code_eval_sandboxed(), pinned(setting.revision), _seeded():
        loaded = _shipped(suite, setting, key) if path is None else _from_file(path)
    group = None if isinstance(loaded, list) else loaded
    harness_tasks = loaded if isinstance(loaded, list) else loaded.get_all_tasks()
    source = path or suite.path
    for each in harness_tasks:
        _prepare(each, setting, suite.suite.seed, source)
        _decode(suite, key, each, setting)
        _check_examples(suite, f"{key}.fewshot", each, setting)
    metric, filter_name = _metric_and_filter(suite, setting, harness_tasks, f"{key}.metric")
    for each in harness_tasks:
        check_task(source, each, metric)
    return LoadedTask(setting, source, tuple(_parts(harness_tasks)), group, metric, filter_name)


def _parts(harness_tasks: list[Any]) -> Iterator[Part]:
    first = 0
    for each in harness_tasks:
        yield Part(each, first)
        first += len(each.eval_docs)


def _from_file(path: Path) -> list[Any]:
    """The one task of a file, its local data read into memory and nothing left in a cache folder."""
    from lm_eval.tasks import TaskManager

    config = _config(path)
    check_metrics(path, config)
    try:
        with tempfile.TemporaryDirectory(prefix="gwanmun-") as folder:
            if (config.get("dataset_kwargs") or {}).get("data_files"):
                config["dataset_kwargs"] |= {"cache_dir": folder, "keep_in_memory": True}
            loaded = TaskManager(include_defaults=False).load([config])
    except (Exception, SystemExit) as error:  # whatever a user's task file makes the harness or its libraries raise
        raise task_fault(path, config, error) from error
    return list(loaded["tasks"].values())


def _config(path: Path) -> dict[str, Any]:
    """The task file with its includes merged as the harness merges them, and its data files absolute."""
    from lm_eval.tasks._yaml_loader import load_yaml

    task_files(path)  # says clearly which file is missing or no YAML
    try:
        config: dict[str, Any] = load_yaml(path)
    except (Exception, SystemExit) as error:  # a `!function` that cannot be imported, an include in a circle
        raise task_fault(path, {}, error) from error
    if not isinstance(config.get("task"), str) or "group" in config:
        raise InputFault(path, "task", repr(config.get("task", config.get("group"))), "one task's name")
    data_files = (config.get("dataset_kwargs") or {}).get("data_files")
    if data_files is not None:
        folder = _naming_file(path).parent
        config["dataset_kwargs"] = {**config["dataset_kwargs"], "data_files": _absolute(data_files, folder)}
        _check_splits(path, config)
    return config


def _naming_file(path: Path) -> Path:
    """The file among a task file and its includes whose `dataset_kwargs` counts: its own, else the last include's."""
    from lm_eval.tasks._yaml_loader import load_yaml

    own = load_yaml(path, resolve_func=False, recursive=False)
    included = own.get("include") or []
    if "dataset_kwargs" in own or not included:
        return path
    files = [path.parent / each for each in ([included] if isinstance(included, str) else included)]
    naming = [each for each in files if "dataset_kwargs" in load_yaml(each, resolve_func=False)]
    return _naming_file(naming[-1])


def _absolute(data_files: Any, folder: Path) -> Any:
    if isinstance(data_files, dict):
        return {split: _absolute(each, folder) for split, each in data_files.items()}
    if isinstance(data_files, list):
        return [_absolute(each, folder) for each in data_files]
    target = folder / data_files
    matches = sorted(folder.glob(data_files)) if "*" in data_files else [target]
    for each in matches:
        check_data_file(each)
    return str(target)


def _check_splits(path: Path, config: dict[str, Any]) -> None:
    data_files = config["dataset_kwargs"]["data_files"]
    splits = sorted(data_files) if isinstance(data_files, dict) else ["train"]
    for key in ("test_split", "validation_split", "training_split", "fewshot_split"):
        named = config.get(key)
        if named is not None and str(named).split("[")[0] not in splits:
            raise InputFault(path, key, repr(named), f"a split of data_files: {', '.join(splits)}")
    if config.get("test_split") is None and config.get("validation_split") is None:
        raise InputFault(path, "test_split", "nothing", f"a split of data_files: {', '.join(splits)}")


@cache
def _shipped_tasks() -> Any:
    """The index of everything that the harness ships: some 14,000 names, 6 s, so only where a suite names one."""
    from lm_eval.tasks import TaskManager

    return TaskManager()


def _shipped(suite: LoadedSuite, setting: SuiteTask, key: str) -> Any:
    manager, name = _shipped_tasks(), setting.use.removeprefix(LM_EVAL_PREFIX)
    if name not in manager.task_index:
        near = get_close_matches(name, manager.all_tasks, n=3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise InputFault(
            suite.path, f"{key}.use", f"lm_eval:{name}, no such task", f"a task of lm-evaluation-harness{hint}"
        )
    try:
        loaded = manager.load([name])
    except Exception as error:  # mostly a data set that is not in the local cache
        config = {} if manager.task_index[name].cfg is None else manager.task_index[name].cfg
        raise task_fault(suite.path, config, error, f"{key}.use", name, setting.revision) from error
    if loaded.get("groups"):
        return loaded["groups"][name]
    if len(loaded["tasks"]) > 1:
        members = ", ".join(sorted(loaded["tasks"]))
        raise InputFault(suite.path, f"{key}.use", f"the tag {name!r}", f"a task or a group; its tasks are {members}")
    return list(loaded["tasks"].values())


def _prepare(harness: Any, setting: SuiteTask, seed: int, source: Path) -> None:
    """Few-shot as the suite says, seeded as the harness seeds it; refuses what this stage does not run."""
    if getattr(harness, "UNSAFE_CODE", False):
        if not runs_in_sandbox(harness):
            expected = "one that runs it by `code_eval`, which is put in a sandbox here"
            raise InputFault(source, harness.task_name, "a task that runs generated code by means of its own", expected)
        check_sandbox()
        score_pass_at(harness)
    if (harness.get_config("repeats") or 1) != 1:
        found = f"repeats: {harness.get_config('repeats')}"
        raise InputFault(source, harness.task_name, found, "1 here, and `repeats` in the suite")
    if not len(harness.eval_docs):
        raise InputFault(source, harness.task_name, "an empty test split", "at least one item")
    if (process := harness.config.process_docs) is not None:
        harness.config.process_docs = _always_seeded(process)
    harness.set_config("num_fewshot", setting.fewshot)
    harness.set_fewshot_seed(seed)


def _check_examples(suite: LoadedSuite, key: str, harness: Any, setting: SuiteTask) -> None:
    """Raises InputFault for more examples than the task has to draw from."""
    sampler = getattr(harness, "sampler", None)
    if sampler is None or not setting.fewshot:
        return
    there = len(sampler.fewshot_indices or sampler.df)
    if setting.fewshot > there:
        raise suite.fault(key, str(setting.fewshot), f"at most {there}, the examples that {harness.task_name} has")


def _always_seeded(process: Any) -> Any:
    """A task's `process_docs` that gives the same each time it is called, where it shuffles choices (GPQA's does)."""

    @wraps(process)
    def seeded(documents: Any) -> Any:
        with _seeded():
            return process(documents)

    return seeded


@contextmanager
def _seeded() -> Iterator[None]:
    """Python's own generator from the harness's seed on while the block runs, and as it was afterwards."""
    before = random.getstate()
    random.seed(HARNESS_SEED)
    try:
        yield
    finally:
        random.setstate(before)


def _decode(suite: LoadedSuite, key: str, harness: Any, setting: SuiteTask) -> None:
    """Puts what the suite says of drawing in the place of what the task says. Raises InputFault for a task that draws nothing."""
    for name in ("decoding", "thinking"):
        if getattr(setting, name) is not None and harness.OUTPUT_TYPE != "generate_until":
            found = f"{harness.task_name}, whose answers are scored and not written"
            raise suite.fault(f"{key}.{name}", found, "a task whose answers are generated")
    if (said := setting.decoding) is None:
        return
    options = dict(harness.get_config("generation_kwargs") or {})
    given = {"temperature": said.temperature, "top_p": said.top_p}
    options |= {name: float(value) for name, value in given.items() if value is not None}
    counts = {"top_k": said.top_k, "max_gen_toks": said.max_tokens}
    options |= {name: value for name, value in counts.items() if value is not None}
    if said.temperature is not None:
        options["do_sample"] = said.temperature > 0
    harness.set_config("generation_kwargs", options)


def _metric_and_filter(suite: LoadedSuite, setting: SuiteTask, harness_tasks: list[Any], key: str) -> tuple[str, str]:
    """`acc`, or `exact_match,strict-match` where a task has several filters; the first filter counts if none is said."""
    metric, _, named = setting.metric.partition(",")
    for each in harness_tasks:
        offered = sorted(each.aggregation())
        if metric not in offered:
            found = f"{metric!r}, which {each.task_name!r} does not define"
            raise InputFault(suite.path, key, found, f"one of {', '.join(offered)}")
        filters = [ensemble.name for ensemble in each._filters]
        if named and named not in filters:
            raise InputFault(suite.path, key, f"the filter {named!r}", f"one of {', '.join(filters)}")
    return metric, named or harness_tasks[0]._filters[0].name
