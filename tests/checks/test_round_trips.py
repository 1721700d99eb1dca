"""What a user writes is what the rules compute with: decimals, tables and whole rounds survive reading and writing."""

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.contracts.fields import MOST_DIGITS
from checks.contracts.loading import load_programme
from checks.contracts.panels import read_imported
from checks.contracts.programme import Round
from checks.contracts.yaml_source import YamlSource
from checks.rules.numbers import PLACES, decimal_text, readable
from tests.checks.changed_example import EXAMPLE
from tests.checks.rounds import f1_round, leaf

ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9).filter(
    lambda number: abs(int(number.as_tuple().exponent)) <= MOST_DIGITS and len(number.as_tuple().digits) <= MOST_DIGITS
)


@ONE_FOLDER
@given(DECIMALS)
def test_a_number_in_yaml_is_exactly_the_decimal_that_was_written(tmp_path: Path, number: Decimal) -> None:
    file = tmp_path / "numbers.yaml"
    file.write_text(f"value: {number}\n")
    assert Fraction(YamlSource(file).data["value"]) == Fraction(number)


@ONE_FOLDER
@given(st.lists(st.decimals(min_value=0, max_value=100, places=6, allow_nan=False), min_size=1, max_size=6))
def test_a_table_of_values_survives_writing_and_reading(tmp_path: Path, values: list[Decimal]) -> None:
    teams = [f"t{index}" for index in range(len(values))]
    with (tmp_path / "table.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("team", "value"), *zip(teams, values, strict=True)])
    assert read_imported(tmp_path / "table.csv", teams, Decimal(100)) == dict(zip(teams, values, strict=True))


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.integers(-1, 1))
def test_a_tree_is_accepted_where_its_points_add_up_and_only_there(parts: list[int], off: int) -> None:
    cents = [Decimal(part) / 100 for part in parts]
    score = {"points": sum(cents) + Decimal(off) / 100, "parts": [leaf(f"p{i}", str(c)) for i, c in enumerate(cents)]}
    rules: dict[str, Any] = {**f1_round(tie_break=[]), "score": score, "gates": []}
    if off == 0:
        Round.model_validate(rules)
    elif score["points"] > 0:
        with pytest.raises(ValidationError, match="add up"):
            Round.model_validate(rules)


def test_a_round_dumped_and_read_again_is_the_same_round() -> None:
    read = load_programme(EXAMPLE).round()
    assert Round.model_validate(read.model_dump(mode="json", by_alias=True)) == read


@given(st.fractions(min_value=-1000, max_value=1000))
def test_printed_numbers_are_the_nearest_decimal_of_twelve_places(value: Fraction) -> None:
    text = decimal_text(value)
    assert "e" not in text.lower() and "." in text and len(text.split(".")[1]) <= PLACES
    assert abs(Fraction(Decimal(text)) - value) * 10**PLACES * 2 <= 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(94998, 1000), "94.998"),
        (Fraction(95), "95.0"),
        (Fraction(-1, 3), "-0.333333333333"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(5, 10**13), "0.0"),
        (Fraction(15, 10**13), "0.000000000002"),
        (Fraction(10**20), "100000000000000000000.0"),
    ],
)
def test_printed_numbers_at_the_edges(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("81.675749854", "81.6757"), ("90.2", "90.2"), ("0", "0.0"), ("0.000001", "0.000001"), ("-0.00004", "-0.00004")],
)
def test_sentences_have_few_places_and_hide_no_difference(value: str, text: str) -> None:
    assert readable(Fraction(value)) == text
