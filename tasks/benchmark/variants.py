"""The ways in which a task is asked: as written, in other wordings, with its choices in other orders.

    for variant in variants(suite, task):
        print(variant.number, variant.name)          # 0 own, 1 template-1, 2 order-1, …

One thing is changed at a time, so that each way's score beside the others shows what the wording or the order is worth.
A variant is a task like any other: its items have the numbers of the task's own. Few-shot examples follow a template (they
are the prompt's wording too) and keep their own order of choices.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from checks.contracts.loading import LoadedSuite
from checks.contracts.suite import SuiteTask
from tasks.benchmark.harness_tasks import LoadedTask

#: Where a suite does not say which field holds the choices.
CHOICES = ("choices",)


@dataclass(frozen=True)
class Variant:
    """One way of asking a task."""

    number: int
    name: str
    task: LoadedTask


class ShuffledDocument(dict[str, Any]):
    """An item with its choices in another order: `order[place]` is the place that the choice had before; `target` is the
    right answer's place (or text) now, `original` the item as written."""

    original: dict[str, Any]
    order: tuple[int, ...]
    target: Any


def variants(suite: LoadedSuite, task: LoadedTask) -> list[Variant]:
    """All ways, the task as written first. Raises InputFault for a template that changes nothing, and for choices that
    cannot be put in another order without doubt about which of them is right."""
    setting, index = task.setting, suite.suite.tasks.index(task.setting)
    made = [Variant(0, "own", task)]
    for place, template in enumerate(setting.templates):
        parts = [_worded(suite, f"tasks[{index}].templates[{place}]", part.harness, template) for part in task.parts]
        made.append(Variant(len(made), f"template-{place + 1}", _with(task, parts)))
    for place in range(setting.shuffle_choices or 0):
        parts = [
            _shuffled(suite, f"tasks[{index}].shuffle_choices", part.harness, setting, place) for part in task.parts
        ]
        made.append(Variant(len(made), f"order-{place + 1}", _with(task, parts)))
    return made


def orders(seed: int, task: str, item: int, choices: int) -> Iterator[tuple[int, ...]]:
    """Other orders of an item's choices without end: drawn by the seed, each one once before any comes again.

    The order as written is the task's own, so it comes last of a round.
    """
    draw = Random(f"order/{seed}/{task}/{item}")
    own = tuple(range(choices))
    while True:
        seen = {own}
        count = 1
        for factor in range(2, choices + 1):
            count *= factor
        while len(seen) < count:
            order = tuple(draw.sample(own, choices))
            if order not in seen:
                seen.add(order)
                yield order
        yield own


def _with(task: LoadedTask, harnesses: list[Any]) -> LoadedTask:
    parts = tuple(replace(part, harness=harness) for part, harness in zip(task.parts, harnesses, strict=True))
    return replace(task, parts=parts)


def _worded(suite: LoadedSuite, key: str, harness: Any, template: str) -> Any:
    """The harness's task with another `doc_to_text`, its examples' too where they had the task's own."""
    if harness.multiple_input:
        raise suite.fault(key, f"{harness.task_name}, whose choices stand in its question", "a task with one question")
    worded, config = copy(harness), copy(harness.config)
    examples = copy(harness.fewshot_cfg)
    if examples.doc_to_text == config.doc_to_text:
        examples.doc_to_text = template
    config.doc_to_text, config.fewshot_config, config.use_prompt = template, examples, None
    worded._config, worded.fewshot_cfg, worded.prompt = config, examples, None
    first = harness.eval_docs[0]
    try:
        same = worded.doc_to_text(first) == harness.doc_to_text(first)
    except Exception as error:  # whatever Jinja finds wrong with a template
        words = f"{template!r}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise suite.fault(key, words, "a Jinja template over the item's fields") from error
    if same:
        raise suite.fault(key, f"{template!r}, which asks item 0 as the task does", "another wording")
    return worded


def _shuffled(suite: LoadedSuite, key: str, harness: Any, setting: SuiteTask, place: int) -> Any:
    """The harness's task over the same items with their choices in the `place`-th other order."""
    _check_shufflable(suite, key, harness)
    fields = setting.choice_fields or CHOICES
    shuffled, sampler = copy(harness), getattr(harness, "sampler", None)
    seed = suite.suite.seed

    def iterated(**window: Any) -> Iterator[tuple[int, ShuffledDocument]]:
        for number, document in harness.doc_iterator(**window):
            yield number, _document(suite, key, harness, fields, document, _order(number, document))

    def _order(number: int, document: Any) -> tuple[int, ...]:
        drawn = orders(seed, harness.task_name, number, len(harness.doc_to_choice(document)))
        return next(order for count, order in enumerate(drawn) if count == place)

    def target(document: Any, doc_to_target: Any = None) -> Any:
        if isinstance(document, ShuffledDocument):
            return document.target
        return harness.doc_to_target(document, doc_to_target)

    shuffled.doc_iterator, shuffled.doc_to_target = iterated, target
    if sampler is not None:
        shuffled.sampler = _sampler_of_originals(sampler)
    _check_shown(suite, key, harness, fields)
    return shuffled


def _sampler_of_originals(sampler: Any) -> Any:
    """Leaves an item out of its own examples, whatever the order of its choices."""
    own = copy(sampler)
    sample = own.sample

    def sampled(n: int, eval_doc: Any = None, **more: Any) -> Any:
        return sample(n, eval_doc=getattr(eval_doc, "original", eval_doc), **more)

    own.sample = sampled
    return own


def _document(
    suite: LoadedSuite, key: str, harness: Any, fields: Any, document: dict[str, Any], order: tuple[int, ...]
) -> ShuffledDocument:
    made = ShuffledDocument(_put(suite, key, document, fields, order))
    made.original, made.order = document, order
    before, after = harness.doc_to_choice(document), harness.doc_to_choice(made)
    moved = [before[place] for place in order]
    if after not in (before, moved):
        raise suite.fault(key, f"choices {after!r} where {moved!r} follow", "choice_fields in the order of the choices")
    made.target = _target(harness.doc_to_target(document), before, after, order)
    return made


def _target(target: Any, before: list[str], after: list[str], order: tuple[int, ...]) -> Any:
    """The right answer where it stands now: its new index, or the text (a letter, say) that now names it."""
    if isinstance(target, list):
        return [_target(each, before, after, order) for each in target]
    if isinstance(target, str):
        return after[order.index(before.index(target))]
    return order.index(target)


def _put(suite: LoadedSuite, key: str, document: dict[str, Any], fields: Any, order: tuple[int, ...]) -> dict[str, Any]:
    """The item's fields with their values in the new order."""
    if len(fields) == 1:
        values = _value(suite, key, document, fields[0])
        if not isinstance(values, list) or len(values) != len(order):
            raise suite.fault(key, f"{fields[0]!r} with {values!r}", f"the list of the {len(order)} choices")
        return _replaced(document, fields[0].split("."), [values[place] for place in order])
    if len(fields) != len(order):
        raise suite.fault(key, f"{len(fields)} choice_fields", f"one for each of the {len(order)} choices")
    values = [_value(suite, key, document, field) for field in fields]
    for field, place in zip(fields, order, strict=True):
        document = _replaced(document, field.split("."), values[place])
    return document


def _value(suite: LoadedSuite, key: str, document: Any, field: str) -> Any:
    value = document
    for name in field.split("."):
        if not isinstance(value, dict) or name not in value:
            raise suite.fault(
                key, f"no field {field!r} in the items", "choice_fields: the fields that hold the choices"
            )
        value = value[name]
    return value


def _replaced(document: dict[str, Any], names: list[str], value: Any) -> dict[str, Any]:
    first, *rest = names
    return {**document, first: _replaced(document[first], rest, value) if rest else value}


def _check_shufflable(suite: LoadedSuite, key: str, harness: Any) -> None:
    """Only where the harness itself compares the chosen index with the right one is it known which answer is right now."""
    expected = "a task of multiple choice that the harness judges"
    if harness.OUTPUT_TYPE != "multiple_choice" or harness.multiple_input:
        raise suite.fault(key, f"{harness.task_name}, whose answers are no choices after one question", expected)
    if harness.get_config("process_results") is not None:
        raise suite.fault(key, f"{harness.task_name}, which judges its answers by a function of its own", expected)


def _check_shown(suite: LoadedSuite, key: str, harness: Any, fields: Any) -> None:
    """Choices that the question does not show have no order: shuffling them would measure the same thing again."""
    document = harness.eval_docs[0]
    order = tuple(reversed(range(len(harness.doc_to_choice(document)))))
    if harness.doc_to_text(_document(suite, key, harness, fields, document, order)) == harness.doc_to_text(document):
        found = f"{harness.task_name}, whose question does not show the choices"
        raise suite.fault(key, found, "a task whose prompt lists them, as their order says nothing elsewhere")
