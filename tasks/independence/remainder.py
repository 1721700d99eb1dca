"""What is left of a subject when a reference that it derives from is taken out of it, and whether that is another reference.

A merge hides its smaller parent under the larger one, and a disguise hides both: the cosine of a unit with the one that it holds
a tenth of is that of chance. But models are merged number by number, so the larger parent, once found, is the key to the
disguise. Each unit of the subject is laid beside its counterpart in that parent, and what lies along it is taken off. What is
left stands in the order and the stream of the larger parent, which are the smaller one's too. Whether it is the smaller one
is tested place by place: nothing up to there has seen it, so if it did not go into the merge every renumbering of its units
is as likely as the one that we see, and p-values are exact, whatever the three models and their training have in common.

>>> remainder_test(taken_out("globe", evidence, judgement), parts(other, roles)["language_model"], seed=1).mean_cosine
0.88
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.independence.aligned_tests import BY_REMAINDER, PairTest
from tasks.independence.alignment import aligned_by_units, counterparts
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.device import product
from tasks.independence.feed_forward import FeedForward, Place, StoredLayer
from tasks.independence.fingerprint import SketchedPart, projected
from tasks.independence.one_order_tests import MOST_LAYERS, REMAINDER, OrderTest, at_same_places
from tasks.independence.part import Part, units_to_align
from tasks.independence.permutation_test import LEAST_UNITS, Matrix, PlaceTest, centred_unit_rows, test_places
from tasks.independence.place_tests import READS, WRITES
from tasks.independence.procrustes import Turned
from tasks.independence.screening import evenly
from tasks.independence.unit_rows import UnitRows, of_length_one
from tasks.independence.verdict import Judgement

#: How a parent must have been found, so that its units' counterparts are known.
_KNOWN_BY = ("place", "aligned")
#: A pair of layers this clear is laid beside each other.
_CLEAR_LOG10 = -6.0

Places = npt.NDArray[np.int_]


@dataclass(frozen=True)
class Side:
    """One matrix of a layer's units: what is left of the subject's rows, (units, k), and the k directions of the larger parent's
    stream that these are in, (width, k)."""

    left_over: Matrix
    directions: Matrix

    def similarity(self, other: Matrix) -> Matrix:
        """(units, units): cosines of what is left with another model's rows."""
        return product(centred_unit_rows(self.left_over), centred_unit_rows(product(other, self.directions)).T)

    def sketched_similarity(self, other: Matrix, units: Places) -> Matrix:
        """The same for some of the units, with another model's rows as a fingerprint keeps them."""
        ours = projected(product(self.left_over[units], self.directions.T))
        return product(centred_unit_rows(ours), centred_unit_rows(other).T)


@dataclass(frozen=True)
class LayerRest:
    """What is left of layer `layer` of the subject, in its list of layers at `number`: of the units `units` of the parent's
    layer at `place`."""

    number: int
    layer: int | None
    place: Place
    shapes: tuple[tuple[int, ...], ...]
    units: Places
    reads: Sequence[Side]
    writes: Side


@dataclass(frozen=True)
class Remainder:
    """A component of the subject without the parent of this id."""

    parent: str
    layers: Sequence[LayerRest]


def taken_out(name: str, evidence: ComponentEvidence, judgement: Judgement) -> Remainder | None:
    """The subject without the reference `name`, of which it was found to be derived; None where it was not, or where its
    units' counterparts are not known."""
    parent = evidence.reference
    if judgement.verdict != "derived" or judgement.why not in _KNOWN_BY or not isinstance(parent, Part):
        return None
    in_place = judgement.why == "place"
    pairs = at_same_places(evidence.subject, parent) if in_place else _aligned_pairs(evidence)
    rests = [_rest(evidence.subject, parent, *pair, in_place) for pair in evenly(pairs, MOST_LAYERS)]
    found = [each for each in rests if each is not None]
    return Remainder(name, found) if found else None


def remainder_test(remainder: Remainder, other: Part | SketchedPart, seed: int) -> OrderTest | None:
    """Whether what is left is `other`, unit by unit at their places, by what units read and by what they write; None where no
    layer of it has the parent's shapes."""
    stored = {layer.place: layer for layer in other.layers}
    groups: dict[str, list[PlaceTest]] = {READS: [], WRITES: []}
    layers: list[tuple[int | None, int | None]] = []
    for number, rest in enumerate(remainder.layers):
        layer = stored.get(rest.place)
        if layer is None or layer.shapes != rest.shapes:
            continue
        sides = _similarities(rest, layer)
        if sides is None:
            continue
        *reads, writes = sides
        mean = np.asarray(np.sum(reads, axis=0) / np.float32(len(reads)), dtype=np.float32)
        tests = [test_places(each, seed + number) for each in (mean, writes)]
        found = [each for each in tests if each is not None]
        if len(found) == len(tests):
            layers.append((rest.layer, rest.place[1]))
            for group, test in zip(groups.values(), found, strict=True):
                group.append(test)
    return OrderTest(REMAINDER, groups, remainder.parent, layers) if layers else None


def remainder_alignments(remainder: Remainder, other: Part, seed: int) -> list[PairTest]:
    """The same for a smaller parent that was renumbered or turned itself before it was merged: every layer that is left aligned
    with the other's at its place on half of its units, and tested on the other half."""
    places = {layer.place: number for number, layer in enumerate(other.layers)}
    found = []
    for rest in remainder.layers:
        place = places.get(rest.place)
        if place is None or other.layers[place].shapes != rest.shapes:
            continue
        reads = tuple(of_length_one(side.left_over) for side in rest.reads)
        rows = UnitRows(reads, of_length_one(rest.writes.left_over))
        agreement = aligned_by_units(rows, other.unit_rows(place), seed + place)
        if agreement is not None:
            found.append(PairTest(BY_REMAINDER, rest.number, place, agreement, remainder.parent))
    return found


def _similarities(rest: LayerRest, layer: StoredLayer | FeedForward) -> list[Matrix] | None:
    """(units, units) of every side, reads before writes; of a fingerprint's layer for the units that it keeps, None where these
    are too few."""
    sides = [*rest.reads, rest.writes]
    if isinstance(layer, StoredLayer):
        whole = layer.chosen(rest.units)
        return [side.similarity(own) for side, own in zip(sides, (*whole.reads, whole.writes), strict=True)]
    kept = np.flatnonzero(rest.units < len(layer.writes))
    if len(kept) < LEAST_UNITS:
        return None
    rows = (each[rest.units[kept]] for each in (*layer.reads, layer.writes))
    return [side.sketched_similarity(own, kept) for side, own in zip(sides, rows, strict=True)]


def _aligned_pairs(evidence: ComponentEvidence) -> list[tuple[int, int]]:
    """The clearest counterpart of every layer of the subject that has a clear one."""
    pairs = [] if evidence.aligned is None else evidence.aligned.pairs
    clear = sorted((each for each in pairs if each.log10_p < _CLEAR_LOG10), key=lambda each: -each.log10_p)
    clearest = {each.subject: each.reference for each in clear}  # of two for one layer the last, which is clearer
    return sorted(clearest.items())


def _rest(subject: Part, parent: Part, i: int, j: int, in_place: bool) -> LayerRest | None:
    mine, theirs = subject.unit_rows(i), parent.unit_rows(j)
    found = counterparts(mine, theirs, in_place)
    if found is None or not found[1]:
        return None
    turn, matches = found
    own, other = (np.array(side) for side in zip(*matches, strict=True))
    layer = parent.layers[j]
    return LayerRest(
        i,
        subject.layers[i].place[1],
        layer.place,
        layer.shapes,
        layer.largest_numbers(units_to_align(layer))[other],
        [_side(a[own], b[other], turn.reads) for a, b in zip(mine.reads, theirs.reads, strict=True)],
        _side(mine.writes[own], theirs.writes[other], turn.writes),
    )


def _side(mine: Matrix, theirs: Matrix, turn: Turned) -> Side:
    """What a unit shares with its counterpart taken off, in the sign of that: gated units may have changed theirs."""
    ours, known = product(mine, turn.right.T), product(theirs, turn.left)
    shared = (ours * known).sum(axis=1, keepdims=True) / np.maximum((known**2).sum(axis=1, keepdims=True), 1e-30)
    return Side(np.asarray((ours - shared * known) * np.sign(shared), dtype=np.float32), turn.left)
