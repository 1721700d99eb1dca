"""The rules applied live: who moves, that it is marked and recorded nowhere, and that points always add up."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.rules.decision import decide
from checks.rules.what_if import suppose
from dashboard.supposed_rules import balanced, moves
from tests.checks.rounds import f1_inputs
from tests.checks.test_counterfactuals import patched
from tests.dashboard.conftest import Draw
from tests.dashboard.drawn import assert_calm, html_of, table_of, text_of
from tests.dashboard.small_round import PANEL, RIGHT_OF_TEN
from warehouse.store import current_snapshot


def _after(page: Any) -> dict[str, str]:
    return {row["Team"][-1].lower(): row["What-if"] for row in table_of(page, "moves")}


def test_a_gate_without_effect_lets_b_through_marked_and_unrecorded(small_round: Path, draw: Draw) -> None:
    before = current_snapshot(small_round.parent / "warehouse")
    shown = draw(small_round, "what_if")
    assert_calm(shown)
    assert "No rule is changed yet" in text_of(shown)
    assert {row["Change"] for row in table_of(shown, "moves")} == {"same"}
    shown.selectbox(key="what-if:fail:independence").select("pass").run()
    assert_calm(shown)
    assert _after(shown)["b"] == "○ Advances"
    moved = [row["Team"] for row in table_of(shown, "moves") if row["Change"] != "same"]
    assert moved == ["Team B"] and "Whose outcome changes: Team B" in text_of(shown)
    assert "Independence, On fail: out → no effect" in text_of(shown)
    assert {row["Places"]: row["What-if"] for row in table_of(shown, "places")}["Vacant"] == "0"
    for table in html_of(shown).split("<table")[1:]:
        assert "WHAT-IF" in table.split("</caption>")[0]
    assert all("WHAT-IF" in each.label for each in shown.expander)
    assert current_snapshot(small_round.parent / "warehouse") == before
    shown.button(key="reset").click().run()
    assert _after(shown)["b"].startswith("× Out")


def test_another_policy_is_another_outcome(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "what_if", "ko")
    shown.radio(key="what-if:policy:name").set_value("advisory").run()
    assert_calm(shown)
    assert "결과가 바뀌는 팀: 나팀" in text_of(shown) and "정책: from-scratch → advisory" in text_of(shown)


def test_a_moved_weight_moves_the_other_and_the_totals(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "what_if")
    shown.slider(key="what-if:points:benchmark").set_value(80.0).run()
    assert_calm(shown)
    assert shown.slider(key="what-if:points:expert").value == 20.0
    totals = {row["Team"][-1].lower(): row["Total"].split(" → ")[1] for row in table_of(shown, "moves")}
    wanted = {team: 80 * Decimal(RIGHT_OF_TEN[team]) / 10 + 20 * Decimal(PANEL[team]) / 60 for team in PANEL}
    assert totals == {team: str(total.quantize(Decimal("0.01"))) for team, total in wanted.items()}


def test_as_many_cuts_as_teams_put_everybody_out(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "what_if")
    shown.number_input(key="what-if:select:bottom").set_value(5).run()
    assert_calm(shown)
    assert all(status.startswith("× Out") for status in _after(shown).values())


@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=5),
    st.integers(0, 4),
    st.integers(-5, 400),
    st.sampled_from(["1", "0.5", "0.01"]),
)
def test_balanced_points_add_up_are_whole_steps_and_leave_something_to_each(
    units: list[int], moved: int, wanted: int, step_text: str
) -> None:
    step = Decimal(step_text)
    points = {str(index): unit * step for index, unit in enumerate(units)}
    name = str(moved % len(units))
    after = balanced(points, name, wanted * step, step)
    assert sum(after.values()) == sum(points.values())
    assert all(value >= step and value % step == 0 for value in after.values())
    if 1 <= wanted <= sum(units) - len(units) + 1:
        assert after[name] == wanted * step


def test_balanced_keeps_the_others_proportions() -> None:
    points = {"a": Decimal(40), "b": Decimal(40), "c": Decimal(20)}
    after = balanced(points, "a", Decimal(70), Decimal(1))
    assert after == {"a": 70, "b": 20, "c": 10}


def test_moves_name_who_changes() -> None:
    inputs = f1_inputs(vetoed="b")
    before = decide(inputs)
    after = suppose(inputs, patched(gates={"independence": {"fail": "pass"}}))
    assert [move.after.team for move in moves(before, after) if move.outcome_changes] == ["b"]
    assert not any(move.anything_changes for move in moves(before, suppose(inputs, patched())))
