"""Measures how the loss moves from line to line: that it does at all, and as batches of the declared size make it (check L5).

A logged loss is a mean over a batch, so it moves about its course with a standard deviation of σ ÷ √tokens. σ is not taken from
the log: it is what the weights of each checkpoint give on held-out documents, as they are drawn whole and their tokens hang
together. An edited log is too smooth, and one of smaller batches than were declared moves too much.
"""

import math
from collections.abc import Mapping

import numpy as np

from checks.contracts.submission import Training
from tasks.data_quality.findings import Findings
from tasks.data_quality.training_log import Floats, TrainingLog

CHECKS = ("loss-noise", "loss-repeats")
CHECKS_OF_SCALE = ("noise-scale",)
#: With fewer lines the spread of the loss cannot be told from its slope.
LEAST_LINES = 30
#: A quadratic fitted to seven neighbouring lines, at its middle (Savitzky and Golay 1964, table I): it follows the fall of
#: the loss, steep at first, where a running median would follow the noise as well.
_SMOOTHING = np.array([-2, 3, 6, 7, 6, 3, -2]) / 21
_EDGE = len(_SMOOTHING) // 2
#: Of independent noise this share of the standard deviation is left after subtracting the smoothed line.
_LEFT_AFTER_SMOOTHING = math.sqrt(1 - 7 / 21)
#: A robust spread times this is a standard deviation, for normal noise.
_MAD_TO_STD = 1.4826


def measure_noise(found: Findings, log: TrainingLog) -> None:
    """Two rows of suite `training_log`: the relative spread of the loss, and how often it repeats itself."""
    usable = np.isfinite(log.column("loss"))
    loss, steps = log.column("loss")[usable], log.steps[usable]
    if len(loss) < LEAST_LINES:
        found.not_applicable(*CHECKS, observed=f"{len(loss)} lines are too few to say")
        return
    repeated = np.flatnonzero(np.diff(loss) == 0) + 1
    share, examples = len(repeated) / (len(loss) - 1), [f"step {steps[place]}: {loss[place]}" for place in repeated]
    found.measured("loss-repeats", share, len(loss) - 1, bad=len(repeated), examples=examples)
    course, deviations = _about_its_course(loss)
    found.measured("loss-noise", _spread(deviations / np.maximum(np.abs(course), 1e-12)), len(loss))


def measure_noise_scale(
    found: Findings, log: TrainingLog | None, training: Training | None, sigmas: Mapping[int, float]
) -> None:
    """One row of suite `checkpoints`: the loss's spread over σ ÷ √(batch tokens × window).

    `sigmas` are step → σ in nats √tokens; between checkpoints it goes in a straight line. Lines that are means over a window
    longer than their distance share steps, so that only lines a window apart are looked at.
    """
    if training is None or training.loss_window is None:
        found.not_applicable(*CHECKS_OF_SCALE, observed="no loss_window, which is optional")
        return
    if log is None or training.batch_tokens is None:
        found.missing(*CHECKS_OF_SCALE)
        return
    usable = np.isfinite(log.column("loss"))
    interval = max(1, int(np.median(np.diff(log.steps)))) if len(log.steps) > 1 else 1
    apart = max(1, math.ceil(training.loss_window / interval))
    loss, steps = log.column("loss")[usable][::apart], log.steps[usable][::apart]
    if len(loss) < LEAST_LINES:
        found.not_applicable(*CHECKS_OF_SCALE, observed=f"{len(loss)} lines a window apart are too few to say")
        return
    _, deviations = _about_its_course(loss)
    measured = sorted(sigmas)
    at_lines = np.interp(steps[_EDGE:-_EDGE], measured, [sigmas[step] for step in measured])
    expected = at_lines / math.sqrt(training.batch_tokens * training.loss_window)
    middle = float(np.median(expected))
    observed = f"expected {middle:.2g} nats, {float(np.median(at_lines)):.3g} ÷ √{training.batch_tokens:,}"
    observed += f" ÷ √{training.loss_window}" if training.loss_window > 1 else ""
    found.measured("noise-scale", _spread(deviations / np.maximum(expected, 1e-12)), len(loss), observed=observed)


def _about_its_course(loss: Floats) -> tuple[Floats, Floats]:
    """The smoothed loss of all lines but the first and last three, and how far the loss is from it, in the noise's own size."""
    course = np.convolve(loss, _SMOOTHING, mode="valid")
    return course, (loss[_EDGE:-_EDGE] - course) / _LEFT_AFTER_SMOOTHING


def _spread(deviations: Floats) -> float:
    """A standard deviation that single leaps do not move."""
    return _MAD_TO_STD * float(np.median(np.abs(deviations)))
