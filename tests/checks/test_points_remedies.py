"""The points that would have kept a team, found exactly: by the best-n rule, by a baseline gate, by gate and count at once."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records.what_if import Remedy
from checks.rules.counterfactuals import Judged, what_if
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs
from checks.rules.what_if import suppose, supposed_inputs
from tests.checks.rounds import f1_inputs, inputs_of, leaf, rules_over
from tests.checks.test_counterfactuals import HAIR, patched
from tests.checks.test_more_rules import CITED, FIELD, MOVING, measured
from tests.checks.test_properties import LEAVES, TABLES
from warehouse.bundle_contents import to_files
from warehouse.writer import add_decision


def points_of(inputs: RoundInputs, team: str) -> Remedy | None:
    """The remedy in points, which there is at most one of."""
    kept = next(each for each in what_if(Judged(inputs, {}), decide(inputs), None).kept if each.team == team)
    found = [each for each in kept.remedies if each.kind == "points"]
    assert len(found) <= 1
    return found[0] if found else None


def status(inputs: RoundInputs, team: str, **changes: Any) -> str:
    return next(each.status for each in suppose(inputs, patched(**changes)).standings if each.team == team)


@pytest.mark.parametrize(("scope", "amount"), [("all", "1.5"), ("eligible", "1.5")])
def test_of_the_best_two_of_f1_the_fourth_lacks_what_the_second_has_more(scope: str, amount: str) -> None:
    """B has 80.8, C 79.9, D 78.4; of the best three D lacks 1.5 to C, of the best two 2.4 to B."""
    best = {**CITED, "teams": 3, "scope": scope}
    found = points_of(f1_inputs(eliminate_bottom=0, advance_top=best), "d")
    assert found is not None and (found.amount, found.more, found.status) == (amount, True, "advances")
    two = points_of(f1_inputs(eliminate_bottom=0, advance_top={**best, "teams": 2}), "d")
    assert two is not None and two.amount == "2.4"
    assert points_of(f1_inputs(eliminate_bottom=0, advance_top={**best, "teams": 0}), "a") is None


@settings(max_examples=10)  # each example decides the round dozens of times
@given(TABLES, st.integers(0, 4), st.integers(0, 2), st.sampled_from([[], ["p"]]))
def test_points_found_for_the_best_n_are_the_least(
    tables: dict[str, list[str]], teams: int, bottom: int, tie_break: list[str]
) -> None:
    select = {
        "advance_top": {**CITED, "teams": teams, "scope": "all"},
        "eliminate_bottom": bottom,
        "tie_break": tie_break,
    }
    rules = rules_over([leaf(name, 10) for name in LEAVES], "".join(tables), **select)
    by_leaf = {name: {team: values[index] for team, values in tables.items()} for index, name in enumerate(LEAVES)}
    inputs = inputs_of(rules, by_leaf)
    for each in decide(inputs).standings:
        if each.status != "eliminated":
            continue
        found = points_of(inputs, each.team)
        if found is None:
            assert status(inputs, each.team, supposed_points={each.team: Decimal(1000)}) == "eliminated"
            continue
        amount = Decimal(found.amount or "0")
        assert status(inputs, each.team, supposed_points={each.team: amount + HAIR}) == "advances"
        less = amount if found.more else amount - HAIR
        assert status(inputs, each.team, supposed_points={each.team: less}) != "advances"


def gated(parts: list[dict[str, Any]], baseline: Any, at_least: str, bottom: int) -> dict[str, Any]:
    rules = rules_over(parts, "xy", eliminate_bottom=bottom)
    gate = {"id": "global", "check": "baseline", "suite": "common", "fail": "eliminate"}
    rules["gates"] = [{**gate, "baseline": baseline, "at_least": at_least}]
    return rules


MEAN = {"id": "common", "points": 60, "from": {"suite": "common", "how": "mean", "scale": 100}}


@pytest.mark.parametrize("baseline", ["70", MOVING])
def test_a_baseline_missed_is_told_in_points_of_every_task(baseline: Any) -> None:
    """0.95 × 70 is 66.5, x has 65 on both tasks: 1.5 more on each is enough and a hair less is not."""
    rules = gated([MEAN, leaf("u", 40)], baseline, "0.95", 0)
    tables = {"imported": {"u": {"x": Decimal(20), "y": Decimal(15)}}, "baselines": {"gates.global": FIELD}}
    inputs = measured(rules, {"x": (0.65, 0.65), "y": (0.8, 0.8)}, **tables)
    found = points_of(inputs, "x")
    assert found is not None and (found.amount, found.more, found.status) == ("1.5", False, "advances")
    assert "with at least 1.5 more on every task of common" in found.text.en
    assert found.text.ko.startswith("common의 모든 과제 점수가 1.5 이상 높았다면")
    assert status(inputs, "x", supposed_scores={"x": {"common": Decimal("1.5")}}) == "advances"
    assert status(inputs, "x", supposed_scores={"x": {"common": Decimal("1.5") - HAIR}}) == "eliminated"
    raised = supposed_inputs(inputs, patched(supposed_scores={"x": {"common": Decimal("1.5")}}))
    assert next(each for each in decide(raised).standings if each.team == "x").total == "59.9", "39 + 0.6 × 1.5 + 20"


def test_a_baseline_and_the_count_both_missed_ask_for_the_greater_rise() -> None:
    """x has 39 + 20, y 48 + 15: 4 points, which are 4 ÷ 0.6 = 20/3 on every task, more than the gate's 1.5."""
    rules = gated([MEAN, leaf("u", 40)], "70", "0.95", 1)
    tables = {"u": {"x": Decimal(20), "y": Decimal(15)}}
    inputs = measured(rules, {"x": (0.65, 0.65), "y": (0.8, 0.8)}, imported=tables)
    found = points_of(inputs, "x")
    assert found is not None and (found.amount, found.more, found.status) == ("6.666666666667", True, "advances")
    exact = replace(inputs, supposed_scores={("x", "common"): Fraction(20, 3)}, what_if=True)
    assert next(each.status for each in decide(exact).standings if each.team == "x") == "review", "a tie"
    more = replace(inputs, supposed_scores={("x", "common"): Fraction(20, 3) + Fraction(1, 10**20)}, what_if=True)
    assert next(each.status for each in decide(more).standings if each.team == "x") == "advances"


def test_a_leaf_that_meets_its_cap_on_the_way_is_reckoned_with() -> None:
    """Task a is 5 below its target, beyond which more of it earns nothing; task b has three quarters of the weight.

    x: 10 × (¼ × 90/95 + ¾ × 40/100); y: 8 points. With r ≥ 5 x has 2.5 + 7.5 × (40 + r)/100, which is 8 at r = 100/3.
    """
    part = {"id": "common", "points": 10, "from": {"suite": "common", "how": "relative_to_target", "cap": 1}}
    inputs = measured(gated([part, leaf("u", 10)], "70", "0.8", 1), {"x": (0.9, 0.4), "y": (0.8, 0.8)})
    targets = {
        "x": {"common": {"a": Decimal(95), "b": Decimal(100)}},
        "y": {"common": {"a": Decimal(100), "b": Decimal(100)}},
    }
    teams = {team: replace(each, targets=targets[team]) for team, each in inputs.teams.items()}
    inputs = replace(inputs, teams=teams, imported={"u": {"x": Decimal(0), "y": Decimal(0)}})
    found = points_of(inputs, "x")
    assert found is not None and (found.amount, found.more) == ("33.333333333333", True)
    never = replace(inputs, imported={"u": {"x": Decimal(0), "y": Decimal(3)}})
    assert points_of(never, "x") is None, "at its caps it has 10 points, y 11"


def test_a_floor_and_the_count_both_missed_ask_for_both() -> None:
    """v needs 0.75 more for the floor; the total then still lacks 1.25 to y's: 2 more for v."""
    rules = rules_over([leaf("u", 25), leaf("v", 10)], "xy", eliminate_bottom=1)
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "v", "at_least": "8", "fail": "eliminate"}]
    inputs = inputs_of(rules, {"u": {"x": "20", "y": "21"}, "v": {"x": "7.25", "y": "8.25"}})
    found = points_of(inputs, "x")
    assert found is not None and (found.amount, found.more) == ("2.0", True)
    assert "more than 2.0 points more for v" in found.text.en


def test_no_supposition_can_become_official() -> None:
    """Whatever is supposed, its inputs are marked, and neither a bundle's contents nor the warehouse take them."""
    rules = gated([MEAN, leaf("u", 40)], "70", "0.95", 1)
    inputs = measured(rules, {"x": (0.65, 0.65), "y": (0.8, 0.8)}, imported={"u": {"x": Decimal(1), "y": Decimal(1)}})
    ruling = [{"team": "x", "gate": "global", "result": "pass"}]
    supposals: list[dict[str, Any]] = [
        {"supposed_scores": {"x": {"common": 3}}},
        {"supposed_points": {"x": 3}},
        {"rulings": ruling},
        {"select": {"eliminate_bottom": 0}},
        {"places": 1},
    ]
    for changes in supposals:
        supposed = supposed_inputs(inputs, patched(**changes))
        assert supposed.what_if and decide(supposed).what_if
        with pytest.raises(ValueError, match="never bundled"):
            to_files(supposed)
        with pytest.raises(ValueError, match="never recorded"):
            add_decision(None, decide(supposed))  # type: ignore[arg-type]
    assert to_files(inputs)
