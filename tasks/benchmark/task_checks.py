"""What a task says of how its answers are made and judged, tried before a model is loaded: filters, aggregation, generation.

The harness itself looks at these when the first answer is there, hours into a run, and some of them never.
"""

import math
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault

#: The names that the harness takes for the most tokens to write.
_ROOM = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")


def check_task(source: Path, harness: Any, metric: str) -> None:
    """Raises InputFault for a filter that cannot be made, a metric without aggregation, and settings of no use to write by."""
    _check_filters(source, harness)
    if not callable(harness.aggregation()[metric]):
        raise InputFault(source, harness.task_name, f"no aggregation of {metric!r}", "one that the harness has")
    if harness.OUTPUT_TYPE == "generate_until":
        _check_generation(source, harness)


def _check_filters(source: Path, harness: Any) -> None:
    for ensemble in harness._filters:
        for make in ensemble.filters:
            try:
                make()
            except (Exception, SystemExit) as error:  # what is wrong with its settings, or the task's own class
                found = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
                where = f"{harness.task_name}, filter {ensemble.name!r}"
                raise InputFault(source, where, found, "filters with settings that they take") from error


def _check_generation(source: Path, harness: Any) -> None:
    options = dict(harness.get_config("generation_kwargs") or {})
    sampled = options.get("do_sample")
    stops = options.get("until")
    lowest = "above 0" if sampled else "at least 0"
    expected = {
        "until": "a text or a list of texts, none of them empty" if not _are_texts(stops) else "",
        "do_sample": "true or false" if sampled not in (None, True, False) else "",
        **{name: "a whole number of tokens, at least 1" for name in _ROOM if not _is_count(options.get(name), 1)},
        "temperature": f"a number {lowest}" if not _is_temperature(options.get("temperature"), bool(sampled)) else "",
        "top_k": "a whole number, at least 0 (0: all)" if not _is_count(options.get("top_k"), 0) else "",
        "top_p": "a number from 0 to 1" if not 0 <= _number(options.get("top_p")) <= 1 else "",
        "num_beams": "a whole number, at least 1" if not _is_count(options.get("num_beams"), 1) else "",
        "num_return_sequences": "1 (repeats of the task draw more texts)"
        if options.get("num_return_sequences", 1) != 1
        else "",
    }
    for name, wanted in expected.items():
        if wanted:
            where = f"{harness.task_name}, generation_kwargs.{name}"
            raise InputFault(source, where, repr(options[name]), wanted)


def _are_texts(stops: Any) -> bool:
    """Before an empty text every answer ends."""
    return stops is None or all(
        isinstance(each, str) and each for each in (stops if isinstance(stops, list) else [stops])
    )


def _is_count(value: Any, least: int) -> bool:
    """Whether it is nothing, or a whole number (a text of one too, as the harness takes it) of at least `least`."""
    number = _number(value, absent=least)
    return number >= least and number == int(number)


def _is_temperature(value: Any, sampled: bool) -> bool:
    number = _number(value, absent=1)
    return number > 0 or (number == 0 and not sampled)


def _number(value: Any, absent: float = 1) -> float:
    """A finite number; `absent` in place of nothing, and -1 in place of what is no number (no setting takes it)."""
    if value is None:
        return absent
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return -1.0
    return number if math.isfinite(number) else -1.0
