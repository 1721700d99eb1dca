"""What must be equal for two scores to be comparable, as plain values with a hash for each task.

The hash covers the harness and its version, the task as configured (templates, splits, metric, filters, the text of its
functions), few-shot and its order, seed, decoding, repeats and precision. Prompts themselves are hashed item by item.
"""

import inspect
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from checks.contracts.loading import LoadedSuite
from checks.records.canonical import canonical_sha256
from checks.records.record import MEASUREMENT_VERSION
from tasks.benchmark.chat import TODAY
from tasks.benchmark.devices import Placement
from tasks.benchmark.harness_tasks import LoadedTask

#: Where files lie is no setting: the same task in another folder asks the same.
PLACES = ("data_files", "cache_dir", "keep_in_memory", "config_source")


def suite_settings(
    suite: LoadedSuite, tasks: list[LoadedTask], placement: Placement, limit: int | None
) -> dict[str, Any]:
    """The settings of a scoring run; `tasks` holds those of each task with their `sha256`."""
    common = {
        "harness": f"lm_eval {version('lm_eval')}",
        "measurement_version": MEASUREMENT_VERSION["benchmark"],
        "chat_template": suite.suite.chat_template,
        "chat_date": TODAY.date().isoformat() if suite.suite.chat_template else None,
        "batch_invariant": suite.suite.batch_invariant,
        "dtype": placement.dtype,
        "fewshot_order": suite.suite.fewshot_order,
        "repeats": suite.suite.repeats,
        "seed": suite.suite.seed,
    }
    return {**common, "limit": limit, "tasks": {task.id: _task_settings(suite, task, common) for task in tasks}}


def line_hashes(settings: Mapping[str, Any], model_sha256: str, device: str) -> dict[str, str]:
    """For each task what a ledger's line must carry: its settings, the model, and the kind of device."""
    kind = device.partition(":")[0]
    return {
        task: canonical_sha256({"settings": each["sha256"], "model": model_sha256, "device": kind})
        for task, each in settings["tasks"].items()
    }


def draws(suite: LoadedSuite, task: LoadedTask) -> int:
    """How often the task's items are asked: `repeats` where answers are sampled, once where they are always the same.

    Raises InputFault where the task itself asks for repeats of an answer that is always the same.
    """
    sampled = [_samples(part.harness.get_config("generation_kwargs") or {}) for part in task.parts]
    own = task.setting.repeats
    if any(sampled):
        return suite.suite.repeats if own is None else own
    if own is not None and own > 1:
        key = f"tasks[{suite.suite.tasks.index(task.setting)}].repeats"
        found = f"{own}, of answers that are the same each time"
        raise suite.fault(key, found, "1, or answers that are drawn (decoding: {temperature: 1.0})")
    return 1


def _samples(generation: Mapping[str, Any]) -> bool:
    """Whether the harness samples with these settings: as said, else where the temperature is above zero."""
    said = generation.get("do_sample")
    return bool(generation.get("temperature", 0.0)) if said is None else bool(said)


def _task_settings(suite: LoadedSuite, task: LoadedTask, common: Mapping[str, Any]) -> dict[str, Any]:
    setting = task.setting
    settings = {
        "use": task.setting.use,
        **({} if task.setting.revision is None else {"revision": task.setting.revision}),
        "metric": task.metric,
        "filter": task.filter,
        "fewshot": setting.fewshot,
        "templates": setting.templates,
        "shuffle_choices": setting.shuffle_choices,
        "choice_fields": setting.choice_fields,
        "draws": draws(suite, task),
        "thinking": None if setting.thinking is None else setting.thinking.model_dump(mode="json"),
        "decoding": [_decoding(part.harness) for part in task.parts],
        "versions": [str(part.harness.VERSION) for part in task.parts],
        "config_sha256": canonical_sha256([_plain(part.harness.config.to_dict(True)) for part in task.parts]),
    }
    return {**settings, "sha256": canonical_sha256({**common, **settings})}


def _decoding(harness: Any) -> Any:
    if harness.OUTPUT_TYPE != "generate_until":
        return "log-likelihood"
    return _plain(harness.get_config("generation_kwargs"))


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: a function by its source, so that a changed function is a changed setting."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items() if key not in PLACES}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if callable(value):
        try:
            return inspect.getsource(value)
        except (OSError, TypeError):
            return getattr(value, "__qualname__", type(value).__name__)
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)
