"""Training text as it is read: documents made by rule from a seed, packed into rows of one length.

A document is one item, `<s>수 4372: 사천삼백칠십이</s>`, or a picture with its three questions, one a line. Every
second row begins with a picture; the rest is text, and a text cut at a row's end goes on in the next row.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from flows.demo import arithmetic, calendar_dates, numerals, particles, shapes, tokenizer
from flows.demo.architectures import IMAGE_TOKENS
from flows.demo.items import Item

if TYPE_CHECKING:
    import numpy as np

#: How often each source of text is drawn: the harder ones more often.
TEXT_SOURCES: dict[str, tuple[Callable[[Random, bool], Item], float]] = {
    "addition": (arithmetic.draw, 0.42),
    "numerals": (numerals.draw, 0.18),
    "particles": (particles.draw, 0.14),
    "weekdays": (calendar_dates.draw, 0.26),
}
PICTURE_SOURCE = "pictures"
ROWS_A_PICTURE = 2
_IDS = tokenizer.vocabulary()
_BEGIN, _END, _IMAGE = _IDS[tokenizer.BEGIN], _IDS[tokenizer.END], _IDS[shapes.IMAGE_MARK]


class Document(NamedTuple):
    """One page: where it comes from, its text, its token ids, what each counts in the loss, and its picture."""

    source: str
    text: str
    ids: list[int]
    weights: list[float]
    picture: shapes.Picture | None = None


class Row(NamedTuple):
    """One training sequence: ids, positions within each document, weights in the loss, and the picture if any."""

    ids: list[int]
    positions: list[int]
    weights: list[float]
    picture: shapes.Picture | None


def encode(text: str) -> list[int]:
    """Token ids of a text without marks: the same as the tokenizer's, without its overhead."""
    return [_IDS[letter] for letter in normalize("NFD", text)]


def page(source: str, items: list[Item], picture: shapes.Picture | None = None) -> Document:
    """The document that asks `items`, one a line; the line's end counts as a part of the answer.

    A long answer weighs more in the loss than a short one, but not in proportion: its weight is the root of its length.
    Questions weigh nothing, for nobody could know them.
    """
    ids = [_BEGIN, *([_IMAGE] * IMAGE_TOKENS if picture else [])]
    weights = [0.0] * len(ids)
    for number, item in enumerate(items):
        question, answer = encode(item.question.removeprefix(shapes.IMAGE_MARK)), encode(item.answer)
        end = _END if number == len(items) - 1 else _IDS["\n"]
        ids += [*question, *answer, end]
        weights += [0.0] * len(question) + [(len(answer) + 1) ** -0.5] * (len(answer) + 1)
    text = "\n".join(item.text.removeprefix(shapes.IMAGE_MARK) for item in items)
    return Document(source, text, ids, weights, picture)


@dataclass
class Corpus:
    """An endless, reproducible stream of rows; `documents` and `tokens` count what was read so far, by source."""

    seed: int
    row_length: int
    documents: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    on_document: Callable[[Document], None] | None = None

    def __post_init__(self) -> None:
        self._rng = Random(f"corpus {self.seed}")
        self._names = list(TEXT_SOURCES)
        self._weights = [weight for _, weight in TEXT_SOURCES.values()]
        self._rows = 0
        self._open: Document | None = None
        self._read = 0

    def next_row(self) -> Row:
        """The next row, exactly `row_length` tokens."""
        shown = self._picture_document() if self._rows % ROWS_A_PICTURE == 0 else None
        self._rows += 1
        row = Row([], [], [], shown.picture if shown else None)
        if shown is not None:
            self._append(row, shown, 0)
        while len(row.ids) < self.row_length:
            if self._open is None:
                self._open, self._read = self._text_document(), 0
            self._read = self._append(row, self._open, self._read)
            if self._read == len(self._open.ids):
                self._open = None
        return row

    def held_out(self, count: int) -> list[Document]:
        """So many documents of text of a corpus that nothing is trained on."""
        return [self._text_document() for _ in range(count)]

    def _append(self, row: Row, document: Document, start: int) -> int:
        """Puts what fits of `document` from `start` on into `row`; returns where it stopped."""
        stop = min(len(document.ids), start + self.row_length - len(row.ids))
        row.ids.extend(document.ids[start:stop])
        row.positions.extend(range(start, stop))
        row.weights.extend(document.weights[start:stop])
        self.tokens[document.source] += stop - start
        return stop

    def _text_document(self) -> Document:
        source = self._rng.choices(self._names, self._weights)[0]
        return self._counted(page(source, [TEXT_SOURCES[source][0](self._rng, False)]))

    def _picture_document(self) -> Document:
        picture = shapes.draw_picture(self._rng, False)
        questions = list(shapes.QUESTIONS)
        self._rng.shuffle(questions)
        return self._counted(page(PICTURE_SOURCE, [picture.item(question) for question in questions], picture))

    def _counted(self, document: Document) -> Document:
        self.documents[document.source] += 1
        if self.on_document is not None:
            self.on_document(document)
        return document


def pixels(pictures: list[shapes.Picture]) -> "np.ndarray":
    """The pictures as the models see them: float32, count x 3 x SIDE x SIDE, values from -1 to 1."""
    import numpy as np

    stack = np.stack([np.asarray(shapes.paint(picture), dtype=np.float32) for picture in pictures])
    return np.ascontiguousarray(stack.transpose(0, 3, 1, 2)) / 127.5 - 1.0
