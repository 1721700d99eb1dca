"""From the model's responses to right and wrong: the task's own filters, metric and aggregation, item by item.

A response is (log-likelihood, is greedy) a choice, one log-likelihood for a whole text, or a generated text. Values are
whatever the metric needs to be aggregated (a number; a pair for f1; log-likelihood and words for perplexity).
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from checks.contracts.errors import InputFault
from tasks.benchmark.harness_tasks import LoadedTask, Part
from tasks.benchmark.items import Item
from tasks.benchmark.task_faults import judging

#: Metrics whose value of one item is the pair (right answer, prediction); one item is right where the two are equal.
_PAIR_METRICS = ("f1", "mcc")
#: Metrics that count the choice of the best of several: a guess is right as often as a choice is.
_CHOICE_METRICS = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info")


@dataclass(frozen=True)
class Verdict:
    """An item's metric value as the aggregation takes it, and as one number: `correct`.

    `answer` is what the filters took from a generated text, `unparsed` that they found nothing in it; `chance` is what a
    guess among the item's choices comes to.
    """

    value: Any
    correct: float
    answer: str = ""
    unparsed: bool = False
    chance: float | None = None


def judge(task: LoadedTask, part_index: int, item: Item, responses: Sequence[Any]) -> Verdict:
    """One item's value from its responses (one a request), through the filter and metric that the suite names."""
    harness = task.parts[part_index].harness
    for request, response in zip(item.requests, responses, strict=True):
        request.resps, request.filtered_resps = [response], {}
    ensemble = next(each for each in harness._filters if each.name == task.filter)
    where = f"{harness.task_name}, item {item.number}"
    with judging(task.source, where, f"the filter {task.filter!r}"):
        ensemble.apply(item.requests)
        filtered = [request.filtered_resps[task.filter] for request in item.requests]
    with judging(task.source, where, "the metric"):
        metrics = harness.process_results(item.document, filtered)
    if not isinstance(metrics, dict):
        raise InputFault(task.source, where, f"{metrics!r} from process_results", "metrics by their names")
    if task.metric not in metrics:
        offered = ", ".join(sorted(metrics))
        raise InputFault(task.source, where, f"no value of {task.metric!r}", f"one of {offered}")
    value = metrics[task.metric]
    correct = _as_number(task, harness, value, where)
    if isinstance(responses[0], str):
        answer, unparsed = _taken(ensemble, filtered[0])
        return Verdict(value, correct, answer, unparsed)
    return Verdict(value, correct, chance=_chance(task, harness, item))


def _taken(ensemble: Any, filtered: Any) -> tuple[str, bool]:
    """The answer that the filters took, and whether it is what they give in place of one, or nothing at all."""
    fallbacks = [each.fallback for each in (make() for make in ensemble.filters) if hasattr(each, "fallback")]
    while isinstance(filtered, list) and len(filtered) == 1 and filtered not in fallbacks:
        filtered = filtered[0]
    nothing = filtered is None or filtered in fallbacks or not str(filtered).strip()
    return "" if nothing else str(filtered), nothing


def _chance(task: LoadedTask, harness: Any, item: Item) -> float | None:
    """The share of the item's choices that are right; None where nothing is chosen or the task judges by itself."""
    own = harness.get_config("process_results") is not None
    if harness.OUTPUT_TYPE != "multiple_choice" or own or task.metric not in _CHOICE_METRICS:
        return None
    choices = harness.doc_to_choice(item.document)
    right = (harness.doc_to_text if harness.multiple_input else harness.doc_to_target)(item.document)
    return (len(set(right)) if isinstance(right, list) else 1) / len(choices)


def predicted_choice(task: LoadedTask, part: Part, item: Item, loglikelihoods: Sequence[float]) -> int | None:
    """The index of the choice that the metric takes as the model's; None where there is nothing to choose."""
    import numpy as np

    if part.harness.OUTPUT_TYPE != "multiple_choice":
        return None
    choices = part.harness.doc_to_choice(item.document)
    values = np.array(loglikelihoods)
    if len(values) == 2 * len(choices):  # acc_mutual_info: the second half is without the question
        without = values[len(choices) :]
        values = values[: len(choices)] - (without if task.metric == "acc_mutual_info" else 0)
    if task.metric == "acc_norm":
        values = values / np.array([float(len(each)) for each in choices])
    elif task.metric == "acc_bytes":
        values = values / np.array([float(len(each.encode())) for each in choices])
    return int(np.argmax(values))


def _as_number(task: LoadedTask, harness: Any, value: Any, where: str) -> float:
    if not isinstance(value, Real):
        if task.metric in _PAIR_METRICS:
            with judging(task.source, where, f"the value of {task.metric!r}"):
                return float(value[0] == value[1])
        return aggregated(task, harness, [value], where)
    if not math.isfinite(value):
        raise InputFault(task.source, where, f"{float(value)} as the value of {task.metric!r}", "a finite number")
    return float(value)


def aggregated(task: LoadedTask, harness: Any, values: list[Any], where: str) -> float:
    """What the task's aggregation makes of the values. Raises InputFault where that is no number."""
    with judging(task.source, where, f"the aggregation of {task.metric!r}"):
        try:
            number = min(float(harness.aggregation()[task.metric](values)), sys.float_info.max)
        except OverflowError:  # the perplexity of a text that the model finds next to impossible
            return sys.float_info.max
    if not math.isfinite(number):
        raise InputFault(task.source, where, f"{number} from the aggregation of {task.metric!r}", "a finite number")
    return number
