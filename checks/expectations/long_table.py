"""Great Expectations on one small long table: (check_id, value, low, high, rows), one row a measured check.

Raw data never comes here, only one number a check. What Great Expectations passes silently is closed by expectations that
are always there: the checks that must have run, at least one row behind every number, no missing value.

>>> judge_table([LongRow("training_log.no-gaps", 0.0, None, 0.0, 800)], expected={"training_log.no-gaps"})
Verdicts(failed=frozenset(), absent=frozenset())
"""

import logging
import os
import threading
import uuid
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

#: Stands for "no bound": a float that every measurement is below, because an infinite bound would let infinity pass.
_NO_BOUND = 1.7976931348623157e308
#: Great Expectations keeps the latest context in one place for the whole process: one table at a time.
_ONE_AT_A_TIME = threading.Lock()


class WrongVerdict(Exception):  # noqa: N818  (what happened, not a kind of error a caller handles)
    """Great Expectations could not judge, or judged wrongly: nothing that it says may be used."""


@dataclass(frozen=True)
class LongRow:
    """One number to judge: `low` and `high` are None where there is no such bound."""

    check_id: str
    value: float | None
    low: float | None
    high: float | None
    rows: int


@dataclass(frozen=True)
class Verdicts:
    """The rows that do not hold, and the expected checks that are not in the table."""

    failed: frozenset[str]
    absent: frozenset[str]


def judge_table(table: Sequence[LongRow], expected: Collection[str]) -> Verdicts:
    """Which rows fail and which expected checks never ran.

    A row fails where its value is missing, NaN or infinite, outside its bounds, or computed over no rows. Every call has a
    context and an asset of its own. Raises WrongVerdict where Great Expectations raises inside an expectation, where a
    check stands twice, or where a failure names no row.
    """
    if not table:
        return Verdicts(frozenset(), frozenset(expected))
    with _ONE_AT_A_TIME:
        results = _validate(table, expected)
    failed: set[str] = set()
    absent: set[str] = set()
    for result in results:
        if _raised(result.exception_info):
            raise WrongVerdict(f"Great Expectations could not run {result.expectation_config.type}")
        if result.success:
            continue
        kind = result.expectation_config.type
        if kind == "expect_every_check_to_have_run":
            absent |= set(expected) - {row.check_id for row in table}
            named = bool(absent)
        else:
            found = {str(row["check_id"]) for row in result.result.get("unexpected_index_list") or []}
            named = bool(found) and kind != "expect_each_check_once"
            failed |= found
        if not named:
            raise WrongVerdict(f"{kind} does not hold for the table of checks")
    return Verdicts(frozenset(failed), frozenset(absent))


def _validate(table: Sequence[LongRow], expected: Collection[str]) -> list[Any]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        import pandas as pd

        # The module that tells of a temporary folder for every table sets a level of its own.
        logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
        frame = pd.DataFrame(
            {
                "check_id": [row.check_id for row in table],
                "value": pd.array([_plain(row.value) for row in table], dtype="float64"),
                "low": [-_NO_BOUND if row.low is None else float(row.low) for row in table],
                "high": [_NO_BOUND if row.high is None else float(row.high) for row in table],
                "rows": [int(row.rows) for row in table],
            }
        )
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("checks").add_dataframe_asset(f"table-{uuid.uuid4().hex}")
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(batch_parameters={"dataframe": frame})
        suite = gx.ExpectationSuite(name="long-table", expectations=_expectations(len(table), expected))
        wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["check_id"]}
        validated = batch.validate(suite, result_format=wanted)
    if len(validated.results) != len(suite.expectations):
        raise WrongVerdict("Great Expectations left out an expectation")
    return list(validated.results)


def _expectations(count: int, expected: Collection[str]) -> list[Any]:
    import great_expectations.expectations as gxe

    from checks.expectations import table_expectations as own

    expectations = [
        gxe.ExpectTableRowCountToEqual(value=count),
        own.ExpectEachCheckOnce(),
        own.ExpectEveryCheckToBeNamed(),
        own.ExpectEveryValueToBeThere(),
        own.ExpectNoValueBelowItsBound(),
        own.ExpectNoValueAboveItsBound(),
        own.ExpectRowsBehindEveryValue(),
    ]
    return expectations + ([own.ExpectEveryCheckToHaveRun(value_set=sorted(expected))] if expected else [])


def _plain(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _raised(information: Any) -> bool:
    """Whether an expectation raised: the information is flat, or a mapping by metric."""
    if not isinstance(information, dict):
        return False
    if "raised_exception" in information:
        return bool(information["raised_exception"])
    return any(_raised(each) for each in information.values())
