"""Names, outputs and examples come from other people's files: nothing in them is run, fetched or read as a formula."""

import csv
import io
from pathlib import Path

import pytest

from checks.records.record import Text
from dashboard.html_table import Html, Number, csv_bytes, table
from dashboard.words.language import filled, inline_html, plain_label, stacked_html
from dashboard.words.numbers import p_text, points_text, share_text
from tests.dashboard.conftest import Draw
from tests.dashboard.drawn import assert_calm, drawings, html_of
from tests.dashboard.small_round import replace_in

HOSTILE = '<img src=x onerror=alert(1)>![p](http://evil.example/p.png){0}"&'


def test_a_hostile_name_is_text_on_every_page(undecided: Path, draw: Draw) -> None:
    for name in ("나팀", "Team B"):
        replace_in(undecided, name, f"'{HOSTILE}'")
    for page in ("ranking", "team", "benchmark", "independence", "what_if"):
        shown = draw(undecided, page, "both" if page == "ranking" else "en", team="b")
        assert_calm(shown)
        assert "<img src=x" not in html_of(shown) and html_of(shown).count("<img") == drawings(shown).count("<svg"), (
            page
        )
        markdown = [each.label for each in shown.expander] + [each.value for each in [*shown.title, *shown.header]]
        assert not any("![p](" in each for each in markdown), page
    assert "&lt;img src=x" in html_of(draw(undecided))


@pytest.mark.parametrize("language", ["ko", "en", "both"])
def test_texts_are_escaped_in_every_language(language: str) -> None:
    for made in (inline_html, stacked_html):
        assert "<img" not in made(Text(ko=HOSTILE, en=HOSTILE + "2"), language)  # type: ignore[arg-type]


def test_a_table_escapes_all_but_what_is_html_already() -> None:
    made = table("t", ["<head>"], [["<cell>", Html("<b>kept</b>"), Number("<1")]], caption="<caption>")
    assert made.count("<b>kept</b>") == 1
    for raw in ("<head>", "<cell>", "<1", "<caption>x"):
        assert raw not in made.replace("<caption>&lt;caption&gt;", "")


def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay_numbers() -> None:
    cells = ["=1+1", "+1", "-2.5", "@SUM(A1)", "\t=1", "-2+3", "가팀", "10"]
    made = csv_bytes(["name"], [[cell] for cell in cells])
    assert made.startswith(b"\xef\xbb\xbf")
    read = [row[0] for row in csv.reader(io.StringIO(made.decode("utf-8-sig")))][1:]
    assert read == ["'=1+1", "+1", "-2.5", "'@SUM(A1)", "'\t=1", "'-2+3", "가팀", "10"]


def test_facts_put_into_a_sentence_are_not_read_again() -> None:
    said = filled(Text(ko="{team} 탈락", en="{team} is out"), team="{0.__class__}")
    assert said.en == "{0.__class__} is out"


def test_a_label_holds_no_markdown() -> None:
    assert plain_label("![a](b) :red[c] $x$") == r"\!\[a\]\(b\) \:red\[c\] \$x\$"


def test_numbers_are_written_for_the_eye() -> None:
    assert (points_text("90.2"), points_text("2.675"), points_text(None)) == ("90.20", "2.68", "–")
    assert (p_text(None, -40.2), p_text(0.0004, -3.4), p_text(0.25, -0.6), p_text(None, None)) == (
        "10<sup>−40</sup>",
        "0.0004",
        "0.25",
        "–",
    )
    assert share_text(0.1284) == "12.8 %"
