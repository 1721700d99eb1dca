"""Totals in every resample: the score tree evaluated over draws of items, raters and given errors that all teams share.

One draw of items and one draw of raters serve all teams, so that what is common to them cancels (Efron and Tibshirani 1993,
chapter 6). Leaves without items, raters or a given error (imported points) keep their values: their uncertainty is unknown,
and `unknown_leaves` says which they are.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from checks.contracts.panels import RaterSheets
from checks.contracts.score_tree import (
    CostEfficiency,
    Imported,
    IrtImport,
    Normalise,
    RankPoints,
    Raters,
    ScoreNode,
    SuiteAgainstBaseline,
    SuiteMean,
    SuiteRelative,
    TopScaled,
)
from checks.rules.baselines import baseline_of
from checks.rules.combining import resampled_beaten, resampled_geometric
from checks.rules.drawing import Replicates, new_draw, resampled_scores
from checks.rules.inputs import RoundInputs
from checks.rules.item_tables import item_table, values_by_task
from checks.rules.points import MEASURED, Points, leaf_values, on_top, parts_of
from checks.rules.scaling import population_values
from checks.rules.severity import resampled_without_severity

RESAMPLES = 10_000
#: Any fixed number does; the decision must be the same for everyone who computes it.
SEED = 20260115

TaskScores = Mapping[tuple[str, str], Mapping[str, Replicates]]


def resampled_totals(
    inputs: RoundInputs, points: Points, eligible: Sequence[str], resamples: int = RESAMPLES
) -> dict[str, Replicates]:
    """Team → its total in every resample, shape (resamples,), in points."""
    suites, draw = _tasks_once(inputs, resamples), new_draw(SEED + 1)
    teams = [team for team in inputs.active() if points.totals[team] is not None]
    earned: dict[str, dict[str, Replicates]] = {}
    for path, node in inputs.round.score.leaves():
        weight = float(points.weights[path])
        if weight == 0:
            continue
        exact = leaf_values(inputs, path, node)
        values = _leaf(inputs, path, node, suites, draw, resamples)
        absent_is_zero = node.source is not None and node.source.missing == "zero"
        for team, value in exact.items():
            if value is not None or absent_is_zero:
                values.setdefault(team, np.full(resamples, float(value or 0)))
        scaled = _scaled(inputs, path, node, values, eligible)
        earned[path] = {team: weight * scaled[team] for team in teams}
    tree = inputs.round.score
    totals = _put_together(tree.id if tree.source is not None else "", tree, earned, points, teams, eligible)
    return {team: totals[team] + float(on_top(inputs, team)) for team in teams}


def _put_together(
    path: str,
    node: ScoreNode,
    earned: Mapping[str, dict[str, Replicates]],
    points: Points,
    teams: Sequence[str],
    eligible: Sequence[str],
) -> dict[str, Replicates]:
    """A node's points in every resample, by its parts' sum, geometric mean or Borda count."""
    if node.source is not None:
        return earned[path]
    counted = [(each, part) for each, part in parts_of(path, node) if points.weights[each]]
    values = [_put_together(each, part, earned, points, teams, eligible) for each, part in counted]
    if node.combine is None:
        return {team: np.sum([each[team] for each in values], axis=0) for team in teams}
    full = [float(Fraction(part.points) * points.weights[each]) for each, part in counted]
    most = float(Fraction(node.points) * points.weights[path])
    if node.combine.how == "geometric":
        return {
            team: resampled_geometric([(each[team], top) for each, top in zip(values, full, strict=True)], most)
            for team in teams
        }
    against = [team for team in teams if node.combine.population == "all" or team in eligible]
    return {team: resampled_beaten(list(zip(values, full, strict=True)), team, against, most) for team in teams}


def unknown_leaves(inputs: RoundInputs, points: Points) -> list[str]:
    """The leaves whose points are taken as they are because nothing says how they vary."""
    return [
        path
        for path, node in inputs.round.score.leaves()
        if points.weights[path] and isinstance(node.source, Imported | CostEfficiency) and not inputs.errors.get(path)
    ]


def _tasks_once(inputs: RoundInputs, resamples: int) -> TaskScores:
    """The resampled tasks, drawn once for all rules that are tried on the same measurements: a what-if tries dozens."""
    measured, asked = (inputs.suites, inputs.teams, inputs.groups), (inputs.active(), resamples)
    for known, as_asked, scores in inputs.drawn:
        if as_asked == asked and all(one is other for one, other in zip(known, measured, strict=True)):
            found: TaskScores = scores
            return found
    drawn = _resampled_tasks(inputs, new_draw(SEED), resamples)
    inputs.drawn.append((measured, asked, drawn))
    return drawn


def _resampled_tasks(inputs: RoundInputs, draw: np.random.Generator, resamples: int) -> TaskScores:
    """(suite, task) → team → the task's score in every resample; teams share each draw of items."""
    resampled: dict[tuple[str, str], dict[str, Replicates]] = {}
    for suite_id, suite in inputs.suites.items():
        measured = {team: inputs.teams[team].fit_scores(suite_id) for team in sorted(inputs.active())}
        scores = {team: each for team, each in measured.items() if each is not None}
        values = {team: values_by_task(each.items) for team, each in scores.items()}
        for task in suite.tasks:
            groups = inputs.groups.get(suite_id, {}).get(task.id, {})
            table = item_table(scores, values, task.id, groups)
            resampled[suite_id, task.id] = resampled_scores(table, draw, resamples)
    return resampled


def _leaf(
    inputs: RoundInputs,
    path: str,
    node: ScoreNode,
    suites: TaskScores,
    draw: np.random.Generator,
    resamples: int,
) -> dict[str, Replicates]:
    """The leaf's points before `then` in every resample, for the teams whose values vary in a known way."""
    source = node.source
    if isinstance(source, Raters):
        return _resampled_raters(inputs, path, source, draw, resamples)
    if isinstance(source, Imported | IrtImport):
        return _with_given_errors(inputs, path, node, source, draw, resamples)
    if not isinstance(source, MEASURED):
        return {}
    return _suite_points(inputs, path, float(node.points), source, suites)


def _with_given_errors(
    inputs: RoundInputs,
    path: str,
    node: ScoreNode,
    source: Imported | IrtImport,
    draw: np.random.Generator,
    resamples: int,
) -> dict[str, Replicates]:
    """Imported values with normal errors of the given size, each team's its own: what they share is not known."""
    points, table = float(node.points), inputs.imported[path]
    low, high = (0.0, float(source.max)) if isinstance(source, Imported) else (float(source.low), float(source.high))
    drawn = {
        team: points * (float(table[team]) - low + float(error) * draw.standard_normal(resamples)) / (high - low)
        for team, error in sorted(inputs.errors.get(path, {}).items())
        if team in inputs.active()
    }
    if isinstance(source, IrtImport):
        return {team: np.clip(values, 0.0, points) for team, values in drawn.items()}
    return drawn


def _suite_points(
    inputs: RoundInputs,
    path: str,
    points: float,
    source: SuiteMean | SuiteRelative | SuiteAgainstBaseline,
    suites: TaskScores,
) -> dict[str, Replicates]:
    suite = inputs.suites[source.suite]
    shares = [float(task.weight) for task in suite.tasks]
    values: dict[str, Replicates] = {}
    for team in inputs.active():
        scores = [suites[source.suite, task.id].get(team) for task in suite.tasks]
        more = float(inputs.supposed_score(team, source.suite))
        drawn = [each + more for each in scores if each is not None]
        if len(drawn) < len(scores):
            continue
        most = points / float(source.scale) if isinstance(source, SuiteMean) else points
        if isinstance(source, SuiteRelative):
            targets = inputs.teams[team].targets.get(source.suite, {})
            if any(task.id not in targets for task in suite.tasks):
                continue
            against = [float(targets[task.id]) for task in suite.tasks]
            bounds = float(source.floor), float(source.cap)
            drawn = [np.clip(score / target, *bounds) for score, target in zip(drawn, against, strict=True)]
        mean = np.sum([share * score for share, score in zip(shares, drawn, strict=True)], axis=0) / sum(shares)
        if isinstance(source, SuiteAgainstBaseline):
            baseline = baseline_of(inputs.baselines[f"score.{path}"], source.baseline, suite)
            if baseline is None or not baseline.score:
                continue
            mean = np.clip(mean / float(baseline.score), float(source.floor), float(source.cap))
        values[team] = most * mean
    return values


def _resampled_raters(
    inputs: RoundInputs, path: str, source: Raters, draw: np.random.Generator, resamples: int
) -> dict[str, Replicates]:
    sheets = inputs.raters[path]
    raters = sorted({rater for values in sheets.values.values() for rater in values})
    if source.missing == "mean_of_rest":
        raters = sorted({*raters, *(rater for recused in sheets.recused.values() for rater in recused)})
    drawn = draw.integers(len(raters), size=(resamples, len(raters)))
    if source.how == "severity_adjusted":
        return _adjusted(sheets, raters, drawn, float(dict(inputs.round.score.leaves())[path].points))
    resampled = {}
    for team in sheets.values:
        given = sheets.counted(team)
        values = np.array([float(given[rater]) if rater in given else np.nan for rater in raters])
        if source.missing == "mean_of_rest" and given:
            values = np.where(np.isnan(values), np.nanmean(values), values)
        resampled[team] = _rated(np.sort(values[drawn], axis=1), source, float(np.nanmean(values)))
    return resampled


def _adjusted(
    sheets: RaterSheets, raters: Sequence[str], drawn: NDArray[np.int64], points: float
) -> dict[str, Replicates]:
    teams = sorted(team for team, given in sheets.values.items() if given)
    values = np.array([[float(sheets.values[team].get(rater, "nan")) for rater in raters] for team in teams])
    times = np.stack([(drawn == index).sum(axis=1) for index in range(len(raters))], axis=1).astype(np.float64)
    adjusted = np.clip(resampled_without_severity(values, times), 0.0, points)
    return {team: adjusted[:, index] for index, team in enumerate(teams)}


def _rated(values: Replicates, source: Raters, otherwise: float) -> Replicates:
    """Mean, median or trimmed mean of each row (sorted, NaN last); `otherwise` where a row has too few values to trim."""
    present = (~np.isnan(values)).sum(axis=1)
    if source.how == "median":
        return np.where(present > 0, np.nanmedian(np.where(present[:, None] > 0, values, otherwise), axis=1), otherwise)
    first, last = source.drop_min or 0, present - (source.drop_max or 0)
    column = np.arange(values.shape[1])
    kept = (column >= first) & (column < last[:, None])
    count = kept.sum(axis=1)
    total = np.where(kept, np.nan_to_num(values), 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)


def _scaled(
    inputs: RoundInputs, path: str, node: ScoreNode, values: dict[str, Replicates], eligible: Sequence[str]
) -> dict[str, Replicates]:
    """`checks.rules.scaling` over arrays: the same forms, a second time, which the tests hold equal to the exact ones."""
    then = node.source.then if node.source is not None else None
    if then is None:
        return values
    names = population_names(inputs, path, node, eligible)
    frozen = population_values(inputs, path, node, {}, eligible) or []
    columns = [values[team] for team in names if team in values]
    size = len(next(iter(values.values())))
    form = then.top_scaled or then.rank_points or then.normalise
    assert form is not None
    rows = [*columns, *(np.full(size, float(value)) for value in frozen)]
    if not rows:
        best = float(form.table[0]) if isinstance(form, RankPoints) else 0.0
        return {team: np.full(size, best) for team in values}
    population = np.stack(rows)
    return {team: _scaled_values(form, each, population, float(node.points)) for team, each in values.items()}


def population_names(inputs: RoundInputs, path: str, node: ScoreNode, eligible: Sequence[str]) -> list[str]:
    """The teams of the population whose values are measured; a roster's own values are no teams' values."""
    assert node.source is not None and node.source.then is not None
    population = node.source.then.population
    if population == "all":
        return inputs.everybody()
    if population == "eligible":
        return list(eligible)
    return [team for team, value in inputs.rosters[path].items() if value is None]


def _scaled_values(
    form: TopScaled | RankPoints | Normalise, values: Replicates, population: Replicates, points: float
) -> Replicates:
    if isinstance(form, RankPoints):
        table = np.array([float(each) for each in form.table])
        rank = (population > values).sum(axis=0)
        earned: Replicates = table[np.minimum(rank, len(table) - 1)]
        return earned
    if isinstance(form, TopScaled):
        best = population.max(axis=0)
        shared = np.minimum(points, points * values / np.where(best > 0, best, 1))
        return np.where(best > 0, shared, np.where(values > best, points, 0.0))
    if form.how == "minmax":
        low, spread = population.min(axis=0), population.max(axis=0) - population.min(axis=0)
        share = np.where(spread > 0, (values - low) / np.where(spread > 0, spread, 1), 1.0)
        return points * np.clip(share, 0.0, 1.0)
    deviation = population.std(axis=0)
    scored: Replicates = (values - population.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    standard: Replicates = np.where(deviation > 0, scored, 0.0)
    return standard * points
