"""Gates: four results and what each does, thresholds and baselines at the edge, a panel's ruling above the check's own."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from checks.contracts.loading import load_policy
from checks.records.decisions import Decision, GateOutcome
from checks.rules.decision import decide
from checks.rules.inputs import TeamInputs
from tests.checks.rounds import inputs_of, leaf, passed, rules_over, scores_of, suite_of

GATE = {"id": "g", "check": "threshold", "of": "u", "fail": "eliminate"}


def decided(gate: dict[str, Any], value: str = "19.99", rulings: list[tuple[str, str, str]] | None = None) -> Decision:
    rules = rules_over([leaf("u", 25)], "xy", eliminate_bottom=0)
    rules["gates"] = [gate]
    return decide(inputs_of(rules, {"u": {"x": value, "y": "25"}}, rulings))


def status_of(decision: Decision, name: str = "x") -> tuple[str, str | None]:
    return next((each.status, each.eliminated_by) for each in decision.standings if each.team == name)


@pytest.mark.parametrize("result", get_args(GateOutcome))
@pytest.mark.parametrize("effect", ["eliminate", "review", "pass"])
def test_each_result_does_what_the_gate_says(result: GateOutcome, effect: str) -> None:
    said = {} if result == "pass" else {result: effect}
    decision = decided({**GATE, "at_least": 0, **said}, rulings=[("x", "g", result)])
    wanted = {"eliminate": ("eliminated", "g"), "review": ("review", None), "pass": ("advances", None)}
    assert status_of(decision) == (wanted["pass"] if result == "pass" else wanted[effect])


@pytest.mark.parametrize("result", ["conditional", "indeterminate"])
def test_what_is_not_proven_is_for_review_where_the_gate_does_not_say_otherwise(result: str) -> None:
    assert status_of(decided({**GATE, "at_least": 0}, rulings=[("x", "g", result)])) == ("review", None)


@pytest.mark.parametrize(
    ("bound", "value", "passes"),
    [
        ({"at_least": 20}, "20", True),
        ({"at_least": 20}, "19.999999999999999999", False),
        ({"at_least_share": "0.8"}, "20", True),
        ({"at_least_share": "0.8"}, "19.999999999999999999", False),
    ],
)
def test_a_threshold_is_exact(bound: dict[str, Any], value: str, passes: bool) -> None:
    assert status_of(decided({**GATE, **bound}, value))[0] == ("advances" if passes else "eliminated")


@pytest.mark.parametrize(("score", "result"), [(0.659015, "pass"), (0.6590149, "fail"), (None, "indeterminate")])
def test_a_baseline_passes_from_its_share_of_the_baseline_on(score: float | None, result: str) -> None:
    """0.95 × 69.37 = 65.9015."""
    rules = rules_over([leaf("u", 25)], "x", eliminate_bottom=0)
    rules["gates"] = [
        {"id": "g", "check": "baseline", "suite": "s", "baseline": "69.37", "at_least": "0.95", "fail": "eliminate"}
    ]
    inputs = inputs_of(rules, {"u": {"x": "1"}})
    scores = {} if score is None else {"s": scores_of("s", {"t": score})}
    inputs = replace(
        inputs, suites={"s": suite_of("s", {"t": "1"})}, teams={"x": TeamInputs(suites=scores, quality=passed("s"))}
    )
    assert decide(inputs).standings[0].gates == {"g": result}


def test_a_ruling_stands_above_the_check_and_both_are_shown() -> None:
    decision = decided({**GATE, "at_least": 20}, rulings=[("x", "g", "pass")])
    standing = next(each for each in decision.standings if each.team == "x")
    assert standing.status == "advances"
    assert (standing.gate_results[0].own, standing.gate_results[0].result) == ("fail", "pass")
    ruled = next(reason for reason in standing.reasons if reason.rule == "ruling")
    assert "P1, P2" in ruled.text.en and "P1, P2" in ruled.text.ko and "fail" in ruled.text.en


def test_the_first_gate_in_the_file_is_the_one_named_and_elimination_goes_before_review() -> None:
    rules = rules_over([leaf("u", 25)], "xy", eliminate_bottom=0)
    rules["gates"] = [
        {"id": "asks", "check": "threshold", "of": "u", "at_least": 20, "fail": "review"},
        {"id": "second", "check": "threshold", "of": "u", "at_least": 20, "fail": "eliminate"},
        {"id": "third", "check": "threshold", "of": "u", "at_least": 20, "fail": "eliminate"},
    ]
    decision = decide(inputs_of(rules, {"u": {"x": "1", "y": "25"}}))
    assert status_of(decision) == ("eliminated", "second")


@pytest.mark.parametrize("check", ["independence", "data_quality"])
@pytest.mark.parametrize("fault", [{}, {"independence": "model/: cut off", "data-quality": "model/: cut off"}])
def test_a_check_that_has_not_run_or_could_not_is_indeterminate(check: str, fault: dict[Any, str]) -> None:
    rules = rules_over([leaf("u", 25)], "x", eliminate_bottom=0)
    rules |= {"policy": "from-scratch", "gates": [{"id": "g", "check": check, "fail": "eliminate"}]}
    inputs = inputs_of(rules, {"u": {"x": "1"}})
    inputs = replace(inputs, policy=load_policy("from-scratch"), teams={"x": TeamInputs(faults=fault)})
    standing = decide(inputs).standings[0]
    assert (standing.status, standing.gates) == ("review", {"g": "indeterminate"})
    assert not fault or any("cut off" in reason.text.ko for reason in standing.reasons)


def test_a_team_without_a_total_cannot_advance_and_leaves_the_cut_open() -> None:
    part = {"id": "s", "points": 25, "from": {"suite": "s", "how": "mean", "scale": 100}}
    rules = rules_over([part], "xyz")
    teams = {
        name: TeamInputs({"s": scores_of("s", {"t": value})}, quality=passed("s"))
        for name, value in (("x", 0.9), ("y", 0.1))
    }
    teams["z"] = TeamInputs(faults={"benchmark": "submission.yaml:3: model.source: no such folder"})
    decision = decide(replace(inputs_of(rules, {}), suites={"s": suite_of("s", {"t": "1"})}, teams=teams))
    assert {each.team: (each.status, each.total, each.rank) for each in decision.standings} == {
        "x": ("advances", "22.5", 1),
        "y": ("review", "2.5", 2),
        "z": ("review", None, None),
    }


@pytest.mark.parametrize(("places", "vacancies"), [(1, 0), (2, 0), (5, 3), (0, 0)])
def test_vacancies_are_never_below_zero_and_more_teams_than_places_are_not_cut(places: int, vacancies: int) -> None:
    rules = rules_over([leaf("u", 25)], "xy", eliminate_bottom=0) | {"places": places}
    decision = decide(inputs_of(rules, {"u": {"x": "1", "y": "2"}}))
    assert decision.vacancies == vacancies and {each.status for each in decision.standings} == {"advances"}


def test_bounds_are_decimals_as_written() -> None:
    decision = decided({**GATE, "at_least": Decimal("0.1")}, "0.1")
    assert status_of(decision)[0] == "advances"
