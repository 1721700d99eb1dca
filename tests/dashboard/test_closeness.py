"""How close it was, held against sums made by hand."""

from decimal import Decimal

from checks.rules.decision import decide
from dashboard.closeness import distances
from tests.checks.rounds import F1, f1_inputs, f1_round, f1_tables, inputs_of


def _totals() -> dict[str, Decimal]:
    return {team: sum(map(Decimal, values), Decimal(0)) for team, values in F1.items()}


def test_each_team_is_measured_to_the_nearest_on_the_other_side_of_the_cut() -> None:
    totals = _totals()
    lowest_kept, cut = totals["d"], totals["e"]
    assert min(totals.values()) == cut and sorted(totals.values())[1] == lowest_kept
    found = distances(decide(f1_inputs()))
    assert {team: each.gap for team, each in found.items()} == {
        team: total - (cut if team != "e" else lowest_kept) for team, total in totals.items()
    }
    assert found["e"].next_to.team == "d" and found["a"].next_to.team == "e"


def test_a_team_out_by_a_gate_is_measured_only_where_it_is_counted() -> None:
    totals = _totals()
    counted = distances(decide(f1_inputs(vetoed="b")))
    assert counted["b"].gap == totals["b"] - totals["e"] > 0
    beside = distances(decide(f1_inputs(vetoed="b", scope="eligible")))
    assert set(beside) == {"a", "c", "d", "e"}


def test_out_by_a_gate_and_within_the_cut_is_below_the_line() -> None:
    totals = _totals()
    assert distances(decide(f1_inputs(vetoed="e")))["e"].gap == totals["e"] - totals["d"] < 0


def test_teams_tied_across_the_cut_stand_on_the_line() -> None:
    tables = f1_tables()
    for values in tables.values():
        values["d"] = values["e"]
    found = distances(decide(inputs_of(f1_round(), tables, [])))
    assert set(found) == {"a", "b", "c"}
    assert found["c"].gap == _totals()["c"] - _totals()["e"]


def test_nobody_cut_leaves_no_line() -> None:
    assert distances(decide(f1_inputs(eliminate_bottom=0))) == {}
