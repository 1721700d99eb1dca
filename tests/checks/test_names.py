"""Who signed and who rated: one person in two spellings is one person, and two people stay two."""

from decimal import Decimal
from pathlib import Path

import pytest

from checks.contracts.acts import read_votes
from checks.contracts.errors import InputFault
from checks.contracts.panels import read_raters
from checks.contracts.rulings import is_same_person

ONE_PERSON = [
    ("Kim", "KIM"),
    ("Kim", "Ｋｉｍ"),
    ("Kim Y", "kim  y"),
    ("Kim", "Kim\u200b"),
    ("Kim", "\ufeffK\u00adim\u2060"),
    ("김", "\u110c\u1175\u11b7".replace("\u110c", "\u1100")),
    ("홍길동", "홍\u3164길동"),
    ("Kim", "Kim\ufe0f"),
    ("Straße", "STRASSE"),
]


@pytest.mark.parametrize(("first", "second"), ONE_PERSON)
def test_one_person(first: str, second: str) -> None:
    assert is_same_person(first, second) and first != second


TWO_PEOPLE = [("Kim", "Kin"), ("P1", "P01"), ("김", "심"), ("Kim-Y", "Kim Y"), ("José", "Jose")]


@pytest.mark.parametrize(("first", "second"), TWO_PEOPLE)
def test_two_people(first: str, second: str) -> None:
    assert not is_same_person(first, second)


@pytest.mark.parametrize("other", ["e1", "Ｅ１", "E1\u200b"])
@pytest.mark.parametrize("team", ["x", "y"])
def test_a_code_is_spelt_in_one_way(tmp_path: Path, other: str, team: str) -> None:
    """Of the same team it would count a rater twice, of another it would part what one rater gave."""
    table = tmp_path / "table.csv"
    table.write_text(f"team,rater,value\nx,E1,1\n{team},E2,2\n", encoding="utf-8")
    read_raters(table, ["x", "y"], Decimal(5))
    table.write_text(f"team,rater,value\nx,E1,1\n{team},{other},2\n", encoding="utf-8")
    with pytest.raises(
        InputFault, match=r"table\.csv:3: rater: found '.+' beside 'E1', expected one spelling of a code"
    ):
        read_raters(table, ["x", "y"], Decimal(5))
    table.write_text(f"team,panellist,vote\nx,E1,yes\n{team},{other},yes\n", encoding="utf-8")
    with pytest.raises(InputFault, match=r"table\.csv:3: panellist: found '.+' beside 'E1'"):
        read_votes(table, ["x", "y"])
