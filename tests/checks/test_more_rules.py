"""Rules that came later, each against arithmetic of its own: moving baselines, abilities, absent raters, ties, weights, papers."""

import hashlib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.contracts.acts import Acts, Invalidation
from checks.contracts.baselines import BaselineModel, read_baseline, read_parameters
from checks.contracts.errors import InputFault
from checks.contracts.panels import RaterSheets, read_abilities
from checks.contracts.programme import Round
from checks.contracts.score_tree import MovingBaseline
from checks.contracts.submission import Component, Evidence, handed_in
from checks.contracts.suite import Suite
from checks.records.decisions import Standing
from checks.records.scores import SuiteScores, TaskScore
from checks.rules.baselines import baseline_of
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs, TeamInputs
from checks.rules.points import evaluate
from checks.rules.resampling import resampled_totals, unknown_leaves
from tests.checks.rounds import F1, f1_inputs, f1_round, f1_tables, inputs_of, leaf, passed, rules_over

CITED = {"label": {"ko": "규정", "en": "the notice"}, "citation": "Notice 1", "effective": "2025-12-01"}
MOVING: dict[str, Any] = {**CITED, "table": "b.csv", "as_of": "2026-01-05", "months": 6, "take": "best_model"}
SUITE = Suite.model_validate(
    {
        "version": 1,
        "suite": "common",
        "tasks": [{"id": "a", "use": "lm_eval:a", "weight": 1}, {"id": "b", "use": "lm_eval:b", "weight": 3}],
    }
)


def model(name: str, released: str, a: str, b: str) -> BaselineModel:
    return BaselineModel.model_validate({"model": name, "released_on": released, "scores": {"a": a, "b": b}})


FIELD = [
    model("too old", "2025-07-04", "99", "99"),
    model("on the first day", "2025-07-05", "80", "60"),
    model("on the last day", "2026-01-05", "70", "70"),
    model("too new", "2026-01-06", "99", "99"),
]


def standing(inputs: RoundInputs, team: str) -> Standing:
    return next(each for each in decide(inputs).standings if each.team == team)


def measured(rules: dict[str, Any], scores: dict[str, tuple[float, float]], **more: Any) -> RoundInputs:
    """Teams with a score each on the two tasks of the suite; what else is read is given."""
    inputs = inputs_of(rules, {})
    teams = {
        team: TeamInputs(
            suites={
                "common": SuiteScores(
                    suite="common",
                    tasks=[TaskScore(task=t, metric="acc", value=v, n=1) for t, v in zip("ab", both, strict=True)],
                    items=[],
                )
            },
            quality=passed("common"),
        )
        for team, both in scores.items()
    }
    return replace(inputs, suites={"common": SUITE}, teams=teams, **more)


@pytest.mark.parametrize(
    ("take", "score", "models"),
    [
        ("best_model", Fraction(70), ["on the last day"]),  # 80·¼ + 60·¾ = 65 < 70
        ("best_of_each_task", Fraction(290, 4), ["on the first day", "on the last day"]),  # 80·¼ + 70·¾
    ],
)
def test_a_moving_baseline_is_the_best_of_its_months_and_of_nobody_else(
    take: str, score: Fraction, models: list[str]
) -> None:
    found = baseline_of(FIELD, MovingBaseline.model_validate({**MOVING, "take": take}), SUITE)
    assert found is not None and (found.score, list(found.models)) == (score, models)
    later = MovingBaseline.model_validate({**MOVING, "as_of": "2025-07-03", "months": 1})
    assert baseline_of(FIELD, later, SUITE) is None


@pytest.mark.parametrize(
    ("as_of", "months", "first"), [("2026-08-31", 6, "2026-02-28"), ("2026-01-05", 13, "2024-12-05")]
)
def test_the_months_before_a_day_end_where_a_month_is_short(as_of: str, months: int, first: str) -> None:
    rule = MovingBaseline.model_validate({**MOVING, "as_of": as_of, "months": months})
    assert rule.window() == (date.fromisoformat(first), date.fromisoformat(as_of))


def test_points_and_a_gate_against_what_the_field_has_come_to() -> None:
    """The baseline is 70: 0.95 of it is 66.5. 66.5 passes, a hair less does not; points are 20 × mean ÷ 70, at most 20."""
    source = {"suite": "common", "how": "relative_to_baseline", "baseline": MOVING, "cap": 1}
    rules = rules_over([{"id": "common", "points": 20, "from": source}], "xyz", eliminate_bottom=0)
    rules["gates"] = [
        {
            "id": "global-95",
            "check": "baseline",
            "suite": "common",
            "baseline": MOVING,
            "at_least": "0.95",
            "fail": "eliminate",
        }
    ]
    scores = {"x": (0.665, 0.665), "y": (0.665, 0.66499), "z": (0.9, 0.9)}
    found = measured(rules, scores, baselines={"score.common": FIELD, "gates.global-95": FIELD})
    decided = {each.team: each for each in decide(found).standings}
    assert {team: each.gates["global-95"] for team, each in decided.items()} == {"x": "pass", "y": "fail", "z": "pass"}
    assert decided["x"].total == "19.0" and decided["z"].total == "20.0"
    told = next(each.text.en for each in decided["y"].reasons if each.rule == "baseline")
    assert told == "common scores 66.49925 < 0.95 × 70.0 (on the last day) = 66.5"


def test_the_table_of_a_baseline_is_whole_or_refused(tmp_path: Path) -> None:
    table = tmp_path / "b.csv"
    rows = "model,released_on,task,score\nm,2025-08-01,a,80\nm,2025-08-01,b,60.5\n"
    table.write_text(rows)
    assert read_baseline(table, ["a", "b"]) == [model("m", "2025-08-01", "80", "60.5")]
    for old, new, words in [
        ("m,2025-08-01,b,60.5\n", "", "'m' without 'b', expected every task"),
        (",b,", ",a,", "'a' twice for 'm'"),
        ("m,2025-08-01,b", "m,2025-08-02,b", "2025-08-02 for 'm', expected 2025-08-01"),
        (",b,", ",c,", "'c', expected one of a, b"),
        ("60.5", "-1", "'-1', expected a number of at least 0"),
    ]:
        table.write_text(rows.replace(old, new))
        with pytest.raises(InputFault, match=words):
            read_baseline(table, ["a", "b"])


def test_abilities_of_an_item_response_model_are_points_between_two_marks(tmp_path: Path) -> None:
    source = {"irt": "irt.csv", "low": -2, "high": 2, "model": "2PL, items of round 1, mirt 1.41"}
    rules = rules_over([{"id": "common", "points": 20, "from": source}], "xyz", eliminate_bottom=0)
    table = tmp_path / "irt.csv"
    table.write_text("team,ability,stderr\nx,-0.5,0.2\ny,2.5,0.2\nz,-3,0\n")
    abilities, errors = read_abilities(table, list("xyz"))
    found = inputs_of(rules, {})
    found = replace(found, imported={"common": abilities}, errors={"common": errors})
    assert {each.team: each.total for each in decide(found).standings} == {"x": "7.5", "y": "20.0", "z": "0.0"}
    points = evaluate(found, eligible=list("xyz"))
    assert unknown_leaves(found, points) == [], "its standard errors say how the abilities vary"
    drawn = resampled_totals(found, points, list("xyz"))
    assert drawn["x"].mean() == pytest.approx(7.5, abs=0.05) and drawn["x"].std() == pytest.approx(1.0, abs=0.03)
    assert drawn["y"].max() == 20 and drawn["z"].std() == 0
    with pytest.raises(ValidationError, match="a low below the high"):
        Round.model_validate(rules_over([{"id": "c", "points": 20, "from": {**source, "high": -2}}], "x"))
    with pytest.raises(InputFault, match="stderr"):
        table.write_text("team,ability\nx,1\n")
        read_abilities(table, ["x"])


@pytest.mark.parametrize(("missing", "total"), [("error", "8.0"), ("mean_of_rest", "7.833333333333")])
def test_an_absent_rater_counts_with_the_mean_of_the_rest(missing: str, total: str) -> None:
    """x has 6, 8, 9 and no value of R4: trimmed of both ends 8; with R4 at their mean 23/3, (23/3 + 8) ÷ 2 = 47/6."""
    source = {"raters": "p.csv", "how": "trimmed_mean", "drop_max": 1, "drop_min": 1, "missing": missing}
    rules = rules_over([{"id": "p", "points": 10, "from": source}], "xy", eliminate_bottom=0)
    sheets = RaterSheets(
        Path("p.csv"),
        {
            "x": {"R1": Decimal(6), "R2": Decimal(8), "R3": Decimal(9)},
            "y": {code: Decimal(5) for code in ("R1", "R2", "R3", "R4")},
        },
        {"x": ["R4"]},
    )
    found = replace(inputs_of(rules, {}), raters={"p": sheets})
    assert standing(found, "x").total == total and standing(found, "y").total == "5.0"
    assert evaluate(found, ["x", "y"]).totals["x"] == (Fraction(47, 6) if missing == "mean_of_rest" else 8)


def test_only_raters_have_a_rest() -> None:
    for source in (
        {"imported": "a.csv", "max": 10, "missing": "mean_of_rest"},
        {"raters": "p.csv", "how": "severity_adjusted", "missing": "mean_of_rest"},
    ):
        with pytest.raises(ValidationError, match="mean_of_rest only for raters"):
            Round.model_validate(rules_over([{"id": "p", "points": 10, "from": source}], "xy"))


SIZES = {"a": 7, "b": 9, "c": 9}
DRAW = {"draw": "로또 1205: 3 11 24 30 38 44", "published_on": "2025-12-20", "source": "the lottery's page"}


def test_equal_totals_are_ordered_by_size_and_then_by_a_draw_that_anyone_can_draw_again() -> None:
    rules = rules_over([leaf("u", 10)], "abc", tie_break=[{"fewer_parameters": "sizes.csv"}, DRAW])
    found = replace(inputs_of(rules, {"u": dict.fromkeys("abc", "5")}), parameters=SIZES)
    numbers = {team: hashlib.sha256(f"{DRAW['draw']}:{team}".encode()).hexdigest() for team in "bc"}
    last = max(numbers, key=numbers.__getitem__)
    decided = {each.team: each for each in decide(found).standings}
    assert decided["a"].rank == 1 and decided[last].status == "eliminated" and decided[last].rank == 3
    told = [each.text.en for each in decided[last].reasons if each.rule == "tie_break"]
    assert len(told) == 2 and "number of parameters decides: 9" in told[0] and numbers[last] in told[1]
    assert [each.rule for each in decided["a"].reasons].count("tie_break") == 1
    without = replace(found, round=Round.model_validate({**rules, "select": {**rules["select"], "tie_break": []}}))
    assert {each.status for each in decide(without).standings} == {"review"}, "never an arbitrary order"
    another = {**DRAW, "draw": "another seed"}
    drawn = replace(found, round=Round.model_validate({**rules, "select": {**rules["select"], "tie_break": [another]}}))
    smallest = min("abc", key=lambda team: hashlib.sha256(f"another seed:{team}".encode()).hexdigest())
    assert next(each.team for each in decide(drawn).standings if each.rank == 1) == smallest


def test_a_draw_stands_last_and_its_seed_is_published_by_the_freeze(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="a draw that stands last"):
        Round.model_validate(rules_over([leaf("u", 10)], "ab", tie_break=[DRAW, "u"]))
    frozen = {**CITED, "rules": "2025-12-19", "evidence": "2025-12-19"}
    rules = rules_over([leaf("u", 10)], "ab", tie_break=[DRAW])
    with pytest.raises(ValidationError, match="a seed published by the freeze"):
        Round.model_validate({**rules, "freeze": frozen})
    Round.model_validate({**rules, "freeze": {**frozen, "rules": "2025-12-20"}})
    table = tmp_path / "sizes.csv"
    for text, words in [("a,7\n", "team b.*no row"), ("a,7\nb,0\n", "'0'"), ("a,7.5\nb,1\n", "whole number")]:
        table.write_text(f"team,parameters\n{text}")
        with pytest.raises(InputFault, match=words):
            read_parameters(table, ["a", "b"], ["a", "b"])


def robust(region: object, at_least: str, otherwise: str, **select: Any) -> RoundInputs:
    rule = {**CITED, "region": region, "at_least": at_least, "otherwise": otherwise}
    return f1_inputs("", **{"robustness": rule, **select})


def test_a_cut_that_every_weighting_shares_stands_and_one_that_few_share_is_for_review() -> None:
    """F1: E is last under every weighting. Of two cuts the second takes D, which overtakes C in 2.9 % of all weightings."""
    decided = {each.team: each for each in decide(robust("all", "1", "review")).standings}
    assert decided["e"].status == "eliminated" and decided["d"].status == "advances"
    assert "the share that cuts it is 1.000" in next(
        r.text.en for r in decided["e"].reasons if r.rule == "eliminate_bottom"
    )
    two = {each.team: each for each in decide(robust("all", "0.99", "review", eliminate_bottom=2)).standings}
    assert {team: each.status for team, each in two.items()} == {
        "a": "advances", "b": "advances", "c": "review", "d": "review", "e": "review",
    }  # fmt: skip
    enough = {each.team: each.status for each in decide(robust("all", "0.95", "review", eliminate_bottom=2)).standings}
    assert (enough["c"], enough["d"], enough["e"]) == ("advances", "eliminated", "eliminated")
    flagged = {each.team: each for each in decide(robust("all", "0.99", "flag", eliminate_bottom=2)).standings}
    assert flagged["d"].status == "eliminated"
    share = next(r.text.en for r in flagged["d"].reasons if r.rule == "eliminate_bottom").rsplit(" ", 1)[-1]
    assert 1 - float(share.rstrip(".")) == pytest.approx(0.029, abs=0.004)
    near = {each.team: each.status for each in decide(robust("0.1", "1", "review", eliminate_bottom=2)).standings}
    assert near["d"] == "eliminated", "within a tenth of the rules' points nothing changes"


def papers(check: dict[str, Any], **given: Any) -> tuple[str, str]:
    """The result of a gate on what one team handed in, and what it says."""
    rules = rules_over([leaf("u", 10)], "x", eliminate_bottom=0)
    rules["gates"] = [{"id": "g", "fail": "eliminate", **CITED, **check}]
    found = inputs_of(rules, {"u": {"x": "5"}})
    found = replace(found, teams={"x": TeamInputs(**given)}, reference_licences={"globe": "CC-BY-NC-4.0"})
    decided = standing(found, "x")
    return decided.gates["g"], " ".join(each.text.en for each in decided.gate_results[0].reasons)


def test_evidence_is_complete_or_it_is_said_what_is_absent() -> None:
    asked = {"check": "evidence_complete", "require": ["training_log", "corpus.sample"]}
    given = Evidence.model_validate({"training_log": "t.jsonl", "corpus": {"inventory": "i.csv"}})
    assert handed_in(given) == ["training_log", "corpus.inventory"]
    assert papers(asked, handed_in=handed_in(given)) == ("fail", "the notice: not handed in: corpus.sample.")
    assert papers(asked, handed_in=["corpus.sample", "training_log"])[0] == "pass"
    assert papers(asked, handed_in=[])[0] == "fail" and papers(asked)[0] == "indeterminate"
    optional = {"check": "evidence_complete", "require": ["validation", "training.seed_commitment"]}
    assert "not handed in: validation, training.seed_commitment." in papers(optional, handed_in=handed_in(given))[1]


def test_the_worst_licence_of_model_components_and_references_counts() -> None:
    asked = {"check": "licence", "allow": ["MIT", "Apache-2.0"], "deny": ["CC-BY-NC-4.0"], "unknown": "conditional"}
    own = Component.model_validate({"id": "language_model", "origin": "from-scratch"})
    tower = {"id": "vision_tower", "origin": "borrowed", "reference": "elsewhere", "licence": "Apache-2.0"}
    assert papers(asked, licence="MIT", declared=[own, Component.model_validate(tower)])[0] == "pass"
    assert papers(asked, licence="OpenMDW-1.0", declared=[own])[0] == "conditional"
    assert papers(asked, licence="MIT OR CC-BY-NC-4.0", declared=[own])[0] == "pass"
    assert papers(asked, licence="CC-BY-NC-4.0", declared=[own])[0] == "fail"
    taken = Component.model_validate({**tower, "reference": "globe"})
    outcome, said = papers(asked, licence="MIT", declared=[taken])
    assert outcome == "fail" and "vision_tower (globe) CC-BY-NC-4.0, denied" in said, "the reference's own licence too"
    assert (
        papers(asked, licence="MIT", declared=[Component.model_validate({**tower, "licence": None})])[0]
        == "conditional"
    )
    assert papers(asked)[0] == "indeterminate"


@pytest.mark.parametrize(("then", "e", "vacant"), [("vacancy", "eliminated", 1), ("reserve", "advances", 0)])
def test_an_invalidated_team_keeps_its_record_and_its_place_is_vacant_or_the_reserve_s(
    then: str, e: str, vacant: int
) -> None:
    rules = f1_round(reserve={**CITED, "fill": "vacancies"})
    rules["invalidations"] = {**CITED, "file": "i.csv", "at_least": "0.05", "then": then}
    act = {
        "team": "b",
        "found_on": "2026-03-01",
        "effect": "0.2",
        "reason": "r",
        "signed_by": "P",
        "second_signature": "Q",
    }
    before = inputs_of(rules, f1_tables())
    after = replace(before, acts=Acts(invalidations=[Invalidation.model_validate(act)]))
    was, now = ({each.team: each for each in decide(each).standings} for each in (before, after))
    assert {team: each.status for team, each in now.items()} == {
        "a": "advances", "b": "invalidated", "c": "advances", "d": "advances", "e": e,
    }  # fmt: skip
    assert decide(after).vacancies == vacant and was["e"].status == "eliminated"
    assert [(now[team].rank, now[team].total) for team in F1] == [(was[team].rank, was[team].total) for team in F1]
