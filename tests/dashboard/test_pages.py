"""Every page in every language: what stands there, that it says simulated, and that it agrees with the decision."""

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.dashboard.conftest import Draw, copied
from tests.dashboard.drawn import assert_calm, drawings, html_of, table_of, text_of
from tests.dashboard.small_round import TOTALS, replace_in

TITLES = {
    "ranking": ("순위와 결정", "Ranking"),
    "team": ("팀별 결과", "Team"),
    "benchmark": ("벤치마크", "Benchmark"),
    "independence": ("독자성", "Independence"),
    "data_quality": ("데이터 품질", "Data quality"),
    "robustness": ("얼마나 확실한가", "How firm"),
    "what_if": ("가정해 보기", "WHAT"),
    "query": ("직접 조회", "Query"),
}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("page", TITLES)
def test_every_page_draws_in_both_languages_and_says_simulated(
    small_round: Path, draw: Draw, page: str, language: str
) -> None:
    shown = draw(small_round, page, language, team="b")
    assert_calm(shown)
    korean = language == "ko"
    assert shown.title[0].value.startswith(TITLES[page][0 if korean else 1])
    assert ("모의 자료입니다" if korean else "Simulated data") in text_of(shown)
    other = re.search(r'lang="(ko|en)"', html_of(shown).replace(f'lang="{language}"', ""))
    assert other is None, f"the other language on a page in one: {other}"
    for table in re.findall(r"<table.*?</table>", html_of(shown), re.S):
        assert ("모의" if korean else "simulated") in table.split("</caption>")[0]


def test_how_firm_the_decision_is_and_what_would_have_kept_who_is_out(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "robustness")
    firm = {row["Team"]: row for row in table_of(shown, "firmness")}
    ranked = {row["Team"]: row for row in table_of(draw(small_round), "ranking")}
    assert {team: row["Total"] for team, row in firm.items()} == {team: ranked[team]["Total"] for team in firm}
    assert len(firm) == 5 and len(table_of(shown, "pairs")) == 10 and len(table_of(shown, "weightings")) == 10
    out = {team for team, row in ranked.items() if "Out" in row["Status"]}
    kept, drawn = table_of(shown, "kept"), html_of(shown).split('data-table="kept"')[1]
    assert out and {row["Team"] for row in kept} == out
    assert drawn.count("would have") >= len(kept) and "WHAT-IF" in drawn.split("</caption>")[0]


def test_both_languages_stand_side_by_side_where_nothing_is_asked_for(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, language="")
    assert shown.title[0].value == "순위와 결정 · Ranking"
    assert "가팀" in text_of(shown) and "Team A" in text_of(shown)


def test_the_ranking_says_who_is_out_by_what_and_how_close_it_was(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round)
    rows = {row["Team"][-1].lower(): row for row in table_of(shown, "ranking")}
    assert list(rows) == ["a", "b", "c", "d", "e"]
    assert {team: float(row["Total"]) for team, row in rows.items()} == TOTALS
    statuses = {team: row["Status"] for team, row in rows.items()}
    assert statuses == {"a": "○ Advances", "b": "× Out", "c": "○ Advances", "d": "○ Advances", "e": "× Out"}
    assert (rows["b"]["Out by"], rows["e"]["Out by"]) == ("Independence", "Bottom-of-the-table rule")
    distances = {team: float(row["Distance to the cut"]) for team, row in rows.items()}
    assert distances == {"a": 50, "b": 38, "c": 36, "d": 30, "e": -30}  # to E's 40, and of E to D's 70
    assert rows["b"]["Independence"] == "× Fail"
    cards = dict(re.findall(r'data-card="(\w)">(.*?)</div></div>', html_of(shown), re.S))
    assert set(cards) == {"b", "e"}
    assert "derives from the weights of globe" in cards["b"] and "it would have advanced" in cards["b"]
    assert "Team D with 70.00" in cards["e"]
    assert "No decision is recorded" not in text_of(shown) and "have changed since" not in text_of(shown)


def test_without_a_cut_there_is_no_distance_and_without_simulation_no_mark(undecided: Path, draw: Draw) -> None:
    replace_in(undecided, "eliminate_bottom: 1", "eliminate_bottom: 0")
    replace_in(undecided, "simulated: true", "simulated: false")
    shown = draw(undecided)
    assert_calm(shown)
    assert "imulated" not in text_of(shown)
    rows = table_of(shown, "ranking")
    assert {row["Distance to the cut"] for row in rows} == {"–"}
    assert [row["Status"] for row in rows].count("× Out") == 1


def test_a_ruling_a_withdrawal_and_the_cuts_certainty_are_shown_without_a_run(tmp_path: Path, draw: Draw) -> None:
    programme = copied(REPOSITORY / "examples" / "imported-points" / "programme.yaml", tmp_path)
    shown = draw(programme)
    assert_calm(shown)
    rows = {row["Team"]: row for row in table_of(shown, "ranking")}
    assert (rows["Team F"]["Status"], rows["Team F"]["Total"]) == ("– Withdrawn", "–")
    assert rows["Team E"]["Chance of being in the cut"] == "100.0 %"
    card = html_of(shown).split('data-card="b"')[1].split("data-card")[0]
    assert "The panel ruled fail" in card and "has not run" not in card
    for page in ("team", "benchmark", "independence", "what_if"):
        assert_calm(draw(programme, page, team="f"))


def test_the_team_page_opens_the_team_that_the_address_names_and_keeps_it(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "team", team="d")
    points = {row["Part"]: row for row in table_of(shown, "points-d")}
    assert (points["Total"]["Points"], points["Benchmark"]["Points"], points["Experts"]["Points"]) == (
        "70.00",
        "28.00",
        "42.00",
    )
    assert points["Experts"]["Where the points come from"] == "imported (uncertainty unknown)"
    assert [row["Result"] for row in table_of(shown, "quality")] == ["△ Conditional"]
    shown.switch_page("screens/independence.py").run()
    assert shown.selectbox(key="team").value == "d"


def test_the_team_page_says_how_certain_imported_points_are_where_their_table_does(decided: Path, draw: Draw) -> None:
    """0.5 of 60 at most, which is 60 points: half a point."""
    table = decided.parent / "panel.csv"
    rows = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([f"{rows[0]},stderr", *(f"{row},0.5" for row in rows[1:])]) + "\n", "utf-8")
    for language, told in (("en", "imported (standard error 0.5 points)"), ("ko", "가져온 점수 (표준오차 0.5점)")):
        points = table_of(draw(decided, "team", language, team="d"), "points-d")
        assert told in [next(reversed(row.values())) for row in points]


def test_an_item_opens_with_its_question_for_all_teams(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "benchmark")
    scores = table_of(shown, "scores-common")[0]
    assert (scores["Team A"], scores["Team E"]) == ("100.0 [80.0, 100.0]", "40.0 [20.0, 60.0] ≈ chance")
    shown.selectbox(key="item-number").select(8).run()
    assert_calm(shown)
    assert {row["Field"]: row["Value"] for row in table_of(shown, "document")} == {
        "question": "8 + 8 =",
        "answer": "16",
    }
    answers = {row["Team"]: row["Correct"] for row in table_of(shown, "item")}
    assert answers == {"Team A": "○ Right", "Team B": "○ Right"} | {f"Team {team}": "× Wrong" for team in "CDE"}
    assert "Every team got the same prompt." in text_of(shown)
    shown.selectbox(key="item-team").select("e").run()
    shown.radio(key="item-which").set_value("wrong").run()
    assert_calm(shown)
    assert [row["Item"] for row in table_of(shown, "items-sums-e")] == ["4", "5", "6", "7", "8", "9"]


def test_how_certain_scores_are_stands_beside_them(small_round: Path, draw: Draw) -> None:
    """E with 4 of 10 is no better than guessing between two; A is apart from E on the same ten items, not from D."""
    shown = draw(small_round, "benchmark")
    assert table_of(shown, "scores-common")[0]["Chance"] == "50.0"
    counts = {
        row["Team"]: (row["Answers"], row["Unparsed"], row["Truncated"]) for row in table_of(shown, "answers-common")
    }
    assert counts["Team E"] == ("10", "0", "1")
    ways = {row["Team"]: row for row in table_of(shown, "ways-common")}
    assert (ways["Team D"]["Least"], ways["Team D"]["Most"], ways["Team D"]["By majority"]) == ("60.0", "80.0", "70.0")
    paired = {(row["Team"], row["Against"]): row for row in table_of(shown, "paired-common")}
    assert len(paired) == 10
    apart = paired["Team A", "Team E"]
    assert (apart["Difference"], apart["Better alone"], apart["p-value"]) == ("+60.0", "6 : 0", f"{2 / 2**6:.2g}")
    assert apart["Corrected p"] == f"{10 * 2 / 2**6:.2g}" and apart["Apart?"] == "cannot be told apart"
    [opened] = [row for row in table_of(shown, "item") if row["Team"] == "Team A"]
    assert (opened["State"], opened["Seconds"]) == ("–", "0.250")


def test_independence_shows_matrix_tests_layers_chain_and_coverage(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "independence", team="b")
    matrix = {(row["Team"], row["Component"]): row["globe"] for row in table_of(shown, "lineage")}
    derived = [where for where, verdict in matrix.items() if "Derived" in verdict]
    assert derived == [("Team B", "Vision tower")] and "10−40" in matrix[derived[0]]
    assert "Vision tower — × Derived" in shown.selectbox(key="comparison").options[0]
    tests = table_of(shown, "tests-globe-vision_tower")
    assert [row["Test"] for row in tests] == ["Place by place (permutation test)permutation"] * 2
    assert tests[0]["Group of tensors"] == "feed-forward, reading"
    layers = [tuple(row.values()) for row in table_of(shown, "layers")]
    assert layers == [
        (*each, "10−20", "90.0 %", "Place by place (permutation test)") for each in (("0", "0"), ("1", "2"))
    ]
    assert table_of(shown, "coverage")[0]["Share compared"] == "90.0 %"
    assert {row["Compared"] for row in table_of(shown, "tensors-b")} == {"used", "not used"}
    assert "It holds." in text_of(shown)


def test_independence_draws_the_layer_map_and_each_statistic_against_chance(small_round: Path, draw: Draw) -> None:
    """The team's derived tower, and its twin: a component that derives from nothing."""
    shown = draw(small_round, "independence", team="b")
    nulls, layers = drawings(shown).split("\n")
    assert nulls.count(">+20<") == 2 and "0 ← 0" in layers and "1 ← 2" in layers and layers.count(">90<") == 2
    assert "2 of the subject" in layers and "3 layers" in layers and "layer of globe" in layers
    other = next(option for option in shown.selectbox(key="comparison").options if "No derivation" in option)
    shown.selectbox(key="comparison").select_index(shown.selectbox(key="comparison").options.index(other)).run()
    assert_calm(shown)
    nulls, layers = drawings(shown).split("\n")
    assert "+20" not in nulls and "←" not in layers and "no layer corresponds" in layers
    assert re.search('alt="Layer map: 0 of the subject', html_of(shown))
    korean = drawings(draw(small_round, "independence", "ko", team="b")).split("\n")
    assert (
        "우연이면" in korean[0] and "대상 모델의 층" in korean[1] and not re.search("chance|layer of", "".join(korean))
    )


def test_data_quality_shows_what_did_not_pass_and_what_was_found(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "data_quality", team="d")
    assert table_of(shown, "contaminated-d")[0]["Document"] == "doc-7"
    assert "&lt;b&gt;010-0000-0000&lt;/b&gt;" in html_of(shown) and "<b>010" not in html_of(shown)
    shown.selectbox(key="team").select("a").run()
    shown.toggle(key="quality-open").set_value(True).run()
    assert_calm(shown)
    assert re.search(r"All [2-9]\d* checks passed\.", text_of(shown))


def test_a_query_answers_from_the_warehouse_and_refuses_to_write(small_round: Path, draw: Draw) -> None:
    shown = draw(small_round, "query")
    box = shown.text_area[0]
    box.set_value("select team, total from scoreboard order by total desc limit 2").run()
    shown.button(key="run-query").click().run()
    assert_calm(shown)
    assert [row["team"] for row in table_of(shown, "query")] == ["a", "b"]
    box.set_value("drop table runs").run()
    shown.button(key="run-query").click().run()
    assert not shown.exception and len(shown.error) == 1
    assert "expected one SELECT" in shown.code[0].value
