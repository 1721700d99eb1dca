"""What another tool's file says of how it measured: the settings that must be equal between teams for scores to compare.

Which model was measured and which files were read is no setting; both stand in the record of the import. A tool and its version
are the setting `harness`, its precision `dtype`, as where scores are measured here, so that a round can let them differ by name.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from checks.records.canonical import canonical_sha256
from tasks.benchmark.imports.every_eval_file import EvaluationResult, Library
from tasks.benchmark.imports.harness_file import HarnessResults
from tasks.benchmark.imports.inspect_file import InspectHeader, InspectScorer
from tasks.benchmark.settings import PLACES

#: How the harness writes a function that it has no source of: where it lay in memory.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

#: Of a task's configuration what a prompt is made by.
_TEMPLATES = ("description", "doc_to_text", "doc_to_target", "doc_to_choice", "target_delimiter", "fewshot_delimiter")

#: Settings of Inspect's calls that change when an answer comes, not which.
_WHEN = ("max_connections", "adaptive_connections", "max_retries", "timeout", "attempt_timeout", "batch", "cache")


def harness_version(content: HarnessResults) -> str:
    """The harness with its version."""
    return f"lm_eval {content.lm_eval_version or '(version unknown)'}"


def inspect_version(header: InspectHeader) -> str:
    """Inspect with its version."""
    return f"inspect_ai {(header.eval.packages or {}).get('inspect_ai', '(version unknown)')}"


def library_version(library: Library | None) -> str:
    """The tool of an Every Eval Ever record with its version."""
    known = library or Library()
    return f"{known.name} {known.version}"


def harness_settings(content: HarnessResults, name: str, members: Sequence[str], key: str) -> dict[str, Any]:
    """A task's or a group's settings, lists in the order of the group's tasks; `key` is `metric,filter`."""
    metric, _, filter_name = key.partition(",")
    run = content.config
    configs = [_own_config(content, each) for each in members]
    return {
        "harness": harness_version(content) + (f" ({content.model_source})" if content.model_source else ""),
        "dtype": run.model_dtype.removeprefix("torch.") if run is not None and run.model_dtype else None,
        "chat_template": bool(content.chat_template),
        "system_instruction": content.system_instruction,
        "fewshot_as_multiturn": bool(content.fewshot_as_multiturn) if content.chat_template else None,
        "seeds": run.model_dump(include={"random_seed", "numpy_seed", "torch_seed", "fewshot_seed"}) if run else {},
        "use": name,
        "metric": metric,
        "filter": filter_name,
        "fewshot": [
            (content.n_shot or {}).get(each, config.get("num_fewshot"))
            for each, config in zip(members, configs, strict=True)
        ],
        "versions": [(content.versions or {}).get(each) for each in members],
        "templates_sha256": canonical_sha256([{part: config.get(part) for part in _TEMPLATES} for config in configs]),
        "decoding": [config.get("generation_kwargs", "log-likelihood") for config in configs],
        "repeats": [config.get("repeats") for config in configs],
        "config_sha256": canonical_sha256(configs),
    }


def inspect_settings(header: InspectHeader, scorer: InspectScorer, metric: str) -> dict[str, Any]:
    """A log's settings: the task and its arguments, the solver, how it was generated, limits, and who judged."""
    task, plan = header.eval, header.plan
    return {
        "harness": ", ".join(sorted(f"{name} {version}" for name, version in (task.packages or {}).items())),
        "use": task.task,
        "versions": [task.task_version],
        "task_args": task.task_args,
        "solver": [{"solver": each.solver, "params": each.params} for each in plan.steps] if plan is not None else [],
        "decoding": _generation(plan.config if plan is not None else None) | _generation(task.model_generate_config),
        "scorer": {"name": scorer.name, "scorer": scorer.scorer, "params": scorer.params},
        "metric": metric,
        "judges": {
            role: {"model": each.model, "decoding": _generation(each.config)}
            for role, each in (task.model_roles or {}).items()
        },
        "sandbox": task.sandbox.type if task.sandbox is not None else None,
        "sample_ids_sha256": canonical_sha256(task.dataset.sample_ids) if task.dataset.sample_ids else None,
        **task.config.model_dump(exclude={"limit", "sample_id"}),
    }


def record_settings(library: Library | None, row: EvaluationResult, metric: str) -> dict[str, Any]:
    """An evaluation's settings, as far as a record has them: the data, the metric and its judges, and how it was generated."""
    return {
        "harness": library_version(library),
        "use": row.evaluation_name,
        "metric": metric,
        "metric_config": row.metric_config.model_dump(),
        "data": row.source_data.model_dump() if row.source_data is not None else None,
        "decoding": row.generation_config,
    }


def _own_config(content: HarnessResults, task: str) -> dict[str, Any]:
    """The task's configuration without what the harness adds of the model to its metadata, and without where files lay."""
    config = dict(content.configs.get(task, {}))
    metadata = config.pop("metadata", None)
    if isinstance(metadata, Mapping):
        of_model = content.config.argument_names() if content.config is not None else set()
        config["metadata"] = {key: value for key, value in metadata.items() if key not in of_model}
    return {key: _placeless(value) for key, value in config.items()}


def _placeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _placeless(each) for key, each in value.items() if key not in PLACES}
    if isinstance(value, list):
        return [_placeless(each) for each in value]
    return _ADDRESS.sub("", value) if isinstance(value, str) else value


def _generation(config: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (config or {}).items() if key not in _WHEN and value is not None}
