"""Four-digit numbers and their Sino-Korean readings.

An item: `수 4372: 사천삼백칠십이`. All numbers have four digits, so that no question is the beginning of another.
"""

from random import Random

from flows.demo.items import Item, held_out

DIGITS = "영일이삼사오육칠팔구"
PLACES = ("천", "백", "십", "")
LOWEST, HIGHEST = 1000, 9999


def reading(number: int) -> str:
    """The Sino-Korean reading of 0 to 9999: a one is not read before a place (`천`, not `일천`).

    >>> reading(4372), reading(1010), reading(7)
    ('사천삼백칠십이', '천십', '칠')
    """
    if not 0 <= number <= HIGHEST:
        raise ValueError(f"a number from 0 to {HIGHEST}, not {number}")
    if number == 0:
        return DIGITS[0]
    parts = []
    for digit, place in zip(f"{number:04d}", PLACES, strict=True):
        if digit != "0":
            parts.append(("" if digit == "1" and place else DIGITS[int(digit)]) + place)
    return "".join(parts)


def draw(rng: Random, test: bool) -> Item:
    """`수 4372: ` with four readings to choose from, three of them of numbers that differ in one or two digits."""
    number = _draw_number(rng, test)
    answer = reading(number)
    choices = {answer}
    while len(choices) < 4:
        choices.add(reading(_neighbour(rng, number)))
    ordered = sorted(choices)
    rng.shuffle(ordered)
    return Item("numerals", str(number), f"수 {number}:", f" {answer}", tuple(f" {choice}" for choice in ordered))


def _draw_number(rng: Random, test: bool) -> int:
    while True:
        number = rng.randint(LOWEST, HIGHEST)
        if held_out("number", str(number)) == test:
            return number


def _neighbour(rng: Random, number: int) -> int:
    digits = list(str(number))
    if rng.random() < 0.5:
        left, right = rng.sample(range(4), 2)
        digits[left], digits[right] = digits[right], digits[left]
    place = rng.randrange(4)
    digits[place] = str(rng.randint(1, 9))
    return int("".join(digits)) if digits[0] != "0" else number
