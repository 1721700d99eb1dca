"""From suites to the items that the data-quality stage looks for in a corpus sample and judges by themselves.

items = benchmark_items([load_suite(Path("suites/common.yaml"))])
items[0].text      # the question as the task renders it, followed by the right answer
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from checks.contracts.loading import LoadedSuite
from tasks.benchmark.harness_tasks import LoadedTask, load_tasks
from tasks.benchmark.items import picture_sha256
from tasks.benchmark.task_faults import check_item, item_fault
from tasks.data_quality.benchmark_item import BenchmarkItem


def benchmark_items(suites: Iterable[LoadedSuite]) -> list[BenchmarkItem]:
    """Every test item, numbered as results number them, and every few-shot example of the suites' tasks.

    Raises InputFault for a task that does not load and an item that does not fit it.
    """
    return [item for suite in suites for task in load_tasks(suite) for item in _items(task)]


def _items(task: LoadedTask) -> Iterator[BenchmarkItem]:
    for part in task.parts:
        for number, document in part.harness.doc_iterator(rank=0, limit=None, world_size=1):
            check_item(task.source, part.harness, document, number)
            yield _item(task, part.harness, document, part.first_item + number, "test")
    shown = 0
    for part in task.parts:
        for document in _fewshot_documents(part.harness):
            yield _item(task, part.harness, document, shown, "fewshot")
            shown += 1


def _fewshot_documents(harness: Any) -> list[Any]:
    """The examples that the task shows; none where it draws them from the tested items, of which it leaves out the one asked."""
    config = harness.config
    tested = config.test_split or config.validation_split
    written_out = harness.fewshot_cfg.split is None and (config.fewshot_config or {}).get("samples") is not None
    shown = harness.fewshot_cfg.split or config.training_split or config.validation_split or config.test_split
    return [] if shown == tested and not written_out else list(harness.fewshot_docs())


def _item(task: LoadedTask, harness: Any, document: Any, number: int, split: Any) -> BenchmarkItem:
    try:
        question, answer = harness.doc_to_text(document), harness.doc_to_target(document)
        choices = tuple(harness.doc_to_choice(document)) if harness.get_config("doc_to_choice") else ()
        pictures = harness.doc_to_image(document) if harness.get_config("doc_to_image") is not None else []
    except Exception as error:  # a template or function of the task that does not fit the document
        raise item_fault(task.source, harness, number, error) from error
    if harness.multiple_input:  # several beginnings for one end: `question` is the index of the right one
        question, answer, right = choices[question], answer, question
        target = str(answer)
    else:
        right = _index(answer, choices)
        target = choices[right] if right is not None and right < len(choices) else _text(answer)
    return BenchmarkItem(
        task=task.id,
        item=number,
        text=f"{question}{harness.config.target_delimiter}{target}",
        split=split,
        choices=choices,
        answer=right,
        target=target,
        picture=_pictures_sha256(pictures),
    )


def _index(answer: Any, choices: tuple[str, ...]) -> int | None:
    """The right choice's index, where the answer is one or names one; of several right answers the first."""
    first = answer[0] if isinstance(answer, list) and answer else answer
    if not choices:
        return None
    if isinstance(first, int):
        return first
    return choices.index(first) if first in choices else None


def _text(answer: Any) -> str:
    first = answer[0] if isinstance(answer, list) and answer else answer
    return "" if first in (None, []) else str(first)


def _pictures_sha256(pictures: list[Any]) -> str:
    if not pictures:
        return ""
    return hashlib.sha256("".join(picture_sha256(each) for each in pictures).encode()).hexdigest()
