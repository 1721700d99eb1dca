"""Measures how a log's loss and learning rate go against what was declared (checks L3, L5).

The plateau is where a model knows how often each token is and nothing else. A borrowed body passes it sooner than a run from
scratch, so tokens to it are held against a small run of the team's own.
"""

import math

import numpy as np
import numpy.typing as npt

from checks.contracts.submission import Schedule, Training
from tasks.data_quality.findings import Findings
from tasks.data_quality.token_entropy import Entropy
from tasks.data_quality.training_log import Floats, TrainingLog

CHECKS = ("plateau-tokens", "schedule", "loss-lag")
#: The second level at which two runs are compared: so much above the higher of their final losses, in nats …
ABOVE_FINAL = 2.0
#: … or this share of the small run's fall, where that is less.
SHARE_OF_FALL = 0.5
#: Lines of the log's second half with which a correlation of -0.5 is five standard errors from zero.
LEAST_LINES = 100
_MOST_EXAMPLES = 20


def measure_curve(
    found: Findings, log: TrainingLog, training: Training | None, entropy: Entropy, small: TrainingLog | None
) -> None:
    """Three rows of suite `training_log`; `small` is the log of the team's small run."""
    _plateau_tokens(found, log, entropy, small)
    _schedule(found, log, training.schedule if training is not None else None)
    _lag(found, log, training)


def learning_rate(schedule: Schedule, steps: npt.NDArray[np.int64]) -> Floats:
    """The declared rate of each of these steps.

    >>> learning_rate(Schedule(peak=1, warm_up_steps=2, shape="linear", last_step=12), np.array([1, 2, 7, 12]))
    array([0.5, 1. , 0.5, 0. ])
    """
    at = steps.astype(np.float64)
    rise = np.minimum(1.0, at / schedule.warm_up_steps) if schedule.warm_up_steps else np.ones_like(at)
    first, last_share = schedule.first_step_of_fall, float(schedule.last_share)
    fall = np.ones_like(at)
    if schedule.shape == "inverse_sqrt":
        fall = np.sqrt(max(first, 1) / np.maximum(at, max(first, 1)))
    elif schedule.last_step is not None and schedule.shape != "constant":
        done = np.clip((at - first) / (schedule.last_step - first), 0.0, 1.0)
        left = 1 - done if schedule.shape == "linear" else (1 + np.cos(math.pi * done)) / 2
        fall = last_share + (1 - last_share) * left
    rates: Floats = float(schedule.peak) * rise * fall
    return rates


def _schedule(found: Findings, log: TrainingLog, schedule: Schedule | None) -> None:
    rates, steps = log.column("learning_rate"), log.steps
    logged = np.isfinite(rates)
    if schedule is None:
        found.not_applicable("schedule", observed="no schedule, which is optional")
        return
    if not logged.any():
        found.missing("schedule")
        return
    apart = np.abs(rates - learning_rate(schedule, steps))[logged] / float(schedule.peak)
    order = np.argsort(-apart, kind="stable")[:_MOST_EXAMPLES]
    examples = [f"step {steps[logged][i]}: {rates[logged][i]:g}" for i in order if apart[i] > 0]
    found.measured("schedule", float(apart.max()), int(logged.sum()), examples=examples)


def _lag(found: Findings, log: TrainingLog, training: Training | None) -> None:
    """Of means over a window the steps from line to line are anticorrelated, -0.5, with those one window later.

    For independent batches; what goes on over longer times weakens it. Only the second half of the log is looked at, where
    the loss falls slowly.
    """
    if training is None or training.loss_window is None:
        found.not_applicable("loss-lag", observed="no loss_window, which is optional")
        return
    steps, loss = log.steps, log.column("loss")
    usable = np.isfinite(loss)
    steps, loss = steps[usable][len(steps) // 2 :], loss[usable][len(loss) // 2 :]
    if len(loss) < LEAST_LINES:
        found.not_applicable("loss-lag", observed=f"{len(loss)} lines of the second half are too few to say")
        return
    interval = max(1, int(np.median(np.diff(steps))))
    lag = max(1, round(training.loss_window / interval))
    moves = np.diff(loss) - np.diff(loss).mean()
    variance = float((moves**2).sum())
    value = float((moves[lag:] * moves[:-lag]).sum()) / variance if variance > 0 and len(moves) > lag else 0.0
    found.measured("loss-lag", value, len(loss), observed=f"lines {lag} apart")


def _plateau_tokens(found: Findings, log: TrainingLog, entropy: Entropy, small: TrainingLog | None) -> None:
    if small is None:
        found.not_applicable("plateau-tokens", observed="no small run, which is optional")
        return
    own, theirs = (each.column("loss")[np.isfinite(each.column("loss"))] for each in (log, small))
    if not len(own) or not len(theirs):
        found.missing("plateau-tokens", observed="one of the two runs has no loss")
        return
    above = min(ABOVE_FINAL, SHARE_OF_FALL * float(theirs[0] - theirs[-1]))
    levels = {"above the final loss": float(max(own[-1], theirs[-1])) + above}
    if entropy.value is not None:
        levels["the entropy of single tokens"] = entropy.value
    ratios = {}
    for name, level in levels.items():
        mine, other = _tokens_to(log, level), _tokens_to(small, level)
        if mine and other and level < theirs[0]:
            ratios[f"{name}, {level:.3f}: {mine:,} tokens, in the small run {other:,}"] = mine / other
    if not ratios:
        found.missing("plateau-tokens", observed="one of the two runs never gets so far")
        return
    least = min(ratios, key=lambda name: ratios[name])
    found.measured("plateau-tokens", ratios[least], len(log.steps), observed=f"to {least}")


def _tokens_to(log: TrainingLog, level: float) -> int | None:
    """Tokens read when a logged loss is below the level for the first time, None where it never is."""
    below = np.flatnonzero(log.column("loss") < level)
    return int(log.tokens[below[0]]) if len(below) else None
