"""The pages over the demo's real round: what the design promises of it is what a committee reads."""

from pathlib import Path

import pytest

from tests.dashboard.conftest import Draw
from tests.dashboard.drawn import assert_calm, html_of, table_of, text_of


def test_the_ranking_says_b_is_out_by_its_vision_tower_and_e_by_points(demo_round: Path, draw: Draw) -> None:
    shown = draw(demo_round)
    assert_calm(shown)
    rows = {row["Team"]: row for row in table_of(shown, "ranking")}
    assert {name: row["Status"] for name, row in rows.items()} == {
        "Team A": "○ Advances",
        "Team B": "× Out",
        "Team C": "○ Advances",
        "Team D": "○ Advances",
        "Team E": "× Out",
    }
    assert (rows["Team B"]["Out by"], rows["Team E"]["Out by"]) == ("Independence", "Bottom-of-the-table rule")
    assert int(rows["Team B"]["Rank"]) <= 4 and float(rows["Team B"]["Distance to the cut"]) > 0
    assert "vision tower" in html_of(shown).split('data-card="t2"')[1].split("data-card")[0]
    assert "have changed since" not in text_of(shown)


@pytest.mark.parametrize("page", ["team", "benchmark", "independence", "data_quality", "query"])
def test_every_page_draws_in_both_languages_at_once(demo_round: Path, draw: Draw, page: str) -> None:
    assert_calm(draw(demo_round, page, "both", team="t2"))


def test_under_licensed_reuse_b_advances_and_no_place_is_vacant(demo_round: Path, draw: Draw) -> None:
    shown = draw(demo_round, "what_if")
    shown.radio(key="what-if:policy:name").set_value("licensed-reuse").run()
    assert_calm(shown)
    moved = {row["Team"]: row["What-if"] for row in table_of(shown, "moves") if row["Change"] != "same"}
    assert moved == {"Team B": "○ Advances"}
    assert {row["Places"]: row["What-if"] for row in table_of(shown, "places")}["Vacant"] == "0"
