"""Sums of what people wrote keep every digit: a part in 10^40 too many is too many, and moves nobody who is not moved by it."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks.contracts.acts import read_adjustments
from checks.contracts.errors import InputFault
from checks.contracts.fields import exact_sum
from checks.contracts.panels import read_raters
from checks.contracts.score_tree import ScoreNode

LITTLE = "0." + "0" * 39 + "1"


def _sheets(folder: Path, *criteria: str) -> Path:
    table = folder / "raters.csv"
    rows = "".join(f"x,E1,c{place},{value}\n" for place, value in enumerate(criteria))
    table.write_text(f"team,rater,criterion,value\n{rows}")
    return table


def test_criteria_are_summed_with_every_digit(tmp_path: Path) -> None:
    table = _sheets(tmp_path, "10", "10", LITTLE)
    (total,) = read_raters(table, ["x"], Decimal(40)).counted("x").values()
    assert str(total) == f"20{LITTLE[1:]}"


def test_criteria_that_sum_to_a_little_more_than_the_most_are_refused(tmp_path: Path) -> None:
    assert read_raters(_sheets(tmp_path, "20", "20"), ["x"], Decimal(40)).counted("x") == {"E1": Decimal(40)}
    with pytest.raises(InputFault, match="expected criteria that sum to at most 40"):
        read_raters(_sheets(tmp_path, "20", "20", LITTLE), ["x"], Decimal(40))
    with pytest.raises(InputFault, match="expected criteria that sum to at most 40"):
        read_raters(_sheets(tmp_path, "1e-60", "20"), ["x"], Decimal(40))


def test_parts_that_are_a_little_off_do_not_add_up() -> None:
    def tree(first: str) -> ScoreNode:
        leaf = {"imported": "x.csv", "max": 1}
        parts = [{"id": "a", "points": first, "from": leaf}, {"id": "b", "points": "40", "from": leaf}]
        return ScoreNode.model_validate({"points": "100", "parts": parts})

    assert len(tree("60").parts) == 2
    with pytest.raises(ValidationError, match=r"add up to 100; they add up to 100\.0000"):
        tree(f"60{LITTLE[1:]}")


def test_adjustments_of_many_digits_are_read(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"team,points,reason,signed_by,second_signature\nx,5,r,A,B\nx,{LITTLE},r,A,B\n")
    assert str(exact_sum(each.points for each in read_adjustments(table, ["x"]))) == f"5{LITTLE[1:]}"
