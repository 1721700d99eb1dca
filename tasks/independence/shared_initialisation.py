"""The same initial weights, trained apart: weights resemble each other because both resemble where they started.

Told from derivation by the subject's own step 0. What was made from the reference holds the whole of the way that the reference
went from there, and its own way beyond; what was trained apart went a part of it, as far as the same task pulls both. Measured
on toys: slope of the subject's movement on the reference's 1.00 to 1.17 for derivatives (tuned, continued up to three times the
budget, rounded to 4 bits), 0.41 to 0.62 for siblings, whatever rows they read. Not told apart: one that read the same rows and
went further than the reference (1.14 to 1.29), which lies where a continued reference would.

A step 0 made up to look like a sibling's would have to lie close to the reference (then the two distances differ) or carry the
reference's training (then the directions agree).
"""

from dataclasses import dataclass, replace

import numpy as np

from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.verdict import Judgement

#: Below it the trainings went different ways, however far: Pearson's r of siblings that read other rows is 0.4 in toys.
MOST_COMMON_DIRECTION = 0.6
#: Below it the subject holds a part only of the reference's way: between what siblings and what derivatives come to.
LEAST_HELD = 0.8
#: Above it the subject's way is the reference's own, shortened: a mean of reference and start, and no training (siblings: 0.9).
SAME_DIRECTION = 0.95
#: The two distances from the start may differ by this factor.
MOST_UNEQUAL = 5.0
#: Numbers of a tensor that are looked at together.
_PIECE = 1_000_000


def apart_from_one_start(judgement: Judgement, evidence: ComponentEvidence, start: Part | None) -> Judgement:
    """The judgement, or `indeterminate` with relation `shared-initialisation` where the subject's step 0 explains it."""
    if start is None or judgement.why != "place" or not isinstance(evidence.reference, Part):
        return judgement
    moved = _moved(evidence, evidence.reference, start)
    if moved.numbers == 0:
        return judgement
    lengths = sorted((moved.squares[0] ** 0.5, moved.squares[1] ** 0.5))
    if lengths[0] <= 0 or lengths[1] > MOST_UNEQUAL * lengths[0]:
        return judgement
    elsewhere = moved.direction <= MOST_COMMON_DIRECTION
    if not elsewhere and (moved.held >= LEAST_HELD or moved.direction > SAME_DIRECTION):
        return judgement
    return replace(judgement, verdict="indeterminate", relation="shared-initialisation", why="shared-initialisation")


@dataclass
class _Moved:
    """Sums over all numbers of how far subject (first) and reference are from the start."""

    numbers: int = 0
    sums: tuple[float, float] = (0.0, 0.0)
    squares: tuple[float, float] = (0.0, 0.0)
    product: float = 0.0

    def add(self, mine: Matrix, theirs: Matrix) -> None:
        """Takes in the movements of one more piece of a tensor."""
        a, b = mine.ravel().astype(np.float64), theirs.ravel().astype(np.float64)
        self.numbers += a.size
        self.sums = self.sums[0] + float(a.sum()), self.sums[1] + float(b.sum())
        self.squares = self.squares[0] + float(a @ a), self.squares[1] + float(b @ b)
        self.product += float(a @ b)

    @property
    def held(self) -> float:
        """The slope of the subject's movement on the reference's: which part of the reference's way the subject holds."""
        return self.product / self.squares[1]

    @property
    def direction(self) -> float:
        """Pearson's r of the two movements; 1, which explains nothing, where one of them is the same everywhere."""
        (a, b), (aa, bb), n = self.sums, self.squares, self.numbers
        spread = (aa - a * a / n) * (bb - b * b / n)
        return (self.product - a * b / n) / spread**0.5 if spread > 0 else 1.0


def _moved(evidence: ComponentEvidence, reference: Part, start: Part) -> _Moved:
    """Over the matrices at the same place in the same shape, a piece at a time."""
    before = {role.place: role.name for role in start.roles}
    theirs = {role.place: role.name for role in reference.roles}
    places = {role.name: role.place for role in evidence.subject.roles}
    moved = _Moved()
    for each in evidence.correlations:
        place = places[each.name]
        if place not in before or place not in theirs:
            continue
        models = (evidence.subject.checkpoint, reference.checkpoint, start.checkpoint)
        tensors = list(zip(models, (each.name, theirs[place], before[place]), strict=True))
        shapes = {model.tensors[name].shape for model, name in tensors}
        if len(shapes) > 1:
            continue
        width = max(1, shapes.pop()[-1])
        for top in range(0, each.parameters // width, max(1, _PIECE // width)):
            rows = slice(top, top + max(1, _PIECE // width))
            own, other, first = (model.read_matrix(name, rows) for model, name in tensors)
            moved.add(own - first, other - first)
    return moved
