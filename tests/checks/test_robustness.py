"""How firm a decision is: closed forms beside the draws, a scenario at the cut, other weightings, warnings."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import erf, sqrt
from typing import Any

import numpy as np
import pytest

from checks.records.robustness import Robustness
from checks.rules.decision import decide
from checks.rules.drawing import WEIGHT_OF_BYTES, new_draw, resampled_scores
from checks.rules.inputs import RoundInputs, TeamInputs
from checks.rules.item_tables import FINEST, item_table, values_by_task
from checks.rules.robustness import robustness
from checks.rules.weightings import Region, dominates, least_difference
from tests.checks.rounds import (
    f1_inputs,
    f1_round,
    f1_tables,
    inputs_of,
    leaf,
    passed,
    rules_over,
    scores_of,
    suite_of,
    team,
)
from tests.checks.test_confidence import first, over_items

QUARTER = Fraction(1, 4)


def with_errors(values: dict[str, tuple[str, str]], **select: Any) -> RoundInputs:
    """One imported leaf of 100 points; team → (value, standard error)."""
    rules = rules_over([leaf("u", 100)], "".join(values), **select)
    inputs = inputs_of(rules, {"u": {name: value for name, (value, _) in values.items()}})
    return replace(inputs, errors={"u": {name: Decimal(error) for name, (_, error) in values.items()}})


def by_team(firm: Robustness) -> dict[str, Any]:
    return {each.team: each for each in firm.teams}


def test_weights_have_the_moments_of_poisson_with_mean_one() -> None:
    moments = [sum(count * k**power for k, count in enumerate(WEIGHT_OF_BYTES)) / 256 for power in range(5)]
    assert moments[:3] == [1, 1, 2]
    assert moments[3:] == pytest.approx([5, 15], rel=0.002)


def test_a_statistical_tie_at_the_cut_is_for_review() -> None:
    """71.0 against 70.6 with standard errors of 1.0: P(the lower is truly lower) = Φ(0.4 ÷ √2) = 0.611; 1.81 apart is enough."""
    values = {"a": ("90", "1.0"), "x": ("71.0", "1.0"), "y": ("70.6", "1.0")}
    expected = (1 + erf(0.4 / sqrt(2) / sqrt(2))) / 2
    decision = decide(with_errors(values, confidence="0.9"))
    found = {each.team: (each.status, each.cut_probability) for each in decision.standings}
    assert expected == pytest.approx(0.611, abs=0.001)
    assert found["y"] == ("review", pytest.approx(expected, abs=0.015)) and found["x"][0] == "review"
    assert found["a"][0] == "advances"
    apart = decide(with_errors({**values, "y": ("69.1", "1.0")}, confidence="0.9"))
    assert {each.team: each.status for each in apart.standings} == {"a": "advances", "x": "advances", "y": "eliminated"}


def test_ranks_are_sets_where_intervals_overlap() -> None:
    """95 % intervals A [88, 91], B [79.5, 82.5], C [79, 81], D [78, 80.2], E [69, 71.5]: ranks 1, 2–4, 2–4, 2–4, 5."""
    ends = {"a": (88, 91), "b": (79.5, 82.5), "c": (79, 81), "d": (78, 80.2), "e": (69, 71.5)}
    values = {
        name: (str((Decimal(str(low)) + Decimal(str(high))) / 2), str((high - low) / 2 / 1.96))
        for name, (low, high) in ends.items()
    }
    firm = robustness(with_errors(values), QUARTER)
    assert {name: each.ranks for name, each in by_team(firm).items()} == {
        "a": (1, 1),
        "b": (2, 4),
        "c": (2, 4),
        "d": (2, 4),
        "e": (5, 5),
    }
    for name, (low, high) in ends.items():
        assert [float(each) for each in by_team(firm)[name].interval] == pytest.approx([low, high], abs=0.1)
    assert firm.unknown == [] and firm.cut is not None and firm.cut.probability > 0.999


def test_pairs_share_their_draws() -> None:
    """y loses six of x's items and wins none: told apart, although the intervals of the two totals overlap widely."""
    firm = robustness(over_items({"x": first(66), "y": first(56), "z": first(20)}), QUARTER)
    pair = next(each for each in firm.pairs if (each.above, each.below) == ("x", "y"))
    x, y = by_team(firm)["x"], by_team(firm)["y"]
    assert float(y.interval[1]) > float(x.interval[0])
    assert pair.told_apart and pair.probability > 0.999 and pair.difference == "2.0"
    low, high = (float(each) for each in pair.interval)
    assert (low, high) == pytest.approx((2 - 1.96 * 0.6, 2 + 1.96 * 0.6), abs=0.12)  # 20 × √(0.1 × 0.9 ÷ 100) = 0.6
    same = robustness(over_items({"x": first(66), "y": first(66, 4), "z": first(20)}), QUARTER)
    assert not next(each for each in same.pairs if {each.above, each.below} == {"x", "y"}).told_apart


def test_items_of_a_group_are_drawn_together() -> None:
    """Ten groups of ten equal items are ten observations: the error is √10 times that of a hundred."""
    values = [float(index // 10 % 2) for index in range(100)]
    scores = {"x": scores_of("s", {"t": values})}
    columns = {"x": values_by_task(scores["x"].items)}

    def spread(groups: dict[int, str]) -> float:
        table = item_table(scores, columns, "t", groups)
        return float(resampled_scores(table, new_draw(1), 20_000)["x"].std())

    assert spread({}) == pytest.approx(5.0, rel=0.03)
    assert spread({index: f"g{index // 10}" for index in range(100)}) == pytest.approx(5 * sqrt(10), rel=0.1)


def test_draws_are_the_bootstrap_of_a_plain_second_implementation() -> None:
    """Against numpy's own choice of indices, one draw at a time: mean and spread of two correlated teams and their difference."""
    source = np.random.default_rng(3)
    common = source.random(400) < 0.7
    answers = {name: np.where(source.random(400) < 0.2, ~common, common).astype(float) for name in "xy"}
    scores = {name: scores_of("s", {"t": given.tolist()}) for name, given in answers.items()}
    table = item_table(scores, {name: values_by_task(each.items) for name, each in scores.items()}, "t", {})
    drawn = resampled_scores(table, new_draw(1), 10_000)
    picks = source.integers(400, size=(4_000, 400))
    plain = {name: 100 * given[picks].mean(axis=1) for name, given in answers.items()}
    for mine, theirs in ((drawn["x"], plain["x"]), (drawn["x"] - drawn["y"], plain["x"] - plain["y"])):
        assert mine.mean() == pytest.approx(theirs.mean(), abs=0.15)
        assert mine.std() == pytest.approx(theirs.std(), rel=0.05)


def test_sums_are_exact_whatever_the_values() -> None:
    """Thirds from three repeats stay whole numbers; other values keep fourteen binary places."""
    thirds = [0.0, 1 / 3, 2 / 3, 1.0] * 25
    scores = scores_of("s", {"t": thirds})
    repeated = [
        item.model_copy(update={"repeat": repeat, "correct": float(repeat < round(3 * item.correct))})
        for item in scores.items
        for repeat in range(3)
    ]
    table = item_table({"x": scores}, {"x": values_by_task(repeated)}, "t", {})
    assert table.unit == pytest.approx(100 / 3) and set(table.sums.ravel()) == {0, 1, 2, 3}
    odd = scores_of("s", {"t": [0.123, 0.456]})
    assert item_table({"x": odd}, {"x": values_by_task(odd.items)}, "t", {}).unit == 100 / FINEST


def test_weightings_of_the_first_round() -> None:
    """A is first and E last under every weighting; D overtakes C in t₁t₂ of them, a corner of the triangle of weightings."""
    firm = robustness(f1_inputs(), QUARTER)
    over_all = {each.team: each for each in firm.regions[0].teams}
    assert (over_all["a"].ranks, over_all["e"].ranks) == ((1, 1), (5, 5))
    assert over_all["e"].cut_share == 1 and all(each.always for each in over_all.values())
    pairs = {(each.above, each.below): each for each in firm.pairs}
    assert pairs["a", "e"].dominates and pairs["c", "e"].dominates and not pairs["c", "d"].dominates
    gain = {"benchmark": 1.0 / 40, "expert": 0.6 / 35, "user": -0.1 / 25}  # C − D, per point of weight
    edges = [-gain["user"] / (gain[part] - gain["user"]) for part in ("benchmark", "expert")]
    assert 1 - (pairs["c", "d"].weightings or 0) == pytest.approx(edges[0] * edges[1], abs=0.002)  # 2.6 %
    near = {each.team: each for each in firm.regions[1].teams}
    assert near["d"].ranks == (4, 4) and near["c"].ranks == (3, 3)


def test_the_least_difference_is_a_linear_programmes() -> None:
    from scipy.optimize import linprog

    source = np.random.default_rng(5)
    for _ in range(50):
        points = [Fraction(int(each)) for each in source.integers(1, 40, size=4)]
        total = sum(points, Fraction(0))
        region = Region([each * 3 / 4 for each in points], [each * 5 / 4 for each in points], total)
        first_, second = ([Fraction(int(each), 100) for each in source.integers(0, 100, size=4)] for _ in range(2))
        gains = [float(one - other) for one, other in zip(first_, second, strict=True)]
        bounds = [(float(low), float(high)) for low, high in zip(region.lower, region.upper, strict=True)]
        solved = linprog(gains, A_eq=[[1.0] * 4], b_eq=[float(total)], bounds=bounds)
        assert float(least_difference(first_, second, region)) == pytest.approx(solved.fun, abs=1e-9)
        assert dominates(first_, first_, region) is False


def normalised(withdrawn: str = "", how: str = "minmax", population: Any = "all") -> RoundInputs:
    teams = {"p": ("80", "70"), "q": ("78", "77"), "r": ("60", "64"), "s": ("70", "90")}
    then = {"normalise": {"how": how, "population": population}}
    parts = [leaf("first", "0.6", max=100, then=then), leaf("second", "0.4", max=100, then=then)]
    rules = rules_over(parts, "".join(teams))
    rules["teams"] = [team(name, date(2026, 1, 10) if name == withdrawn else None) for name in teams]
    tables = {
        name: {each: values[index] for each, values in teams.items()} for index, name in enumerate(("first", "second"))
    }
    return inputs_of(rules, tables, rosters={name: dict.fromkeys(teams) for name in tables})


def test_the_tool_warns_where_normalisation_decided_who_is_out() -> None:
    said = [each.en for each in robustness(normalised(withdrawn="r"), QUARTER).warnings]
    assert any("Out: s. With the withdrawn (r) still in it: p." in each for each in said)
    assert any("normalisation decided it. Out: s. Without it: p." in each for each in said)
    assert robustness(normalised(), QUARTER).warnings == []
    frozen = robustness(normalised(withdrawn="r", population={"frozen": "roster.csv"}), QUARTER)
    assert frozen.warnings == []


def test_a_standard_score_is_not_monotone_and_the_tool_warns() -> None:
    """x rises from 0 to 2 against 3 and 2.5: the deviation shrinks, y's lead there grows from 22.9 to 24.5, and x falls behind."""
    then = {"normalise": {"how": "zscore", "population": "all"}}

    def ranks(value: str, **form: Any) -> dict[str, int | None]:
        rules = rules_over([leaf("z", 10, max=10, **form), leaf("u", 100)], "xyv", eliminate_bottom=0)
        tables = {"z": {"x": value, "y": "3", "v": "2.5"}, "u": {"x": "90", "y": "66.5", "v": "0"}}
        return {each.team: each.rank for each in decide(inputs_of(rules, tables)).standings}

    assert ranks("0", then=then)["x"] == 1 and ranks("2", then=then)["x"] == 2
    assert ranks("0")["x"] == ranks("2")["x"] == 1
    warned = robustness(normalised(how="zscore"), QUARTER).warnings
    assert any("can fall behind" in each.en and "내려갈 수도" in each.ko for each in warned)


def test_a_leaf_whose_uncertainty_nothing_says_is_named() -> None:
    part = {"id": "s", "points": 20, "from": {"suite": "s", "how": "mean", "scale": 100}}
    rules = rules_over([part, leaf("u", 10)], "xy")
    teams = {name: TeamInputs({"s": scores_of("s", {"t": first(60)})}, quality=passed("s")) for name in "xy"}
    inputs = replace(
        inputs_of(rules, {"u": {"x": "1", "y": "2"}}), suites={"s": suite_of("s", {"t": "1"})}, teams=teams
    )
    assert robustness(inputs, QUARTER).unknown == ["u"]


def test_a_rater_far_from_the_rest_is_named_and_not_left_out() -> None:
    """Nine 30s and one 12 against ten 29s: R9 is named for a, and nobody for b."""
    sheets = {
        "a": {f"R{index}": "30" for index in range(9)} | {"R9": "12"},
        "b": {f"R{index}": "29" for index in range(10)},
    }
    rules = rules_over([{"id": "e", "points": 35, "from": {"raters": "e.csv", "how": "mean"}}], "ab")
    firm = robustness(inputs_of(rules, {}, raters={"e": sheets}), QUARTER)
    assert [each.en for each in firm.warnings] == ["e: rater R9 gave a 12, far from the team's median (-18)."]
    assert by_team(firm)["a"].total == "28.2"
    agreed = {name: {f"R{index}": str(28 + index % 3) for index in range(10)} for name in "ab"}
    assert robustness(inputs_of(rules, {}, raters={"e": agreed}), QUARTER).warnings == []


def test_a_vacant_place_opens_a_call_and_a_call_for_no_place_conflicts() -> None:
    """As it happened: D out by the gate, one vacancy, a call. Then D's appeal is granted, and the call stands against it."""
    cited = {"label": {"ko": "추가 공모", "en": "additional call"}, "citation": "공고", "effective": "2026-01-01"}

    def warned(vetoed: str, **opened: str) -> list[str]:
        rules = f1_round() | {"on_vacancy": {"then": "open_call", **cited, **opened}}
        inputs = inputs_of(rules, f1_tables(), [(name, "independence", "fail") for name in vetoed])
        return [each.en for each in robustness(inputs, QUARTER).warnings]

    assert warned("d") == ["additional call: 1 vacant, so an additional call is to be opened."]
    assert warned("d", opened="2026-01-23") == [] and warned("") == []
    (conflict,) = warned("", opened="2026-01-23")
    assert "opened on 2026-01-23 conflicts with the decision" in conflict


def test_what_was_drawn_once_serves_other_rules_and_no_other_measurements() -> None:
    inputs = over_items({"x": first(60), "y": first(62, 9), "z": first(90)})
    decide(inputs)
    other = replace(inputs, round=inputs.round.model_copy(update={"places": 1}))
    assert other.drawn and decide(other) == decide(replace(other, drawn=[]))
    changed = over_items({"x": first(60), "y": first(75, 9), "z": first(90)})
    mixed = replace(inputs, teams=changed.teams)
    assert decide(mixed) == decide(changed) != decide(inputs)
