"""Measurements become results: by severity, never by silence, in two languages with the numbers filled in."""

import re
from decimal import Decimal

import pytest

from checks.contracts.errors import InputFault
from checks.expectations.check import Check
from checks.expectations.decide import decide_quality, overall
from checks.expectations.suites import ALL_CHECKS, CHECK_BY_KEY
from checks.expectations.thresholds import DEFAULT_THRESHOLDS, THRESHOLDS, thresholds_sha256, with_defaults
from checks.records.quality import ExpectationResult, Measurement

HANGUL = re.compile("[가-힣]")


def within(check: Check) -> float:
    """A value inside the check's bounds."""
    low, high = check.bounds(DEFAULT_THRESHOLDS)
    if low is not None and high is not None:
        return (low + high) / 2
    return low if low is not None else high if high is not None else 0.0


def beyond(check: Check) -> float:
    """A value just outside."""
    low, high = check.bounds(DEFAULT_THRESHOLDS)
    return high + 1.0 if high is not None else (low or 0.0) - 1.0


def measurement(check: Check, value: float | None, rows: int = 10) -> Measurement:
    """One measured number of that check."""
    return Measurement(suite=check.suite, check=check.id, subject="s", value=value, rows=rows, bad=1)


def one(results: list[ExpectationResult], check: Check) -> ExpectationResult:
    """The result of that check."""
    (found,) = [each for each in results if (each.suite, each.check) == (check.suite, check.id)]
    return found


def test_everything_within_its_bounds_passes_and_everything_beyond_does_not() -> None:
    good = decide_quality([measurement(check, within(check)) for check in ALL_CHECKS], DEFAULT_THRESHOLDS)
    assert {each.outcome for each in good} == {"pass"} and len(good) == len(ALL_CHECKS)
    bad = decide_quality([measurement(check, beyond(check)) for check in ALL_CHECKS], DEFAULT_THRESHOLDS)
    for check in ALL_CHECKS:
        assert one(bad, check).outcome == ("fail" if check.severity == "hard" else "conditional"), check.key


def test_nothing_measured_is_nothing_passed() -> None:
    results = decide_quality([], DEFAULT_THRESHOLDS)
    assert len(results) == len(ALL_CHECKS)
    assert overall(results) == "fail" and overall([]) == "fail"
    assert not [each for each in results if each.outcome == "pass"]
    assert all("never ran" in each.observed for each in results)


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.key)
def test_a_check_left_out_is_found(check: Check) -> None:
    rest = [measurement(each, within(each)) for each in ALL_CHECKS if each is not check]
    result = one(decide_quality(rest, DEFAULT_THRESHOLDS), check)
    assert result.outcome == ("fail" if check.severity == "hard" else "conditional")


def test_null_and_no_rows_never_pass() -> None:
    check = CHECK_BY_KEY["training_log.no-gaps"]
    for broken in (measurement(check, None), measurement(check, 0.0, rows=0)):
        rest = [measurement(each, within(each)) for each in ALL_CHECKS if each is not check]
        assert one(decide_quality([broken, *rest], DEFAULT_THRESHOLDS), check).outcome == "fail"


def test_missing_evidence_is_not_proven_and_what_does_not_apply_passes_with_words() -> None:
    for state, outcome, word in (
        ("missing", "conditional", "not proven"),
        ("not_applicable", "pass", "not applicable"),
    ):
        rows = [Measurement(suite=check.suite, check=check.id, subject="", state=state) for check in ALL_CHECKS]
        results = decide_quality(rows, DEFAULT_THRESHOLDS)
        assert {each.outcome for each in results} == {outcome}
        assert all(word in each.text.en for each in results)


def test_words_are_in_both_languages_with_their_numbers() -> None:
    results = decide_quality([measurement(check, beyond(check)) for check in ALL_CHECKS], DEFAULT_THRESHOLDS)
    for each in results:
        assert HANGUL.search(each.text.ko), each.check
        assert not HANGUL.search(each.text.en.replace("공공누리", "")), each.text.en
        assert "{" not in each.text.ko + each.text.en
        assert each.expected in each.text.ko and each.expected in each.text.en
        assert re.search(r"\d", each.observed)


def test_a_policys_threshold_changes_the_verdict_and_nothing_else() -> None:
    check = CHECK_BY_KEY["training_log.first-loss"]
    rows = [measurement(each, 0.4 if each is check else within(each)) for each in ALL_CHECKS]
    strict = with_defaults({"first_loss_distance": Decimal("0.3")})
    loose, tight = decide_quality(rows, DEFAULT_THRESHOLDS), decide_quality(rows, strict)
    changed = [(a.check, a.outcome, b.outcome) for a, b in zip(loose, tight, strict=True) if a.outcome != b.outcome]
    assert changed == [("first-loss", "pass", "conditional")]
    assert one(tight, check).expected == "≤ 0.3"
    assert thresholds_sha256(strict) != thresholds_sha256(DEFAULT_THRESHOLDS) == thresholds_sha256(with_defaults({}))


def test_an_unknown_threshold_is_a_fault_of_the_policy() -> None:
    with pytest.raises(InputFault, match=r"strict\.yaml: data_quality\.thresholds\.frist_loss"):
        with_defaults({"frist_loss": Decimal(1)}, "strict.yaml")


def test_every_threshold_is_used_and_says_where_it_comes_from() -> None:
    used = set().union(*(check.threshold_names() for check in ALL_CHECKS))
    assert used == {each.name for each in THRESHOLDS}
    assert all(each.source and each.meaning for each in THRESHOLDS)
    assert all(check.source for check in ALL_CHECKS)


def test_a_measurement_of_no_known_check_or_twice_the_same_is_refused() -> None:
    known = measurement(ALL_CHECKS[0], 0.0)
    with pytest.raises(ValueError, match="no suite declares"):
        decide_quality([known.model_copy(update={"check": "made-up"})], DEFAULT_THRESHOLDS)
    with pytest.raises(ValueError, match="measured twice"):
        decide_quality([known, known], DEFAULT_THRESHOLDS)
