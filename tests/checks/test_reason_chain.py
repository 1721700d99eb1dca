"""The words alone suffice: who is out can be worked out again from each team's reasons, without the tables and the rules."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.decisions import Standing
from checks.rules.decision import decide
from tests.checks.rounds import inputs_of, leaf, rules_over
from tests.checks.test_properties import SELECTS, TABLES, decided

COUNT = re.compile(r"Out as one of the lowest (\d+): (\d+) of the (\d+) teams counted stand above it\.")
USED = re.compile(r"Of (\d+) planned cuts, gates and withdrawals have used (\d+)\.")
UNKNOWN = re.compile(r"The same were all (\d+) without a total below it\.")
BOUND = re.compile(r"(\S+) has (\S+) points (≥|<) the required (\S+)")
RULED = re.compile(r"The panel ruled (\w+)")


def out_by_its_words(standing: Standing) -> str | None:
    """The rule that puts the team out, from the English sentences of its chain and nothing else."""
    for reason in standing.reasons:
        if reason.outcome != "fail" or not reason.text.en.endswith("eliminated."):
            continue
        told = [each.text.en for each in standing.reasons]
        ruled = [found[1] for text in told if (found := RULED.search(text))]
        bounds = [found for text in told if (found := BOUND.search(text))]
        if ruled and "fail" in ruled:
            return reason.rule
        if any(Decimal(bound[2]) < Decimal(bound[4]) and bound[3] == "<" for bound in bounds):
            return reason.rule
    for reason in standing.reasons:
        if (count := COUNT.search(reason.text.en)) is None:
            continue
        lowest, above, counted = map(int, count.groups())
        used, unknown = USED.search(reason.text.en), UNKNOWN.search(reason.text.en)
        assert used is None or int(used[1]) - int(used[2]) == lowest
        if counted - above + (int(unknown[1]) if unknown else 0) <= lowest:
            return "eliminate_bottom"
    return None


@given(TABLES, SELECTS, st.booleans())
def test_everybody_who_is_out_and_nobody_else_is_out_by_the_words(
    tables: dict[str, list[str]], select: dict[str, Any], floor: bool
) -> None:
    for standing in decided(tables, select, floor).standings:
        assert out_by_its_words(standing) == standing.eliminated_by


def test_a_bound_missed_by_less_than_is_printed_elsewhere_is_told_apart() -> None:
    """ "20.0 points < the required 20.0" would be a chain from which nothing follows."""
    rules = rules_over([leaf("u", 25)], "xy", eliminate_bottom=0)
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "u", "at_least": 20, "fail": "eliminate"}]
    decision = decide(inputs_of(rules, {"u": {"x": "19.999999999999999999", "y": "20"}}))
    out = next(each for each in decision.standings if each.team == "x")
    assert "19.999999999999999999 points < the required 20.0" in next(
        reason.text.en for reason in out.reasons if reason.rule == "threshold"
    )
    assert out_by_its_words(out) == "floor"


@pytest.mark.parametrize("result", ["fail", "pass"])
def test_a_ruling_is_in_the_chain(result: str) -> None:
    rules = rules_over([leaf("u", 25)], "xy", eliminate_bottom=0)
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "u", "at_least": 20, "fail": "eliminate"}]
    decision = decide(inputs_of(rules, {"u": {"x": "21", "y": "22"}}, rulings=[("x", "floor", result)]))
    out = next(each for each in decision.standings if each.team == "x")
    assert out_by_its_words(out) == out.eliminated_by == ("floor" if result == "fail" else None)


def test_cuts_that_gates_have_used_are_told() -> None:
    """Two planned, one used up by the floor: e is the one that is left to cut."""
    rules = rules_over([leaf("u", 25), leaf("v", 10)], "abcde", eliminate_bottom=2, quota="absorbing")
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "v", "at_least": 5, "fail": "eliminate"}]
    tables = {
        "u": {"a": "25", "b": "20", "c": "15", "d": "10", "e": "5"},
        "v": {"a": "5", "b": "1", "c": "5", "d": "5", "e": "5"},
    }
    out = next(each for each in decide(inputs_of(rules, tables)).standings if each.team == "e")
    cut = next(reason for reason in out.reasons if reason.rule == "eliminate_bottom")
    assert "gates and withdrawals have used 1" in cut.text.en and "2팀 중 1팀" in cut.text.ko
    assert out_by_its_words(out) == "eliminate_bottom"
