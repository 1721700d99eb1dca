"""Weekdays so many days after a date of the real calendar.

An item: `2026-03-14(토)+4=수`, the fourth day after Saturday 14 March 2026.
"""

from datetime import date, timedelta
from random import Random

from flows.demo.items import Item, held_out

WEEKDAYS = "월화수목금토일"
FIRST_DAY, LAST_DAY = date(2024, 1, 1), date(2027, 12, 31)
#: Few enough for a tiny model; seven is not among them, for its answer would stand in the question.
DAYS_LATER = (1, 2, 3, 4)


def weekday(day: date) -> str:
    """The Korean weekday, its first syllable.

    >>> weekday(date(2026, 3, 14))
    '토'
    """
    return WEEKDAYS[day.weekday()]


def draw(rng: Random, test: bool) -> Item:
    """`2026-03-14(토)+4=` with the seven weekdays to choose from; whole dates are held out."""
    while True:
        day = FIRST_DAY + timedelta(days=rng.randint(0, (LAST_DAY - FIRST_DAY).days))
        if held_out("date", day.isoformat()) == test:
            break
    later = rng.choice(DAYS_LATER)
    answer = weekday(day + timedelta(days=later))
    question = f"{day.isoformat()}({weekday(day)})+{later}="
    return Item("weekdays", f"{day.isoformat()}+{later}", question, answer, tuple(WEEKDAYS))
