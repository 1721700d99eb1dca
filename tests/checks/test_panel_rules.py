"""Rules beside points and gates: majorities, the best n, wildcards, reserves, bonuses, waivers, withdrawals."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.contracts.acts import Acts, read_adjustments, read_votes, read_waivers, read_wildcards
from checks.contracts.errors import InputFault
from checks.contracts.programme import Round
from checks.records.decisions import Decision
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs
from tests.checks.rounds import F1, f1_round, f1_tables, inputs_of, leaf, rules_over, team

CITED = {"label": {"ko": "규칙", "en": "the notice's rule"}, "citation": "공고 제2026-1호", "effective": "2026-01-01"}
SIGNED = {"reason": "사유", "signed_by": "P1", "second_signature": "P2"}


def with_acts(inputs: RoundInputs, **acts: Any) -> RoundInputs:
    return replace(inputs, acts=Acts.model_validate(acts))


def statuses(decision: Decision) -> dict[str, tuple[str, str | None]]:
    return {each.team: (each.status, each.eliminated_by) for each in decision.standings}


def words(decision: Decision, name: str, rule: str) -> str:
    standing = next(each for each in decision.standings if each.team == name)
    found = [each for each in standing.reasons if each.rule == rule]
    assert found and all(each.text.ko != each.text.en for each in found), rule
    return " ".join(each.text.en for each in found)


def call(votes: dict[str, tuple[int, int]], scores: dict[str, str], **gate: Any) -> Decision:
    """An additional call: ten panellists, at most one applicant, and nobody where nobody has a majority."""
    rules = rules_over([leaf("u", 100)], "".join(votes), eliminate_bottom=0)
    rules["places"] = 1
    rules["gates"] = [
        {
            "id": "recognised",
            "check": "panel_majority",
            "votes": "votes.csv",
            "more_than": "0.5",
            "out_of": "panel",
            "quorum": 7,
            "fail": "eliminate",
            **gate,
        }
    ]
    rules["select"]["advance_top"] = {"teams": 1, "scope": "eligible", **CITED}
    cast = [
        {
            "team": name,
            "panellist": f"P{index}",
            "vote": "yes" if index < yes else "no" if index < yes + no else "abstain",
        }
        for name, (yes, no) in votes.items()
        for index in range(10)
    ]
    return decide(with_acts(inputs_of(rules, {"u": scores}), votes={"recognised": cast}))


def test_of_two_with_a_majority_the_higher_score_is_chosen() -> None:
    decision = call({"x": (8, 2), "y": (7, 3)}, {"x": "84.1", "y": "83.6"})
    assert statuses(decision) == {"x": ("advances", None), "y": ("eliminated", "advance_top")}
    assert "1 of the 2 teams counted stand above it" in words(decision, "y", "advance_top")
    assert decision.vacancies == 0


def test_a_half_is_no_majority_and_nobody_has_to_be_chosen() -> None:
    decision = call({"x": (5, 5), "y": (5, 5)}, {"x": "84.1", "y": "83.6"})
    assert set(statuses(decision).values()) == {("eliminated", "recognised")} and decision.vacancies == 1
    assert "5 of 10 ≤ 0.5" in words(decision, "x", "panel_majority")


def test_a_sole_applicant_takes_the_same_test() -> None:
    assert statuses(call({"x": (6, 4)}, {"x": "50"})) == {"x": ("advances", None)}
    assert statuses(call({"x": (5, 3)}, {"x": "99"})) == {"x": ("eliminated", "recognised")}


def test_of_whom_the_majority_is_and_below_the_quorum_it_is_open() -> None:
    """Five yes, four no, one abstention: a majority of the votes cast, and not of the panel."""
    assert statuses(call({"x": (5, 4)}, {"x": "50"}))["x"][0] == "eliminated"
    assert statuses(call({"x": (5, 4)}, {"x": "50"}, out_of="cast"))["x"][0] == "advances"
    assert statuses(call({"x": (10, 0)}, {"x": "50"}, quorum=11)) == {"x": ("review", None)}


def test_the_panel_is_asked_only_where_the_other_gate_is_open() -> None:
    """Closeness that proves nothing goes to the panel; a fail stays a fail, and a pass is not put to the vote."""
    rules = rules_over([leaf("u", 100)], "xyz", eliminate_bottom=0)
    rules["gates"] = [
        {"id": "lineage", "check": "threshold", "of": "u", "at_least": 0, "fail": "eliminate", "indeterminate": "pass"},
        {
            "id": "panel",
            "check": "panel_majority",
            "votes": "v.csv",
            "more_than": "0.5",
            "out_of": "cast",
            "quorum": 1,
            "on": "lineage",
            "fail": "eliminate",
        },
    ]
    inputs = inputs_of(rules, {"u": {"x": "1", "y": "2", "z": "3"}}, rulings=[("x", "lineage", "indeterminate")])
    against = [{"team": name, "panellist": "P1", "vote": "no"} for name in "xyz"]
    decision = decide(with_acts(inputs, votes={"panel": against}))
    assert statuses(decision) == {"x": ("eliminated", "panel"), "y": ("advances", None), "z": ("advances", None)}
    with pytest.raises(ValidationError, match="stands before 'panel'"):
        Round.model_validate({**rules, "gates": rules["gates"][::-1]})


def test_a_tie_across_the_best_n_is_for_review() -> None:
    rules = rules_over([leaf("u", 100)], "xyz", eliminate_bottom=0)
    rules["select"]["advance_top"] = {"teams": 1, "scope": "all", **CITED}
    decision = decide(inputs_of(rules, {"u": {"x": "9", "y": "9", "z": "1"}}))
    assert statuses(decision) == {"x": ("review", None), "y": ("review", None), "z": ("eliminated", "advance_top")}
    with pytest.raises(ValidationError, match="confidence or advance_top"):
        Round.model_validate({**rules, "select": {**rules["select"], "confidence": "0.9"}})


@pytest.mark.parametrize("fill", ["vacancies", "nothing"])
def test_reserves_fill_what_a_gate_left_vacant(fill: str) -> None:
    """D is out by the gate: E, out by the count, is the first reserve and takes the vacant place only where the rules say so."""
    rules = f1_round(reserve={"fill": fill, **CITED})
    decision = decide(inputs_of(rules, f1_tables(), [("d", "independence", "fail")]))
    advances = fill == "vacancies"
    assert statuses(decision)["e"] == (("advances", None) if advances else ("eliminated", "eliminate_bottom"))
    assert statuses(decision)["d"] == ("eliminated", "independence") and decision.vacancies == (0 if advances else 1)
    assert "reserve number 1." in words(decision, "e", "reserve")
    assert statuses(decide(inputs_of(rules, f1_tables())))["e"] == ("eliminated", "eliminate_bottom"), (
        "no vacancy, no reserve"
    )


def test_a_tie_among_reserves_for_the_last_place_is_for_review() -> None:
    rules = rules_over([leaf("u", 100)], "vxyz", eliminate_bottom=3, reserve={"fill": "vacancies", **CITED})
    rules["places"] = 2
    decision = decide(inputs_of(rules, {"u": {"v": "9", "x": "5", "y": "5", "z": "1"}}))
    assert statuses(decision) == {
        "v": ("advances", None),
        "x": ("review", None),
        "y": ("review", None),
        "z": ("eliminated", "eliminate_bottom"),
    }


def test_a_wildcard_lets_through_who_is_out_by_points_and_nobody_who_is_out_by_a_gate() -> None:
    rules = f1_round(wildcards={"file": "w.csv", "most": 2, **CITED})
    inputs = inputs_of(rules, f1_tables(), [("d", "independence", "fail")])
    decision = decide(with_acts(inputs, wildcards=[{"team": name, **SIGNED} for name in "de"]))
    assert statuses(decision)["e"] == ("advances", None) and statuses(decision)["d"] == ("eliminated", "independence")
    assert "Signed: P1, P2" in words(decision, "e", "wildcard")


@pytest.mark.parametrize(
    "remedy",
    [{"wildcards": {"file": "w.csv", "most": 1, **CITED}}, {"reserve": {"fill": "vacancies", **CITED}}],
    ids=["wildcard", "reserve"],
)
@pytest.mark.parametrize(("result", "status"), [("pass", "advances"), ("indeterminate", "review")])
def test_who_is_brought_back_still_owes_its_open_gate(remedy: dict[str, Any], result: Any, status: str) -> None:
    """E is out by points alone; D's gate leaves a place to a reserve."""
    inputs = inputs_of(f1_round(**remedy), f1_tables(), [("d", "independence", "fail"), ("e", "independence", result)])
    named = [{"team": "e", **SIGNED}] if "wildcards" in remedy else []
    decision = decide(with_acts(inputs, wildcards=named))
    assert statuses(decision)["e"] == (status, None)
    said = words(decision, "e", next(iter(remedy)).rstrip("s"))
    assert ("dvances" in said) == (status == "advances")


def adjusted(*points: str, most: str = "3") -> Decision:
    rules = rules_over([leaf("u", 100)], "xy")
    rules["adjustments"] = {"file": "a.csv", "most": most, **CITED}
    given = [{"team": "x", "points": each, **SIGNED} for each in points]
    return decide(with_acts(inputs_of(rules, {"u": {"x": "70", "y": "71"}}), adjustments=given))


def test_bonuses_and_penalties_count_up_to_their_cap_and_are_told() -> None:
    assert statuses(adjusted())["x"][0] == "eliminated"
    decision = adjusted("1.5")
    assert statuses(decision) == {"x": ("advances", None), "y": ("eliminated", "eliminate_bottom")}
    assert decision.standings[0].total == "71.5" and "bonus of +1.5 points" in words(decision, "x", "adjustment")
    assert adjusted("2", "2.5").standings[0].total == "73.0"
    assert "of which 3.0 count" in words(adjusted("2", "2.5"), "x", "adjustment")
    assert adjusted("-5").standings[1].total == "67.0"


def waived(value: str, expires: str = "2026-02-01", gate: str = "floor") -> Decision:
    rules = rules_over([leaf("u", 100)], "xy", eliminate_bottom=0)
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "u", "at_least": 50, "fail": "eliminate"}]
    rules["waivers"] = {"file": "w.csv", "within": "0.02", "as_of": "2026-01-15", **CITED}
    acts = [{"team": "x", "gate": gate, "expires": expires, **SIGNED}]
    return decide(with_acts(inputs_of(rules, {"u": {"x": value, "y": "60"}}), waivers=acts))


@pytest.mark.parametrize(
    ("value", "expires", "status"),
    [
        ("49", "2026-02-01", "advances"),
        ("48.999999999999999999", "2026-02-01", "eliminated"),
        ("49", "2026-01-15", "advances"),
        ("49", "2026-01-14", "eliminated"),
    ],
)
def test_a_waiver_holds_for_a_small_miss_and_for_its_time(value: str, expires: str, status: str) -> None:
    decision = waived(value, expires)
    assert statuses(decision)["x"][0] == status
    result = next(each for each in decision.standings if each.team == "x").gate_results[0]
    assert (result.own, result.result) == ("fail", "pass" if status == "advances" else "fail")
    assert "Signed: P1, P2" in words(decision, "x", "waiver")


@pytest.mark.parametrize(("effect", "out"), [("vacancy", "d"), ("uses_cut", None), ("keeps_population", "d")])
def test_what_a_withdrawal_does_is_the_files_to_say(effect: str, out: str | None) -> None:
    """E withdraws: the count goes on to D, or the withdrawal has used it up."""
    rules = f1_round() | {"withdrawal": {"until": "2026-01-10", "effect": effect, **CITED}}
    rules["teams"] = [team(name, date(2026, 1, 10) if name == "e" else None) for name in F1]
    decision = decide(inputs_of(rules, f1_tables()))
    assert [name for name, (status, _) in statuses(decision).items() if status == "eliminated"] == (
        [out] if out else []
    )
    late = {**rules, "withdrawal": {**rules["withdrawal"], "until": "2026-01-09"}}
    with pytest.raises(ValidationError, match="withdrawals until 2026-01-09"):
        Round.model_validate(late)


@pytest.mark.parametrize(("effect", "out"), [("vacancy", "s"), ("keeps_population", "p")])
def test_a_withdrawn_team_can_stay_in_the_population(effect: str, out: str) -> None:
    """minmax over the rest puts S out; with the withdrawn R still in it P is out, as with a frozen roster."""
    values = {"p": ("80", "70"), "q": ("78", "77"), "r": ("60", "64"), "s": ("70", "90")}
    then = {"normalise": {"how": "minmax", "population": "all"}}
    rules = rules_over([leaf("first", "0.6", max=100, then=then), leaf("second", "0.4", max=100, then=then)], "pqrs")
    rules["withdrawal"] = {"until": "2026-01-10", "effect": effect, **CITED}
    rules["teams"] = [team(name, date(2026, 1, 10) if name == "r" else None) for name in values]
    tables = {
        name: {each: given[index] for each, given in values.items()} for index, name in enumerate(("first", "second"))
    }
    decision = decide(inputs_of(rules, tables))
    assert [name for name, (status, _) in statuses(decision).items() if status == "eliminated"] == [out]


HEAD = "reason,signed_by,second_signature"


@pytest.mark.parametrize(
    ("read", "table", "found"),
    [
        (read_adjustments, f"team,points,{HEAD}\nx,zero,r,A,B\n", "'zero'"),
        (read_adjustments, f"team,points,{HEAD}\nx,0,r,A,B\n", "a number other than 0"),
        (read_adjustments, f"team,points,{HEAD}\nx,1e999999999,r,A,B\n", "a number other than 0"),
        (read_adjustments, f"team,points,{HEAD}\nz,1,r,A,B\n", "'z'"),
        (read_adjustments, f"team,points,{HEAD}\nx,1,r,Ａ,a\n", "another person"),
        (read_adjustments, f"team,points,{HEAD}\nx,1,,A,B\n", "an empty cell"),
        (
            lambda path, teams: read_waivers(path, teams, ["g"]),
            f"team,gate,expires,{HEAD}\nx,h,2026-01-01,r,A,B\n",
            "'h'",
        ),
        (
            lambda path, teams: read_waivers(path, teams, ["g"]),
            f"team,gate,expires,{HEAD}\nx,g,soon,r,A,B\n",
            "YYYY-MM-DD",
        ),
        (lambda path, teams: read_wildcards(path, teams, 1), f"team,{HEAD}\nx,r,A,B\ny,r,A,B\n", "2 wildcards"),
        (lambda path, teams: read_wildcards(path, teams, 3), f"team,{HEAD}\nx,r,A,B\nx,r,A,B\n", "twice"),
        (read_votes, "team,panellist,vote\nx,P1,maybe\n", "'maybe'"),
        (read_votes, "team,panellist,vote\nx,P1,찬성\nx,P1,no\n", "twice"),
    ],
)
def test_acts_that_are_not_in_order_are_refused(tmp_path: Path, read: Any, table: str, found: str) -> None:
    path = tmp_path / "acts.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(InputFault, match=found):
        read(path, ["x", "y"])
