"""Tests of a component's layers against all of the reference's, whatever their order, numbering, width or turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tasks.independence.alignment import (
    Agreement,
    aligned_by_turn,
    aligned_by_units,
    aligned_together,
)
from tasks.independence.device import product
from tasks.independence.feed_forward import FeedForward
from tasks.independence.layer_pairs import layer_pairs, same_depth
from tasks.independence.part import Part, units_to_align
from tasks.independence.planted import disguised
from tasks.independence.procrustes import Turned
from tasks.independence.stream_forms import form_features, stream_forms
from tasks.independence.token_turn import MOST_DIRECTIONS
from tasks.independence.turned_layers import pairs_under
from tasks.independence.unit_rows import UnitRows, unit_rows

BY_UNITS, BY_TOKENS, BY_LAYERS = "aligned-by-units", "aligned-by-tokens", "aligned-by-layers"
IN_STREAM = "units-in-stream"
BY_REMAINDER = "aligned-remainder"
#: Layers whose forms of the stream describe units, and the multiplications that this may take: some ten seconds on two cores.
MOST_LANDMARKS = 6
MOST_FORM_MULTIPLICATIONS = 3e11
#: Widest stream whose forms, five squares of its width a layer, are kept in memory.
WIDEST_FORMS = 2_048


@dataclass(frozen=True)
class PairTest:
    """One layer of the subject against one of the reference: by place in the lists of layers. `parent` is the reference that was
    taken out of the subject before."""

    test: str
    subject: int
    reference: int
    agreement: Agreement
    parent: str = ""

    @property
    def log10_p(self) -> float:
        """Both disjoint halves must agree, so the larger p-value of the two counts."""
        return max(self.agreement.log10_halves)


@dataclass(frozen=True)
class AlignedTests:
    """All pairs tried (`tried` counts them, those without an answer too)."""

    pairs: Sequence[PairTest]
    tried: int

    def best(self) -> PairTest | None:
        """The pair with the smallest p-value."""
        return min(self.pairs, key=lambda each: (each.log10_p, -each.agreement.share), default=None)


def aligned_tests(subject: Part, reference: Part, seed: int, turn: Turned | None) -> AlignedTests:
    """Every layer pair by its units, under the turn that shared tokens show, and in the stream as it lies; then all layers."""
    known = {BY_TOKENS: turn, IN_STREAM: _not_turned(subject, reference)}
    turns = {test: each for test, each in known.items() if each is not None}
    pairs = layer_pairs(subject.layers, reference.layers)
    found: list[PairTest] = []
    for i, j in pairs:
        mine, theirs = _alike(subject.unit_rows(i), reference.unit_rows(j))
        agreement = aligned_by_units(mine, theirs, seed + 1000 * i + j)
        if agreement is not None:
            found.append(PairTest(BY_UNITS, i, j, agreement))
    tried, every = len(pairs), len(subject.layers) * len(reference.layers)
    for test, each in turns.items():
        asked = pairs_under(each, subject, reference) if len(pairs) < every else []
        found += _under_turn(subject, reference, asked or pairs, each, test)
        tried += every if asked else len(pairs)
    together = aligned_by_layers(subject, reference, seed)
    return AlignedTests([*found, *together], tried + len(together))


def _not_turned(subject: Part, reference: Part) -> Turned | None:
    """The stream as it lies, of a wide one the first MOST_DIRECTIONS coordinates; None where the two have no width in common."""
    widths = {layer.width for part in (subject, reference) for layer in part.layers}
    if len(widths) != 1:
        return None
    width = widths.pop()
    identity = np.eye(width, min(width, MOST_DIRECTIONS), dtype=np.float32)
    return Turned(identity, identity.T)


def _under_turn(
    subject: Part, reference: Part, pairs: Sequence[tuple[int, int]], turn: Turned, test: str
) -> list[PairTest]:
    """The subject's largest units among all of the reference's: of a merge the largest are not those of its smaller parent."""
    found = []
    for j, of_one in groupby(sorted(pairs, key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        layer = reference.layers[j]
        if any(width != turn.shape[0] for _, width in layer.shapes):
            continue
        theirs = layer.projected(turn.left)
        for i, _ in of_one:
            rows = subject.unit_rows(i)
            sides = (*rows.reads, rows.writes)
            if all(side.shape[1] == turn.shape[1] for side in sides):
                mine = [product(side, turn.right.T) for side in sides]
                found.append(PairTest(test, i, j, aligned_by_turn(mine, theirs)))
    return found


def aligned_by_layers(subject: Part, reference: Part, seed: int) -> list[PairTest]:
    """Layers at the same place by one turn of the stream, from what many layers make of it; for models of one depth."""
    if not _one_depth(subject, reference):
        return []
    landmarks, tested = _landmarks(subject, reference)
    if not tested:
        return []
    forms = [[stream_forms(part, place) for place in landmarks] for part in (subject, reference)]
    if [len(each.products) for each in forms[0]] != [len(each.products) for each in forms[1]]:
        return []
    mine, theirs = ([part.unit_rows(place) for place in tested] for part in (subject, reference))
    features = [(form_features(a, forms[0]), form_features(b, forms[1])) for a, b in zip(mine, theirs, strict=True)]
    agreements = aligned_together(mine, theirs, features, seed)
    return [PairTest(BY_LAYERS, place, place, each) for place, each in zip(tested, agreements, strict=False)]


def _one_depth(subject: Part, reference: Part) -> bool:
    """As many layers of as many matrices in one residual stream each, no experts."""
    sides = subject.layers, reference.layers
    shapes = [{(len(each.reads), each.reads[0].shape[1], each.width) for each in side} for side in sides]
    return (
        len(sides[0]) == len(sides[1]) > 0
        and all(layer.place[2] is None for side in sides for layer in side)
        and all(len(each) == 1 for each in shapes)
        and all(reads == writes for each in shapes for _, reads, writes in each)
        and len({count for each in shapes for count, _, _ in each}) == 1
    )


def _landmarks(subject: Part, reference: Part) -> tuple[list[int], list[int]]:
    """Places of layers whose forms describe units, and of those whose units are tested: as many as can be afforded, spread
    over the depth. Both empty where the models are too wide for one."""
    units = max(units_to_align(layer) for part in (subject, reference) for layer in part.layers)
    width = max(part.layers[0].width for part in (subject, reference))
    affordable = int(MOST_FORM_MULTIPLICATIONS / (42.0 * units * width * width))  # a tested layer in a landmark's forms
    if affordable < 1 or width > WIDEST_FORMS:
        return [], []
    count = min(MOST_LANDMARKS, len(subject.layers), affordable)
    landmarks = _evenly(list(range(len(subject.layers))), count)
    return landmarks, _evenly(landmarks, min(count, max(1, affordable // count)))


def _evenly(places: list[int], count: int) -> list[int]:
    return [places[round(at)] for at in np.linspace(0, len(places) - 1, count)]


def finds_planted_disguised(subject: Part, reference: Part, seed: int) -> float:
    """log10 p of a planted derivative of one reference layer in the shape of the subject's layer; the best layer counts."""
    best = 0.0
    for i, j in same_depth(len(subject.layers), len(reference.layers)):
        layer = subject.layers[i]
        shape = (units_to_align(layer), layer.reads[0].shape[1], layer.width)
        known = reference.unit_rows(j)  # of length one, as the tests see units: nothing is read again
        planted = disguised(FeedForward.of(reference.layers[j].place, known.reads, known.writes), *shape, seed + i)
        rows, its = _alike(unit_rows(planted), known)
        agreement = aligned_by_units(rows, its, seed + 1000 * i + j)
        if agreement is not None:
            best = min(best, max(agreement.log10_halves))
    return best


def _alike(mine: UnitRows, theirs: UnitRows) -> tuple[UnitRows, UnitRows]:
    """A gated and a plain layer are compared by the up matrix and the one that the plain layer reads."""
    if len(mine.reads) == len(theirs.reads):
        return mine, theirs
    return mine.ungated(), theirs.ungated()
