"""What a moving baseline comes to: the best of the models released in its window, as a suite's mean, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from checks.contracts.baselines import BaselineModel
from checks.contracts.score_tree import MovingBaseline
from checks.contracts.suite import Suite


@dataclass(frozen=True)
class Baseline:
    """The score to be held against, and the models that set it."""

    score: Fraction
    models: Sequence[str]


def baseline_of(models: Sequence[BaselineModel], rule: MovingBaseline, suite: Suite) -> Baseline | None:
    """The baseline of the suite; None where no model was released in the window."""
    first, last = rule.window()
    counted = [each for each in models if first <= each.released_on <= last]
    if not counted:
        return None
    weights = {task.id: Fraction(task.weight) for task in suite.tasks}
    together = sum(weights.values(), Fraction(0))
    if rule.take == "best_of_each_task":
        best = {task: max(Fraction(each.scores[task]) for each in counted) for task in weights}
        setting = [each.model for each in counted if any(Fraction(each.scores[task]) == best[task] for task in weights)]
        return Baseline(sum((weights[task] * best[task] for task in weights), Fraction(0)) / together, setting)
    means = {
        each.model: sum((weights[task] * Fraction(each.scores[task]) for task in weights), Fraction(0)) / together
        for each in counted
    }
    score = max(means.values())
    return Baseline(score, [model for model, mean in means.items() if mean == score])
