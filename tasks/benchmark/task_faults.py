"""What is wrong with a task file, its data or one of its items, said in one line with the file, the key and what is expected."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from numbers import Integral
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault


def check_data_file(path: Path) -> None:
    """Refuses a data file without content, and JSON lines that cannot be read, with the line's number."""
    if not path.is_file():
        raise InputFault(path, found="no such file", expected="a data file")
    if path.stat().st_size == 0:
        raise InputFault(path, found="an empty file", expected="at least one item")
    if path.suffix != ".jsonl":
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                item = json.loads(line) if line.strip() else {}
            except ValueError:
                raise InputFault(
                    path, found="a line that is no JSON", expected="one object a line", line=number
                ) from None
            if not isinstance(item, dict):
                raise InputFault(path, found=type(item).__name__, expected="one object a line", line=number)


def check_metrics(path: Path, config: dict[str, Any]) -> None:
    """Refuses a metric that the harness does not have, before the harness looks for it on a hub, and such an aggregation."""
    from lm_eval.api import metrics as _  # noqa: F401  (fills the registry)
    from lm_eval.api.registry import aggregation_registry, metric_registry

    for index, entry in enumerate(config.get("metric_list") or []):
        if not isinstance(entry, dict):
            raise InputFault(path, f"metric_list[{index}]", repr(entry), "metric, aggregation and higher_is_better")
        name, aggregation = entry.get("metric"), entry.get("aggregation")
        own = config.get("process_results") is not None or callable(name)
        if not own and (entry.get("hf_evaluate") or name not in metric_registry):
            known = ", ".join(sorted(str(each) for each in metric_registry))
            raise InputFault(path, f"metric_list[{index}].metric", repr(name), f"one of {known}")
        if aggregation is not None and not callable(aggregation) and aggregation not in aggregation_registry:
            known = ", ".join(sorted(aggregation_registry))
            raise InputFault(path, f"metric_list[{index}].aggregation", repr(aggregation), f"one of {known}")


def task_fault(
    path: Path, config: dict[str, Any], error: BaseException, key: str = "", name: str = "", revision: str | None = None
) -> InputFault:
    """The fault that stands behind what the harness raised while it loaded a task; `name` is that of a shipped one, whose
    data set the suite may pin to a `revision`."""
    causes = _chain(error)
    for each in causes:
        if isinstance(each, InputFault):
            return each
    if any(isinstance(each, _absence()) for each in causes):
        dataset = str(config.get("dataset_path") or _dataset_named(causes))
        arguments = ", ".join(repr(each) for each in (dataset, config.get("dataset_name")) if each)
        call = f"import datasets; datasets.load_dataset({arguments})"
        if revision:
            call = f"import datasets; datasets.load_dataset({arguments}, revision={revision!r})"
        elif name:
            call = f"from lm_eval.tasks import TaskManager; TaskManager().load([{name!r}])"
        found = f"the data set {dataset!r}{f' of {name}' if name else ''}, which is not on this machine"
        fetch = f'it in the local cache; fetch it beforehand: HF_HUB_OFFLINE=0 python -c "{call}"'
        return InputFault(path, key or "dataset_path", found, fetch)
    root = causes[-1]
    if isinstance(root, IndexError) and config.get("doc_to_choice") is not None:  # the harness tries the first item
        where = f"{config.get('task')}, item 0"
        return InputFault(
            path, where, "no choices, an empty one, or an answer beyond them", "the answer's index in texts"
        )
    words = " ".join(str(root).split())
    if unknown := re.search(r"TaskConfig.*unexpected keyword argument '(.*)'", words):
        return InputFault(path, key or unknown[1], "an unknown key", "a key of lm-evaluation-harness's task files")
    return InputFault(path, key, f"{type(root).__name__}: {words[:300]}", "a task that lm-evaluation-harness loads")


def check_item(source: Path, harness: Any, document: Any, number: int) -> None:
    """Refuses an item without a question, without choices or without a right answer among them.

    The harness itself counts such an item as a wrong answer and only logs it.
    """
    where = f"{harness.task_name}, item {number}"
    try:
        question = harness.doc_to_text(document)
        answer = harness.doc_to_target(document)
        choices = harness.doc_to_choice(document) if harness.get_config("doc_to_choice") else None
        _check_nulls(harness, document)
    except (Exception, SystemExit) as error:  # a template or function of the task that does not fit the item
        raise item_fault(source, harness, number, error) from error
    own_judgement = harness.get_config("process_results") is not None
    if harness.OUTPUT_TYPE == "multiple_choice":
        checked = _checked_choices(source, where, choices)
        answer = question if harness.multiple_input else answer
        for each in [] if own_judgement else answer if isinstance(answer, list) else [answer]:
            _check_answer(source, where, each, checked)
    if _is_blank(answer, harness.OUTPUT_TYPE) and not own_judgement:
        raise InputFault(source, where, "no answer", "the right answer")
    template = harness.config.doc_to_text
    asks = harness.OUTPUT_TYPE in ("generate_until", "multiple_choice") and isinstance(template, str)
    asks = asks and harness.get_config("doc_to_image") is None  # a picture may be all that is asked
    if question is None or (asks and template.strip() and isinstance(question, str) and not question.strip()):
        raise InputFault(source, where, "no question", "a text to answer")


def _is_blank(answer: Any, output_type: str) -> bool:
    """Whether there is nothing in it; white space may be what a model is asked for, but is no answer to be written."""
    if output_type == "generate_until" and isinstance(answer, list):
        return not any(str(each).strip() for each in answer)
    if output_type == "generate_until" and isinstance(answer, str):
        return not answer.strip()
    return answer is None or (isinstance(answer, str | list) and not answer)  # an array compares with neither


def item_fault(source: Path, harness: Any, number: int, error: BaseException) -> InputFault:
    """What a task's own template or function raised on one item."""
    found = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return InputFault(source, f"{harness.task_name}, item {number}", found, "an item that fits the task's templates")


@contextmanager
def judging(source: Path, where: str, by: str) -> Iterator[None]:
    """Around a task's own filters, metric or aggregation: what these raise is a fault of the task, a call of exit too."""
    try:
        yield
    except InputFault:
        raise
    except (Exception, SystemExit) as error:
        found = f"{type(error).__name__} raised by {by}: {' '.join(str(error).split())[:300]}"
        raise InputFault(source, where, found, "a value for every answer") from error


def _checked_choices(source: Path, where: str, choices: Any) -> list[str]:
    if not isinstance(choices, list) or not choices:
        raise InputFault(source, where, "no choices", "at least one choice")
    if not all(isinstance(each, str) and each for each in choices):
        raise InputFault(source, where, f"the choices {choices!r}", "texts, none of them empty")
    return choices


def _check_answer(source: Path, where: str, answer: Any, choices: list[str]) -> None:
    if isinstance(answer, str):
        if answer not in choices:
            raise InputFault(source, where, f"the answer {answer!r}", f"one of the choices {choices!r}")
    elif not isinstance(answer, Integral) or not 0 <= int(answer) < len(choices):
        raise InputFault(source, where, f"the answer {answer!r}", f"0 to {len(choices) - 1}, one of the choices")


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


def _absence() -> tuple[type[Exception], ...]:
    """What is raised where a data set is neither on this machine nor to be fetched."""
    from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub.errors import OfflineModeIsEnabled

    return DatasetNotFoundError, OfflineModeIsEnabled, FileNotFoundError, ConnectionError


def _dataset_named(causes: list[BaseException]) -> str:
    """The data set's id in the errors' words, for a group, whose tasks name theirs."""
    names = (re.search(r"[\w.-]+/[\w.-]+", str(each)) for each in causes)
    return next((name.group() for name in names if name), "of its tasks")


def _check_nulls(harness: Any, document: Any) -> None:
    """Raises where a template writes a field that is null: the word None would stand in the question or be the right answer."""
    for written in (harness.config.doc_to_text, harness.config.doc_to_target):
        if isinstance(written, str) and written not in document:
            _strict_template(written).render(**document)


@cache
def _strict_template(text: str) -> Any:
    from lm_eval.utils import env

    return env.overlay(finalize=_not_null).from_string(text)


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("a template writes a field that is null")
    return value
