"""Sums of a three-digit number and a small one.

An item: `합 378+5=383`. The numbers of digits are fixed, so that no question is the beginning of another.
"""

from random import Random

from flows.demo.items import Item, held_out

#: Few enough for a tiny model to learn in a minute.
MOST_ADDED = 5


def draw(rng: Random, test: bool) -> Item:
    """`합 378+5=` whose answer is written in digits."""
    while True:
        left, right = rng.randint(100, 999), rng.randint(1, MOST_ADDED)
        if held_out("sum", f"{left}+{right}") == test:
            return Item("addition", f"{left}+{right}", f"합 {left}+{right}=", str(left + right))
