"""How numbers are written: points to two places, p-values as powers of ten, shares in per cent; the exact value is in the CSV.

>>> points_text("90.2"), p_text(None, -40.0), share_text(0.128)
('90.20', '10<sup>−40</sup>', '12.8 %')
"""

from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil

from dashboard.html_table import HtmlNumber, Number

#: Below this a p-value is printed as a power of ten, rounded up so that it never looks smaller than it is.
SMALLEST_PLAIN_P = 0.0001
MINUS = "−"


def points_text(points: str | None) -> str:
    """Points to two places, half-even, for the eye; a dash where there are none."""
    if points is None:
        return "–"
    return str(Decimal(points).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def signed_text(points: Decimal) -> str:
    """A difference in points with its sign."""
    return f"{points.quantize(Decimal('0.01'), ROUND_HALF_EVEN):+}"


def share_text(share: float) -> str:
    """A share in [0, 1] as per cent."""
    return f"{100 * share:.1f} %"


def p_text(p_value: float | None, log10_p: float | None) -> Number:
    """A p-value: plain, or its power of ten where it is small; a dash where there is none."""
    if log10_p is not None and (p_value is None or p_value < SMALLEST_PLAIN_P):
        return HtmlNumber(f"10<sup>{str(ceil(log10_p)).replace('-', MINUS)}</sup>")
    return Number(f"{p_value:.2g}" if p_value is not None else "–")


def count_text(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"
