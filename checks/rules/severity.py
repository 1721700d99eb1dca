"""Raters' severity taken out: value = team + rater, by least squares, so that a team is not marked down for who judged it.

Where every rater judged every team this is the mean. The level is fixed by severities that add up to nothing: the two-way
additive model (Scheffé 1959, chapter 4).
"""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from checks.contracts.panels import RaterSheets

Replicates = NDArray[np.float64]


def without_severity(sheets: RaterSheets) -> dict[str, Fraction]:
    """Team → its mean without its raters' severities, exactly; teams must be joined by raters in common."""
    return _additive_model(sheets)[0]


def severities(sheets: RaterSheets) -> dict[str, Fraction]:
    """Rater → how many points more (or fewer) than the panel it gives the same team; teams joined as above."""
    return _additive_model(sheets)[1]


def _additive_model(sheets: RaterSheets) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Teams' effects and raters' severities, which add up to nothing."""
    values = {
        team: {rater: Fraction(each) for rater, each in given.items()} for team, given in sheets.values.items() if given
    }
    teams = sorted(values)
    raters = sorted({rater for given in values.values() for rater in given})
    judged = {rater: [team for team in teams if rater in values[team]] for rater in raters}
    means = {rater: _mean([values[team][rater] for team in judged[rater]]) for rater in raters}
    rows = [
        [_tie(teams, judged, values, one, other) for other in teams]
        + [sum((values[one][rater] - means[rater] for rater in values[one]), Fraction(0))]
        for one in teams
    ]
    effects = dict(zip(teams, [Fraction(0), *_solved([row[1:] for row in rows[1:]])], strict=True))
    raised = {rater: means[rater] - _mean([effects[team] for team in judged[rater]]) for rater in raters}
    level = _mean(list(raised.values()))
    return (
        {team: effect + level for team, effect in effects.items()},
        {rater: each - level for rater, each in raised.items()},
    )


def _tie(
    teams: list[str],
    judged: Mapping[str, list[str]],
    values: Mapping[str, Mapping[str, Fraction]],
    one: str,
    other: str,
) -> Fraction:
    """The normal equations' coefficient of two teams once the raters are eliminated: a graph's Laplacian."""
    shared = [rater for rater in values[one] if rater in values[other]]
    tied = -sum((Fraction(1, len(judged[rater])) for rater in shared), Fraction(0))
    return tied + len(values[one]) if one == other else tied


def _solved(rows: list[list[Fraction]]) -> list[Fraction]:
    """Gauss-Jordan over rationals; the matrix is positive definite where the teams are joined."""
    for place in range(len(rows)):
        pivot = next(index for index in range(place, len(rows)) if rows[index][place] != 0)
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [each / rows[place][place] for each in rows[place]]
        for index, row in enumerate(rows):
            if index != place and row[place] != 0:
                rows[index] = [each - row[place] * own for each, own in zip(row, rows[place], strict=True)]
    return [row[-1] for row in rows]


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def resampled_without_severity(values: Replicates, times: Replicates) -> Replicates:
    """The same for draws of raters. `values` (teams, raters) with NaN where one did not judge; `times` (draws, raters).

    Returns (draws, teams). A draw that leaves teams apart gets the least-squares answer of least length for them.
    """
    judged = ~np.isnan(values)
    given = np.nan_to_num(values)
    count = judged.sum(axis=0)
    mean = given.sum(axis=0) / count
    if judged.all():
        answer: Replicates = times @ given.T / times.sum(axis=1, keepdims=True)
        return answer
    asked = judged.astype(np.float64)
    ties = np.einsum("ir,ij->rij", asked, np.eye(len(values)))
    ties -= np.einsum("ir,jr->rij", asked, asked) / count[:, None, None]
    right = np.where(judged, values - mean, 0.0).T
    system = np.tensordot(times, ties, axes=1)
    effects = np.einsum("kij,kj->ki", np.linalg.pinv(system, hermitian=True), times @ right)
    severity = mean - effects @ asked / count
    level = (times * severity).sum(axis=1) / times.sum(axis=1)
    adjusted: Replicates = effects + level[:, None]
    return adjusted
