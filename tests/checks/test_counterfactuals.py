"""What would have been: the smallest change that keeps a team, found exactly and decided again; variants; patches."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_policy
from checks.contracts.patch import Patch, read_patch
from checks.records.what_if import KeptBy, Remedy, WhatIf
from checks.rules.counterfactuals import Judged, what_if
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs
from checks.rules.what_if import changed_round, suppose
from tests.checks.rounds import f1_inputs, f1_round, f1_tables, inputs_of, leaf, rules_over
from tests.checks.test_properties import LEAVES, SELECTS, TABLES
from warehouse.bundle_contents import to_files

TITLE = {"ko": "가정", "en": "a supposition"}
#: Less than any difference between decimals that people write.
HAIR = Decimal("1e-15")


def patched(**changes: Any) -> Patch:
    return Patch.model_validate({"version": 1, "what_if": TITLE, **changes})


def answered(inputs: RoundInputs, patch: Patch | None = None, **policies: RoundInputs) -> WhatIf:
    return what_if(Judged(inputs, policies), decide(inputs), patch)


def kept(found: WhatIf, team: str) -> KeptBy:
    return next(each for each in found.kept if each.team == team)


def remedies(found: WhatIf, team: str, kind: str) -> list[Remedy]:
    return [each for each in kept(found, team).remedies if each.kind == kind]


@pytest.mark.parametrize(("scope", "amount"), [("all", "9.1"), ("eligible", "10.6")])
def test_the_last_team_of_the_first_round_needs_to_pass_who_is_counted(scope: str, amount: str) -> None:
    """D is out by the gate: counted over all, E has to pass D; counted over the eligible, it has to pass C."""
    found = answered(f1_inputs("d", scope=scope))
    (points,) = remedies(found, "e", "points")
    assert (points.amount, points.more, points.status) == (amount, True, "advances")
    assert f"with more than {amount} points on top of its total" in points.text.en
    assert points.text.ko == f"총점이 {amount}점 넘게 높았다면 e팀은 진출했을 것입니다."
    assert remedies(found, "e", "ruling") == []


def test_a_team_out_by_a_gate_is_kept_by_a_ruling_and_by_the_rules_that_say_so() -> None:
    found = answered(f1_inputs("d"))
    (ruling,) = remedies(found, "d", "ruling")
    assert (ruling.status, ruling.patch["rulings"]) == (
        "advances",
        [{"team": "d", "gate": "independence", "result": "pass"}],
    )
    assert remedies(found, "d", "points") == []
    assert {(each.text.en, each.status) for each in remedies(found, "d", "rule")} == {
        ("Team D would have been for review were a fail of gate independence for review.", "review"),
        ("Team D would have advanced without gate independence.", "advances"),
    }
    assert {each.text.en for each in remedies(found, "e", "rule")} == {
        "Team E would have advanced with quota: absorbing.",
        "Team E would have advanced with 0 cut from the bottom.",
    }


def test_a_floor_missed_is_told_in_points_of_its_node() -> None:
    rules = rules_over([leaf("u", 25), leaf("v", 10)], "xy", eliminate_bottom=0)
    rules["gates"] = [{"id": "floor", "check": "threshold", "of": "v", "at_least_share": "0.8", "fail": "eliminate"}]
    inputs = inputs_of(rules, {"u": {"x": "25", "y": "20"}, "v": {"x": "7.25", "y": "9"}})
    (points,) = remedies(answered(inputs), "x", "points")
    assert points.amount == "0.75" and "at least 0.75 points more for v" in points.text.en
    enough = inputs_of(rules, {"u": {"x": "25", "y": "20"}, "v": {"x": "8", "y": "9"}})
    assert decide(enough).standings[0].status == "advances"


def test_no_single_change_is_said_where_none_keeps_the_team() -> None:
    """Out by two gates, each of which suffices, and the panel has ruled on neither: only the ruling on both helps."""
    rules = rules_over([leaf("u", 25), leaf("v", 10)], "xy", eliminate_bottom=0)
    rules["gates"] = [
        {"id": f"floor-{node}", "check": "threshold", "of": node, "at_least": 5, "fail": "eliminate"} for node in "uv"
    ]
    found = answered(inputs_of(rules, {"u": {"x": "1", "y": "20"}, "v": {"x": "1", "y": "9"}}))
    assert [each.kind for each in kept(found, "x").remedies] == ["ruling"]


@settings(max_examples=30)  # each example decides the round dozens of times
@given(TABLES, SELECTS)
def test_points_found_are_the_least_that_keep_the_team(tables: dict[str, list[str]], select: dict[str, Any]) -> None:
    """A hair more keeps it, and a hair less does not; where none are found, a fortune does not either."""
    rules = rules_over([leaf(name, 10) for name in LEAVES], "".join(tables), **select)
    by_leaf = {name: {team: values[index] for team, values in tables.items()} for index, name in enumerate(LEAVES)}
    inputs = inputs_of(rules, by_leaf)

    def status(team: str, points: Decimal) -> str:
        decision = suppose(inputs, patched(supposed_points={team: points}))
        return next(each.status for each in decision.standings if each.team == team)

    for each in answered(inputs).kept:
        found = [remedy for remedy in each.remedies if remedy.kind == "points"]
        if not found:
            assert status(each.team, Decimal(1000)) == "eliminated"
            continue
        amount = Decimal(found[0].amount or "0")
        assert status(each.team, amount + HAIR) == "advances"
        if found[0].more:
            assert status(each.team, amount) != "advances"
        else:
            assert status(each.team, amount) == "advances" and status(each.team, amount - HAIR) != "advances"


def test_every_remedy_is_a_patch_that_does_what_it_says(tmp_path: Path) -> None:
    inputs = f1_inputs("d")
    for each in answered(inputs).kept:
        for remedy in each.remedies:
            path = tmp_path / "patch.yaml"
            path.write_text(Patch.model_validate(remedy.patch).model_dump_json(exclude_none=True))
            decision = suppose(inputs, read_patch(path, inputs.round))
            assert next(one.status for one in decision.standings if one.team == each.team) == remedy.status
            assert decision.what_if


def test_variants_say_who_moves_and_why() -> None:
    found = answered(f1_inputs("d"))
    variants = {each.text.en: each for each in found.variants}
    absorbing = variants["with quota: absorbing"]
    assert [(each.team, each.before, each.after) for each in absorbing.moved] == [("e", "eliminated", "advances")]
    assert absorbing.vacancies == 0 and absorbing.statuses["d"] == "eliminated"
    assert "Not among the lowest 0" in absorbing.moved[0].text.en
    assert variants["with scope: eligible"].moved == []
    vetoed = {each.text.en: each for each in answered(f1_inputs("e")).variants}
    assert [each.team for each in vetoed["with scope: eligible"].moved] == ["d"]
    assert found.what_if is True and found.decision is None


def test_each_policy_stands_beside_the_rounds_own() -> None:
    rules = f1_round() | {"policy": "from-scratch"}
    inputs = replace(inputs_of(rules, f1_tables()), policy=load_policy("from-scratch"))
    policies = {
        name: replace(inputs, policy=load_policy(name)) for name in ("from-scratch", "licensed-reuse", "advisory")
    }
    found = answered(inputs, **policies)
    assert [each.patch["policy"] for each in found.variants if "policy" in each.patch] == ["licensed-reuse", "advisory"]


def test_with_a_patch_everything_is_counted_from_it() -> None:
    """E is out by the gate; counted over the eligible D is out too, lacks 1.5 points to C, and is kept by counting over all."""
    found = answered(f1_inputs("e"), patched(select={"scope": "eligible"}))
    assert found.decision is not None and found.decision.what_if and found.decision.vacancies == 1
    assert [(each.team, each.before, each.after_by) for each in found.moved] == [("d", "advances", "eliminate_bottom")]
    assert {each.team for each in found.kept} == {"d", "e"}
    assert [each.amount for each in remedies(found, "d", "points")] == ["1.5"]
    assert "Team D would have advanced with scope: all." in {each.text.en for each in remedies(found, "d", "rule")}


def test_a_supposition_cannot_be_bundled() -> None:
    from checks.rules.what_if import supposed_inputs

    with pytest.raises(ValueError, match="what-if"):
        to_files(supposed_inputs(f1_inputs(), patched()))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("points: {nobody: 3}", "'nobody'.*one of benchmark, expert, user"),
        ("gates: {unknown: {fail: pass}}", "'unknown'.*one of independence"),
        ("supposed_points: {z: 3}", "'z'.*one of a, b, c, d, e"),
        ("rulings: [{team: a, gate: g, result: pass}]", "'g'.*one of independence"),
        ("select: {scope: some}", "select.scope"),
        ("colour: blue", "an unknown key"),
    ],
)
def test_a_patch_that_names_what_the_round_has_not_is_refused(tmp_path: Path, written: str, words: str) -> None:
    path = tmp_path / "patch.yaml"
    path.write_text(f"version: 1\nwhat_if: {{ko: 가정, en: supposed}}\n{written}\n")
    with pytest.raises(InputFault, match=words):
        read_patch(path, f1_inputs().round)


def test_a_suppositions_totals_are_the_leaves_in_the_new_proportions() -> None:
    inputs = f1_inputs()
    supposed = suppose(inputs, patched(points={"benchmark": Decimal(20), "expert": Decimal(55), "user": Decimal(25)}))
    before = {each.team: each.scores for each in decide(inputs).standings}
    for standing in supposed.standings:
        scores = {part: Decimal(before[standing.team][part]) for part in ("benchmark", "expert", "user")}
        wanted = scores["benchmark"] / 2 + scores["expert"] * 55 / 35 + scores["user"]
        assert abs(Decimal(standing.total or 0) - wanted) < Decimal("1e-9")
    assert supposed.what_if and not decide(inputs).what_if


def test_raters_and_points_by_rank_are_stretched_with_their_part() -> None:
    rules = f1_round()
    ranked = {"rank_points": {"table": [10, 6, 2], "population": "all"}}
    rules["score"]["parts"] = [
        {"id": "panel", "points": 90, "from": {"raters": "panel.csv", "how": "mean"}},
        leaf("order", 10, then=ranked),
    ]
    rules["gates"], rules["select"]["tie_break"] = [], []
    panel = {
        team: {"r1": str(value), "r2": str(value + 1)}
        for team, value in zip("abcde", (80, 70, 60, 50, 40), strict=True)
    }
    inputs = inputs_of(rules, {"order": dict.fromkeys("abcde", "5") | {"a": "9"}}, raters={"panel": panel})
    supposed = suppose(inputs, patched(points={"panel": Decimal(70), "order": Decimal(30)}))
    a, b, *_ = supposed.standings
    assert abs(Decimal(a.scores["panel"]) - Decimal("80.5") * 70 / 90) < Decimal("1e-9")
    assert (float(a.scores["order"]), float(b.scores["order"])) == (30, 18)


def test_rules_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="add up"):
        changed_round(f1_inputs().round, patched(points={"benchmark": Decimal(39)}))
