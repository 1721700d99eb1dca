"""CSV tables that users write: UTF-8 with or without a byte-order mark, or CP949 as Korean Excel writes it."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.contracts.fields import decimal_of, is_of_writable_size

#: A panel is hundreds of rows; ten million characters is a mistake.
MAX_BYTES = 10_000_000
#: Two to four syllables and nothing else.
_KOREAN_NAME = re.compile("[가-힣]{2,4}")


#: Letters that nobody sees and that Unicode does not count among its invisible ones: fillers and a joiner.
_UNSEEN = frozenset("\u034f\u115f\u1160\u3164\uffa0")


def plain_name(name: str) -> str:
    """A name or code as it is compared: in whatever spelling, width or spacing, without what cannot be seen."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = (each for each in folded if unicodedata.category(each)[0] not in "CZ" and each not in _UNSEEN)
    return "".join(each for each in seen if not 0xFE00 <= ord(each) <= 0xFE0F)


class TableRow:
    """One row: its cells by column and its line in the file, for messages."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]) -> None:
        self.path = path
        self.line = line
        self.cells = cells

    def text(self, column: str) -> str:
        """The cell, which may not be empty."""
        value = self.cells.get(column, "")
        if not value:
            raise InputFault(self.path, column, "an empty cell", "a value", line=self.line)
        return value

    def code(self, column: str, spelt: dict[str, str]) -> str:
        """The cell, which must be a code: raters are natural persons, and their names are kept apart from what they gave.

        `spelt` remembers the table's codes: E1 and e1 would be two raters, and are one person.
        """
        value = self.text(column)
        if any(character.isspace() for character in value) or _KOREAN_NAME.fullmatch(value):
            raise InputFault(self.path, column, "what looks like a person's name", "a code, E07 say", line=self.line)
        first = spelt.setdefault(plain_name(value), value)
        if first != value:
            raise InputFault(self.path, column, f"{value!r} beside {first!r}", "one spelling of a code", line=self.line)
        return value

    def known(self, column: str, names: Iterable[str]) -> str:
        """The cell, which must be one of `names`."""
        value, names = self.text(column), list(names)
        if value not in names:
            raise InputFault(self.path, column, repr(value), f"one of {', '.join(names)}", line=self.line)
        return value

    def number(self, column: str, least: Decimal, most: Decimal | None) -> Decimal:
        """The cell as an exact decimal within [least, most]."""
        value = self.text(column)
        number = decimal_of(value)
        if number is None or not is_of_writable_size(number) or number < least or (most is not None and number > most):
            wanted = f"a number of at least {least}" if most is None else f"a number from {least} to {most}"
            raise InputFault(self.path, column, repr(value), wanted, line=self.line)
        return number


def read_table(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...] = (), *, may_be_empty: bool = False
) -> list[TableRow]:
    """All rows of a CSV file whose columns are exactly the required ones and any of the optional ones.

    `may_be_empty`: a header alone will do, for acts of which there may be none yet when the rules are frozen. Raises InputFault
    for a missing file, another encoding, a missing, unknown or doubled column, a row of another length, or no rows at all.
    """
    reader = csv.reader(io.StringIO(_decode(path)), strict=True)
    try:
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputFault(path, found=str(error), expected="a CSV table", line=reader.line_num) from None
    if not lines:
        raise InputFault(path, found="an empty file", expected=f"the columns {', '.join(required)}")
    header = [cell.strip() for cell in lines[0][1]]
    for column in required:
        if column not in header:
            raise InputFault(path, column, f"the columns {', '.join(header)}", f"a column {column!r}", line=1)
    for column in header:
        if column not in required + optional or header.count(column) > 1:
            allowed = ", ".join(required + optional)
            raise InputFault(path, column, "an unknown or doubled column", f"only {allowed}", line=1)
    if len(lines) == 1 and not may_be_empty:
        raise InputFault(path, found="a header and no rows", expected="at least one row")
    rows = []
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            raise InputFault(path, found=f"{len(cells)} cells", expected=f"{len(header)}", line=line)
        rows.append(TableRow(path, line, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    return rows


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise InputFault(path, found=found, expected="a CSV table") from None
    if data is None:
        raise InputFault(path, found=f"more than {MAX_BYTES} bytes", expected="a CSV table")
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputFault(path, found="bytes of another encoding", expected="UTF-8 or CP949")
