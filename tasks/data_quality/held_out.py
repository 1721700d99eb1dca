"""Runs the checkpoints on held-out documents and on those that training read (checks C4, C5, and what L5 needs of them).

Where a log says that the held-out loss was 2.31 at step 400, the weights of step 400 must give it. And what training has just
read it knows better than what it never read: M(d, W), the held-out loss less that of d, rises over the segment in which d was
read, and is near zero before (Choi, Shavit and Duvenaud 2023, arXiv 2307.00682).

Running a model belongs to the benchmark's engine; whoever audits hands over a function that does.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from checks.contracts.submission import Training
from tasks.data_quality.findings import Findings
from tasks.data_quality.loss_noise import CHECKS_OF_SCALE, measure_noise_scale
from tasks.data_quality.sample_reader import Document, LineCounts, read_shard, sample_shards
from tasks.data_quality.training_log import TrainingLog

CHECKS_OF_LOSS = ("validation-loss", *CHECKS_OF_SCALE)
CHECKS_OF_ORDER = ("memorisation", "not-memorised-before")
#: Of each file the first documents are run, up to so many and so many letters: every checkpoint has to run them.
MOST_DOCUMENTS = 500
MOST_LETTERS = 500_000
#: With fewer documents a standard error says nothing.
LEAST_DOCUMENTS = 10

Floats = npt.NDArray[np.float64]


#: (weights' folder, the submission's model folder, texts, most tokens of each) → (loss summed over tokens in nats, tokens) of
#: each text. Raises InputFault where the weights cannot be run.
TextLosses = Callable[[Path, Path, Sequence[str], int | None], Sequence[tuple[float, int]]]


@dataclass(frozen=True)
class HeldOut:
    """What is run: the submission's own folder, checkpoints by step, files of documents, and what is declared of training."""

    model: Path
    checkpoints: Sequence[tuple[int, Path]]
    validation: Path | None
    segments: Path | None
    training: Training | None

    @property
    def most_tokens(self) -> int | None:
        """The most tokens of a document."""
        return None if self.training is None else self.training.sequence_length


@dataclass(frozen=True)
class _Means:
    """Mean loss a token of the held-out documents, its standard error over documents, each document's own mean, and tokens."""

    mean: float
    error: float
    each: Floats
    tokens: int

    @property
    def sigma(self) -> float:
        """What the standard error of a mean over n tokens is, times √n."""
        return self.error * math.sqrt(self.tokens)


def measure_held_out(found: Findings, held: HeldOut, log: TrainingLog | None, losses: TextLosses | None) -> None:
    """Four rows of suite `checkpoints`; raises InputFault for files of documents that cannot be read.

    Segments are optional beside held-out documents: without them the order of reading (C4) does not apply.
    """
    if held.validation is None:
        found.not_applicable(*CHECKS_OF_LOSS, *CHECKS_OF_ORDER, observed="no held-out documents, which are optional")
        return
    wanted: tuple[str, ...] = (*CHECKS_OF_LOSS, *CHECKS_OF_ORDER)
    if held.segments is None:
        wanted = CHECKS_OF_LOSS
        found.not_applicable(*CHECKS_OF_ORDER, observed="no documents with the step that read them, which are optional")
    if not held.checkpoints or losses is None:
        found.missing(*wanted)
        return
    held_out = [document.text for document in _documents(held.validation)]
    if len(held_out) < LEAST_DOCUMENTS:
        found.missing(*wanted, observed=f"{len(held_out)} readable documents; at least {LEAST_DOCUMENTS} are needed")
        return
    by_segment = _by_segment(held)
    try:
        own, read = _run(held, held_out, by_segment, losses)
    except InputFault as fault:
        found.missing(*wanted, observed=f"could not be run: {fault.message}")
        return
    _logged(found, own, log, len(held_out))
    measure_noise_scale(found, log, held.training, {step: each.sigma for step, each in own.items()})
    if held.segments is not None:
        _order(found, own, read)


def _run(
    held: HeldOut, held_out: Sequence[str], by_segment: Mapping[int, Sequence[str]], losses: TextLosses
) -> tuple[dict[int, _Means], dict[tuple[int, int], Floats]]:
    """Step → held-out loss; (segment, step) → the losses a token of the segment's documents before and after it."""
    own: dict[int, _Means] = {}
    read: dict[tuple[int, int], Floats] = {}
    steps = [step for step, _ in held.checkpoints]
    for place, (step, folder) in enumerate(held.checkpoints):
        ends = [segment for segment in (step, *steps[place + 1 : place + 2]) if segment in by_segment]
        texts = [text for segment in ends for text in by_segment[segment]]
        answers = losses(folder, held.model, [*held_out, *texts], held.most_tokens)
        own[step] = _means(answers[: len(held_out)])
        first = len(held_out)
        for segment in ends:
            last = first + len(by_segment[segment])
            read[segment, step] = np.array([loss / tokens for loss, tokens in answers[first:last]])
            first = last
    return own, read


def _means(losses: Sequence[tuple[float, int]]) -> _Means:
    """A ratio's mean and standard error: documents are drawn, tokens of one document hang together."""
    sums, tokens = np.array(losses, dtype=np.float64).T
    mean = sums.sum() / tokens.sum()
    apart = sums - mean * tokens
    error = math.sqrt((apart**2).sum() * len(sums) / (len(sums) - 1)) / tokens.sum()
    return _Means(float(mean), error, sums / tokens, int(tokens.sum()))


def _logged(found: Findings, own: Mapping[int, _Means], log: TrainingLog | None, documents: int) -> None:
    """The greatest distance of a logged validation loss from the one computed again, in its standard errors (C5)."""
    said = {} if log is None else dict(zip(log.steps.tolist(), log.column("validation_loss").tolist(), strict=True))
    apart = {
        step: abs(said[step] - each.mean) / max(each.error, 1e-9)
        for step, each in own.items()
        if math.isfinite(said.get(step, math.nan))
    }
    if not apart:
        found.missing("validation-loss", observed="the log has no validation_loss at a checkpoint's step")
        return
    worst = max(apart, key=lambda step: apart[step])
    told = f"step {worst}: {said[worst]:.4f} in the log, {own[worst].mean:.4f} ± {own[worst].error:.4f} computed again"
    found.measured("validation-loss", apart[worst], len(apart), observed=f"{told}, over {documents} documents")


def _order(found: Findings, own: Mapping[int, _Means], read: Mapping[tuple[int, int], Floats]) -> None:
    """How M of the segments' documents rose over their segments, and how high it was before (C4).

    Segments are put together by their precision: late ones of a small model say little.
    """
    rises, befores, documents = [], [], 0
    for before, after in pairwise(own):
        if (after, after) not in read or len(read[after, after]) < 2:
            continue
        fell = read[after, before] - read[after, after]
        rises.append(_difference(fell, own[before].each - own[after].each))
        befores.append(_difference(-read[after, before], -own[before].each))
        documents += len(fell)
    if documents < LEAST_DOCUMENTS:
        found.missing(*CHECKS_OF_ORDER, observed=f"{documents} documents between two checkpoints")
        return
    rise, error = _together(rises)
    told = f"M rose by {rise:+.4f} ± {error:.4f} nats, {len(rises)} segments"
    found.measured("memorisation", rise / error, documents, observed=told)
    known, error = _together(befores)
    found.measured(
        "not-memorised-before", known / error, documents, observed=f"M = {known:+.4f} before, {len(befores)} segments"
    )


class _Difference(NamedTuple):
    """The mean of a segment's documents less that of held-out ones, and the two means' standard errors."""

    value: float
    of_segment: float
    of_held_out: float


def _difference(segment: Floats, held_out: Floats) -> _Difference:
    errors = [math.sqrt(float(each.var(ddof=1)) / len(each)) for each in (segment, held_out)]
    return _Difference(float(segment.mean() - held_out.mean()), *errors)


def _together(parts: Sequence[_Difference]) -> tuple[float, float]:
    """The mean by precision and its standard error: held-out documents are the same for all segments and err the same way."""
    values, of_segment, of_held_out = np.array(parts).T
    weights = 1 / np.maximum(of_segment**2 + of_held_out**2, 1e-18)
    weights /= weights.sum()
    error = math.sqrt(float((weights * of_segment) @ (weights * of_segment)) + float(weights @ of_held_out) ** 2)
    return float(weights @ values), max(error, 1e-9)


def _by_segment(held: HeldOut) -> dict[int, list[str]]:
    """The step of the checkpoint that ends a segment → texts read in it."""
    if held.segments is None:
        return {}
    steps = [step for step, _ in held.checkpoints]
    texts: dict[int, list[str]] = {}
    for document in _documents(held.segments):
        step = document.step
        ends = [] if step is None else [end for start, end in pairwise(steps) if start < step <= end]
        if ends:
            texts.setdefault(ends[0], []).append(document.text)
    return texts


def _documents(path: Path) -> list[Document]:
    """The first documents that hold text."""
    kept: list[Document] = []
    letters = 0
    for shard in sample_shards(path):
        for batch in read_shard(shard, LineCounts()):
            for document in batch:
                kept += [document] if document.text.strip() else []
                letters += len(document.text)
                if len(kept) >= MOST_DOCUMENTS or letters >= MOST_LETTERS:
                    return kept
    return kept
