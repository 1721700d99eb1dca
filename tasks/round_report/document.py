"""What a report is made of, before it is HTML or PDF: headings, sentences, facts, tables, pictures; all words in two languages.

Both formats are set from this and from nothing else, so that they cannot say different things.

>>> Cell.of("90.20", number=True).text.ko
'90.20'
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from checks.records.record import Text

Tone = Literal["plain", "good", "bad", "open", "quiet"]


@dataclass(frozen=True)
class Cell:
    """What stands in a table or beside a fact's name; `code` is set in letters of one width and broken anywhere."""

    text: Text
    tone: Tone = "plain"
    code: bool = False
    bold: bool = False

    @classmethod
    def of(cls, text: str, tone: Tone = "plain", *, code: bool = False, bold: bool = False) -> "Cell":
        """A cell that reads the same in both languages."""
        return cls(Text(ko=text, en=text), tone, code, bold)


@dataclass(frozen=True)
class Column:
    """A column; `share` is its part of the width beside the others', and numbers are set to the right."""

    name: Text
    share: float = 1.0
    number: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (numbered), 2 or 3."""

    text: Text
    level: int = 1
    tone: Tone = "plain"
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Sentence:
    """A paragraph; `lead` is set apart as what a reader in a hurry reads."""

    text: Text
    tone: Tone = "plain"
    lead: bool = False
    kind: Literal["sentence"] = "sentence"


@dataclass(frozen=True)
class Facts:
    """Names and what they are, side by side."""

    facts: Sequence[tuple[Text, Cell]]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Table:
    """Rows under columns; `name` is the table's own, for whoever reads the HTML by program."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Picture:
    """An SVG that asks for nothing outside itself, and the words that stand for it."""

    svg: str
    alt: Text
    kind: Literal["picture"] = "picture"


Block = Heading | Sentence | Facts | Table | Picture


@dataclass(frozen=True)
class Document:
    """The whole report. `marks` stand on every page: that scores are simulated, whom the report is for."""

    title: Text
    subtitle: Text
    marks: Sequence[Text]
    footer: str
    blocks: Sequence[Block] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it: what both formats are set from."""
        plain: dict[str, Any] = _with_plain_texts(asdict(self))
        return plain


def _with_plain_texts(value: Any) -> Any:
    if isinstance(value, Text):
        return {"ko": value.ko, "en": value.en}
    if isinstance(value, dict):
        return {name: _with_plain_texts(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_plain_texts(each) for each in value]
    return value
