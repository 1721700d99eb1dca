"""Measurements → results: Great Expectations judges the numbers, every result gets its words.

>>> results = decide_quality(report.measurements, DEFAULT_THRESHOLDS)
>>> overall(results)
'conditional'
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from checks.expectations.check import Check
from checks.expectations.long_table import LongRow, judge_table
from checks.expectations.suites import ALL_CHECKS, CHECK_BY_KEY
from checks.records.quality import ExpectationResult, Measurement, Outcome
from checks.records.record import Text

_NOT_APPLICABLE = Text(ko="해당 없음", en="not applicable")
_NOT_PROVEN = Text(ko="입증되지 않음", en="not proven")
_NEVER_RAN = Text(ko="점검이 실행되지 않았다", en="the check never ran")
_UNREADABLE = Text(ko="값이 없거나 숫자가 아니다", en="no value, or not a number")
_NO_ROWS = Text(ko="살펴본 행이 없다", en="computed over no rows")
_HOLDS = Text(ko="통과", en="holds")
_FAILS = Text(ko="위반", en="does not hold")
_REVIEW = Text(ko="확인 필요", en="does not hold, to be looked at")
_ORDER: tuple[Outcome, ...] = ("pass", "conditional", "fail")


def decide_quality(measurements: Sequence[Measurement], thresholds: Mapping[str, float]) -> list[ExpectationResult]:
    """One result a measurement, and one for every declared check that was never measured.

    A hard check that does not hold, or never ran, is `fail`; a soft one `conditional`. `missing` evidence is
    `conditional` whatever the severity: not proven. What does not apply passes and says so. Raises KeyError for a
    threshold that is not there (see `with_defaults`), ValueError for a measurement that no suite declares or that stands
    twice, WrongVerdict where Great Expectations cannot judge.
    """
    keyed = _by_key(measurements)
    table = [
        LongRow(key, each.value, *CHECK_BY_KEY[_check_of(each)].bounds(thresholds), each.rows)
        for key, each in keyed.items()
        if each.state == "measured"
    ]
    ran = {_check_of(each) for each in measurements}
    failed = judge_table(table, [row.check_id for row in table]).failed
    never = judge_table([LongRow(key, 1.0, None, None, 1) for key in sorted(ran)], CHECK_BY_KEY).absent
    results = [_result(each, key in failed, thresholds) for key, each in keyed.items()]
    return results + [_never_ran(check, thresholds) for check in ALL_CHECKS if check.key in never]


def overall(results: Iterable[ExpectationResult]) -> Outcome:
    """The worst outcome, the verdict of `gwanmun audit`; no results at all fail."""
    return max((each.outcome for each in results), key=_ORDER.index, default="fail")


def _by_key(measurements: Sequence[Measurement]) -> dict[str, Measurement]:
    keyed: dict[str, Measurement] = {}
    for each in measurements:
        if _check_of(each) not in CHECK_BY_KEY:
            raise ValueError(f"no suite declares the check {_check_of(each)}")
        key = f"{_check_of(each)}[{each.subject}]"
        if key in keyed:
            raise ValueError(f"measured twice: {key}")
        keyed[key] = each
    return keyed


def _check_of(measurement: Measurement) -> str:
    return f"{measurement.suite}.{measurement.check}"


def _result(measured: Measurement, failed: bool, thresholds: Mapping[str, float]) -> ExpectationResult:
    check = CHECK_BY_KEY[_check_of(measured)]
    if measured.state == "missing":
        outcome: Outcome = "conditional"
        ending, seen = _NOT_PROVEN, check.needs or _NOT_PROVEN
    elif measured.state == "not_applicable":
        outcome, ending, seen = "pass", _NOT_APPLICABLE, _NOT_APPLICABLE
    else:
        outcome = _outcome(check) if failed else "pass"
        ending = _HOLDS if not failed else _FAILS if check.severity == "hard" else _REVIEW
        seen = _seen(check, measured)
    expected = check.expected(thresholds)
    observed = "; ".join(part for part in (seen.en, measured.observed) if part)
    return ExpectationResult(
        suite=measured.suite,
        check=measured.check,
        subject=measured.subject,
        outcome=outcome,
        severity=check.severity,
        observed=observed,
        expected=expected,
        rows=measured.rows,
        examples=measured.examples,
        text=_words(check, measured, seen, ending, expected),
    )


def _words(check: Check, measured: Measurement, seen: Text, ending: Text, expected: str) -> Text:
    about = f" ({measured.subject})" if measured.subject else ""
    note = check.note
    bounds = Text(ko="", en="")
    if measured.state == "measured":
        bounds = Text(ko=f", 기준 {expected}", en=f", expected {expected}")
    return Text(
        ko=f"{check.title.ko}{about}: {ending.ko} – {seen.ko}{bounds.ko}." + (f" {note.ko}." if note else ""),
        en=f"{_capital(check.title.en)}{about}: {ending.en} – {seen.en}{bounds.en}."
        + (f" {_capital(note.en)}." if note else ""),
    )


def _seen(check: Check, measured: Measurement) -> Text:
    if measured.value is None or math.isnan(measured.value):
        return _UNREADABLE
    if measured.rows < 1:
        return _NO_ROWS
    numbers = {"value": measured.value, "rows": measured.rows, "bad": measured.bad}
    return Text(ko=check.seen.ko.format(**numbers), en=check.seen.en.format(**numbers))


def _never_ran(check: Check, thresholds: Mapping[str, float]) -> ExpectationResult:
    return ExpectationResult(
        suite=check.suite,
        check=check.id,
        subject="",
        outcome=_outcome(check),
        severity=check.severity,
        observed=_NEVER_RAN.en,
        expected=check.expected(thresholds),
        rows=0,
        text=Text(
            ko=f"{check.title.ko}: {_FAILS.ko} – {_NEVER_RAN.ko}.",
            en=f"{_capital(check.title.en)}: {_FAILS.en} – {_NEVER_RAN.en}.",
        ),
    )


def _outcome(check: Check) -> Outcome:
    return "fail" if check.severity == "hard" else "conditional"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
