"""Parts put together otherwise than by their sum: the weighted geometric mean of their shares, and Borda's count.

A part counts by its share of the node's points. Borda's count depends on ranks alone, so that no part's spread outweighs
another's; the geometric mean punishes a part near nothing, whatever the others are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from checks.rules.scaling import ROOT_DIGITS

Replicates = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One part of a node: every team's points, and the most that it can earn."""

    values: Mapping[str, Fraction | None]
    most: Fraction


def geometric(parts: Sequence[Part], team: str, most: Fraction) -> Fraction:
    """most × Π share ^ weight, to fifty digits; nothing where a share is nothing (or less, as standard scores can be)."""
    together = sum((part.most for part in parts), Fraction(0))
    with localcontext() as context:
        context.prec = ROOT_DIGITS
        exponent = Decimal(0)
        for part in parts:
            share = _value(part, team) / part.most
            if share <= 0:
                return Fraction(0)
            exponent += _decimal(part.most / together) * _decimal(share).ln()
        return most * Fraction(exponent.exp())


def beaten(parts: Sequence[Part], team: str, against: Sequence[str], most: Fraction) -> Fraction:
    """most × the weighted share of the others that the team beats in each part; everything where there is nobody else."""
    together = sum((part.most for part in parts), Fraction(0))
    others = [other for other in against if other != team]
    if not others:
        return most
    total = Fraction(0)
    for part in parts:
        own = _value(part, team)
        lower = sum(_value(part, other) < own for other in others)
        equal = sum(_value(part, other) == own for other in others)
        total += part.most / together * (lower + Fraction(equal, 2)) / len(others)
    return most * total


def resampled_geometric(parts: Sequence[tuple[Replicates, float]], most: float) -> Replicates:
    """`geometric` over arrays: one team's parts with the most that each can earn."""
    together = sum(full for _, full in parts)
    with np.errstate(divide="ignore"):
        logs = sum(full / together * np.log(np.maximum(values / full, 0.0)) for values, full in parts)
    drawn: Replicates = most * np.exp(logs)
    return drawn


def resampled_beaten(
    parts: Sequence[tuple[Mapping[str, Replicates], float]], team: str, against: Sequence[str], most: float
) -> Replicates:
    """`beaten` over arrays."""
    together = sum(full for _, full in parts)
    others = [other for other in against if other != team]
    size = len(parts[0][0][team])
    if not others:
        return np.full(size, most)
    total = np.zeros(size)
    for values, full in parts:
        own = values[team]
        won = sum((values[other] < own) + 0.5 * (values[other] == own) for other in others)
        total += full / together * won / len(others)
    return most * total


def _value(part: Part, team: str) -> Fraction:
    value = part.values[team]
    assert value is not None  # only teams that have every part are put together
    return value


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
