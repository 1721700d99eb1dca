"""Points: the score tree evaluated in exact rationals over the decimals that users wrote.

points × value ÷ max, in that order and without rounding on the way, so that 94.998 is not 95.0 and no rounding moves a
team. Each leaf is read (`leaf_values`), then put on the population's scale (`checks.rules.scaling`), then summed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median

from checks.contracts.score_tree import CostEfficiency, Imported, Raters, ScoreNode, SuiteMean, SuiteRelative
from checks.records.record import Text
from checks.rules.combining import Part, beaten, geometric
from checks.rules.inputs import NotMeasured, RoundInputs, suite_mean, task_score
from checks.rules.panel_acts import adjustment_of
from checks.rules.scaling import scale
from checks.rules.severity import without_severity

Values = dict[str, Fraction | None]

_NO_TARGET = Text(
    ko="제출물에 목표 점수가 없는 과제가 있습니다.", en="The submission names no target score for a task."
)


@dataclass(frozen=True)
class Points:
    """Points by team and node path. `excluded` names leaves that nobody is scored on, `missing` why a team lacks one."""

    nodes: Mapping[str, Mapping[str, Fraction | None]]
    totals: Mapping[str, Fraction | None]
    weights: Mapping[str, Fraction]
    excluded: Sequence[str]
    missing: Mapping[str, Mapping[str, Text]]


def evaluate(inputs: RoundInputs, eligible: Sequence[str] | None) -> Points:
    """Every node's points for every team that has not withdrawn.

    `eligible` are the teams that no gate put out; with None, leaves over that population stay open (None), which is all that
    gates need. Raises NotMeasured where a leaf with `missing: error` was never measured; a team whose own submission
    was at fault has None there instead, and with it no total.
    """
    tree = inputs.round.score
    raw = {path: leaf_values(inputs, path, node) for path, node in tree.leaves()}
    missing = _missing(inputs, raw)
    excluded = [
        path
        for path, node in tree.leaves()
        if node.source is not None
        and node.source.missing == "exclude_for_all"
        and any(raw[path].get(team) is None for team in inputs.active())
    ]
    weights = _weights(inputs, raw, excluded)
    scaled: dict[str, Values] = {}
    for path, node in tree.leaves():
        assert node.source is not None
        values = raw[path]
        if node.source.missing == "zero":
            values = {team: Fraction(0) if values.get(team) is None else values[team] for team in values}
        if path not in excluded:
            scaled[path] = scale(inputs, path, node, values, eligible)
    nodes, root = _sum_up(inputs, scaled, weights, eligible), tree.id if tree.source is not None else ""
    return Points(
        nodes={team: {path: value for path, value in values.items() if path} for team, values in nodes.items()},
        totals={team: _total(inputs, team, values[root]) for team, values in nodes.items()},
        weights=weights,
        excluded=excluded,
        missing=missing,
    )


def _total(inputs: RoundInputs, team: str, earned: Fraction | None) -> Fraction | None:
    """What the tree gives, bonuses and penalties, and what a what-if supposes on top."""
    return None if earned is None else earned + on_top(inputs, team)


def on_top(inputs: RoundInputs, team: str) -> Fraction:
    """The points that a team has or lacks beside the tree's."""
    return adjustment_of(inputs.acts.adjustments, inputs.round.adjustments, team) + inputs.supposed_points.get(
        team, Fraction(0)
    )


def leaf_values(inputs: RoundInputs, path: str, node: ScoreNode) -> Values:
    """The leaf's points for every team of the round (withdrawn ones too, where there are data), before `then`."""
    source = node.source
    points = Fraction(node.points)
    teams = [team.id for team in inputs.round.teams]
    if isinstance(source, Imported):
        table = inputs.imported[path]
        most = Fraction(source.max)
        return {team: points * Fraction(table[team]) / most if team in table else None for team in teams}
    if isinstance(source, CostEfficiency):
        return {team: _for_its_cost(inputs, path, team, source, points) for team in teams}
    if isinstance(source, Raters) and source.how == "severity_adjusted":
        adjusted = without_severity(inputs.raters[path])
        return {team: min(max(adjusted[team], Fraction(0)), points) if team in adjusted else None for team in teams}
    if isinstance(source, Raters):
        sheets = inputs.raters[path]
        return {team: rated(list(sheets.counted(team).values()), source) for team in teams}
    if isinstance(source, SuiteMean):
        return {team: _absolute(inputs, team, source, points) for team in teams}
    assert isinstance(source, SuiteRelative)
    return {team: _relative(inputs, team, source, points) for team in teams}


def _for_its_cost(
    inputs: RoundInputs, path: str, team: str, source: CostEfficiency, points: Fraction
) -> Fraction | None:
    if team not in inputs.costs[path]:
        return None
    quality, cost = map(Fraction, inputs.costs[path][team])
    return points * min(Fraction(1), quality / (cost * Fraction(source.full)))


def rated(values: Sequence[Decimal], source: Raters) -> Fraction | None:
    """A team's raters put together: mean, median, or the mean without the highest and lowest; None without raters."""
    exact = sorted(Fraction(value) for value in values)
    if not exact:
        return None
    if source.how == "median":
        return Fraction(median(exact))
    kept = exact[source.drop_min or 0 : len(exact) - (source.drop_max or 0)]
    return sum(kept, Fraction(0)) / len(kept) if kept else None


def _absolute(inputs: RoundInputs, team: str, source: SuiteMean, points: Fraction) -> Fraction | None:
    scores = inputs.teams[team].fit_scores(source.suite)
    mean = None if scores is None else suite_mean(scores, inputs.suites[source.suite])
    return None if mean is None else points * mean / Fraction(source.scale)


def _relative(inputs: RoundInputs, team: str, source: SuiteRelative, points: Fraction) -> Fraction | None:
    measured = inputs.teams[team]
    scores, targets = measured.fit_scores(source.suite), measured.targets.get(source.suite, {})
    if scores is None:
        return None
    found = {task.task: task_score(task.metric, task.value) for task in scores.tasks}
    suite = inputs.suites[source.suite]
    total, weights = Fraction(0), Fraction(0)
    for task in suite.tasks:
        if task.id not in found or task.id not in targets:
            return None
        share = found[task.id] / Fraction(targets[task.id])
        weight = Fraction(task.weight)
        total += weight * min(max(share, Fraction(source.floor)), Fraction(source.cap))
        weights += weight
    return points * total / weights


def _missing(inputs: RoundInputs, raw: Mapping[str, Values]) -> dict[str, dict[str, Text]]:
    """Which teams lack which leaf, through a fault of their own or because their results are not checked yet, and why.

    Raises NotMeasured for what was never measured.
    """
    absent: dict[str, dict[str, Text]] = {}
    for path, node in inputs.round.score.leaves():
        assert node.source is not None
        if node.source.missing != "error":
            continue
        for team in inputs.active():
            if raw[path].get(team) is not None:
                continue
            why = _why_absent(inputs, team, node)
            if why is None:
                raise NotMeasured(team, path)
            absent.setdefault(team, {})[path] = why
    return absent


def _why_absent(inputs: RoundInputs, team: str, node: ScoreNode) -> Text | None:
    """Why the team's results of the leaf's suite enter no total; None where they were never measured."""
    measured = inputs.teams[team]
    if "benchmark" in measured.faults:
        return Text(ko=measured.faults["benchmark"], en=measured.faults["benchmark"])
    unfit = measured.unfit(node.source.suite) if isinstance(node.source, SuiteMean | SuiteRelative) else None
    return _NO_TARGET if unfit is None and _lacks_target(inputs, team, node) else unfit


def _lacks_target(inputs: RoundInputs, team: str, node: ScoreNode) -> bool:
    source = node.source
    if not isinstance(source, SuiteRelative) or source.suite not in inputs.teams[team].suites:
        return False
    targets = inputs.teams[team].targets.get(source.suite, {})
    return any(task.id not in targets for task in inputs.suites[source.suite].tasks)


def _weights(inputs: RoundInputs, raw: Mapping[str, Values], excluded: Sequence[str]) -> dict[str, Fraction]:
    """Every node's factor: 1, more where an excluded sibling's points are spread over it, 0 where nothing is left of it.

    Raises NotMeasured where every leaf is excluded: nothing is left to rank by.
    """
    tree = inputs.round.score
    weights: dict[str, Fraction] = {}

    def counts(path: str, node: ScoreNode) -> bool:
        if node.source is not None:
            return path not in excluded
        return any(counts(each, part) for each, part in parts_of(path, node))

    def spread(path: str, node: ScoreNode, factor: Fraction) -> None:
        weights[path] = factor
        kept = sum((Fraction(part.points) for each, part in parts_of(path, node) if counts(each, part)), Fraction(0))
        for each, part in parts_of(path, node):
            spread(each, part, factor * Fraction(node.points) / kept if counts(each, part) else Fraction(0))

    root = tree.id if tree.source is not None else ""
    if not counts(root, tree):
        leaf = excluded[0]
        raise NotMeasured(next(team for team in inputs.active() if raw[leaf].get(team) is None), leaf)
    spread(root, tree, Fraction(1))
    return weights


def parts_of(path: str, node: ScoreNode) -> list[tuple[str, ScoreNode]]:
    """A node's parts with their paths."""
    return [(f"{path}.{part.id}" if path else part.id, part) for part in node.parts]


def _sum_up(
    inputs: RoundInputs,
    leaves: Mapping[str, Values],
    weights: Mapping[str, Fraction],
    eligible: Sequence[str] | None,
) -> dict[str, Values]:
    """Team → every node's points; "" is the whole tree. None where a part is open, missing or excluded."""
    tree, teams = inputs.round.score, inputs.active()
    values: dict[str, Values] = {team: {} for team in teams}

    def fill(path: str, node: ScoreNode) -> None:
        counted = [(each, part) for each, part in parts_of(path, node) if weights[each] != 0]
        for each, part in parts_of(path, node):
            fill(each, part)
        if node.source is not None:
            earned = {team: leaves.get(path, {}).get(team) for team in teams}
            own = {
                team: None if each is None or weights[path] == 0 else weights[path] * each
                for team, each in earned.items()
            }
        else:
            known = {team: [values[team][each] for each, _ in counted] for team in teams}
            parts = [
                Part({team: values[team][each] for team in teams}, Fraction(part.points) * weights[each])
                for each, part in counted
            ]
            own = _put_together(node, parts, known, Fraction(node.points) * weights[path], eligible)
        for team in teams:
            values[team][path] = own[team]

    fill(tree.id if tree.source is not None else "", tree)
    return values


def _put_together(
    node: ScoreNode,
    parts: Sequence[Part],
    known: Mapping[str, Sequence[Fraction | None]],
    most: Fraction,
    eligible: Sequence[str] | None,
) -> Values:
    """A node's points from those of its parts, for every team that has all of them."""
    whole = {team: each for team, each in known.items() if each and None not in each}
    absent: Values = dict.fromkeys(known)
    if node.combine is None:
        return absent | {
            team: sum((one for one in each if one is not None), Fraction(0)) for team, each in whole.items()
        }
    if node.combine.how == "geometric":
        return absent | {team: geometric(parts, team, most) for team in whole}
    against = list(known) if node.combine.population == "all" else eligible
    if against is None:
        return absent
    return absent | {team: beaten(parts, team, [other for other in against if other in whole], most) for team in whole}
