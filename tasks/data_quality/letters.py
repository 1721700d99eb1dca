"""What becomes of every code point when text is folded: NFKC, case-folded, letters and digits only.

One table entry a code point, so that a loop can fold text without asking Python. Where the form of a letter depends on its
neighbours (a combining mark, a vowel of conjoining Hangul), the entry says so, and that text is normalised as a whole first.
"""

from dataclasses import dataclass
from functools import cache
from unicodedata import combining, decomposition, normalize

import numpy as np
import numpy.typing as npt

DROPPED, DIGIT, LETTER, HANGUL, HAN = range(5)
#: Beyond the kinds of letters: several letters for one, and a form that depends on the neighbours.
SEVERAL, DEPENDS = 5, 6

#: An entry, and a place of folded text: the code in the low bits, then the kind, then flags.
KIND_SHIFT = 21
CODE_MASK = (1 << KIND_SHIFT) - 1
KIND_MASK = 7
#: Something stood between this letter and the one before; white space did.
APART, SPACED = 1 << 24, 1 << 25
#: The second place of a letter that weighs two.
HALF = 1 << 26
#: How many places a letter takes; of one that depends on its neighbours, its kind in text that is normalised already.
WEIGHT_SHIFT = 28
WEIGHT_MASK = 3
#: The loop has to look closer: digits, signs that mean something, several letters, a dependent form.
RARE = 1 << 31
#: What a sign is that means something.
LINE_END, TEXT_END, AT, REPLACEMENT = range(1, 5)
#: More letters than this for one code point (ﷺ is eighteen) are left to Python.
MOST_LETTERS = 3
#: Fewer digits than this, whatever stands between them, are nobody's number.
LEAST_DIGITS = 9

_HANGUL_BLOCKS = ((0x1100, 0x1200), (0x3131, 0x318F), (0xA960, 0xA980), (0xAC00, 0xD7A4), (0xD7B0, 0xD800))
_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))
#: Unicode assigns no letter beyond.
_LAST = 0x323B0
#: Conjoining vowels and final consonants, which join the consonant before them.
_JOINING = ((0x1160, 0x1200), (0xD7B0, 0xD800))
_LINE_ENDS = (0x0A, 0x0D, 0x2028, 0x2029)


@dataclass(frozen=True)
class LetterTable:
    """`entries[code]` for every code point; `several[MOST_LETTERS * k …]` are the letters of the k-th that becomes several."""

    entries: npt.NDArray[np.uint32]
    several: npt.NDArray[np.uint32]


@cache
def letter_table() -> LetterTable:
    """The table of this Python's Unicode."""
    entries = np.full(0x110000, APART, dtype=np.uint32)
    several: list[int] = []
    joining = _joining()
    for code in range(_LAST):
        if not 0xD800 <= code < 0xE000:
            entries[code] = _entry(chr(code), several, joining)
    entries[list(_LINE_ENDS)] = RARE | LINE_END
    entries[[ord("@"), 0xFF20]] = RARE | AT
    entries[0], entries[0xFFFD] = RARE | TEXT_END, RARE | REPLACEMENT
    return LetterTable(entries, np.array(several, dtype=np.uint32))


def _entry(letter: str, several: list[int], joining: frozenset[str]) -> int:
    folded = normalize("NFKC", letter)
    if letter in joining or folded[0] in joining:
        plain = [each for each in letter.casefold() if each.isalnum()]
        rest = ord(plain[0]) | _kind(plain[0]) << WEIGHT_SHIFT if len(plain) == 1 else 0
        return RARE | DEPENDS << KIND_SHIFT | rest
    letters = [_letter(each) for each in folded.casefold() if each.isalnum()]
    if not letters:
        return APART | SPACED if any(each.isspace() for each in folded) else APART
    if len(letters) == 1:
        return letters[0]
    if len(letters) > MOST_LETTERS:
        return RARE | DEPENDS << KIND_SHIFT
    several += letters + [0] * (MOST_LETTERS - len(letters))
    return RARE | SEVERAL << KIND_SHIFT | (len(several) // MOST_LETTERS - 1)


def _letter(letter: str) -> int:
    kind = _kind(letter)
    rare = RARE if kind == DIGIT else 0
    return rare | (2 if kind >= HANGUL else 1) << WEIGHT_SHIFT | kind << KIND_SHIFT | ord(letter)


def _kind(letter: str) -> int:
    if not letter.isalpha():
        return DIGIT
    for blocks, kind in ((_HANGUL_BLOCKS, HANGUL), (_HAN_BLOCKS, HAN)):
        if any(first <= ord(letter) < last for first, last in blocks):
            return kind
    return LETTER


def _joining() -> frozenset[str]:
    """Code points that may change what stands before them: marks, and the second half of every composition."""
    found = {chr(code) for first, last in _JOINING for code in range(first, last)}
    for code in range(_LAST):
        letter = chr(code)
        if combining(letter):
            found.add(letter)
        parts = decomposition(letter)
        if parts and not parts.startswith("<"):
            found.update(chr(int(each, 16)) for each in parts.split()[1:])
    return frozenset(found)
