"""Reads and measures the corpus inventory: one row a source, with licence, language, counts, day and hash."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from checks.contracts.tables import TableRow, read_table
from checks.records.quality import Measurement
from tasks.data_quality.findings import Findings
from tasks.data_quality.licences import is_settled_licence, is_valid_licence

COLUMNS = ("source", "url", "licence", "language", "documents", "tokens", "epochs", "collected_on", "sha256")
CHECKS = (
    "numbers-valid",
    "sources-distinct",
    "licences-valid",
    "licence-coverage",
    "languages-valid",
    "dates-valid",
    "hashes-valid",
    "epochs",
)
#: BCP 47 as far as an inventory needs it: a language of two or three letters, then subtags; `mul` and `zxx` among them.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
#: Numbers beyond these are slips of the pen, whatever they count.
LEAST_NUMBER, MOST_NUMBER = Decimal("1e-9"), Decimal("1e18")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")


@dataclass(frozen=True)
class Inventory:
    """What the other suites need of it: the sources' languages, and the tokens read in training where they add up."""

    languages: dict[str, str]
    tokens_read: Decimal | None


def read_inventory(path: Path) -> tuple[Inventory, list[Measurement]]:
    """The inventory and its measurements; raises InputFault where the table cannot be read or lacks a column."""
    rows = read_table(path, COLUMNS)
    found = Findings("inventory")
    counts = [_counts(row) for row in rows]
    names = [row.cells["source"] for row in rows]
    repeated = [name or "(empty)" for index, name in enumerate(names) if not name or name in names[:index]]
    found.counted("numbers-valid", rows, [_where(row) for row, each in zip(rows, counts, strict=True) if each is None])
    found.counted("sources-distinct", rows, repeated)
    found.counted(
        "licences-valid", rows, [_cell(row, "licence") for row in rows if not is_valid_licence(row.cells["licence"])]
    )
    found.counted(
        "languages-valid", rows, [_cell(row, "language") for row in rows if not _LANGUAGE.match(row.cells["language"])]
    )
    found.counted(
        "dates-valid", rows, [_cell(row, "collected_on") for row in rows if not _is_date(row.cells["collected_on"])]
    )
    found.counted(
        "hashes-valid", rows, [_cell(row, "sha256") for row in rows if not _SHA256.match(row.cells["sha256"])]
    )
    valid = [(row, each) for row, each in zip(rows, counts, strict=True) if each is not None]
    total = sum((tokens for _, (_, tokens, _) in valid), Decimal(0))
    if total > 0:
        settled = [(row, tokens) for row, (_, tokens, _) in valid if is_settled_licence(row.cells["licence"])]
        unsettled = [_cell(row, "licence") for row, _ in valid if not is_settled_licence(row.cells["licence"])]
        share = float(sum((tokens for _, tokens in settled), Decimal(0)) / total)
        found.measured("licence-coverage", share, len(rows), bad=len(unsettled), examples=unsettled)
        found.measured(
            "epochs", float(max(epochs for _, (_, _, epochs) in valid)), len(rows), observed=_shares(valid, total)
        )
    else:
        found.missing("licence-coverage", "epochs", observed="no row with valid numbers")
    whole = len(valid) == len(rows)
    read = sum((tokens * epochs for _, (_, tokens, epochs) in valid), Decimal(0)) if whole else None
    return Inventory({row.cells["source"]: row.cells["language"] for row in rows}, read), found.rows


def missing_inventory() -> list[Measurement]:
    """The measurements of an inventory that was not handed in."""
    found = Findings("inventory")
    found.missing(*CHECKS)
    return found.rows


def _counts(row: TableRow) -> tuple[Decimal, Decimal, Decimal] | None:
    """Documents, tokens and epochs, or None where one is no number above zero, or a count is not whole."""
    try:
        documents, tokens, epochs = (Decimal(row.cells[name]) for name in ("documents", "tokens", "epochs"))
    except InvalidOperation:
        return None
    if not all(each.is_finite() and LEAST_NUMBER <= each <= MOST_NUMBER for each in (documents, tokens, epochs)):
        return None
    return (documents, tokens, epochs) if documents % 1 == 0 and tokens % 1 == 0 else None


def _shares(valid: list[tuple[TableRow, tuple[Decimal, Decimal, Decimal]]], total: Decimal) -> str:
    """Each language's share of the tokens, for people."""
    by_language: dict[str, Decimal] = {}
    for row, (_, tokens, _) in valid:
        by_language[row.cells["language"]] = by_language.get(row.cells["language"], Decimal(0)) + tokens
    ordered = sorted(by_language.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{language} {tokens / total:.1%}" for language, tokens in ordered[:10])


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _cell(row: TableRow, column: str) -> str:
    return f"line {row.line}, {row.cells['source']}: {row.cells[column] or '(empty)'}"


def _where(row: TableRow) -> str:
    numbers = ", ".join(f"{name} {row.cells[name] or '(empty)'}" for name in ("documents", "tokens", "epochs"))
    return f"line {row.line}, {row.cells['source']}: {numbers}"
