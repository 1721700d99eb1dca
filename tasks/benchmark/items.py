"""The items of a task in order: each one's requests to the model, and the hash of all that the model is shown.

Few-shot examples come in one of two orders. `harness`: the harness's sampler runs along the documents from the first, as
in its own single process, so an item's prompt never depends on a limit, a resume or a number of devices. `per_document`:
drawn for each document by a generator seeded with (seed, task, document), so an item's prompt depends on nothing else.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.suite import Suite
from checks.records.canonical import canonical_sha256
from tasks.benchmark.chat import Chat
from tasks.benchmark.harness_tasks import LoadedTask, Part
from tasks.benchmark.task_faults import check_item, item_fault

#: Items that are planned together: part of what decides which tokens share a batch, and so the last bits of a score. Fixed,
#: never dependent on a limit or a resume. Scored items make one tree of all their prompts, so the more the better: every
#: subject of KMMLU is within 2,048, whose prompts take some 100 MB. A chunk of texts ends with few slots at work: the more
#: the better too, and a limit asks for no more than it says, as a text does not depend on those beside it.
ITEMS_A_CHUNK = 2048

#: The mark in a prompt where a picture stands, as in the harness.
PICTURE_MARK = "<image>"


@dataclass
class Item:
    """One item: `number` counts through the suite's task, `document` is what the harness's task made it from.

    `asked`: it is within the limit. Others are there because their prompts are part of the plan.
    """

    number: int
    document: Any
    requests: list[Any]
    prompt_sha256: str
    asked: bool = True


def chunks(
    task: LoadedTask, part: Part, suite: Suite, limit: int | None, chat: Chat | None = None
) -> Iterator[list[Item]]:
    """The part's items, a chunk at a time, up to `limit` of them (for a group, as in the harness: of each part).

    `chat` turns messages into a prompt, where the suite asks for the model's chat template.
    A chunk of scored items is whole, those beyond the limit not `asked`: the plan is that of the whole task.
    """
    items = _items(task, part, suite, chat)
    if part.harness.OUTPUT_TYPE == "generate_until":
        bounded = islice(items, limit)
        while chunk := list(islice(bounded, ITEMS_A_CHUNK)):
            yield chunk
        return
    left = limit
    while (left is None or left > 0) and (chunk := list(islice(items, ITEMS_A_CHUNK))):
        if left is not None:
            for item in chunk[left:]:
                item.asked = False
            left -= len(chunk)
        yield chunk


def check_items(task: LoadedTask) -> None:
    """Raises InputFault for the first item without a question, choices, a right answer among them, or its pictures."""
    for part in task.parts:
        for number, document in part.harness.doc_iterator(rank=0, limit=None, world_size=1):
            check_item(task.source, part.harness, document, number)
            if part.harness.get_config("doc_to_image") is not None:
                try:
                    part.harness.doc_to_image(document)
                except (
                    Exception,
                    SystemExit,
                ) as error:  # a picture that is missing or no picture, or the task's own function
                    raise item_fault(task.source, part.harness, number, error) from error


def _items(task: LoadedTask, part: Part, suite: Suite, chat: Chat | None) -> Iterator[Item]:
    harness = part.harness
    harness.set_fewshot_seed(suite.seed)
    for number, document in harness.doc_iterator(rank=0, limit=None, world_size=1):
        check_item(task.source, harness, document, number)
        if suite.fewshot_order == "per_document":
            harness.set_fewshot_seed(f"{suite.seed}/{harness.task_name}/{number}")
        try:
            requests = _requests(harness, document, number, task.setting.fewshot, chat)
        except InputFault:
            raise
        except (Exception, SystemExit) as error:  # the task's own templates and functions, or too few examples
            raise item_fault(task.source, harness, number, error) from error
        _check_pictures(task, harness, number, requests)
        yield Item(part.first_item + number, document, requests, _prompt_sha256(requests))


def _requests(harness: Any, document: Any, number: int, fewshot: int, chat: Chat | None) -> list[Any]:
    """As `Task.build_all_requests` builds them, without its progress bar and its cache."""
    written = {"apply_chat_template": chat is not None, "chat_template": chat}
    context = harness.fewshot_context(
        document,
        num_fewshot=fewshot,
        gen_prefix=harness.doc_to_prefix(document),
        fewshot_as_multiturn=chat is not None,
        **written,
    )
    built = harness.construct_requests(doc=document, ctx=context, metadata=(harness.task_name, number, 1), **written)
    requests = built if isinstance(built, list) else [built]
    return sorted(requests, key=lambda request: int(request.idx))


def pictures(request: Any) -> list[Any]:
    """The request's pictures; none for a request of text."""
    extra = request.args[-1] if isinstance(request.args[-1], dict) else {}
    return list(extra.get("visual") or [])


def _check_pictures(task: LoadedTask, harness: Any, number: int, requests: list[Any]) -> None:
    marks, shown = str(requests[0].args[0]).count(PICTURE_MARK), len(pictures(requests[0]))
    if shown and marks != shown:
        found = f"{marks} {PICTURE_MARK} marks in the prompt for {shown} pictures"
        expected = "one mark a picture (examples before the question have no pictures: fewshot 0)"
        raise InputFault(task.source, f"{harness.task_name}, item {number}", found, expected)
    if any("audio" in each for each in requests[0].args if isinstance(each, dict)):
        raise InputFault(task.source, harness.task_name, "a task with sound", "text or pictures")


def _prompt_sha256(requests: list[Any]) -> str:
    shown = []
    for request in requests:
        texts = [each for each in request.args if not (isinstance(each, dict) and "visual" in each)]
        shown.append([request.request_type, *texts, *map(picture_sha256, pictures(request))])
    return canonical_sha256(shown)


def picture_sha256(picture: Any) -> str:
    """SHA-256 of a picture's mode, size and pixels, whatever the file's format."""
    head = f"{picture.mode} {picture.size[0]}x{picture.size[1]} ".encode()
    return hashlib.sha256(head + picture.tobytes()).hexdigest()
