"""How sure a cut is: paired resampling of the items and raters that the teams share (Efron & Tibshirani 1993, ch. 6).

One draw of items and one draw of raters serve all teams, so that what is common to them cancels. Leaves without items or
raters (imported points) keep their values: their uncertainty is unknown, and the page says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.contracts.score_tree import Normalise, RankPoints, Raters, ScoreNode, SuiteMean, SuiteRelative, TopScaled
from checks.records.scores import SuiteScores
from checks.rules.inputs import UNSCALED_METRICS, RoundInputs
from checks.rules.points import Points, leaf_values
from checks.rules.scaling import population_values

Replicates = NDArray[np.float64]

RESAMPLES = 10_000
#: Any fixed number does; the decision must be the same for everyone who computes it.
SEED = 20260115
#: A task's score is resampled where it is the mean of its items to this tolerance; F1 and the like are taken as they are.
MEAN_TOLERANCE = 1e-9
#: Counts held at once: 32 MB of them.
CHUNK = 4_000_000


def bottom_probability(
    inputs: RoundInputs,
    points: Points,
    eligible: Sequence[str],
    counted: Sequence[str],
    planned: int,
    resamples: int = RESAMPLES,
) -> dict[str, float]:
    """Each counted team's probability of being among the `planned` lowest; a tie within a draw counts its share."""
    totals = resampled_totals(inputs, points, eligible, resamples)
    table = np.stack([totals[team] for team in counted])
    chances = {}
    for index, team in enumerate(counted):
        lower = (table < table[index]).sum(axis=0)
        equal = (table == table[index]).sum(axis=0)
        chances[team] = float(np.clip((planned - lower) / equal, 0.0, 1.0).mean())
    return chances


def resampled_totals(
    inputs: RoundInputs, points: Points, eligible: Sequence[str], resamples: int = RESAMPLES
) -> dict[str, Replicates]:
    """Team → its total in every resample, shape (resamples,), in points."""
    draw = np.random.default_rng(SEED)
    suites = _resampled_tasks(inputs, draw, resamples)
    teams = [team for team in inputs.active() if points.totals[team] is not None]
    totals = {team: np.zeros(resamples) for team in teams}
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
        for team in teams:
            totals[team] += weight * scaled[team]
    return totals


def _resampled_tasks(
    inputs: RoundInputs, draw: np.random.Generator, resamples: int
) -> dict[tuple[str, str], dict[str, Replicates]]:
    """(suite, task) → team → the task's score × 100 in every resample; teams share each draw of items."""
    resampled: dict[tuple[str, str], dict[str, Replicates]] = {}
    for suite_id, suite in inputs.suites.items():
        scores = {team: inputs.teams[team].fit_scores(suite_id) for team in inputs.active()}
        for task in suite.tasks:
            rows = {team: _item_values(each, task.id) for team, each in scores.items() if each is not None}
            resampled[suite_id, task.id] = _resample_rows(rows, draw, resamples)
    return resampled


def _item_values(scores: SuiteScores, task: str) -> tuple[float, dict[int, float], float]:
    """The task's score as rules see it, its items' values (repeats averaged), and the factor that makes one the other."""
    found = next((each for each in scores.tasks if each.task == task), None)
    if found is None:
        return 0.0, {}, 1.0
    grouped: dict[int, list[float]] = {}
    for item in scores.items:
        if item.task == task:
            grouped.setdefault(item.item, []).append(item.correct)
    factor = 1.0 if found.metric in UNSCALED_METRICS else 100.0
    values = {item: sum(each) / len(each) for item, each in grouped.items()}
    if values and abs(sum(values.values()) / len(values) - found.value) > MEAN_TOLERANCE:
        values = {}
    return factor * found.value, values, factor


def _resample_rows(
    rows: Mapping[str, tuple[float, dict[int, float], float]], draw: np.random.Generator, resamples: int
) -> dict[str, Replicates]:
    items = sorted({item for _, values, _ in rows.values() for item in values})
    if not items:
        return {team: np.full(resamples, score) for team, (score, _, _) in rows.items()}
    complete = [team for team, (_, values, _) in rows.items() if set(values) == set(items)]
    table = np.array([[rows[team][1][item] for item in items] for team in complete]).T
    means = np.empty((resamples, len(complete)))
    chunk = max(1, CHUNK // len(items))
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        counts = draw.multinomial(len(items), np.full(len(items), 1 / len(items)), size=size)
        means[start : start + size] = counts @ table / len(items) if complete else 0.0
    resampled = {team: np.full(resamples, score) for team, (score, _, _) in rows.items()}
    return resampled | {team: rows[team][2] * means[:, index] for index, team in enumerate(complete)}


def _leaf(
    inputs: RoundInputs,
    path: str,
    node: ScoreNode,
    suites: Mapping[tuple[str, str], Mapping[str, Replicates]],
    draw: np.random.Generator,
    resamples: int,
) -> dict[str, Replicates]:
    """The leaf's points before `then` in every resample, for the teams whose values can be resampled."""
    source, points = node.source, float(node.points)
    if isinstance(source, Raters):
        return _resampled_raters(inputs, path, source, draw, resamples)
    if not isinstance(source, SuiteMean | SuiteRelative):
        return {}
    suite = inputs.suites[source.suite]
    total = float(sum(task.weight for task in suite.tasks))
    values: dict[str, Replicates] = {}
    for team in inputs.active():
        tasks = {task.id: suites[source.suite, task.id].get(team) for task in suite.tasks}
        targets = inputs.teams[team].targets.get(source.suite, {})
        if any(replicates is None for replicates in tasks.values()):
            continue
        if isinstance(source, SuiteRelative) and any(task not in targets for task in tasks):
            continue
        parts: list[Any] = []
        for task in suite.tasks:
            score = tasks[task.id]
            if isinstance(source, SuiteRelative):
                score = np.clip(score / float(targets[task.id]), float(source.floor), float(source.cap))  # type: ignore[operator]
            parts.append(float(task.weight) * score)  # type: ignore[operator]
        mean = sum(parts) / total
        values[team] = points * mean if isinstance(source, SuiteRelative) else points * mean / float(source.scale)
    return values


def _resampled_raters(
    inputs: RoundInputs, path: str, source: Raters, draw: np.random.Generator, resamples: int
) -> dict[str, Replicates]:
    sheets = inputs.raters[path]
    raters = sorted({rater for values in sheets.values.values() for rater in values})
    drawn = draw.integers(len(raters), size=(resamples, len(raters)))
    resampled = {}
    for team in sheets.values:
        given = sheets.counted(team)
        values = np.array([float(given[rater]) if rater in given else np.nan for rater in raters])
        resampled[team] = _rated(np.sort(values[drawn], axis=1), source, float(np.nanmean(values)))
    return resampled


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
        return inputs.active()
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
        return np.where(best > 0, np.minimum(points, points * values / np.where(best > 0, best, 1)), points)
    if form.how == "minmax":
        low, spread = population.min(axis=0), population.max(axis=0) - population.min(axis=0)
        share = np.where(spread > 0, (values - low) / np.where(spread > 0, spread, 1), 1.0)
        return points * np.clip(share, 0.0, 1.0)
    deviation = population.std(axis=0)
    scored: Replicates = (values - population.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    standard: Replicates = np.where(deviation > 0, scored, 0.0)
    return standard * points
