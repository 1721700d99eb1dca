"""Measures the checkpoints that were handed in: step 0, its law, how far weights moved (checks C0 to C5)."""

import math
from collections.abc import Sequence

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSubmission
from checks.contracts.submission import Training
from checks.records.quality import Measurement
from tasks.checkpoints import Checkpoint, TensorRole, open_checkpoint
from tasks.data_quality import initial_law
from tasks.data_quality.displacement import Rates, displacement, intervals, is_bounded
from tasks.data_quality.file_hashes import measure_hashes
from tasks.data_quality.findings import Findings
from tasks.data_quality.held_out import HeldOut, TextLosses, measure_held_out
from tasks.data_quality.progress import Progress
from tasks.data_quality.replays import measure_replays
from tasks.data_quality.seed import Redrawn, measure_seed, redrawn_step_zero
from tasks.data_quality.training_log import TrainingLog

Chain = Sequence[tuple[int, Checkpoint]]


def measure_checkpoints(
    loaded: LoadedSubmission,
    model: Checkpoint,
    roles: Sequence[TensorRole],
    log: TrainingLog | None,
    progress: Progress,
    losses: TextLosses | None,
) -> list[Measurement]:
    """Suite `checkpoints`; raises InputFault for a checkpoint that cannot be read. `losses` runs weights on texts."""
    found = Findings("checkpoints")
    training = loaded.submission.evidence.training
    if training is not None and training.init is not None and not 0 < float(training.init.std) < math.inf:
        raise InputFault(loaded.path, "evidence.training.init.std", str(training.init.std), "a number above zero")
    chain = [(step, open_checkpoint(path)) for step, path in loaded.checkpoint_paths()]
    scratch: dict[str, list[str]] = {
        component.id: sorted(role.name for role in roles if role.component == component.id)
        for component in loaded.submission.model.components
        if component.origin == "from-scratch"
    }
    scratch = {component: names for component, names in scratch.items() if names}
    zero = chain[0][1] if chain and chain[0][0] == 0 else None
    with redrawn_step_zero(training, model) as redrawn:
        _handed_in(found, chain, model, redrawn)
        measure_seed(found, training, log, zero, redrawn, [name for names in scratch.values() for name in names])
        if zero is None and redrawn.checkpoint is not None:
            chain = [(0, redrawn.checkpoint), *chain]
        _initial(found, chain, training, scratch, progress)
        _moved(found, chain, model, training, log, scratch, progress)
    measure_replays(found, loaded.optional_evidence("replays"))
    _files_and_losses(found, loaded, log, losses)
    return found.rows


def _files_and_losses(
    found: Findings, loaded: LoadedSubmission, log: TrainingLog | None, losses: TextLosses | None
) -> None:
    """The hashes of the weights' files, and what running them says."""
    paths = loaded.checkpoint_paths()
    folders = [loaded.model_path(), *(path for _, path in paths)]
    measure_hashes(found, loaded.optional_evidence("hashes"), loaded.folder, folders)
    last = int(log.steps.max()) if log is not None else 0
    if paths and last > paths[-1][0]:
        paths.append((last, loaded.model_path()))
    files = loaded.optional_evidence("validation"), loaded.optional_evidence("segments")
    training = loaded.submission.evidence.training
    measure_held_out(found, HeldOut(loaded.model_path(), paths, *files, training), log, losses)


def _handed_in(found: Findings, chain: Chain, model: Checkpoint, redrawn: Redrawn) -> None:
    if chain and chain[0][0] == 0:
        found.measured("step-zero", 1, len(chain))
    elif redrawn.checkpoint is not None:
        found.measured("step-zero", 1, len(chain) + 1, observed="drawn again from the committed seed")
    else:
        why = f"the first checkpoint is of step {chain[0][0]}" if chain else ""
        found.missing("step-zero", observed="; ".join(part for part in (why, redrawn.why) if part))
    if not chain:
        found.missing("same-tensors")
        return
    shapes = {name: tuple(tensor.shape) for name, tensor in model.tensors.items()}
    different: list[str] = []
    for step, checkpoint in chain:
        own = {name: tuple(tensor.shape) for name, tensor in checkpoint.tensors.items()}
        differing = sorted(name for name in shapes.keys() | own.keys() if shapes.get(name) != own.get(name))
        different += [
            f"step {step}: {name}, {own.get(name, 'absent')} for {shapes.get(name, 'none')}" for name in differing
        ]
    found.counted("same-tensors", len(chain) * max(1, len(shapes)), different)


def _initial(
    found: Findings, chain: Chain, training: Training | None, scratch: dict[str, list[str]], progress: Progress
) -> None:
    """C1 for each component declared from scratch."""
    if not scratch:
        found.not_applicable(*initial_law.CHECKS, observed="no component is declared from scratch")
        return
    for number, (component, names) in enumerate(scratch.items()):
        progress("initial law", number, len(scratch))
        if training is None or training.init is None or not chain or chain[0][0] != 0:
            found.missing(*initial_law.CHECKS, subject=component)
            continue
        zero = chain[0][1]
        tensors = {name: zero.read(name) for name in names if name in zero.tensors}
        initial_law.measure_initial_law(found, component, tensors, training.init)
    progress("initial law", len(scratch), len(scratch))


def _moved(
    found: Findings,
    chain: Chain,
    model: Checkpoint,
    training: Training | None,
    log: TrainingLog | None,
    scratch: dict[str, list[str]],
    progress: Progress,
) -> None:
    """C2 for each component declared from scratch, and whether its first interval is short enough to mean anything."""
    if not scratch:
        found.not_applicable("displacement", "early-checkpoint", observed="no component is declared from scratch")
        return
    rates = Rates(log) if log is not None else None
    optimiser = training.optimiser if training is not None else None
    if rates is None or not rates.known or not chain or optimiser is None or not is_bounded(optimiser):
        for component in scratch:
            found.missing("displacement", subject=component)
        found.missing("early-checkpoint")
        return
    pairs = intervals(chain, model, rates)
    total, done = len(pairs) * sum(len(names) for names in scratch.values()), 0

    def step() -> None:
        nonlocal done
        done += 1
        progress("displacement", done, total)

    for component, names in scratch.items():
        answers = [
            (*displacement(pair, names, float(optimiser.weight_decay), rates.least, step), pair.label) for pair in pairs
        ]
        value, tensor, label = max(answers)
        value /= float(optimiser.step_bound or 1)
        found.measured(
            "displacement", value, len(pairs), subject=component, observed=f"{label}: {tensor}" if tensor else ""
        )
    if training is None or training.init is None or chain[0][0] != 0 or len(chain) < 2:
        found.missing("early-checkpoint")
    else:
        found.measured("early-checkpoint", pairs[0].rates / float(training.init.std), 1, observed=pairs[0].label)
