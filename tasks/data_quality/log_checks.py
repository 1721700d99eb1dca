"""Measures a training log: steps and tokens, first loss, compute, noise, hash chain (checks L1, L2, L4, L5, L6)."""

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np

from checks.contracts.submission import Accelerators, Training
from checks.records.quality import Measurement
from tasks.data_quality import anchors
from tasks.data_quality import loss_curve as curve
from tasks.data_quality import loss_noise as noise
from tasks.data_quality.compute import ModelShape, utilisation
from tasks.data_quality.findings import Findings
from tasks.data_quality.inventory import Inventory
from tasks.data_quality.token_entropy import Entropy
from tasks.data_quality.training_log import TrainingLog

CHECKS = (
    "lines-readable",
    "steps-increase",
    "no-gaps",
    "tokens-follow-steps",
    "token-total",
    "losses-finite",
    "learning-rates-valid",
    "gradient-norms-valid",
    "times-increase",
    "first-loss",
    *noise.CHECKS,
    "entropy-plateau",
    *curve.CHECKS,
    *anchors.CHECKS,
    "hash-chain",
)
#: Later than this the loss has already fallen, and ln V says nothing (check L2).
LAST_FIRST_STEP = 10


def measure_log(
    log: TrainingLog,
    training: Training | None,
    inventory: Inventory | None,
    shape: ModelShape,
    checkpoints: Sequence[int],
    entropy: Entropy,
    small: TrainingLog | None = None,
    anchored: "list[anchors.Anchor] | None" = None,
) -> list[Measurement]:
    """Suite `training_log`; `checkpoints` are the steps whose weights were handed in, `small` the log of a small run."""
    found = Findings("training_log")
    found.counted("lines-readable", log.lines, log.broken_lines)
    _steps(found, log, checkpoints, training)
    _tokens(found, log, training, inventory)
    _series(found, log)
    _first_loss(found, log, shape, training)
    _compute(found, log, training, shape)
    noise.measure_noise(found, log)
    _plateau(found, log, entropy)
    curve.measure_curve(found, log, training, entropy, small)
    anchors.measure_anchors(found, log, anchored)
    if log.chained:
        found.counted("hash-chain", log.lines, log.broken_links)
    else:
        found.not_applicable("hash-chain", observed="no line holds prev_sha256, which is optional")
    return found.rows


def missing_log(training: Training | None) -> list[Measurement]:
    """The measurements of a log that was not handed in."""
    found = Findings("training_log")
    found.missing(*CHECKS)
    if training is not None and training.accelerators is not None:
        found.missing("compute", "allocation")
    else:
        found.not_applicable("compute", "allocation", observed="no accelerators are declared")
    return found.rows


def _steps(found: Findings, log: TrainingLog, checkpoints: Sequence[int], training: Training | None) -> None:
    """A declared restart may go back by as much as lies between two checkpoints."""
    steps, restarts = log.steps, training.restarts if training is not None else []
    ahead = np.diff(steps)
    longest = max((after - before for before, after in pairwise(checkpoints)), default=0)
    back = [i for i in np.flatnonzero(ahead <= 0) if steps[i + 1] not in restarts or -ahead[i] >= longest]
    found.counted("steps-increase", len(steps), [f"step {steps[i]} → {steps[i + 1]}" for i in back])
    declared = training.logging_interval if training is not None else None
    interval = declared or _interval(ahead)
    gaps = [f"step {steps[i]} → {steps[i + 1]}" for i in np.flatnonzero(ahead > interval)]
    if steps[0] > interval:
        gaps.insert(0, f"the log begins at step {steps[0]}")
    if checkpoints and checkpoints[-1] > steps.max():
        gaps.append(f"the log ends at step {steps.max()}, before the checkpoint of step {checkpoints[-1]}")
    found.measured(
        "no-gaps", len(gaps), len(steps), bad=len(gaps), observed=f"a line every {interval} steps", examples=gaps
    )


def _interval(ahead: np.ndarray) -> int:
    """The most common distance of two lines, the greater of equally common ones; 1 for a single line."""
    counted = Counter(int(each) for each in ahead if each > 0)
    return max(counted, key=lambda each: (counted[each], each), default=1)


def _tokens(found: Findings, log: TrainingLog, training: Training | None, inventory: Inventory | None) -> None:
    steps, tokens = log.steps, log.tokens
    if training is None or training.batch_tokens is None:
        found.missing("tokens-follow-steps")
    else:
        ahead = [int(each) * training.batch_tokens for each in np.diff(steps, prepend=0)]
        more = [int(each) for each in np.diff(tokens, prepend=0)]
        wrong = [
            f"step {step}: {actual:,} more tokens, expected {expected:,}"
            for step, actual, expected in zip(steps.tolist(), more, ahead, strict=True)
            if actual != expected
        ]
        found.counted("tokens-follow-steps", len(steps), wrong)
    if inventory is None or inventory.tokens_read is None:
        found.missing("token-total")
        return
    distance = abs(Decimal(int(tokens[-1])) - inventory.tokens_read) / inventory.tokens_read
    observed = f"log {int(tokens[-1]):,}, inventory {inventory.tokens_read:,.0f}"
    found.measured("token-total", float(distance), len(steps), observed=observed)


def _series(found: Findings, log: TrainingLog) -> None:
    steps = log.steps
    loss, rate, norm, time = (log.column(name) for name in ("loss", "learning_rate", "grad_norm", "time"))
    found.counted(
        "losses-finite", len(steps), [f"step {steps[i]}: {loss[i]}" for i in np.flatnonzero(~np.isfinite(loss))]
    )
    if "learning_rate" in log.present:
        wrong = np.flatnonzero(~(np.isfinite(rate) & (rate >= 0)))
        found.counted("learning-rates-valid", len(steps), [f"step {steps[i]}: {rate[i]}" for i in wrong])
    else:
        found.missing("learning-rates-valid")
    if "grad_norm" in log.present:
        wrong = np.flatnonzero(~(np.isfinite(norm) & (norm > 0)))
        found.counted("gradient-norms-valid", len(steps), [f"step {steps[i]}: {norm[i]}" for i in wrong])
    else:
        found.missing("gradient-norms-valid")
    if "time" in log.present:
        back = np.flatnonzero(np.diff(time) < 0) + 1
        unread = np.flatnonzero(~np.isfinite(time))
        wrong = np.union1d(back, unread)
        found.counted("times-increase", len(steps), [f"step {steps[i]}" for i in wrong])
    else:
        found.missing("times-increase")


def _first_loss(found: Findings, log: TrainingLog, shape: ModelShape, training: Training | None) -> None:
    """The first loss beside that of a random guess: ln V, and half the variance of logits that are drawn and not equal.

    After the last norm a hidden state of width H has length √H, so that a head of standard deviation σ gives logits of
    variance H σ², times the declared scale's square: 0.01 nats at a width of 64, 1.6 at 8192.
    """
    step, loss = int(log.steps[0]), float(log.column("loss")[0])
    vocabulary = shape.vocabulary
    if vocabulary is None or vocabulary < 2 or step > LAST_FIRST_STEP or not math.isfinite(loss):
        found.missing("first-loss")
        return
    guess, spread, penalty = math.log(vocabulary), 0.0, 0.0
    if training is not None and training.init is not None and shape.width is not None:
        spread = shape.width * float(training.init.std * training.logit_scale) ** 2 / 2
    if training is not None:
        penalty = float(training.z_loss) * (guess + spread) ** 2
    observed = f"loss {loss:.3f} at step {step}, ln {vocabulary} = {guess:.3f}"
    observed += f", {spread + penalty:.3f} for the first logits' spread" if spread + penalty else ""
    found.measured("first-loss", abs(loss - guess - spread - penalty), 1, observed=observed)


def _compute(found: Findings, log: TrainingLog, training: Training | None, shape: ModelShape) -> None:
    if training is None or training.accelerators is None:
        found.not_applicable("compute", "allocation", observed="no accelerators are declared")
        return
    _allocation(found, log, training.accelerators)
    seconds, tokens = np.diff(log.column("time")), np.diff(log.tokens)
    usable = np.isfinite(seconds) & (seconds > 0) & (tokens > 0)
    per_token = shape.flops_a_token(training.sequence_length) if training.sequence_length is not None else None
    if not usable.any() or per_token is None:
        found.missing("compute")
        return
    speed = float(np.median(tokens[usable] / seconds[usable]))
    share = utilisation(speed, per_token, training.accelerators)
    found.measured("compute", share, int(usable.sum()), observed=f"{speed:,.0f} tokens a second, the median")


def _allocation(found: Findings, log: TrainingLog, accelerators: Accelerators) -> None:
    """The hours from the first line to the last, restarts and pauses among them, times how many accelerators there were."""
    times = log.column("time")[np.isfinite(log.column("time"))]
    if accelerators.allocated_hours is None:
        found.not_applicable("allocation", observed="no allocated_hours, which are optional")
        return
    if len(times) < 2:
        found.missing("allocation")
        return
    used = float(times.max() - times.min()) / 3600 * accelerators.count
    allotted = float(accelerators.allocated_hours)
    observed = f"{used:,.2f} of {allotted:,.2f} accelerator-hours"
    found.measured("allocation", used / allotted, len(times), observed=observed)


def _plateau(found: Findings, log: TrainingLog, entropy: Entropy) -> None:
    """Where the loss begins beside the entropy of single tokens, and when it passes it."""
    loss, steps = log.column("loss"), log.steps
    if entropy.value is None and entropy.missing:
        found.missing("entropy-plateau", observed=entropy.why)
    elif entropy.value is None:
        found.not_applicable("entropy-plateau", observed=entropy.why)
    elif steps[0] > LAST_FIRST_STEP or not math.isfinite(loss[0]):
        found.missing("entropy-plateau")
    else:
        below = np.flatnonzero(loss < entropy.value)
        passed = f"passed at step {steps[below[0]]}, {log.tokens[below[0]]:,} tokens" if len(below) else "never passed"
        observed = f"{entropy.value:.3f} nats over {entropy.tokens:,} tokens of the sample, {passed}"
        found.measured("entropy-plateau", float(loss[0]) - entropy.value, len(steps), observed=observed)
