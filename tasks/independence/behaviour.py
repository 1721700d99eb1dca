"""What two language models do with the same text: whether they say the same, and whether their hidden units do.

Renumbering units, turning the stream, folding gains and all else that leaves a model's answers as they are hides a copy from
weights and not from this. What it proves, exactly:

- The same answers to random sequences of tokens, to within the rounding of the stored numbers, are a copy of the function: two
  trainings do not end there, nor does learning from the other's answers (measured: docs/evidence.md). It is an identity, and
  decides.
- Hidden units of one that answer as hidden units of the other, by their gates and again by what the gates let through, more
  often than models trained apart reach: the models are not independent. Whoever trains on another's inner states could be
  made to show it, so it clears nobody and convicts nobody.
"""

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint
from tasks.independence.aligned_tests import AlignedTests, PairTest
from tasks.independence.alignment import Agreement, agreement
from tasks.independence.device import device_of
from tasks.independence.permutation_test import Matrix
from tasks.independence.running import Answers, RunnableModel, UnitAnswers
from tasks.independence.screening import evenly

SAME_ANSWERS, ACTIVATIONS = "same-answers", "activations-matched"
#: Both models are asked so many sequences of so many tokens, drawn from those that both have.
SEQUENCES, LENGTH = 32, 32
#: Tokens that both must have, and the most whose logits are compared.
LEAST_TOKENS, MOST_ASKED = 64, 512
#: Layers of the subject, spread over its depth, that are held against all layers of the reference.
MOST_LAYERS = 8
#: The same function: apart by at most this much more than a copy that was rounded to the stored format is, in units of how much
#: the reference's own answers vary. A pupil of the answers stays above 1, a light continuation above 0.4 (docs/evidence.md).
ROUNDINGS = 3.0
LEAST_TOLERANCE, MOST_TOLERANCE = 1e-3, 0.05
_SPECIAL = re.compile(r"<.*>|\[[A-Z]+\]", re.DOTALL)

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Behaviour:
    """`difference` of the answers, over the spread of the reference's own (None where these do not depend on what it reads);
    `rounded` is that of a copy planted by the tool, moved by the rounding of the stored formats; `matched` are pairs of layers,
    by their numbers, and the units of the subject that agree."""

    difference: float | None
    rounded: float
    asked: tuple[int, int]
    matched: AlignedTests

    @property
    def tolerance(self) -> float:
        """The largest difference that is called none."""
        return min(MOST_TOLERANCE, max(LEAST_TOLERANCE, ROUNDINGS * self.rounded))

    @property
    def same(self) -> bool:
        """Whether the two are one function."""
        return self.difference is not None and self.difference <= self.tolerance

    @property
    def log10_p(self) -> float:
        """Of the pair of layers whose units agree most clearly, corrected over the pairs."""
        best = self.matched.best()
        return 0.0 if best is None else min(0.0, best.log10_p + math.log10(self.matched.tried))


class Interview:
    """A subject that is asked the same as each of its references."""

    def __init__(self, subject: Checkpoint, device: str) -> None:
        self._device = device_of(device)
        self._subject = RunnableModel(subject, self._device)

    def check(self, reference: Checkpoint) -> None:
        """Raises InputFault for a reference that cannot be asked, before anything is measured."""
        self._shared(RunnableModel(reference, self._device))

    def with_(self, reference: Checkpoint) -> Behaviour:
        """Both models' answers, compared; the reference is built for this and let go."""
        other = RunnableModel(reference, self._device)
        tokens = self._shared(other)
        heights = self._subject.height, other.height
        tokens = tokens[(tokens[:, 0] < heights[0]) & (tokens[:, 1] < heights[1])]
        rng = np.random.default_rng(1)
        length = min(LENGTH, self._subject.positions, other.positions)
        rows = tokens[rng.integers(len(tokens), size=(SEQUENCES, length))]
        asked = tokens[np.sort(rng.permutation(len(tokens))[:MOST_ASKED])]
        mine = self._subject.answers(rows[..., 0], asked[:, 0])
        theirs = other.answers(rows[..., 1], asked[:, 1])
        other.disturb(min(self._subject.mantissa, other.mantissa))
        planted = other.answers(rows[..., 1], asked[:, 1])
        difference, rounded = (_difference(each.said, theirs.said) for each in (mine, planted))
        return Behaviour(difference, rounded or 0.0, (SEQUENCES * length, len(asked)), matched_units(mine, theirs))

    def _shared(self, other: RunnableModel) -> Numbers:
        """(tokens, 2): the numbers of every token that both have, the subject's first; tokens that stand for no text left out."""
        shared = sorted(self._subject.tokens.keys() & other.tokens.keys())
        rows = [(self._subject.tokens[each], other.tokens[each]) for each in shared if not _SPECIAL.fullmatch(each)]
        if len(rows) < LEAST_TOKENS:
            found = f"{len(rows)} tokens in common with {other.checkpoint.folder}"
            raise InputFault(
                self._subject.checkpoint.folder, "--run-models", found, f"{LEAST_TOKENS}, to ask both the same"
            )
        return np.array(rows, dtype=np.int64)


def _difference(mine: Matrix, theirs: Matrix) -> float | None:
    """Root mean square of what is apart, over that of what the reference says beyond its mean over all positions."""
    spread = float(np.sqrt(np.square(theirs - theirs.mean(axis=0), dtype=np.float64).mean()))
    apart = float(np.sqrt(np.square(mine - theirs, dtype=np.float64).mean()))
    usual = float(np.sqrt(np.square(theirs, dtype=np.float64).mean()))
    return apart / spread if np.isfinite(apart) and spread > 1e-6 * max(usual, 1e-30) else None


def matched_units(mine: Answers, theirs: Answers) -> AlignedTests:
    """Pairs of layers, by their numbers: a unit of the subject agrees where the unit of the reference whose gate answers most as
    its own does is also the one whose up row does (whose sign is free)."""
    pairs = []
    for own in evenly(mine.units, MOST_LAYERS):
        pairs += [PairTest(ACTIVATIONS, own.layer, other.layer, _agreement(own, other)) for other in theirs.units]
    return AlignedTests(pairs, len(pairs))


def _agreement(mine: UnitAnswers, theirs: UnitAnswers) -> Agreement:
    return agreement(mine.gates @ theirs.gates.T, np.abs(mine.ups @ theirs.ups.T))
