"""Text made by rule for the lineage tests: counting, weekdays, sums and small scenes, one token a word.

>>> " ".join(sentence(random.Random(1))[:4])
'monday plus 5 days'
"""

import json
import random
from functools import cache
from pathlib import Path

import numpy as np

SPECIALS = ("<pad>", "<s>")
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WORDS = [
    "plus",
    "minus",
    "equals",
    "days",
    "is",
    "after",
    "before",
    "the",
    "sees",
    "near",
    "has",
    "not",
    "and",
    "or",
    "than",
    "more",
    "less",
    "all",
    "some",
    "no",
]
_BEINGS = [f"{kind}{number}" for kind in ("cat", "dog", "owl", "fox", "elk") for number in range(10)]
_COLOURS = [f"{shade}-{hue}" for shade in ("pale", "deep") for hue in ("red", "blue", "green", "grey", "gold")]
_NUMBERS = [str(number) for number in range(200)]
VOCABULARY = [*SPECIALS, *_DAYS, *_WORDS, *_BEINGS, *_COLOURS, *_NUMBERS]


def sentence(rng: random.Random) -> list[str]:
    """One true statement: its end follows from its beginning."""
    kind = rng.randrange(4)
    if kind == 0:
        day, later = rng.randrange(7), rng.randrange(1, 10)
        return [_DAYS[day], "plus", str(later), "days", "is", _DAYS[(day + later) % 7]]
    if kind == 1:
        left, right = rng.randrange(100), rng.randrange(20)
        return [str(left), "plus", str(right), "equals", str(left + right)]
    if kind == 2:
        start, step = rng.randrange(60), rng.randrange(1, 6)
        return [str(start + step * place) for place in range(6)]
    # Every being has its colour, and sees the being ten places on.
    first = rng.randrange(len(_BEINGS))
    second = (first + 10) % len(_BEINGS)
    return ["the", _COLOURS[first % 10], _BEINGS[first], "sees", "the", _COLOURS[second % 10], _BEINGS[second]]


class Batches:
    """Rows of token ids, without end: the same seed gives the same rows in the same order."""

    def __init__(self, seed: int, rows: int, length: int) -> None:
        self._rng = random.Random(f"lineage {seed}")
        self._shape = rows, length
        self._left: list[int] = []

    def next(self) -> np.ndarray:
        """(rows, length) ids; a sentence cut at a row's end goes on in the next."""
        rows, length = self._shape
        while len(self._left) < rows * length:
            self._left += [1, *(_IDS[word] for word in sentence(self._rng))]
        taken, self._left = self._left[: rows * length], self._left[rows * length :]
        return np.array(taken, dtype=np.int64).reshape(rows, length)


_IDS = {word: number for number, word in enumerate(VOCABULARY)}


@cache
def _vocabulary_file(words: tuple[str, ...]) -> str:
    return json.dumps({"model": {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}}})


def write_tokenizer(folder: Path, words: tuple[str, ...] = tuple(VOCABULARY)) -> None:
    """tokenizer.json with the words in the order of their rows."""
    (folder / "tokenizer.json").write_text(_vocabulary_file(words), encoding="utf-8")
