"""The two suites and their tasks, in lm-evaluation-harness's format, with data made by rule.

Test items come from the held-out share of each item space, few-shot examples from the share that training draws from.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from flows.demo import arithmetic, calendar_dates, numerals, particles, shapes
from flows.demo.items import Item
from flows.demo.teams import derived_seed

FEWSHOT_ITEMS = 20
MOST_DRAWS_AN_ITEM = 100
#: Longer than any true answer; generation ends at the line's end before that.
LONGEST_ANSWER_TOKENS = 8

Draw = Callable[[Random, bool], tuple[Item, shapes.Picture | None]]


@dataclass(frozen=True)
class Task:
    """One task: its id, how its items are drawn, and how many are tested."""

    id: str
    suite: str
    draw: Draw
    tested: int
    pictures: bool = False
    generated: bool = False


def _text(draw: Callable[[Random, bool], Item]) -> Draw:
    return lambda rng, test: (draw(rng, test), None)


def _picture(question: str) -> Draw:
    def draw(rng: Random, test: bool) -> tuple[Item, shapes.Picture | None]:
        picture = shapes.draw_picture(rng, test)
        return picture.item(question), picture

    return draw


TASKS = (
    Task("numerals", "common", _text(numerals.draw), 150),
    Task("particles", "common", _text(particles.draw), 120),
    Task("weekdays", "common", _text(calendar_dates.draw), 150),
    Task("addition", "common", _text(arithmetic.draw), 150, generated=True),
    Task("colours", "common", _picture("색"), 120, pictures=True),
    Task("shapes", "individual", _picture("모양"), 120, pictures=True),
    Task("counting", "individual", _picture("개수"), 120, pictures=True),
)
#: What each team's own target model scored on the individual suite, metric x 100: as made up as the teams.
TARGETS = {
    "t1": {"shapes": 90, "counting": 90},
    "t2": {"shapes": 90, "counting": 85},
    "t3": {"shapes": 85, "counting": 85},
    "t4": {"shapes": 85, "counting": 80},
    "t5": {"shapes": 80, "counting": 80},
}

_IMAGE_LOADER = '''"""Opens the picture that a document names, beside this file."""

from pathlib import Path

from PIL import Image


def load(document):
    """One picture a document, as lm-evaluation-harness expects of `doc_to_image`."""
    with Image.open(Path(__file__).parent / document["image"]) as picture:
        return [picture.convert("RGB")]
'''


def write_suites(folder: Path, seed: int) -> None:
    """Writes common.yaml, individual.yaml and tasks/ with their data and pictures."""
    tasks = folder / "tasks"
    tasks.mkdir(parents=True, exist_ok=True)
    (tasks / "images.py").write_text(_IMAGE_LOADER, encoding="utf-8")
    for task in TASKS:
        _write_data(tasks, task, seed)
        (tasks / f"{task.id}.yaml").write_text(_task_yaml(task), encoding="utf-8")
    for suite in ("common", "individual"):
        members = [
            {"id": task.id, "use": f"tasks/{task.id}.yaml", "metric": "exact_match" if task.generated else "acc"}
            for task in TASKS
            if task.suite == suite
        ]
        text = yaml.safe_dump({"version": 1, "suite": suite, "tasks": members}, sort_keys=False)
        (folder / f"{suite}.yaml").write_text(text, encoding="utf-8")


def _write_data(tasks: Path, task: Task, seed: int) -> None:
    rng = Random(derived_seed(seed, "suites", task.id))
    data = tasks / "data"
    data.mkdir(exist_ok=True)
    for split, count, test in (("test", task.tested, True), ("fewshot", FEWSHOT_ITEMS, False)):
        lines = []
        for number, (item, picture) in enumerate(_distinct(rng, task.draw, count, test)):
            row: dict[str, Any] = {"id": f"{task.id}-{split}-{number:03d}", "question": item.question}
            if picture is not None:
                row["image"] = f"pictures/{task.id}-{split}-{number:03d}.png"
                (tasks / "pictures").mkdir(exist_ok=True)
                shapes.paint(picture).save(tasks / row["image"])
            if task.generated:
                row["answer"] = item.answer.strip()
            else:
                row["choices"] = list(item.choices)
                row["answer"] = item.choices.index(item.answer)
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
        (data / f"{task.id}-{split}.jsonl").write_text("".join(lines), encoding="utf-8")


def _distinct(rng: Random, draw: Draw, count: int, test: bool) -> list[tuple[Item, shapes.Picture | None]]:
    """`count` different items; raises ValueError where the item space does not seem to hold so many."""
    found: dict[str, tuple[Item, shapes.Picture | None]] = {}
    for _ in range(MOST_DRAWS_AN_ITEM * count):
        if len(found) == count:
            return list(found.values())
        item, picture = draw(rng, test)
        found.setdefault(item.key, (item, picture))
    raise ValueError(f"{len(found)} different items found, {count} wanted: the item space is too small")


def _task_yaml(task: Task) -> str:
    lines = [
        f"task: gwanmun_demo_{task.id}",
        "dataset_path: json",
        "dataset_kwargs:",
        "  data_files:",
        f"    test: data/{task.id}-test.jsonl",
        f"    fewshot: data/{task.id}-fewshot.jsonl",
        "test_split: test",
        "fewshot_split: fewshot",
        f"output_type: {'generate_until' if task.generated else 'multiple_choice'}",
        'doc_to_text: "{{question}}"',
        "doc_to_target: answer",
    ]
    if task.pictures:
        lines.append("doc_to_image: !function images.load")
    if task.generated:
        lines += [
            "generation_kwargs:",
            '  until: ["\\n"]',
            "  do_sample: false",
            f"  max_gen_toks: {LONGEST_ANSWER_TOKENS}",
            "filter_list:",
            "  - name: digits",
            "    filter:",
            "      - {function: regex, regex_pattern: '(\\d+)'}",
            "      - {function: take_first}",
        ]
    else:
        lines.append("doc_to_choice: choices")
    metric = "exact_match" if task.generated else "acc"
    lines += [
        'target_delimiter: ""',
        'fewshot_delimiter: "\\n"',
        "metric_list:",
        f"  - {{metric: {metric}, aggregation: mean, higher_is_better: true}}",
        "metadata: {version: 1.0}",
    ]
    return "\n".join(lines) + "\n"
