"""How exact numbers are printed: at most 12 places, half-even, never in exponents. Comparisons use the exact value."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

PLACES = 12
#: Places in a sentence, where people read and nobody computes on.
READABLE_PLACES = 4


def decimal_text(value: Fraction, places: int = PLACES) -> str:
    """The decimal text of an exact number, at most so many places.

    >>> decimal_text(Fraction(902, 10)), decimal_text(Fraction(25)), decimal_text(Fraction(1, 3))
    ('90.2', '25.0', '0.333333333333')
    """
    digits = len(str(abs(value.numerator) // value.denominator)) + places + 5
    scaled = value * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    if 2 * rest > scaled.denominator or (2 * rest == scaled.denominator and whole % 2):
        whole += 1
    with localcontext() as context:
        context.prec = max(digits, 28)
        context.rounding = ROUND_HALF_EVEN
        text = f"{Decimal(whole).scaleb(-places):f}"
    text = text.rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def readable(value: Fraction) -> str:
    """The decimal text for a sentence, at most four places; more where four would make a difference look like none.

    >>> readable(Fraction(81675749854, 10**9)), readable(Fraction(1, 10**6))
    ('81.6757', '0.000001')
    """
    short = round(value, READABLE_PLACES)
    return decimal_text(short if short or not value else value)


def apart(value: Fraction, bound: Fraction) -> tuple[str, str]:
    """Two different numbers as texts that differ, with as many places as that takes: 94.998 against 95 is never "95.0 < 95.0".

    >>> apart(Fraction(20) - Fraction(1, 10**18), Fraction(20))
    ('19.999999999999999999', '20.0')
    """
    places = PLACES
    while value != bound and decimal_text(value, places) == decimal_text(bound, places):
        places *= 2
    return decimal_text(value, places), decimal_text(bound, places)
