"""What happens to an item on its way into a corpus, beyond being copied: each keeps its words, or most of them."""

import random
import unicodedata
from collections.abc import Callable

#: What a Korean word may end in; another of them, or another ending of an English word, says nearly the same.
_PARTICLES = ("은", "는", "이", "가", "을", "를", "에서", "으로", "와", "과", "에게", "까지", "부터")
CHANGED = 0.12


def respaced(text: str) -> str:
    """Spaces anywhere but where they were."""
    rng = random.Random(text)
    return "".join(letter + (" " if rng.random() < 0.3 else "") for letter in text.replace(" ", ""))


def punctuated(text: str) -> str:
    """Other signs and capitals."""
    return text.replace(" ", ",  «").upper().replace(".", "!?")


def wrapped(text: str) -> str:
    """Lines of eight words."""
    words = text.split()
    return "\n".join(" ".join(words[start : start + 8]) for start in range(0, len(words), 8))


def other_particles(text: str) -> str:
    """12 % of the words end otherwise."""
    rng = random.Random(text)
    return " ".join(_changed(word, rng) if rng.random() < CHANGED else word for word in text.split())


def _changed(word: str, rng: random.Random) -> str:
    if word.isascii():
        return word.rstrip(".") + rng.choice(("s", "ed", "ing"))
    ending = max((each for each in _PARTICLES if word.endswith(each)), key=len, default="")
    return word.removesuffix(ending) + rng.choice([each for each in _PARTICLES if each != ending])


PERTURBATIONS: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "punctuation": punctuated,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "spaces removed": lambda text: text.replace(" ", ""),
    "re-spaced": respaced,
    "wrapped": wrapped,
    "half": lambda text: text[: len(text) // 2],
    "particles": other_particles,
}
