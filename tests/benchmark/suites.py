"""Suites and task files in lm-evaluation-harness's format, written by the tests."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from checks.contracts.loading import LoadedSuite, load_suite

LETTERS = {
    "output_type": "multiple_choice",
    "doc_to_text": "{{question}}\nA. {{a}}\nB. {{b}}\nC. {{c}}\n정답：",
    "doc_to_choice": ["A", "B", "C"],
    "doc_to_target": "gold",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}
FULL_TEXT = {
    "output_type": "multiple_choice",
    "doc_to_text": "Question: {{question}} Answer: ",
    "doc_to_choice": "{{[a, b, c]}}",
    "doc_to_target": "gold",
    "target_delimiter": "",
    "metric_list": [
        {"metric": "acc", "aggregation": "mean", "higher_is_better": True},
        {"metric": "acc_norm", "aggregation": "mean", "higher_is_better": True},
    ],
}
GENERATED = {
    "output_type": "generate_until",
    "doc_to_text": "{{question}} {{a}}",
    "doc_to_target": "{{sum}}",
    "generation_kwargs": {"until": ["다", "\n"], "do_sample": False, "max_gen_toks": 12},
    "filter_list": [
        {"name": "digits", "filter": [{"function": "regex", "regex_pattern": r"(\d)"}, {"function": "take_first"}]}
    ],
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
}
WORDS = ["바다", "도서관", "one two", "four", "하나 둘 셋", "넓다", "2+5", "Answer"]


def documents(count: int) -> list[dict[str, Any]]:
    """Questions of different lengths; the right answers are spread evenly."""
    rows = []
    for index in range(count):
        words = [WORDS[(index * step + step) % len(WORDS)] for step in (1, 3, 5)]
        question = f"{index % 7}+{index % 4}" + " 바다가" * (index % 5)
        rows.append(
            {"question": question, "a": words[0], "b": words[1] + " one", "c": words[2] + " 셋", "gold": index % 3}
            | {"sum": str(index % 7 + index % 4)}
        )
    return rows


def write_task(
    folder: Path,
    name: str,
    config: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    examples: Sequence[dict[str, Any]] | None = None,
) -> Path:
    """A task file with its data beside it, few-shot examples from a split of their own."""
    examples = documents(9)[2:] if examples is None else examples
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split, lines in (("test", rows), ("fewshot", examples)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / "data" / f"{name}-{split}.jsonl").write_text(text, encoding="utf-8")
    files = {split: f"data/{name}-{split}.jsonl" for split in ("test", "fewshot")}
    whole = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": files},
        "test_split": "test",
        "fewshot_split": "fewshot",
        **config,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    return path


def write_suite(folder: Path, tasks: Sequence[dict[str, Any]], **more: Any) -> LoadedSuite:
    """A suite of those tasks, loaded."""
    path = folder / "suite.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "suite": "small", "tasks": list(tasks), **more}), encoding="utf-8")
    return load_suite(path)
