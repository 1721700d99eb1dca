"""Files as other tools write them: lm-evaluation-harness's folder, Inspect's log, an Every Eval Ever record."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.benchmark.imports.result_files import ResultFiles

#: Written by Inspect 0.3.285 with its model of given answers.
SUMS = Path(__file__).parent / "results" / "sums.eval"

#: Whether each document is right: two of four.
RIGHT = (1.0, 0.0, 1.0, 0.0)


def harness_results(**changed: Any) -> dict[str, Any]:
    """A results file of one task, as the harness writes it."""
    return {
        "results": {"sums": {"alias": "sums", "acc,none": 0.5, "acc_stderr,none": 0.28867513459481287}},
        "group_subtasks": {},
        "configs": {
            "sums": {
                "task": "sums",
                "dataset_path": "json",
                "dataset_kwargs": {"data_files": {"test": "/data/sums.jsonl"}},
                "doc_to_text": "{{question}}",
                "num_fewshot": 0,
                "output_type": "multiple_choice",
                "repeats": 1,
                "metadata": {"version": 1.0, "pretrained": "team/model"},
            }
        },
        "versions": {"sums": 1.0},
        "n-shot": {"sums": 0},
        "n-samples": {"sums": {"original": 4, "effective": 4}},
        "config": {
            "model": "hf",
            "model_args": "pretrained=team/model",
            "model_dtype": "torch.float32",
            "model_sha": "0" * 40,
            "limit": None,
            "gen_kwargs": None,
            "random_seed": 0,
            "numpy_seed": 1234,
            "torch_seed": 1234,
            "fewshot_seed": 1234,
        },
        "lm_eval_version": "0.4.9",
        "model_source": "hf",
        "model_name": "team/model",
        "system_instruction": None,
        "fewshot_as_multiturn": False,
        "chat_template": None,
        **changed,
    }


def harness_samples(right: Sequence[float] = RIGHT) -> list[dict[str, Any]]:
    """The logged samples of that task."""
    return [
        {
            "doc_id": index,
            "filtered_resps": [["-1.0", "True"], ["-2.0", "False"]],
            "filter": "none",
            "prompt_hash": hashlib.sha256(str(index).encode()).hexdigest(),
            "acc": value,
        }
        for index, value in enumerate(right)
    ]


def write_harness(folder: Path, results: Any, samples: Mapping[str, Sequence[Any]] | None = None) -> Path:
    """The folder that the harness would write; `samples` by task."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results_2026-01-01.json").write_text(json.dumps(results))
    for task, rows in (samples or {}).items():
        (folder / f"samples_{task}_2026-01-01.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def inspect_log(**changed: Any) -> dict[str, Any]:
    """The log as Inspect's JSON format has it: the header with its samples."""
    parts = ResultFiles(SUMS.parent).zip_parts(SUMS)
    samples = [part for name, part in sorted(parts.items()) if name != "header.json"]
    return {**parts["header.json"], "samples": samples, **changed}


def record(folder: Path, score: float = 75.0, **instances: Any) -> Path:
    """A record with four instances, by the schema of evalevalai.com, version 0.2.1."""
    lines = [
        {
            "schema_version": "instance_level_eval_0.2.1",
            "evaluation_id": "sums/x/1",
            "model_id": "team/model",
            "evaluation_name": "sums",
            "sample_id": f"s{index}",
            "interaction_type": "single_turn",
            "input": {"raw": f"{index}+1", "reference": [str(index + 1)]},
            "output": {"raw": [str(index + 1)]},
            "answer_attribution": [],
            "evaluation": {"score": 0.0 if index == 2 else 100.0, "is_correct": index != 2},
        }
        for index in range(4)
    ]
    samples = folder / "record_samples.jsonl"
    samples.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stated = {
        "schema_version": "0.2.1",
        "evaluation_id": "sums/x/1",
        "retrieved_timestamp": "1760000000",
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": "an agency",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": "helm", "version": "0.5"},
        "model_info": {"name": "model", "id": "team/model"},
        "evaluation_results": [
            {
                "evaluation_name": "sums",
                "source_data": {"dataset_name": "sums", "source_type": "other"},
                "metric_config": {
                    "lower_is_better": False,
                    "score_type": "continuous",
                    "min_score": 0,
                    "max_score": 100,
                },
                "score_details": {"score": score},
            }
        ],
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": f"data/sums/{samples.name}",
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(samples.read_bytes()).hexdigest(),
            "total_rows": 4,
            **instances,
        },
    }
    (folder / "record.json").write_text(json.dumps(stated))
    return folder / "record.json"
