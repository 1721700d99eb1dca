"""Points in exact rationals: every form of `from`, `then` and `missing` against arithmetic done here with fractions."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from statistics import mean, median, pstdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.contracts.programme import Round
from checks.records.quality import ExpectationResult
from checks.rules.decision import decide
from checks.rules.inputs import NotMeasured, RoundInputs, TeamInputs
from checks.rules.points import evaluate
from checks.rules.resampling import resampled_totals
from tests.checks.rounds import inputs_of, leaf, passed, rules_over, scores_of, suite_of

F = Fraction
PANEL = {"a": "24.5", "b": "21", "c": "21", "d": "10.2"}


def totals(inputs: RoundInputs) -> Mapping[str, Fraction | None]:
    return evaluate(inputs, inputs.active()).totals


def with_then(then: dict[str, Any], panel: Mapping[str, str] = PANEL, rosters: Any = None) -> RoundInputs:
    return inputs_of(rules_over([leaf("user", 25, then=then)], "".join(panel)), {"user": panel}, rosters=rosters)


def test_just_below_is_below() -> None:
    rules = rules_over([leaf("a", "94.998"), leaf("b", "5.002")], "xy")
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "a", "at_least": 0, "fail": "eliminate"}]
    tables = {"a": {"x": "94.998", "y": "1"}, "b": {"x": "0", "y": "1"}}
    results = {}
    for bound in ("94.998", "94.9980000000000000000000000000000001"):
        rules["gates"][0]["at_least"] = Decimal(bound)
        results[bound] = decide(inputs_of(rules, tables)).standings[0].gates["floor"]
    assert list(results.values()) == ["pass", "fail"]


def test_a_tenth_and_two_tenths_tie_with_three_tenths() -> None:
    rules = rules_over([leaf("p", 1), leaf("q", 1)], "xy")
    decision = decide(inputs_of(rules, {"p": {"x": "0.1", "y": "0.3"}, "q": {"x": "0.2", "y": "0"}}))
    assert {each.rank for each in decision.standings} == {1} and decision.standings[0].total == "0.3"


@given(st.lists(st.decimals(0, 7, places=3), min_size=2, max_size=5), st.decimals("0.1", 7, places=2))
def test_imported_is_points_times_value_over_max(values: list[Decimal], most: Decimal) -> None:
    given_values = {name: min(value, most) for name, value in zip("abcde", values, strict=False)}
    part = {"id": "u", "points": "7.1", "from": {"imported": "u.csv", "max": most}}
    inputs = inputs_of(rules_over([part], "".join(given_values)), {"u": {k: str(v) for k, v in given_values.items()}})
    assert totals(inputs) == {name: F("7.1") * F(value) / F(most) for name, value in given_values.items()}


@given(st.lists(st.decimals(0, 35, places=1), min_size=3, max_size=9))
def test_raters_mean_median_and_trimmed_mean(values: list[Decimal]) -> None:
    exact = sorted(F(value) for value in values)
    sheets = {"e": {"x": {f"R{i}": str(value) for i, value in enumerate(values)}}}

    def of(**how: Any) -> Fraction | None:
        part = {"id": "e", "points": 35, "from": {"raters": "e.csv", **how}}
        return totals(inputs_of(rules_over([part], "x"), {}, raters=sheets))["x"]

    assert of(how="mean") == mean(exact)
    assert of(how="median") == median(exact)
    assert of(how="trimmed_mean", drop_max=1, drop_min=1) == mean(exact[1:-1])
    assert of(how="trimmed_mean", drop_max=2, drop_min=0) == mean(exact[:-2])


def measured(source: dict[str, Any], tasks: dict[str, float], metric: str = "acc", **more: Any) -> RoundInputs:
    part = {"id": "s", "points": 20, "from": {"suite": "common", **source}}
    inputs = inputs_of(rules_over([part], "x"), {})
    suite = suite_of("common", {"one": "1", "two": "3"})
    team = TeamInputs({"common": scores_of("common", tasks, metric)}, quality=passed("common"), **more)
    return replace(inputs, suites={"common": suite}, teams={"x": team})


def test_a_suites_mean_is_weighted_and_in_hundredths() -> None:
    inputs = measured({"how": "mean", "scale": 80}, {"one": 0.7203, "two": 0.1})
    assert totals(inputs)["x"] == 20 * (F("72.03") + 3 * 10) / 4 / 80


def test_a_metric_that_is_no_share_is_taken_as_it_is() -> None:
    inputs = measured({"how": "mean", "scale": 100}, {"one": 31.5, "two": 20.0}, metric="bleu")
    assert totals(inputs)["x"] == 20 * (F("31.5") + 60) / 4 / 100


@pytest.mark.parametrize(
    ("cap", "floor", "share"),
    [
        ("1", "0", (1 + 3 * F(40, 50)) / 4),
        ("2", "0", (F(90, 80) + 3 * F(40, 50)) / 4),
        ("1", "0.9", (1 + 3 * F("0.9")) / 4),
    ],
)
def test_relative_to_the_teams_own_target(cap: str, floor: str, share: Fraction) -> None:
    source = {"how": "relative_to_target", "cap": cap, "floor": floor}
    targets = {"common": {"one": Decimal(80), "two": Decimal(50)}}
    assert totals(measured(source, {"one": 0.9, "two": 0.4}, targets=targets))["x"] == 20 * share


def test_a_target_that_the_submission_lacks_leaves_the_team_without_a_total() -> None:
    source = {"how": "relative_to_target", "cap": 1}
    inputs = measured(source, {"one": 0.9, "two": 0.4}, targets={"common": {"one": Decimal(80)}})
    assert totals(inputs)["x"] is None
    standing = decide(inputs).standings[0]
    assert standing.status == "review" and "target" in standing.reasons[0].text.en


@pytest.mark.parametrize(
    ("quality", "why"),
    [
        (passed("common"), None),
        (passed("common", outcome="conditional"), None),
        (passed("common") + passed("other", outcome="fail"), None),
        (passed("common", outcome="fail"), "No mean"),
        (passed("other"), "the data-quality stage has to run first"),
        ([], "the data-quality stage has to run first"),
        (None, "the data-quality stage has to run first"),
    ],
)
def test_no_score_enters_a_total_before_its_results_pass(
    quality: list[ExpectationResult] | None, why: str | None
) -> None:
    """Nor a baseline's gate; imported points beside it need no run."""
    inputs = measured({"how": "mean", "scale": 100}, {"one": 0.5, "two": 0.5})
    rules = inputs.round.model_dump(by_alias=True) | {
        "gates": [
            {"id": "b", "check": "baseline", "suite": "common", "baseline": 40, "at_least": 1, "fail": "eliminate"}
        ]
    }
    team = replace(inputs.teams["x"], quality=quality)
    standing = decide(replace(inputs, round=Round.model_validate(rules), teams={"x": team})).standings[0]
    said = [reason.text for reason in standing.reasons if why is not None and why in reason.text.en]
    if why is None:
        assert (standing.total, standing.gates["b"], standing.status) == ("10.0", "pass", "eliminated"), "the only team"
        return
    assert (standing.total, standing.gates["b"], standing.status) == (None, "indeterminate", "review")
    assert len(said) == 2 and all(("평균" in each.ko) is (why == "No mean") for each in said)


def test_what_was_never_measured_is_no_zero() -> None:
    inputs = replace(measured({"how": "mean", "scale": 100}, {"one": 0.5}), teams={"x": TeamInputs()})
    with pytest.raises(NotMeasured, match="s has not been measured for x"):
        decide(inputs)


def test_top_scaled() -> None:
    found = totals(with_then({"top_scaled": {"population": "all"}}))
    assert found == {name: 25 * F(value) / F("24.5") for name, value in PANEL.items()}


def test_top_scaled_where_nobody_earned_anything_gives_nobody_anything() -> None:
    nobody = dict.fromkeys(PANEL, "0")
    assert totals(with_then({"top_scaled": {"population": "all"}}, nobody)) == dict.fromkeys(PANEL, 0)
    assert totals(with_then({"top_scaled": {"population": "all"}}, nobody | {"d": "0.01"})) == {
        **dict.fromkeys("abc", 0),
        "d": 25,
    }
    frozen = {"top_scaled": {"population": {"frozen": "roster.csv"}}}
    found = totals(with_then(frozen, nobody | {"d": "3"}, rosters={"user": {"old": Decimal(0)}}))
    assert found == {**dict.fromkeys("abc", 0), "d": 25}, "who has more than the best has no more than all"


def test_rank_points_share_the_better_ranks_points_and_go_on_with_the_last_entry() -> None:
    found = totals(with_then({"rank_points": {"table": [25, 22, 19], "population": "all"}}))
    assert found == {"a": 25, "b": 22, "c": 22, "d": 19}
    all_equal = with_then({"rank_points": {"table": [25, 22], "population": "all"}}, dict.fromkeys("abc", "3"))
    assert set(totals(all_equal).values()) == {25}


def test_normalise_minmax() -> None:
    low, high = F("10.2"), F("24.5")
    found = totals(with_then({"normalise": {"how": "minmax", "population": "all"}}))
    assert found == {name: 25 * (F(value) - low) / (high - low) for name, value in PANEL.items()}
    alike = with_then({"normalise": {"how": "minmax", "population": "all"}}, dict.fromkeys("ab", "3"))
    assert set(totals(alike).values()) == {25}


def test_normalise_zscore_takes_the_population_deviation() -> None:
    values = [float(value) for value in PANEL.values()]
    found = totals(with_then({"normalise": {"how": "zscore", "population": "all"}}))
    for name, value in PANEL.items():
        assert float(found[name] or 0) == pytest.approx(25 * (float(value) - mean(values)) / pstdev(values), abs=1e-9)
    alike = with_then({"normalise": {"how": "zscore", "population": "all"}}, dict.fromkeys("ab", "3"))
    assert set(totals(alike).values()) == {0}


def test_a_population_of_the_eligible_leaves_out_who_is_out_by_a_gate() -> None:
    inputs = with_then({"top_scaled": {"population": "eligible"}})
    found = evaluate(inputs, ["b", "c", "d"]).totals
    assert found == {"a": 25, "b": 25, "c": 25, "d": 25 * F("10.2") / 21}
    assert set(evaluate(inputs, None).totals.values()) == {None}


def test_a_frozen_population_keeps_values_of_its_own() -> None:
    rosters = {"user": {"a": None, "old": Decimal(50)}}
    found = totals(with_then({"top_scaled": {"population": {"frozen": "roster.csv"}}}, rosters=rosters))
    assert found["a"] == 25 * F("24.5") / 50


def test_missing_zero() -> None:
    rules = rules_over([leaf("u", 10), leaf("v", 30, missing="zero")], "xy")
    assert totals(inputs_of(rules, {"u": {"x": "3", "y": "4"}, "v": {"x": "7"}})) == {"x": 10, "y": 4}


def test_a_leaf_excluded_for_all_gives_its_points_to_its_siblings_in_proportion() -> None:
    tree = [
        {"id": "b", "points": 40, "parts": [leaf("p", 10), leaf("q", 20), leaf("r", 10, missing="exclude_for_all")]},
        leaf("e", 60),
    ]
    tables = {
        "b.p": {"x": "5", "y": "10"},
        "b.q": {"x": "20", "y": "8"},
        "b.r": {"x": "10"},
        "e": {"x": "60", "y": "30"},
    }
    inputs = inputs_of(rules_over(tree, "xy"), tables)
    points = evaluate(inputs, "xy")
    assert points.excluded == ["b.r"]
    assert points.totals == {"x": F(40, 30) * 25 + 60, "y": F(40, 30) * 18 + 30}
    assert points.nodes["x"]["b"] == F(40, 30) * 25 and points.nodes["x"]["b.r"] is None
    assert "b.r" in decide(inputs).standings[0].reasons[0].text.en


def test_a_node_whose_leaves_are_all_excluded_gives_its_points_up_too() -> None:
    tree = [
        {"id": "b", "points": 40, "parts": [leaf("r", 40, missing="exclude_for_all")]},
        leaf("e", 20),
        leaf("u", 40),
    ]
    tables = {"b.r": {"x": "10"}, "e": {"x": "10", "y": "20"}, "u": {"x": "40", "y": "0"}}
    assert totals(inputs_of(rules_over(tree, "xy"), tables)) == {"x": F(100, 60) * 50, "y": F(100, 60) * 20}


def test_nothing_left_to_rank_by_is_said() -> None:
    with pytest.raises(NotMeasured):
        decide(inputs_of(rules_over([leaf("u", 10, missing="exclude_for_all")], "xy"), {"u": {"x": "1"}}))


FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "top_scaled": {"then": {"top_scaled": {"population": "all"}}},
    "nothing earned": {"then": {"top_scaled": {"population": "all"}}},
    "rank_points": {"then": {"rank_points": {"table": [8, 5, 1], "population": "eligible"}}},
    "minmax": {"then": {"normalise": {"how": "minmax", "population": "eligible"}}},
    "zscore": {"then": {"normalise": {"how": "zscore", "population": "all"}}},
    "frozen": {"then": {"top_scaled": {"population": {"frozen": "r.csv"}}}},
    "zero": {"missing": "zero", "then": {"normalise": {"how": "minmax", "population": "all"}}},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "how", [{"how": "mean"}, {"how": "median"}, {"how": "trimmed_mean", "drop_max": 1, "drop_min": 1}]
)
def test_resampling_what_does_not_vary_gives_the_exact_totals(form: str, how: dict[str, Any]) -> None:
    """The rules are written twice, in fractions and over arrays; here they must come to the same."""
    panel = {"x": "6.5", "y": "3.1", "z": "7.9"}
    if form == "nothing earned":
        panel = dict.fromkeys(panel, "0")
    sheets = {"e": {name: {f"R{i}": value for i in range(4)} for name, value in panel.items()}}
    if form == "zero":
        del sheets["e"]["y"]
    parts = [{"id": "e", "points": 8, "from": {"raters": "e.csv", **how, **FORMS[form]}}, leaf("u", 2)]
    parts += [{"id": "s", "points": 10, "from": {"suite": "common", "how": "mean", "scale": 100}}]
    inputs = inputs_of(
        rules_over(parts, "xyz"),
        {"u": {"x": "1", "y": "2", "z": "0.5"}},
        raters=sheets,
        rosters={"e": {"x": None, "old": Decimal(8)}},
    )
    teams = {
        name: TeamInputs({"common": scores_of("common", {"t": [0.5] * 6})}, quality=passed("common")) for name in panel
    }
    inputs = replace(inputs, teams=teams, suites={"common": suite_of("common", {"t": "1"})})
    points = evaluate(inputs, ["x", "z"])
    resampled = resampled_totals(inputs, points, ["x", "z"], resamples=50)
    for name, total in points.totals.items():
        assert total is not None
        assert resampled[name] == pytest.approx([float(total)] * 50, abs=1e-9)
