"""How sure a cut is: seeded paired resampling against probabilities known in closed form."""

from dataclasses import replace
from decimal import Decimal
from math import comb
from typing import Any

import pytest

from checks.contracts.round_rules import Select
from checks.rules.decision import decide, work_out
from checks.rules.inputs import RoundInputs, TeamInputs
from checks.rules.selection import cut_bottom
from tests.checks.rounds import inputs_of, leaf, passed, rules_over, scores_of, suite_of

ITEMS = 100


def over_items(correct: dict[str, list[float]], confidence: str = "0.9", **select: Any) -> RoundInputs:
    """One suite of one task; every team answers the same items."""
    part = {"id": "s", "points": 20, "from": {"suite": "s", "how": "mean", "scale": 100}}
    rules = rules_over([part], "".join(correct), confidence=confidence, **select)
    teams = {
        name: TeamInputs({"s": scores_of("s", {"t": values})}, quality=passed("s")) for name, values in correct.items()
    }
    return replace(inputs_of(rules, {}), suites={"s": suite_of("s", {"t": "1"})}, teams=teams)


def first(right: int, start: int = 0) -> list[float]:
    return [float(start <= index < start + right) for index in range(ITEMS)]


def chance_of_lowest(only_x: int, only_y: int) -> float:
    """P(x below y) + half of P(equal), of 100 draws of which x alone wins some and y alone some: a trinomial, summed."""
    p, q = only_x / ITEMS, only_y / ITEMS
    total = 0.0
    for won in range(ITEMS + 1):
        for lost in range(ITEMS + 1 - won):
            weight = 1.0 if won < lost else 0.5 if won == lost else 0.0
            if weight:
                rest = ITEMS - won - lost
                ways = comb(ITEMS, won) * comb(ITEMS - won, lost)
                total += weight * ways * p**won * q**lost * (1 - p - q) ** rest
    return total


@pytest.mark.parametrize(("only_x", "only_y"), [(0, 4), (3, 6), (10, 14)])
def test_the_probability_of_being_lowest_is_the_trinomials(only_x: int, only_y: int) -> None:
    both = first(50)
    x, y = list(both), list(both)
    x[60 : 60 + only_x] = [1.0] * only_x
    y[80 : 80 + only_y] = [1.0] * only_y
    probability = work_out(over_items({"x": x, "y": y})).cutting.probability
    assert probability["x"] == pytest.approx(chance_of_lowest(only_x, only_y), abs=0.015)  # 3 errors of 10,000 draws
    assert probability["x"] + probability["y"] == pytest.approx(1)


def test_items_are_drawn_together_so_that_what_is_common_cancels() -> None:
    """x gets one item fewer than y of the same items: below y in every draw that holds it; unpaired it would be near one half."""
    probability = work_out(over_items({"x": first(60), "y": first(66)})).cutting.probability
    assert probability["x"] == pytest.approx(1 - 0.5 * (1 - 6 / ITEMS) ** ITEMS, abs=0.01)


@pytest.mark.parametrize(("confidence", "statuses"), [("0.9", {"x": "eliminated", "y": "advances"}), ("0.9999", None)])
def test_a_cut_less_sure_than_asked_is_for_review(confidence: str, statuses: dict[str, str] | None) -> None:
    decision = decide(over_items({"x": first(60), "y": first(66), "z": first(100)}, confidence))
    found = {each.team: each.status for each in decision.standings}
    assert found == {"z": "advances"} | (statuses or {"x": "review", "y": "review"})
    assert next(each for each in decision.standings if each.team == "z").cut_probability == 0


def test_the_same_answer_every_time_and_in_any_order() -> None:
    correct = {"x": first(60, 3), "y": first(61), "z": first(58, 20)}
    once = work_out(over_items(correct)).cutting.probability
    again = work_out(over_items(dict(reversed(correct.items())))).cutting.probability
    assert dict(once) == dict(again)


def test_imported_points_are_taken_as_they_are() -> None:
    rules = rules_over([leaf("u", 25)], "xy", confidence="0.99")
    cutting = work_out(inputs_of(rules, {"u": {"x": "10", "y": "10.001"}})).cutting
    assert cutting.probability == {"x": 1.0, "y": 0.0} and cutting.cuts["x"] == "out"


def test_raters_are_drawn_too() -> None:
    part = {"id": "e", "points": 10, "from": {"raters": "e.csv", "how": "mean"}}
    split = {"x": {f"R{i}": str(5 + (i % 2)) for i in range(10)}, "y": {f"R{i}": str(6 - (i % 2)) for i in range(10)}}
    split["y"]["R1"] = "5.2"
    cutting = work_out(inputs_of(rules_over([part], "xy", confidence="0.9"), {}, raters={"e": split})).cutting
    assert 0.3 < cutting.probability["x"] < 0.7 and set(cutting.cuts.values()) == {"unsure"}


def test_the_bound_itself_is_not_exceeded() -> None:
    """At confidence 0.9 a chance of exactly 0.1 does not exceed 1 − 0.9, and one of exactly 0.9 is sure enough."""
    select = Select.model_validate({"eliminate_bottom": 1, "scope": "all", "quota": "additive", "confidence": "0.9"})
    keys = {"x": (Decimal(1),), "y": (Decimal(2),), "z": (Decimal(3),)}
    sure = cut_bottom(keys, [], [], select, {"x": 0.9, "y": 0.1, "z": 0.0})  # type: ignore[arg-type]
    assert sure.cuts == {"x": "out", "y": "kept", "z": "kept"}
    unsure = cut_bottom(keys, [], [], select, {"x": 0.8, "y": 0.1, "z": 0.1000001})  # type: ignore[arg-type]
    assert unsure.cuts == {"x": "unsure", "y": "kept", "z": "unsure"}


@pytest.mark.parametrize(
    "then", [{"top_scaled": {"population": "eligible"}}, {"rank_points": {"table": [5], "population": "eligible"}}]
)
def test_nobody_eligible_is_no_crash(then: dict[str, Any]) -> None:
    rules = rules_over([leaf("u", 10, then=then), leaf("v", 10)], "xy", confidence="0.9")
    rules["gates"] = [{"id": "g", "check": "threshold", "of": "v", "at_least": 10, "fail": "eliminate"}]
    tables = {"u": {"x": "1", "y": "2"}, "v": {"x": "1", "y": "2"}}
    decision = decide(inputs_of(rules, tables))
    assert {each.eliminated_by for each in decision.standings} == {"g"}


def test_a_team_whose_submission_is_at_fault_does_not_shift_the_others_population() -> None:
    """Its value is absent, not zero: minmax over the others is the same with it and without it."""
    then = {"normalise": {"how": "minmax", "population": "all"}}
    part = {"id": "s", "points": 20, "from": {"suite": "s", "how": "mean", "scale": 100, "then": then}}
    inputs = over_items({"x": first(50), "y": first(60), "z": first(90)}, eliminate_bottom=1, scope="all")
    rules = rules_over([part, leaf("u", 10)], "wxyz", confidence="0.9")
    table = {"w": "1", "x": "1", "y": "9", "z": "5"}
    teams = {"w": TeamInputs(faults={"benchmark": "cut off"}), **inputs.teams}
    faulty = replace(inputs_of(rules, {"u": table}), suites=inputs.suites, teams=teams)
    without = replace(inputs_of(rules_over([part, leaf("u", 10)], "xyz", confidence="0.9"), {"u": table}))
    without = replace(without, suites=inputs.suites, teams=inputs.teams)
    assert dict(work_out(faulty).cutting.probability) == dict(work_out(without).cutting.probability)
