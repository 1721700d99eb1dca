"""Severity taken out of raters, quality for its cost, geometric means and Borda counts: against plain second implementations."""

from decimal import Decimal
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from checks.contracts.errors import InputFault
from checks.contracts.panels import RaterSheets, read_costs
from checks.contracts.programme import Round
from checks.records.decisions import Decision
from checks.rules.decision import decide, work_out
from checks.rules.points import evaluate
from checks.rules.resampling import resampled_totals
from checks.rules.severity import resampled_without_severity, without_severity
from tests.checks.rounds import inputs_of, leaf, rules_over

#: Team a was judged by the strict R1 and R2, b by the mild R3 too; severities are −2, 0 and 2, the teams 7 and 6.
SHEETS = {"a": {"R1": "5", "R2": "7"}, "b": {"R2": "6", "R3": "8"}}


def sheets_of(values: dict[str, dict[str, str]]) -> RaterSheets:
    exact = {team: {rater: Decimal(value) for rater, value in given.items()} for team, given in values.items()}
    return RaterSheets(Path("e.csv"), exact, {})


def least_squares(values: dict[str, dict[str, float]]) -> dict[str, float]:
    """The same model as one overdetermined system, severities adding up to nothing."""
    teams, raters = sorted(values), sorted({rater for given in values.values() for rater in given})
    rows, right = [], []
    for team, given in values.items():
        for rater, value in given.items():
            rows.append([float(team == each) for each in teams] + [float(rater == each) for each in raters])
            right.append(value)
    rows.append([0.0] * len(teams) + [1e6] * len(raters))
    right.append(0.0)
    return dict(zip(teams, np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0], strict=False))


def test_a_strict_rater_does_not_cost_a_team_its_rank() -> None:
    assert without_severity(sheets_of(SHEETS)) == {"a": 7, "b": 6}
    rules = rules_over([{"id": "e", "points": 10, "from": {"raters": "e.csv", "how": "severity_adjusted"}}], "ab")
    raters = {"e": SHEETS}
    assert [each.team for each in decide(inputs_of(rules, {}, raters=raters)).standings] == ["a", "b"]
    plain = rules_over([{"id": "e", "points": 10, "from": {"raters": "e.csv", "how": "mean"}}], "ab")
    assert [each.team for each in decide(inputs_of(plain, {}, raters=raters)).standings] == ["b", "a"]


def test_severities_are_those_of_least_squares_and_none_where_everybody_judged_everybody() -> None:
    source = np.random.default_rng(8)
    values = {
        team: {f"R{rater}": str(int(source.integers(0, 30))) for rater in range(6) if (rater + place) % 4 or rater == 0}
        for place, team in enumerate("abcde")
    }
    exact = without_severity(sheets_of(values))
    wanted = least_squares(
        {team: {rater: float(each) for rater, each in given.items()} for team, given in values.items()}
    )
    assert {team: float(value) for team, value in exact.items()} == pytest.approx(wanted, abs=1e-6)
    complete = {
        team: {f"R{rater}": str((rater * 7 + place * 3) % 11) for rater in range(4)} for place, team in enumerate("abc")
    }
    means = {team: Fraction(sum(map(int, given.values())), 4) for team, given in complete.items()}
    assert without_severity(sheets_of(complete)) == means


def test_draws_of_raters_are_the_exact_answer_over_the_drawn() -> None:
    """A draw in which each rater comes once is the panel itself; one that counts R2 twice is least squares with R2 twice."""
    values = np.array([[5.0, 7.0, np.nan], [np.nan, 6.0, 8.0]])
    drawn = resampled_without_severity(values, np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]]))
    assert drawn[0] == pytest.approx([7, 6])
    twice = least_squares({"a": {"R2": 7.0}, "b": {"R2": 6.0, "R3": 8.0}})
    assert drawn[1, 0] - drawn[1, 1] == pytest.approx(twice["a"] - twice["b"])


def test_teams_that_share_no_rater_cannot_be_adjusted() -> None:
    assert sheets_of(SHEETS).apart() is None
    assert sheets_of({**SHEETS, "c": {"R9": "5"}}).apart() == "c"


def test_quality_for_its_cost_is_exact_and_capped() -> None:
    rules = rules_over([{"id": "c", "points": 5, "from": {"cost_efficiency": "c.csv", "full": "0.3"}}], "xyz")
    from dataclasses import replace

    costs = {
        "c": {"x": (Decimal("3"), Decimal("10")), "y": (Decimal("2"), Decimal("10")), "z": (Decimal(9), Decimal(1))}
    }
    decision = decide(replace(inputs_of(rules, {}), costs=costs))
    assert {each.team: each.total for each in decision.standings} == {"x": "5.0", "y": "3.333333333333", "z": "5.0"}


@pytest.mark.parametrize(("row", "words"), [("x,1,0", "a number above 0"), ("x,-1,2", "at least 0"), ("q,1,1", "'q'")])
def test_costs_that_are_none_are_refused(tmp_path: Path, row: str, words: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(f"team,quality,cost\n{row}\n")
    with pytest.raises(InputFault, match=words):
        read_costs(path, ["x"])


VALUES = {"p": {"x": "40", "y": "20", "z": "30"}, "q": {"x": "6", "y": "60", "z": "30"}}


def combined(how: str, values: dict[str, dict[str, str]] = VALUES, **extra: Any) -> dict[str, Any]:
    rules = rules_over([leaf("p", 40), leaf("q", 60)], "".join(values["p"]))
    rules["score"]["combine"] = {"how": how, **extra}
    return rules


def totals(decision: Decision) -> dict[str, str | None]:
    return {each.team: each.total for each in decision.standings}


def test_a_geometric_mean_punishes_one_part_near_nothing() -> None:
    decision = decide(inputs_of(combined("geometric"), VALUES))
    wanted = {
        team: 100 * prod((float(VALUES[part][team]) / full) ** (full / 100) for part, full in (("p", 40), ("q", 60)))
        for team in "xyz"
    }
    assert {team: float(total or 0) for team, total in totals(decision).items()} == pytest.approx(wanted)
    assert [each.team for each in decision.standings] == ["y", "z", "x"]
    full = {"p": {"x": "40", "y": "0"}, "q": {"x": "60", "y": "60"}}
    assert totals(decide(inputs_of(combined("geometric", full), full))) == {"x": "100.0", "y": "0.0"}


def test_a_borda_count_looks_at_ranks_alone() -> None:
    """x beats both in p and none in q; z beats one in each, so does y in none of p and both of q."""
    decision = decide(inputs_of(combined("borda", population="all"), VALUES))
    assert totals(decision) == {"x": "40.0", "y": "60.0", "z": "50.0"}
    spread = {**VALUES, "p": {"x": "30.1", "y": "0", "z": "30"}}
    assert totals(decide(inputs_of(combined("borda", population="all"), spread))) == totals(decision)
    ties = {"p": {"x": "5", "y": "5"}, "q": {"x": "5", "y": "5"}}
    assert totals(decide(inputs_of(combined("borda", ties, population="all"), ties))) == {"x": "50.0", "y": "50.0"}


def test_a_borda_count_over_the_eligible_leaves_out_who_a_gate_put_out() -> None:
    rules = combined("borda", population="eligible")
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "q", "at_least": 10, "fail": "eliminate"}]
    points = work_out(inputs_of(rules, VALUES)).points
    assert points.totals["y"] == 60 and points.totals["z"] == 40, "x is no longer among those to be beaten"
    rules["gates"][0]["of"] = "p"
    Round.model_validate(rules)
    rules["score"] = {
        "points": 100,
        "parts": [
            {
                "id": "n",
                "points": 100,
                "parts": rules["score"]["parts"],
                "combine": {"how": "borda", "population": "eligible"},
            }
        ],
    }
    rules["gates"][0]["of"] = "n"
    with pytest.raises(ValidationError, match="does not depend on `population: eligible`"):
        Round.model_validate(rules)


@pytest.mark.parametrize("how", [{"how": "geometric"}, {"how": "borda", "population": "all"}])
def test_resamples_without_any_spread_are_the_exact_totals(how: dict[str, str]) -> None:
    inputs = inputs_of(combined(**how), VALUES)
    points = evaluate(inputs, inputs.active())
    drawn = resampled_totals(inputs, points, inputs.active(), 3)
    assert {team: values.tolist() for team, values in drawn.items()} == {
        team: pytest.approx([float(total or 0)] * 3) for team, total in points.totals.items()
    }


@pytest.mark.parametrize("wrong", [{"how": "borda"}, {"how": "geometric", "population": "all"}, {"how": "product"}])
def test_a_combination_says_its_population_and_only_where_it_has_one(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Round.model_validate(combined(**wrong))
