"""Sums of two two-digit numbers.

An item: `합 37+45=82`. Both numbers have two digits, so that no question is the beginning of another.
"""

from random import Random

from flows.demo.items import Item, held_out

LOWEST, HIGHEST = 10, 99


def draw(rng: Random, test: bool) -> Item:
    """`합 37+45=` whose answer is written in digits."""
    while True:
        left, right = rng.randint(LOWEST, HIGHEST), rng.randint(LOWEST, HIGHEST)
        if held_out("sum", f"{left}+{right}") == test:
            return Item("addition", f"{left}+{right}", f"합 {left}+{right}=", str(left + right))
