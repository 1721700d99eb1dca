"""What the pages say before, during and after a run, and when a file is at fault: one clear message, never a traceback."""

import os
import shutil
from pathlib import Path

import pytest

from checks.contracts.loading import load_programme
from dashboard.opened import PROGRAMME_VARIABLE
from tests.dashboard.conftest import Draw
from tests.dashboard.drawn import assert_calm, html_of, table_of, text_of
from tests.dashboard.small_round import fail, hand_in_again, record, replace_in, write_round
from warehouse.store import Warehouse

PAGES = ("ranking", "team", "benchmark", "independence", "data_quality", "robustness", "what_if", "query")


@pytest.mark.parametrize("page", PAGES)
def test_a_programme_that_was_never_run_says_so(tmp_path: Path, draw: Draw, page: str) -> None:
    shown = draw(write_round(tmp_path / "round"), page)
    assert_calm(shown)
    if page in ("ranking", "robustness", "what_if"):
        assert [each.value for each in shown.info] == ["There is nothing to show yet\\."]
        assert shown.code[0].value.startswith("gwanmun run ")


def test_while_a_run_is_under_way_what_is_there_is_shown(undecided: Path, draw: Draw) -> None:
    for team in "cde":
        hand_in_again(undecided, team)
    assert "Team C has no measured points for benchmark yet" in text_of(draw(undecided))
    shown = draw(undecided, "benchmark")
    assert_calm(shown)
    assert table_of(shown, "scores-common")[0]["Team C"] == "–"
    assert "Team C: This stage has not been measured" in text_of(shown)
    # What was compared with results that are no longer those of the submissions is measured again.
    assert [row["Stage"] for row in table_of(draw(undecided, "team", team="b"), "runs")] == [
        "Benchmark",
        "Independence",
    ]


def test_a_decision_says_that_it_is_not_recorded_until_it_is(undecided: Path, draw: Draw) -> None:
    shown = draw(undecided)
    assert_calm(shown)
    assert "No decision is recorded yet" in text_of(shown) and len(table_of(shown, "ranking")) == 5
    record(undecided)
    shown.run()
    assert_calm(shown)
    assert "No decision is recorded yet" not in text_of(shown)


def test_a_team_whose_stage_failed_is_told_why(undecided: Path, draw: Draw) -> None:
    fail(undecided, "c", "model.safetensors: cut short")
    record(undecided)
    ranking = draw(undecided)
    assert_calm(ranking)
    row = next(row for row in table_of(ranking, "ranking") if row["Team"] == "Team C")
    assert (row["Status"], row["Total"], row["Distance to the cut"]) == ("△ In review", "–", "–")
    assert "model.safetensors: cut short" in html_of(ranking).split('data-card="c"')[1]
    for page in ("benchmark", "team"):
        shown = draw(undecided, page, team="c")
        assert_calm(shown)
        assert "could not be measured: model.safetensors: cut short" in text_of(shown)


def test_a_decision_whose_files_changed_since_stays_and_says_so(decided: Path, draw: Draw) -> None:
    replace_in(decided.parent / "panel.csv", "e,24", "e,60")
    shown = draw(decided)
    assert_calm(shown)
    assert "have changed since this decision was recorded" in text_of(shown)
    assert [row["Total"] for row in table_of(shown, "ranking")] == ["90.00", "78.00", "76.00", "70.00", "40.00"]
    moved = draw(decided, "what_if")
    assert "No rule is changed yet" in text_of(moved)
    assert {row["Total"] for row in table_of(moved, "moves") if row["Team"] == "Team E"} == {"76.00 → 76.00"}
    assert not [row for row in table_of(draw(decided, "benchmark"), "item") if not row["Team"]]
    assert "document" not in html_of(draw(decided, "benchmark")).split('data-table="item"')[0].split("data-table=")[-1]


def test_a_decision_that_can_no_longer_be_made_is_shown_with_its_evidence(decided: Path, draw: Draw) -> None:
    shutil.rmtree(decided.parent / "models" / "globe")
    shown = draw(decided)
    assert_calm(shown)
    assert "cannot be decided again" in text_of(shown) and "models/globe" in text_of(shown)
    assert_calm(draw(decided, "independence", team="b"))
    supposed = draw(decided, "what_if")
    assert_calm(supposed)
    assert "moves" not in html_of(supposed)


def test_a_page_is_drawn_while_a_flow_writes(undecided: Path, draw: Draw) -> None:
    loaded = load_programme(undecided)
    with Warehouse(loaded.warehouse).writing() as connection:
        connection.execute("delete from items")
        shown = draw(undecided, "benchmark")
        assert_calm(shown)
        assert len(table_of(shown, "items-sums-a")) == 10


@pytest.mark.parametrize("page", ["ranking", "what_if", "query"])
def test_a_faulty_programme_gives_one_message_with_file_and_key(decided: Path, draw: Draw, page: str) -> None:
    replace_in(decided, "places: 4", "places: four")
    shown = draw(decided, page)
    assert not shown.exception and len(shown.error) == 1 and not shown.title
    assert "programme.yaml" in shown.code[0].value and "rounds[0].places" in shown.code[0].value


def test_a_damaged_warehouse_gives_one_message(decided: Path, draw: Draw) -> None:
    (decided.parent / "warehouse" / "main.duckdb").write_bytes(b"no database")
    shown = draw(decided)
    assert not shown.exception and len(shown.error) == 1
    assert "main.duckdb" in shown.code[0].value and "install -m 644" in shown.code[0].value


def test_a_damaged_copy_is_made_anew_and_shown(decided: Path, draw: Draw) -> None:
    snapshot = Path(os.path.realpath(decided.parent / "warehouse" / "current.duckdb"))
    snapshot.chmod(0o644)
    snapshot.write_bytes(b"no database")
    shown = draw(decided)
    assert not shown.exception and not shown.error


def test_without_a_programme_the_page_says_what_it_wants(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = draw(Path())
    monkeypatch.delenv(PROGRAMME_VARIABLE)
    shown.run()
    assert not shown.exception and len(shown.error) == 1
    assert "the path of a programme.yaml" in shown.code[0].value
