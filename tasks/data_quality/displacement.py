"""How far weights moved between checkpoints, against what the optimiser could do (check C2).

A step of Adam moves a weight by about its learning rate at most, so between two checkpoints max |ΔW| is bounded by the sum of the
rates, plus weight decay and the rounding of the files. A foreign checkpoint in the chain exceeds that by 24 to 150,000 times.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from checks.contracts.submission import Optimiser
from tasks.checkpoints import Checkpoint
from tasks.data_quality.training_log import TrainingLog

#: Half a unit in the last place, relative to the value, of the types that checkpoints are stored in.
ROUNDING = {"F64": 2.0**-53, "F32": 2.0**-24, "BF16": 2.0**-8, "F16": 2.0**-11, "F8_E4M3": 2.0**-4, "F8_E5M2": 2.0**-3}
#: Optimisers whose steps are bounded by their learning rate.
BOUNDED = ("adam", "lion")


@dataclass(frozen=True)
class Interval:
    """Two sets of weights and the learning rates between them; `label` names their steps."""

    label: str
    before: Checkpoint
    after: Checkpoint
    rates: float
    into_submission: bool = False


class Rates:
    """Learning rates by step, straight lines between the logged ones."""

    def __init__(self, log: TrainingLog) -> None:
        rates = log.column("learning_rate")
        usable = np.isfinite(rates) & (rates >= 0)
        self._steps, first = np.unique(log.steps[usable], return_index=True)
        self._rates = rates[usable][first]

    @property
    def known(self) -> bool:
        """Whether any learning rate above zero was logged."""
        return bool((self._rates > 0).any())

    @property
    def last_step(self) -> int:
        """The last step that has a rate."""
        return int(self._steps[-1])

    def between(self, before: int, after: int) -> float:
        """The sum of the rates of the steps before + 1 … after."""
        return max(0.0, self._until(after) - self._until(before))

    def _until(self, step: int) -> float:
        """The sum of the rates of the steps 1 … step; before the first and after the last logged step the rate stays."""
        last = int(np.searchsorted(self._steps, step, side="right"))
        steps = np.concatenate(([0], self._steps[:last], [step])).astype(np.float64)
        rates = np.concatenate(([self._rates[0]], self._rates[:last], [np.interp(step, self._steps, self._rates)]))
        counts, rises = np.diff(steps), np.diff(rates)
        return float((counts * rates[:-1] + rises * (counts + 1) / 2)[counts > 0].sum())

    @property
    def least(self) -> float:
        """The smallest rate above zero, below which no movement is told apart from none."""
        return float(self._rates[self._rates > 0].min())


def is_bounded(optimiser: Optimiser | None) -> bool:
    """Whether the steps of the declared optimiser are bounded by its learning rate, or by a multiple that it declares."""
    if optimiser is None:
        return False
    return optimiser.step_bound is not None or optimiser.name.lower().startswith(BOUNDED)


def intervals(checkpoints: Sequence[tuple[int, Checkpoint]], submission: Checkpoint, rates: Rates) -> list[Interval]:
    """Every pair of neighbours, the last checkpoint and the submission among them."""
    chain = [*checkpoints, (max(rates.last_step, checkpoints[-1][0]), submission)]
    return [
        Interval(
            f"step {before} → {'submission' if right is submission else after}",
            left,
            right,
            rates.between(before, after),
            right is submission,
        )
        for (before, left), (after, right) in pairwise(chain)
    ]


def displacement(
    interval: Interval, names: Iterable[str], decay: float, least_rate: float, on_tensor: Callable[[], None]
) -> tuple[float, str]:
    """max (|ΔW| − decay − rounding) ÷ Σ lr over the tensors named that both files hold, and the tensor that has it.

    Where no step lies between, the least logged rate stands for the sum: the weights should then be the same.
    """
    worst, where = 0.0, ""
    scale = max(interval.rates, least_rate)
    for name in names:
        on_tensor()
        if name not in interval.before.tensors or name not in interval.after.tensors:
            continue
        before, after = interval.before.read(name), interval.after.read(name)
        if before.shape != after.shape or before.size == 0:
            continue
        moved = np.abs(after - before)
        if interval.into_submission:  # whose weights the manifest's own check holds to be numbers
            moved[~np.isfinite(after)] = 0.0
        allowed = np.abs(before) * np.float32(_rounding(interval.before, name) + decay * interval.rates)
        allowed += np.abs(after) * np.float32(_rounding(interval.after, name))
        ratio = _largest(moved - np.nan_to_num(allowed)) / scale
        if ratio > worst:
            worst, where = ratio, name
    return worst, where


def _rounding(checkpoint: Checkpoint, name: str) -> float:
    return ROUNDING.get(str(checkpoint.tensors[name].dtype), 0.0)


def _largest(moved: npt.NDArray[np.float32]) -> float:
    """The largest movement; weights that are no numbers moved further than any."""
    largest = float(moved.max())
    return largest if np.isfinite(largest) else float(np.finfo(np.float64).max) / 1e12
