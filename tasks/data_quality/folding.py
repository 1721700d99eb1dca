"""Folds text for comparison: NFKC, case-folded, letters and digits only, no spaces; each letter as wide as it weighs.

>>> fold("대한 민국, ABC!")
'대한민국abc'
>>> weight("대한abc")
7

Windows are counted in weight, not in letters: a Hangul syllable or a Han character says about as much as two letters of an
alphabet, so it takes two places of the folded text and everything else one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from tasks.data_quality.letters import CODE_MASK, HALF, HAN, LEAST_DIGITS, MOST_LETTERS, letter_table

#: Stands between texts that are folded together; in a text it is a space.
SEPARATOR = "\x00"
#: What is kept round a number, and round an at-sign, for a pattern to look at.
_ROUND_A_NUMBER, _ROUND_AN_AT_SIGN = 4, 330

Letters = npt.NDArray[np.uint32]
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Folded:
    """Several texts, folded into one row of places.

    `letters` holds code, kind and flags of each place; text k is `letters[starts[k]:ends[k]]`, and its length is its weight.
    `replaced[k]` counts its undecodable characters. `lines` are (start, end) of every line that holds a letter. `numbers`
    are the stretches of unfolded text with LEAST_DIGITS digits or more, `addresses` those round an at-sign.
    """

    letters: Letters
    starts: Places
    ends: Places
    replaced: Places
    lines: Places
    numbers: list[str]
    addresses: list[str]

    @cached_property
    def kinds(self) -> Places:
        """How many letters of each kind every text has."""
        from tasks.data_quality.folding_loop import count_kinds

        kinds = np.zeros((len(self.starts), HAN + 1), dtype=np.int64)
        count_kinds(self.letters, self.starts, self.ends, kinds)
        return kinds

    def text(self, start: int, end: int) -> str:
        """The letters at start … end."""
        places = self.letters[start:end]
        whole = places[places & np.uint32(HALF) == 0]
        codes: bytes = (whole & np.uint32(CODE_MASK)).tobytes()
        return codes.decode("utf-32-le", "surrogatepass")


@dataclass
class Room:
    """Memory that one fold after another may be written to: what was folded before is overwritten."""

    letters: Letters = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    lines: Places = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    numbers: Places = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    at_signs: Places = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def grow(self, letters: int, lines: int, units: int) -> None:
        """Makes room for `units` more after that many letters and lines, which are kept."""
        self.letters = _grown(self.letters, letters, 2 * MOST_LETTERS * units + 1)
        self.lines = _grown(self.lines, lines, units)
        self.numbers = _grown(self.numbers, 0, units // LEAST_DIGITS + 1)
        self.at_signs = _grown(self.at_signs, 0, units)


def fold_all(texts: Sequence[str], room: Room | None = None) -> Folded:
    """Folds texts together; a text in which the form of a letter depends on its neighbours is normalised first.

    With `room`, the answer is valid until the next fold into the same room.
    """
    fold = _Fold(len(texts), room or Room())
    plain = [number for number, text in enumerate(texts) if text.isascii()]
    fold.add([texts[number] for number in plain], plain, "ascii")
    other = sorted(set(range(len(texts))) - set(plain))
    fold.add([texts[number] for number in other], other, "utf-32-le")
    depending = np.flatnonzero(fold.by_text[:, 0] < 0).tolist()
    fold.add([normalize("NFKC", texts[number]) for number in depending], depending, "utf-32-le", True)
    starts, ends, replaced = fold.by_text.T.copy()
    letters, lines = fold.room.letters[: fold.filled[0]], fold.room.lines[: fold.filled[1]]
    return Folded(letters, starts, ends, replaced, lines, fold.numbers, fold.addresses)


def fold(text: str) -> str:
    """One text, folded."""
    folded = fold_all([text])
    return folded.text(0, len(folded.letters))


def weight(text: str) -> int:
    """The weight of a text once it is folded."""
    return len(fold_all([text]).letters)


class _Fold:
    """What is folded so far. A row of `by_text` is start, end and undecodable characters of one text."""

    def __init__(self, texts: int, room: Room) -> None:
        self.room = room
        self.by_text = np.zeros((texts, 3), dtype=np.int64)
        self.filled = np.zeros(4, dtype=np.int64)
        self.numbers: list[str] = []
        self.addresses: list[str] = []

    def add(self, texts: Sequence[str], rows: Sequence[int], encoding: str, normalised: bool = False) -> None:
        """Folds texts that are all of one encoding, one unit a letter; `rows` are their rows of `by_text`."""
        from tasks.data_quality.folding_loop import fold_ascii, fold_texts

        if not texts:
            return
        joined = SEPARATOR.join(texts)
        if joined.count(SEPARATOR) >= len(texts):
            joined = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in texts)
        joined += SEPARATOR
        encoded = joined.encode(encoding, "surrogatepass")
        size = 1 if encoding == "ascii" else 4
        units: Any = np.frombuffer(encoded, dtype=np.uint8 if size == 1 else np.uint32)
        table, room, filled = letter_table(), self.room, self.filled
        filled[2:] = 0
        room.grow(int(filled[0]), int(filled[1]), len(units))
        out = (room.letters, room.lines, room.numbers, room.at_signs)
        if size == 1:
            fold_ascii(units, np.array(rows), table.entries[:256], self.by_text, *out, filled)
        else:
            fold_texts(units, np.array(rows), normalised, table.entries, table.several, self.by_text, *out, filled)

        def cut(start: int, end: int) -> str:
            return normalize("NFKC", encoded[size * max(0, start) : size * end].decode(encoding, "replace"))

        for start, end in room.numbers[: filled[2]].tolist():
            self.numbers.append(cut(start - _ROUND_A_NUMBER, end + _ROUND_A_NUMBER))
        for first, last in _neighbours(room.at_signs[: filled[3]].tolist()):
            self.addresses.append(cut(first - _ROUND_AN_AT_SIGN, last + _ROUND_AN_AT_SIGN))


def _neighbours(places: list[int]) -> list[tuple[int, int]]:
    """The first and the last of each group of at-signs whose surroundings overlap, so that no address is cut out twice."""
    groups: list[tuple[int, int]] = []
    for place in places:
        if groups and place - groups[-1][1] <= 2 * _ROUND_AN_AT_SIGN:
            groups[-1] = (groups[-1][0], place)
        else:
            groups.append((place, place))
    return groups


def _grown(array: Any, kept: int, more: int) -> Any:
    """The array, or a longer one that begins with what is kept of it; memory is taken only where it is written."""
    if len(array) >= kept + more:
        return array
    longer = np.empty((kept + more, *array.shape[1:]), dtype=array.dtype)
    longer[:kept] = array[:kept]
    return longer
