"""The expectations of the long table (`long_table`), each a class of its own (names of fields are the library's).

What it passes silently elsewhere (no rows, no value, a check that never ran) has an expectation of its own here.
"""

import great_expectations.expectations as gxe


class ExpectEveryCheckToHaveRun(gxe.ExpectColumnDistinctValuesToContainSet):  # type: ignore[misc]
    """Every check that was asked for (`value_set`) stands in the table: one that never ran is no pass."""

    column: str = "check_id"


class ExpectEachCheckOnce(gxe.ExpectColumnValuesToBeUnique):  # type: ignore[misc]
    """No check stands twice: one number could hide behind another."""

    column: str = "check_id"


class ExpectEveryCheckToBeNamed(gxe.ExpectColumnValuesToNotBeNull):  # type: ignore[misc]
    """Every row says which check it is."""

    column: str = "check_id"


class ExpectEveryValueToBeThere(gxe.ExpectColumnValuesToNotBeNull):  # type: ignore[misc]
    """Every check has a number: missing and NaN are no numbers, and would pass any bound."""

    column: str = "value"


class ExpectNoValueBelowItsBound(gxe.ExpectColumnPairValuesAToBeGreaterThanB):  # type: ignore[misc]
    """No number is below its own row's `low`; a row in which either is missing is compared too, and fails."""

    column_A: str = "value"  # noqa: N815
    column_B: str = "low"  # noqa: N815
    or_equal: bool = True
    ignore_row_if: str = "neither"


class ExpectNoValueAboveItsBound(gxe.ExpectColumnPairValuesAToBeGreaterThanB):  # type: ignore[misc]
    """No number is above its own row's `high`; infinity is above every bound."""

    column_A: str = "high"  # noqa: N815
    column_B: str = "value"  # noqa: N815
    or_equal: bool = True
    ignore_row_if: str = "neither"


class ExpectRowsBehindEveryValue(gxe.ExpectColumnValuesToBeBetween):  # type: ignore[misc]
    """Every number was computed over at least one row: nothing passes by being empty."""

    column: str = "rows"
    min_value: int = 1
