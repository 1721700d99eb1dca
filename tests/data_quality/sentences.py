"""Korean-like and English-like sentences made at random: unrelated to each other but for their words."""

import random

_SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모"
    "보소오조초코토포호구누두루무부수우주추쿠투푸후기니디리미비시이지치"
)
_PARTICLES = ("은", "는", "이", "가", "을", "를", "에서", "으로", "와", "과", "에게", "까지", "부터")
_ENDINGS = ("하였다", "이었다", "된다고 한다", "있었다", "보았다", "말하였다")
_LETTERS = "aeioubcdfghklmnprstvw"


def _words(seed: int, letters: str, least: int, most: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice(letters) for _ in range(rng.randint(least, most))) for _ in range(4000)]


_KOREAN = _words(1, _SYLLABLES, 2, 4)
_ENGLISH = _words(2, _LETTERS, 2, 10)


def sentence(rng: random.Random) -> str:
    """A Korean-like sentence of about twenty-five syllables."""
    words = [rng.choice(_KOREAN) + rng.choice(_PARTICLES) for _ in range(6)]
    return " ".join(words) + " " + rng.choice(_ENDINGS) + "."


def english_sentence(rng: random.Random) -> str:
    """An English-like sentence of about seventy letters."""
    return " ".join(rng.choice(_ENGLISH) for _ in range(12)).capitalize() + "."
