"""Whether step 0 is what a seed draws that was committed before training began (check C0).

A seed is 64 bits, so weights that it gives hold nothing that was learnt, whoever chose it; that it was left with the evaluator
before the first line of the log makes them the run's own. No code of a submission runs: transformers builds the class that
config.json names, in float32 on the CPU, after `torch.manual_seed(seed)`, and only in the versions that were declared, because
another version may draw in another order.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from checks.contracts.submission import SeedCommitment, Training
from tasks.checkpoints import Checkpoint, open_checkpoint
from tasks.data_quality.displacement import ROUNDING
from tasks.data_quality.findings import Findings
from tasks.data_quality.training_log import TrainingLog
from tasks.machine_memory import machine_memory

CHECKS = ("seed-committed", "seed-redrawn")
#: Of a tensor's largest weight. PyTorch's normal numbers differ by 1.7e-6 deviations between processors with and without AVX2
#: (measured), so that equal bits would be asked of the machine and not of the seed.
SAME_DRAW = 1e-5
#: Weights drawn again and written down may take this share of the machine's memory.
_SHARE_OF_MEMORY = 0.5
#: Where it is latest on Earth: a day of the calendar begins there when the day before begins in Greenwich.
_LATEST_CLOCK = timedelta(hours=14)


@dataclass(frozen=True)
class Redrawn:
    """The weights of step 0 as the committed seed gives them, or why there are none."""

    checkpoint: Checkpoint | None = None
    why: str = ""


@contextmanager
def redrawn_step_zero(training: Training | None, model: Checkpoint) -> Iterator[Redrawn]:
    """Draws them by the submission's own config.json into a temporary folder, which is gone afterwards."""
    commitment = training.seed_commitment if training is not None else None
    if training is None or training.seed is None or commitment is None:
        yield Redrawn()
        return
    if why := _cannot(commitment, model):
        yield Redrawn(why=why)
        return
    with tempfile.TemporaryDirectory(prefix="gwanmun-step-0-") as folder:
        try:
            _draw(model.folder, training.seed, Path(folder))
            drawn = Redrawn(open_checkpoint(Path(folder)))
        except Exception as error:  # whatever transformers finds wrong with the settings of a model that was handed in
            drawn = Redrawn(why=f"could not be drawn: {(str(error) or repr(error)).splitlines()[0]}")
        yield drawn


def measure_seed(
    found: Findings,
    training: Training | None,
    log: TrainingLog | None,
    handed_in: Checkpoint | None,
    redrawn: Redrawn,
    names: Sequence[str],
) -> None:
    """Two rows of suite `checkpoints`; `names` are the tensors of components from scratch, `handed_in` is step 0."""
    if training is None or training.seed_commitment is None:
        found.not_applicable(*CHECKS, observed="no seed_commitment, which is optional")
        return
    _committed(found, training.seed_commitment, str(training.seed), log)
    if redrawn.checkpoint is None:
        found.missing("seed-redrawn", observed=redrawn.why)
    elif handed_in is None:
        found.not_applicable("seed-redrawn", observed="no step 0 was handed in; what the seed draws stands for it")
    else:
        _compared(found, handed_in, redrawn.checkpoint, names)


def _committed(found: Findings, commitment: SeedCommitment, seed: str, log: TrainingLog | None) -> None:
    """Whether the hash is the seed's, and the day of the commitment not after that of the first line anywhere on Earth."""
    times = log.column("time")[:1] if log is not None else np.array([])
    if not np.isfinite(times).any():
        found.missing("seed-committed", observed="the log does not say when it begins")
        return
    began = datetime.fromtimestamp(float(times[0]), UTC)
    latest: date = (began + _LATEST_CLOCK).date()
    wrong = [] if hashlib.sha256(seed.encode()).hexdigest() == commitment.sha256 else ["the hash is of another seed"]
    if commitment.committed_on > latest:
        wrong.append(f"left on {commitment.committed_on}, the log begins on {began.date()}")
    observed = f"left on {commitment.committed_on} with {commitment.recorded_by}, the log begins on {began.date()}"
    found.measured("seed-committed", len(wrong), 1, bad=len(wrong), observed=observed, examples=wrong)


def _compared(found: Findings, handed_in: Checkpoint, drawn: Checkpoint, names: Sequence[str]) -> None:
    there = [name for name in names if name in handed_in.tensors]
    undrawn = [name for name in there if name not in drawn.tensors]
    others = [
        f"{name}: {count:,} of {handed_in.tensors[name].parameters:,} weights"
        for name in there
        if name in drawn.tensors and (count := _other_weights(name, handed_in, drawn))
    ]
    if not others and (undrawn or not there):
        what = f"transformers draws no {undrawn[0]}" if undrawn else "step 0 holds no tensor from scratch"
        found.missing("seed-redrawn", observed=what)
        return
    found.counted("seed-redrawn", len(there), others)


def _other_weights(name: str, handed_in: Checkpoint, drawn: Checkpoint) -> int:
    """How many weights are not the drawn ones, to within the rounding of the file and of processors."""
    own, again = handed_in.read(name), drawn.read(name)
    if own.shape != again.shape:
        return max(1, own.size)
    rounding = ROUNDING.get(str(handed_in.tensors[name].dtype), 0.0)
    allowed = rounding * np.abs(again) + SAME_DRAW * float(np.abs(again).max(initial=0.0))
    return int(np.count_nonzero(~(np.abs(own - again) <= allowed)))


def _cannot(commitment: SeedCommitment, model: Checkpoint) -> str:
    """Why the weights cannot be drawn here, nothing where they can."""
    for library, declared in (("transformers", commitment.transformers), ("torch", commitment.torch)):
        here = version(library).split("+")[0]
        if here != declared:
            return f"drawn by {library} {declared}; here is {here}, which may draw in another order"
    needed = 4 * sum(tensor.parameters for tensor in model.tensors.values())
    if needed > _SHARE_OF_MEMORY * machine_memory():
        return f"{needed / 2**30:,.0f} GiB of weights are too many to be drawn on this machine"
    return ""


def _draw(settings: Path, seed: int, folder: Path) -> None:
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(settings, trust_remote_code=False, local_files_only=True)
    named = (config.architectures or [""])[0]
    built: Any = getattr(transformers, named, None)
    if not (isinstance(built, type) and issubclass(built, transformers.PreTrainedModel)):
        raise ValueError(f"transformers has no model {named!r}")
    with torch.random.fork_rng(devices=[]), _silent_bars():
        torch.manual_seed(seed)
        built(config).save_pretrained(folder)


@contextmanager
def _silent_bars() -> Iterator[None]:
    """No bars of transformers' own on a terminal that shows another's progress."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
