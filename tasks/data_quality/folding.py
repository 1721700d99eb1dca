"""Folds text for comparison: NFKC, case-folded, letters and digits only, no spaces; with script weights and rolling hashes.

>>> fold("대한 민국, ABC!")
'대한민국abc'
>>> weight("대한abc")
7

A window is counted in weight, not in letters: a Hangul syllable or a Han character says about as much as two letters of an
alphabet, so they weigh 2 and everything else 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from unicodedata import is_normalized, normalize

import numpy as np
import numpy.typing as npt

DROPPED, DIGIT, LETTER, HANGUL, HAN = range(5)
_HANGUL_BLOCKS = ((0x1100, 0x1200), (0x3131, 0x318F), (0xA960, 0xA980), (0xAC00, 0xD7A4), (0xD7B0, 0xD800))
_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))
#: Stands between documents; no folded text holds it.
SEPARATOR = "\x00"

Codes = npt.NDArray[np.uint32]
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

#: An odd multiplier has an inverse modulo 2^64, so the hash of a window follows from two prefix sums.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """The kind of every code point; surrogates and separators are dropped."""
    kinds = np.zeros(0x110000, dtype=np.uint8)
    for code in range(0x110000):
        letter = chr(code)
        if letter.isalnum():
            kinds[code] = LETTER if letter.isalpha() else DIGIT
    for blocks, kind in ((_HANGUL_BLOCKS, HANGUL), (_HAN_BLOCKS, HAN)):
        for first, last in blocks:
            kinds[first:last][kinds[first:last] == LETTER] = kind
    return kinds


#: Weight by kind.
_WEIGHTS = np.array([0, 1, 1, 2, 2], dtype=np.int64)


@dataclass(frozen=True)
class Folded:
    """Several texts, folded into one row of letters.

    `codes` are code points, `kinds` their kinds, `origin` where each stood in the unfolded (normalised) text, so that
    letters that were neighbours can be told from letters that became so. `weights[i]` is the weight of the first i letters.
    Text k is `starts[k]:ends[k]`; lines likewise, by `line_starts` and `line_ends`.
    """

    codes: Codes
    kinds: npt.NDArray[np.uint8]
    origin: Places
    weights: Places
    starts: Places
    ends: Places
    line_starts: Places
    line_ends: Places

    def text(self, start: int, end: int) -> str:
        """The letters start … end."""
        return self.codes[start:end].tobytes().decode("utf-32-le", "surrogatepass")


def fold_all(texts: Sequence[str]) -> Folded:
    """Folds texts together; a window that reaches over the end of a text is never equal to a window of an item."""
    joined = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in texts) + SEPARATOR
    if not is_normalized("NFKC", joined):
        joined = normalize("NFKC", joined)
    joined = joined.casefold()
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _kinds()[raw]
    separators = raw == 0
    kept = (kinds != DROPPED) | separators
    position = np.cumsum(kept) - 1
    codes, kinds = raw[kept], kinds[kept]
    weights = np.concatenate(([0], np.cumsum(_WEIGHTS[kinds])))
    ends = position[np.flatnonzero(separators)]
    starts = np.concatenate(([0], ends[:-1] + 1))
    breaks = np.flatnonzero(separators | (raw == 10) | (raw == 13) | (raw == 0x2028) | (raw == 0x2029))
    # A line ends before its break; a separator is a letter of its own, a line feed is dropped.
    line_ends = position[breaks] + np.where(separators[breaks], 0, 1)
    line_starts = np.concatenate(([0], line_ends[:-1] + separators[breaks][:-1]))
    return Folded(codes, kinds, np.flatnonzero(kept), weights, starts, ends, line_starts, line_ends)


def fold(text: str) -> str:
    """One text, folded."""
    folded = fold_all([text])
    return folded.text(0, int(folded.ends[0]))


def weight(folded_text: str) -> int:
    """The weight of a text that is already folded."""
    codes = np.frombuffer(folded_text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return int(_WEIGHTS[_kinds()[codes]].sum())


class RollingHash:
    """64-bit hashes of windows of a folded text; equal letters have equal hashes, and equal hashes are verified by text."""

    def __init__(self, codes: Codes) -> None:
        mixed = (codes.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
        self._prefix = np.zeros(len(codes) + 1, dtype=np.uint64)
        np.cumsum(mixed * _powers(_BASE, len(codes)), out=self._prefix[1:])
        self._inverses = _powers(_INVERSE, len(codes) + 1)

    def windows(self, starts: Places, ends: Places) -> Hashes:
        """The hash of each window starts[k] … ends[k]."""
        return (self._prefix[ends] - self._prefix[starts]) * self._inverses[starts]


_POWERS: dict[int, Hashes] = {}


def _powers(base: int, count: int) -> Hashes:
    """base^0 … base^(count - 1) modulo 2^64."""
    known = _POWERS.get(base)
    if known is None or len(known) < count:
        factors = np.full(max(count, 1 << 16), base, dtype=np.uint64)
        factors[0] = 1
        known = _POWERS[base] = np.cumprod(factors, dtype=np.uint64)
    return known[:count]


def window_ends(weights: Places, least: int) -> Places:
    """For every start i with enough text after it, the end of the shortest window that weighs at least `least`."""
    total = int(weights[-1])
    if total < least:
        return np.empty(0, dtype=np.int64)
    first = np.zeros(total + 1, dtype=np.int64)
    backwards, index = (
        weights[::-1],
        np.arange(len(weights) - 1, -1, -1),
    )  # of places with equal weight the first counts
    first[np.maximum(backwards - 1, 0)] = index
    first[backwards] = index
    starts = int(np.searchsorted(weights, total - least, side="right"))
    return first[weights[: min(starts, len(weights) - 1)] + least]
