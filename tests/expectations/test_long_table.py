"""Great Expectations on the long table: right verdicts, from several threads, and nothing passes by being empty."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from checks.expectations import canary as canary_module
from checks.expectations.canary import canary
from checks.expectations.long_table import LongRow, Verdicts, WrongVerdict, judge_table

NAN, INF = float("nan"), float("inf")


def test_bounds_are_inclusive_and_open_sides_are_open() -> None:
    table = [
        LongRow("at-low", 0.5, 0.5, None, 1),
        LongRow("at-high", 0.5, None, 0.5, 1),
        LongRow("huge", 1e300, 0.0, None, 1),
        LongRow("very-negative", -1e300, None, 0.0, 1),
        LongRow("just-below", 0.49999999999, 0.5, None, 1),
        LongRow("just-above", 0.50000000001, None, 0.5, 1),
    ]
    assert judge_table(table, []).failed == {"just-below", "just-above"}


@pytest.mark.parametrize(
    "row",
    [
        LongRow("x", NAN, 0.0, 1.0, 5),
        LongRow("x", NAN, None, None, 5),
        LongRow("x", None, None, None, 5),
        LongRow("x", INF, 0.0, None, 5),
        LongRow("x", -INF, None, 0.0, 5),
        LongRow("x", 0.5, 0.0, 1.0, 0),
    ],
    ids=["nan", "nan-unbounded", "null", "infinite", "minus-infinite", "no-rows"],
)
def test_nothing_passes_by_being_empty_or_no_number(row: LongRow) -> None:
    assert judge_table([row], ["x"]).failed == {"x"}
    assert judge_table([row, LongRow("y", 0.0, 0.0, 0.0, 1)], ["x", "y"]).failed == {"x"}


def test_all_values_missing_fail_one_by_one() -> None:
    table = [LongRow(name, None, 0.0, 1.0, 1) for name in "abc"]
    assert judge_table(table, "abc") == Verdicts(frozenset("abc"), frozenset())


def test_a_check_that_never_ran_is_absent() -> None:
    assert judge_table([], {"a", "b"}) == Verdicts(frozenset(), frozenset("ab"))
    assert judge_table([LongRow("a", 0.0, None, None, 1)], {"a", "b"}).absent == {"b"}


def test_a_check_that_stands_twice_is_no_table_to_judge() -> None:
    with pytest.raises(WrongVerdict, match="once"):
        judge_table([LongRow("a", 0.0, None, 0.0, 1), LongRow("a", 9.0, None, 0.0, 1)], ["a"])


def test_six_threads_and_sixty_frames_of_known_verdict() -> None:
    canary()
    rng = random.Random(3)
    frames: list[tuple[list[LongRow], frozenset[str]]] = []
    for _ in range(60):
        bad = rng.sample(range(8), rng.choice([0, 0, 1, 4]))
        rows = [LongRow(f"c{n}", 2.0 if n in bad else 0.5, 0.0, 1.0, 1) for n in range(8)]
        frames.append((rows, frozenset(f"c{n}" for n in bad)))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda frame: judge_table(frame[0], []).failed, frames))
    assert [answer for answer, (_, right) in zip(answers, frames, strict=True) if answer != right] == []


def test_the_canary_stops_where_a_verdict_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def passes_everything(table: Sequence[LongRow], expected: object) -> Verdicts:
        return Verdicts(frozenset(), frozenset())

    monkeypatch.setattr(canary_module, "judge_table", passes_everything)
    with pytest.raises(WrongVerdict, match="judges wrongly on this machine"):
        canary()


def test_judging_is_silent_and_stays_offline(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    caplog.set_level("INFO")  # as a run's own log is
    judge_table([LongRow("a", 2.0, None, 1.0, 1)], ["a"])
    captured = capfd.readouterr()
    assert [record for record in caplog.records if record.name.startswith("great_expectations")] == []
    assert captured.out == "" and captured.err == ""
