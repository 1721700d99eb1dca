"""The same initial weights, trained apart: weights resemble each other because both resemble where they started.

Told from derivation by the subject's own step 0. Where both models are about as far from it, and moved from it in directions
that have little in common, neither was made from the other. A step 0 made up to look so would have to lie close to the
reference (then the two distances differ) or carry the reference's training (then the directions agree).
"""

from dataclasses import replace

import numpy as np

from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.correlation import pearson
from tasks.independence.part import Part
from tasks.independence.verdict import Judgement

#: Above it the two trainings went the same way. Siblings of one start and one corpus reach 0.4 in toys, derivatives 0.9.
MOST_COMMON_DIRECTION = 0.6
#: The two distances from the start may differ by this factor.
MOST_UNEQUAL = 5.0


def apart_from_one_start(judgement: Judgement, evidence: ComponentEvidence, start: Part | None) -> Judgement:
    """The judgement, or `indeterminate` with relation `shared-initialisation` where the subject's step 0 explains it."""
    if start is None or judgement.why != "place" or not isinstance(evidence.reference, Part):
        return judgement
    mine, theirs = _moved(evidence, evidence.reference, start)
    if mine.size == 0:
        return judgement
    lengths = sorted(float(np.linalg.norm(each)) for each in (mine, theirs))
    direction = pearson(mine, theirs)
    if (
        direction is None
        or lengths[0] <= 0
        or lengths[1] > MOST_UNEQUAL * lengths[0]
        or direction > MOST_COMMON_DIRECTION
    ):
        return judgement
    return replace(judgement, verdict="indeterminate", relation="shared-initialisation", why="shared-initialisation")


def _moved(
    evidence: ComponentEvidence, reference: Part, start: Part
) -> "tuple[np.ndarray[tuple[int], np.dtype[np.float32]], ...]":
    """How far subject and reference are from the subject's step 0, over the matrices at the same place in the same shape."""
    before = {role.place: role.name for role in start.roles}
    theirs = {role.place: role.name for role in reference.roles}
    places = {role.name: role.place for role in evidence.subject.roles}
    moved: tuple[list[object], list[object]] = ([], [])
    for each in evidence.correlations:
        place = places[each.name]
        if place not in before or place not in theirs:
            continue
        tensors = [
            evidence.subject.checkpoint.read(each.name),
            reference.checkpoint.read(theirs[place]),
            start.checkpoint.read(before[place]),
        ]
        if len({tensor.shape for tensor in tensors}) == 1:
            moved[0].append((tensors[0] - tensors[2]).ravel())
            moved[1].append((tensors[1] - tensors[2]).ravel())
    empty = np.zeros(0, dtype=np.float32)
    return tuple(np.concatenate(side) if side else empty for side in moved)  # type: ignore[arg-type]
