"""The same initial weights, trained apart: weights resemble each other because both resemble where they started.

Told from derivation by the subject's own step 0. Where both models are about as far from it, and moved from it in directions
that have little in common, neither was made from the other. A step 0 made up to look so would have to lie close to the
reference (then the two distances differ) or carry the reference's training (then the directions agree).
"""

from dataclasses import dataclass, replace

import numpy as np

from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.verdict import Judgement

#: Above it the two trainings went the same way. Siblings of one start and one corpus reach 0.4 in toys, derivatives 0.9.
MOST_COMMON_DIRECTION = 0.6
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
    if lengths[0] <= 0 or lengths[1] > MOST_UNEQUAL * lengths[0] or moved.direction > MOST_COMMON_DIRECTION:
        return judgement
    return replace(judgement, verdict="indeterminate", relation="shared-initialisation", why="shared-initialisation")


@dataclass
class _Moved:
    """Sums over all numbers of how far subject and reference are from the start."""

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
