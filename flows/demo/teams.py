"""Who takes part: each team's model, how long it is trained, what it declares, and how its panels see it.

Team B is the case the round is about: a language model of its own on `globe-vl`'s vision tower, trained on a little.
"""

import hashlib
from dataclasses import dataclass

from flows.demo.architectures import Architecture

REFERENCE = "globe-vl"
_GLOBE = Architecture("llava", "qwen3", layers=3, feed_forward=256, heads=4, key_value_heads=4)


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    `borrows_vision`: its vision tower starts as the reference's and learns slowly. `hands_in`: it is a team's submission,
    with evidence, and not only a model.
    """

    id: str
    architecture: Architecture
    steps: int
    borrows_vision: bool = False
    hands_in: bool = True


@dataclass(frozen=True)
class Team:
    """One team of the round; the panels' values are means that noise is put around, out of their leaf's points."""

    id: str
    korean: str
    english: str
    agency: float
    expert: float
    user: float


GLOBE_VL = Recipe(REFERENCE, _GLOBE, steps=400, hands_in=False)
RECIPES = (
    GLOBE_VL,
    Recipe("t1", Architecture("llava", "qwen3", layers=3, feed_forward=288, heads=6, key_value_heads=6), steps=760),
    Recipe(
        "t2",
        Architecture("deepseek_vl", "qwen3", layers=3, feed_forward=272, heads=4, key_value_heads=2),
        steps=570,
        borrows_vision=True,
    ),
    Recipe("t3", _GLOBE, steps=430),
    Recipe("t4", Architecture("llava", "mistral", layers=3, feed_forward=224, heads=4, key_value_heads=2), steps=220),
    Recipe("t5", Architecture("llava", "llama", layers=2, feed_forward=224, heads=4, key_value_heads=4), steps=40),
)

TEAMS = (
    Team("t1", "가팀", "Team A", agency=9.1, expert=31.0, user=22.0),
    Team("t2", "나팀", "Team B", agency=8.4, expert=29.5, user=20.5),
    Team("t3", "다팀", "Team C", agency=7.9, expert=28.0, user=19.0),
    Team("t4", "라팀", "Team D", agency=6.8, expert=26.0, user=17.0),
    Team("t5", "마팀", "Team E", agency=4.0, expert=19.5, user=11.0),
)


def derived_seed(seed: int, *purpose: str) -> int:
    """A seed of its own for every purpose, from the programme's one: different names never share one by arithmetic."""
    return int.from_bytes(hashlib.sha256("/".join((str(seed), *purpose)).encode()).digest()[:4], "big")
