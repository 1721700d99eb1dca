"""What `then` does to a leaf's values: top_scaled, rank_points and normalise, over the population that the file says."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from checks.contracts.score_tree import FrozenPopulation, Normalise, RankPoints, ScoreNode, TopScaled
from checks.rules.inputs import RoundInputs

#: A standard deviation is the one irrational number of the rules; fifty digits decide every tie that paper could.
ROOT_DIGITS = 50


def scale(
    inputs: RoundInputs,
    path: str,
    node: ScoreNode,
    values: Mapping[str, Fraction | None],
    eligible: Sequence[str] | None,
) -> dict[str, Fraction | None]:
    """The leaf's points after `then`; None for every team where the population is not known yet (`eligible` is None)."""
    then = node.source.then if node.source is not None else None
    if then is None:
        return dict(values)
    population = population_values(inputs, path, node, values, eligible)
    if population is None:
        return dict.fromkeys(values)
    points = Fraction(node.points)
    form = then.top_scaled or then.rank_points or then.normalise
    assert form is not None
    return {team: None if value is None else _scaled(form, value, population, points) for team, value in values.items()}


def population_values(
    inputs: RoundInputs,
    path: str,
    node: ScoreNode,
    values: Mapping[str, Fraction | None],
    eligible: Sequence[str] | None,
) -> list[Fraction] | None:
    """The values of the population; None while it is open. A roster's own `value` is in the leaf's points."""
    assert node.source is not None and node.source.then is not None
    population = node.source.then.population
    if isinstance(population, FrozenPopulation):
        roster = inputs.rosters[path]
        frozen = (values.get(team) if given is None else Fraction(given) for team, given in roster.items())
        return [value for value in frozen if value is not None]
    teams = inputs.everybody() if population == "all" else eligible
    if teams is None:
        return None
    return [value for team in teams if (value := values.get(team)) is not None]


def _scaled(
    form: TopScaled | RankPoints | Normalise, value: Fraction, population: Sequence[Fraction], points: Fraction
) -> Fraction:
    if isinstance(form, RankPoints):
        rank = sum(other > value for other in population)
        return Fraction(form.table[min(rank, len(form.table) - 1)])
    if not population:
        return Fraction(0)
    if isinstance(form, TopScaled):
        best = max(population)
        if best > 0:
            return min(points, points * value / best)
        return points if value > best else Fraction(0)
    if form.how == "minmax":
        low, high = min(population), max(population)
        share = (value - low) / (high - low) if high > low else Fraction(1)
        return points * min(max(share, Fraction(0)), Fraction(1))
    return points * _standard_score(value, population)


def _standard_score(value: Fraction, population: Sequence[Fraction]) -> Fraction:
    mean = sum(population, Fraction(0)) / len(population)
    variance = sum(((other - mean) ** 2 for other in population), Fraction(0)) / len(population)
    if variance == 0:
        return Fraction(0)
    with localcontext() as context:
        context.prec = ROOT_DIGITS
        deviation = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
    return (value - mean) / Fraction(deviation)
