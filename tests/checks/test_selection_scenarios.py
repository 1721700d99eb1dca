"""The named scenarios of a real first round and of public rules, each with the outcome worked out by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from checks.contracts.loading import load_policy
from checks.records.decisions import Decision
from checks.records.lineage import ArchitectureFinding, ComponentFinding, ReferenceFinding, Trace
from checks.rules.decision import decide
from checks.rules.inputs import TeamInputs
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


def out_of(decision: Decision) -> dict[str, str | None]:
    return {each.team: each.eliminated_by for each in decision.standings if each.status == "eliminated"}


def with_status(decision: Decision, status: str) -> str:
    return "".join(sorted(each.team for each in decision.standings if each.status == status))


def standing(decision: Decision, name: str) -> Any:
    return next(each for each in decision.standings if each.team == name)


def test_published_aggregates_of_the_first_round_add_up() -> None:
    decision = decide(f1_inputs())
    best = standing(decision, "a")
    assert (best.total, best.scores["benchmark"], best.scores["expert"], best.scores["user"]) == (
        "90.2",
        "33.6",
        "31.6",
        "25.0",
    )
    totals = [Decimal(each.total) for each in decision.standings]
    assert sum(totals) / 5 == Decimal("79.72")


@pytest.mark.parametrize(
    ("vetoed", "select", "out", "advancing", "vacancies"),
    [
        ("d", {}, {"d": "independence", "e": "eliminate_bottom"}, "abc", 1),
        ("d", {"quota": "absorbing"}, {"d": "independence"}, "abce", 0),
        ("e", {}, {"e": "independence"}, "abcd", 0),
        ("e", {"scope": "eligible"}, {"e": "independence", "d": "eliminate_bottom"}, "abc", 1),
        ("", {}, {"e": "eliminate_bottom"}, "abcd", 0),
        ("ad", {}, {"a": "independence", "d": "independence", "e": "eliminate_bottom"}, "bc", 2),
        ("ad", {"quota": "absorbing"}, {"a": "independence", "d": "independence"}, "bce", 1),
    ],
)
def test_gate_and_bottom_n(
    vetoed: str, select: dict[str, Any], out: dict[str, str], advancing: str, vacancies: int
) -> None:
    decision = decide(f1_inputs(vetoed, **select))
    assert out_of(decision) == out
    assert with_status(decision, "advances") == advancing
    assert decision.vacancies == vacancies


def test_a_team_out_by_the_gate_is_told_its_rank_and_what_would_have_become_of_it() -> None:
    reasons = standing(decide(f1_inputs("d")), "d").reasons
    told = next(reason for reason in reasons if reason.rule == "without_the_gate")
    assert told.outcome == "advances"
    assert "4th of 5 by total" in told.text.en and "5팀 중 4위" in told.text.ko


def test_procurement_rule_of_a_public_exam() -> None:
    """Technical 80 with one highest and one lowest of five raters dropped, price 20, less than 85 % technical is out."""
    technical = {"gap": 68, "eul": 65, "byeong": 69, "jeong": 70, "mu": 65}
    price = {"gap": 13, "eul": 20, "byeong": 15, "jeong": 14, "mu": 18}
    rules = {
        **f1_round(eliminate_bottom=4, scope="all", quota="additive", tie_break=["technical"]),
        "teams": [team(name) for name in technical],
        "places": 1,
        "score": {
            "points": 100,
            "parts": [
                {
                    "id": "technical",
                    "points": 80,
                    "from": {"raters": "t.csv", "how": "trimmed_mean", "drop_max": 1, "drop_min": 1},
                },
                leaf("price", 20),
            ],
        },
        "gates": [
            {"id": "floor", "check": "threshold", "of": "technical", "at_least_share": "0.85", "fail": "eliminate"}
        ],
    }
    spread = {"R1": 0, "R2": 9, "R3": 1, "R4": -1, "R5": -30}
    raters = {name: {code: str(mean + off) for code, off in spread.items()} for name, mean in technical.items()}
    decision = decide(
        inputs_of(rules, {"price": {name: str(value) for name, value in price.items()}}, raters={"technical": raters})
    )
    totals = {each.team: each.total for each in decision.standings}
    assert totals == {"gap": "81.0", "eul": "85.0", "byeong": "84.0", "jeong": "84.0", "mu": "83.0"}
    assert {name for name, by in out_of(decision).items() if by == "floor"} == {"eul", "mu"}
    assert standing(decision, "jeong").rank == 2 and standing(decision, "byeong").rank == 3


def test_trimmed_mean_flips_the_order_that_the_mean_gives() -> None:
    sheets = {
        "a": {f"R{index}": "30" for index in range(9)} | {"R9": "12"},
        "b": {f"R{index}": "29" for index in range(10)},
    }

    def totals(**how: Any) -> dict[str, str | None]:
        rules = {
            **f1_round(eliminate_bottom=0, tie_break=[]),
            "teams": [team("a"), team("b")],
            "score": {"points": 35, "parts": [{"id": "expert", "points": 35, "from": {"raters": "e.csv", **how}}]},
            "gates": [],
        }
        return {each.team: each.total for each in decide(inputs_of(rules, {}, raters={"expert": sheets})).standings}

    assert totals(how="mean") == {"a": "28.2", "b": "29.0"}
    assert totals(how="trimmed_mean", drop_max=1, drop_min=1) == {"a": "30.0", "b": "29.0"}
    assert totals(how="median") == {"a": "30.0", "b": "29.0"}


def normalised(
    teams: dict[str, tuple[str, str]], population: Any, withdrawn: str = "", how: str = "minmax"
) -> Decision:
    then = {"normalise": {"how": how, "population": population}} if how else None
    parts = [
        {"id": name, "points": points, "from": {"imported": f"{name}.csv", "max": 100, "then": then}}
        for name, points in (("first", "0.6"), ("second", "0.4"))
    ]
    rules = {
        **f1_round(tie_break=[]),
        "teams": [team(name, date(2026, 1, 10) if name == withdrawn else None) for name in teams],
        "score": {"points": 1, "parts": parts},
        "gates": [],
    }
    tables = {
        leaf_id: {name: values[index] for name, values in teams.items()}
        for index, leaf_id in enumerate(("first", "second"))
    }
    rosters = {leaf_id: dict.fromkeys(teams) for leaf_id in ("first", "second")}
    return decide(inputs_of(rules, tables, rosters=rosters))


def test_withdrawal_changes_who_is_out_only_where_the_population_moves() -> None:
    teams = {"p": ("80", "70"), "q": ("78", "77"), "r": ("60", "64"), "s": ("70", "90")}
    assert out_of(normalised(teams, "all")) == {"r": "eliminate_bottom"}
    moved = normalised(teams, "all", withdrawn="r")
    assert out_of(moved) == {"s": "eliminate_bottom"}
    assert {each.team: each.total for each in moved.standings if each.total} == {
        "q": "0.62",
        "p": "0.6",
        "s": "0.4",
    }
    assert standing(moved, "r").status == "withdrawn" and standing(moved, "r").rank is None
    frozen = normalised(teams, {"frozen": "roster.csv"}, withdrawn="r")
    assert out_of(frozen) == {"p": "eliminate_bottom"}
    assert Decimal(standing(frozen, "s").total).quantize(Decimal("0.001")) == Decimal("0.700")
    assert Decimal(standing(frozen, "p").total).quantize(Decimal("0.001")) == Decimal("0.692")
    assert out_of(normalised(teams, "all", withdrawn="r", how="")) == {"p": "eliminate_bottom"}


@pytest.mark.parametrize(("chain", "first"), [(["benchmark"], "x"), (["expert"], "y"), ([], None)])
def test_tie_chain_orders_equal_totals_and_without_one_the_tie_is_for_review(
    chain: list[str], first: str | None
) -> None:
    rules = {
        **f1_round(eliminate_bottom=1, tie_break=chain),
        "teams": [team("x"), team("y")],
        "score": {"points": 100, "parts": [leaf("benchmark", 40), leaf("expert", 35), leaf("user", 25)]},
        "gates": [],
    }
    tables = {
        "benchmark": {"x": "30.9", "y": "30.1"},
        "expert": {"x": "29.0", "y": "29.5"},
        "user": {"x": "20.1", "y": "20.4"},
    }
    decision = decide(inputs_of(rules, tables))
    assert {each.total for each in decision.standings} == {"80.0"}
    if first is None:
        assert with_status(decision, "review") == "xy" and {each.rank for each in decision.standings} == {1}
    else:
        assert decision.standings[0].team == first and with_status(decision, "advances") == first


def test_a_tie_wholly_below_the_cut_is_out_and_one_above_it_is_kept() -> None:
    totals = {"a": "50", "b": "50", "c": "20", "d": "20"}
    rules = {
        **f1_round(eliminate_bottom=2, tie_break=[]),
        "teams": [team(name) for name in totals],
        "score": {"points": 100, "parts": [leaf("all", 100)]},
        "gates": [],
    }
    decision = decide(inputs_of(rules, {"all": totals}))
    assert set(out_of(decision)) == {"c", "d"} and with_status(decision, "advances") == "ab"
    rules["select"]["eliminate_bottom"] = 3
    decision = decide(inputs_of(rules, {"all": totals}))
    assert set(out_of(decision)) == {"c", "d"} and with_status(decision, "review") == "ab"


@pytest.mark.parametrize(
    ("effect", "status"), [("eliminate", "eliminated"), ("review", "review"), ("pass", "advances")]
)
def test_what_an_indeterminate_gate_does_is_the_files_to_say(effect: str, status: str) -> None:
    rules = f1_round()
    rules["gates"][0]["indeterminate"] = effect
    decision = decide(inputs_of(rules, f1_tables(), [("b", "independence", "indeterminate")]))
    assert standing(decision, "b").status == status


def test_a_ruling_overrides_the_check_and_both_are_shown() -> None:
    decision = decide(f1_inputs("d"))
    result = standing(decision, "d").gate_results[0]
    assert (result.own, result.result) == ("pass", "fail")
    assert any(reason.rule == "ruling" and "P1, P2" in reason.text.en for reason in result.reasons)


def test_permuting_the_teams_changes_nothing() -> None:
    straight = decide(f1_inputs("d"))
    rules = f1_round()
    rules["teams"].reverse()
    reversed_ = decide(inputs_of(rules, f1_tables(), [("d", "independence", "fail")]))
    assert reversed_.model_dump() == straight.model_dump()


@pytest.mark.parametrize(
    ("score", "result", "printed"),
    [
        (0.66, "pass", "66.0 ≥ 0.95 × 69.37 = 65.9015"),
        (0.659, "fail", "65.9 < 0.95 × 69.37 = 65.9015"),
        (0.658, "fail", "65.8 < 0.95 × 69.37 = 65.9015"),
    ],
)
def test_a_baseline_is_compared_before_rounding(score: float, result: str, printed: str) -> None:
    """65.9 is 94.998 % of 69.37, which prints as "95.0 %" and fails all the same."""
    rules = rules_over([leaf("u", 25)], "x", eliminate_bottom=0)
    rules["gates"] = [
        {"id": "g95", "check": "baseline", "suite": "s", "baseline": "69.37", "at_least": "0.95", "fail": "eliminate"}
    ]
    scored = {"x": TeamInputs({"s": scores_of("s", {"t": score})}, quality=passed("s"))}
    inputs = replace(inputs_of(rules, {"u": {"x": "1"}}), suites={"s": suite_of("s", {"t": "1"})}, teams=scored)
    found = standing(decide(inputs), "x")
    assert found.gates == {"g95": result} and (found.status == "eliminated") == (result == "fail")
    assert any(printed in reason.text.en for reason in found.reasons)


def with_trace(verdict: str, relation: str | None, **component: Any) -> Decision:
    """F1 with team a's lineage as it says, under the strict policy."""
    rules = f1_round() | {"policy": "from-scratch"}
    rules["gates"] = [{"id": "independence", "check": "independence", "fail": "eliminate"}]
    found = ComponentFinding.model_validate(
        {
            "component": "vision_tower",
            "verdict": verdict,
            "relation": relation,
            "share_of_parameters": 0.31,
            "explanation": {"ko": "설명", "en": "words"},
            **component,
        }
    )
    architecture = ArchitectureFinding(same_family=True, tokenizer_shared=None)
    reference = ReferenceFinding(
        reference="globe-vl",
        verdict=verdict,
        components=[found],
        architecture=architecture,  # type: ignore[arg-type]
    )
    trace = Trace(subject="a", verdict=verdict, seconds=1.0, bytes_read=1, references=[reference], chain=[])  # type: ignore[arg-type]
    inputs = inputs_of(rules, f1_tables(), [(name, "independence", "pass") for name in "bcde"])
    traced = {"a": TeamInputs(trace=trace, runs={"independence": "r1"})}
    return decide(replace(inputs, policy=load_policy("from-scratch"), teams={**inputs.teams, **traced}))


def test_closeness_alone_is_left_to_the_panel() -> None:
    """A norm's cosine of 0.989 and nothing else: no fail, no automatic elimination, the panel decides."""
    accused = standing(with_trace("indeterminate", None), "a")
    assert accused.status == "review" and accused.gates == {"independence": "indeterminate"}
    assert accused.eliminated_by is None


def test_a_frozen_encoder_of_another_model_fails_with_module_share_and_source() -> None:
    copied = standing(with_trace("derived", "copied"), "a")
    assert (copied.status, copied.eliminated_by) == ("eliminated", "independence")
    told = next(reason for reason in copied.reasons if reason.rule == "independence" and "derives" in reason.text.en)
    assert "vision tower (31.0 % of the parameters) derives from the weights of globe-vl, copied" in told.text.en
    assert "비전 인코더(전체 매개변수의 31.0 %)" in told.text.ko and told.evidence == ["run:r1"]
    assert standing(with_trace("independent", None), "a").eliminated_by is None
