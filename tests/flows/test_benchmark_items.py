"""From a suite's tasks to the items that the data-quality stage sees."""

from pathlib import Path

from checks.contracts.loading import load_programme
from flows.benchmark_items import benchmark_items
from tasks.data_quality.items import measure_items
from tests.benchmark.suites import FULL_TEXT, GENERATED, LETTERS, documents, write_suite, write_task


def test_the_demos_items_carry_question_answer_and_picture(demo_programme: Path) -> None:
    loaded = load_programme(demo_programme)
    items = benchmark_items(loaded.suites.values())
    counted = {split: sum(item.split == split for item in items) for split in ("test", "fewshot")}
    assert counted == {"test": 150 + 120 + 150 + 150 + 120 + 120 + 120, "fewshot": 7 * 20}
    by_name = {(item.task, item.split, item.item): item for item in items}
    assert len(by_name) == len(items)
    numeral, sum_, shape = (by_name[task, "test", 3] for task in ("numerals", "addition", "shapes"))
    assert numeral.answer is not None and numeral.text.endswith(numeral.choices[numeral.answer])
    assert numeral.picture == ""
    assert sum_.choices == () and sum_.answer is None and sum_.target.isdigit() and sum_.text.endswith(sum_.target)
    assert len(shape.picture) == 64 and shape.picture != by_name["shapes", "test", 4].picture


def test_every_kind_of_answer_is_found(tmp_path: Path) -> None:
    """An index, a text, one of several texts, and a task that chooses between beginnings; the answers are known by hand."""
    several = {**GENERATED, "doc_to_target": "{{[a, b]}}"}
    named = {**LETTERS, "doc_to_target": "{{['A', 'B', 'C'][gold]}}"}
    beginnings = {
        **FULL_TEXT,
        "doc_to_text": "gold",
        "doc_to_choice": "{{[a, b, c]}}",
        "doc_to_target": "{{question}}",
        "target_delimiter": " ",
        "metric_list": [{"metric": "acc"}],
    }
    rows = documents(4)
    for name, config in {"index": FULL_TEXT, "named": named, "several": several, "beginnings": beginnings}.items():
        write_task(tmp_path / "tasks", name, config, rows)
    metrics = {"several": "exact_match"}
    tasks = [
        {"id": name, "use": f"tasks/{name}.yaml", "metric": metrics.get(name, "acc")}
        for name in ("index", "named", "several", "beginnings")
    ]
    found = {
        (each.task, each.item): each for each in benchmark_items([write_suite(tmp_path, tasks)]) if each.split == "test"
    }
    third = rows[2]
    right = (third["a"], third["b"], third["c"])[third["gold"]]
    assert found["index", 2].text == f"Question: {third['question']} Answer: {right}"
    assert (found["index", 2].answer, found["index", 2].choices[third["gold"]]) == (third["gold"], right)
    assert (found["named", 2].answer, found["named", 2].target) == (third["gold"], "ABC"[third["gold"]])
    assert (found["several", 2].answer, found["several", 2].target) == (None, third["a"])
    assert found["beginnings", 2].text == f"{right} {third['question']}"
    assert found["beginnings", 2].answer == third["gold"]


def test_examples_drawn_from_the_tested_items_are_no_leak(tmp_path: Path) -> None:
    """The harness leaves out the item that is asked; examples of a split of their own are handed on, leaks and all."""
    rows = documents(6)
    write_task(tmp_path / "tasks", "same", {**FULL_TEXT, "fewshot_split": "test"}, rows)
    write_task(tmp_path / "tasks", "own", FULL_TEXT, rows, examples=rows[:2])
    tasks = [{"id": name, "use": f"tasks/{name}.yaml", "fewshot": 1} for name in ("same", "own")]
    items = benchmark_items([write_suite(tmp_path, tasks)])
    shown = [(each.task, each.item) for each in items if each.split == "fewshot"]
    assert shown == [("own", 0), ("own", 1)]
    leaks = {row.subject: row.bad for row in measure_items(items) if row.check == "few-shot-leak"}
    assert leaks == {"same": 0, "own": 2}
