"""Exact tests where an order of the model is left that no disguise has moved: hidden units in a stream that was turned, and
the values inside attention heads whose hidden units and heads were renumbered.

What was moved is found from one part and tested on another: under the null every renumbering of the tested part is as
likely as the one seen, whatever was found, so p-values are exact. They add up over all units and layers, and so find a
merge's small share where no single unit can be told from chance. A pupil that learned its teacher's stream, coordinate for
coordinate, has its own order of units and values: what shows in the order of the stream's coordinates proves less than this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from tasks.independence.alignment import Places
from tasks.independence.device import product
from tasks.independence.feed_forward import StoredLayer
from tasks.independence.part import Part
from tasks.independence.permutation_test import (
    Matrix,
    PlaceTest,
    centred_unit_rows,
    fisher_log10,
    test_places,
)
from tasks.independence.place_tests import MOST_UNITS, READS, WRITES
from tasks.independence.procrustes import Turned, turn_from_rows, turns_by_every
from tasks.independence.screening import evenly
from tasks.independence.stream_forms import Heads, attention_heads

UNITS_IN_PLACE, VALUES_IN_PLACE, REMAINDER = "units-in-place", "values-in-place", "remainder-in-place"
VALUES_READ, VALUES_WRITTEN = "values, reading", "values, writing"
#: Layers that take part, spread over the depth.
MOST_LAYERS = 8
#: Groups of heads of one layer whose values are tested.
MOST_GROUPS = 16
#: Mean cosine below which the tests convict nobody, however small their p-values: of 280 pairs trained apart or distilled the
#: highest had 0.031, with a p-value of 0.08 (docs/evidence.md); a merge with a tenth of a parent has 0.03 to 0.10.
LEAST_COSINE = 0.03

Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class OrderTest:
    """Two groups of tensors that have none in common and must both show it: what is read, and what is written. Each holds the
    tests of its layers (and heads), which are renumbered independently of each other. Of what was left of a subject (`remainder`)
    `parent` is what was taken out, and `layers` the subject's and the reference's number of each layer tested. It is the clearest
    of so many `ways` to test the same."""

    test: str
    groups: Mapping[str, Sequence[PlaceTest]]
    parent: str = ""
    layers: Sequence[tuple[int | None, int | None]] = ()
    ways: int = 1

    @property
    def log10_p(self) -> float:
        """Of the weaker group, not corrected."""
        return max(group_log10(each) for each in self.groups.values())

    @property
    def mean_cosine(self) -> float:
        """Of the weaker group."""
        return min(group_cosine(each) for each in self.groups.values())


def group_log10(tests: Sequence[PlaceTest]) -> float:
    """Fisher's combination."""
    return fisher_log10([each.log10_p for each in tests])


def group_cosine(tests: Sequence[PlaceTest]) -> float:
    """Mean over the tests."""
    return float(np.mean([each.mean_cosine for each in tests]))


def one_order_tests(subject: Part, reference: Part, seed: int, turn: Turned | None) -> list[OrderTest]:
    """Both tests, where the two have layers of one shape at the same places in one stream; values once in the stream as it lies and
    once as shared tokens say that it was turned."""
    pairs = at_same_places(subject, reference)
    if len({shape[1] for i, _ in pairs for shape in subject.layers[i].shapes}) != 1:
        return []
    pairs = evenly(pairs, MOST_LAYERS)
    turns = [None] if turn is None else [None, turn]
    values = [_values_in_place(subject, reference, pairs, seed, each) for each in turns]
    clearest = min((each for each in values if each is not None), key=lambda each: each.log10_p, default=None)
    found = [_units_in_place(subject, reference, pairs, seed), clearest and replace(clearest, ways=len(turns))]
    return [each for each in found if each is not None]


def at_same_places(subject: Part, reference: Part) -> list[tuple[int, int]]:
    """Layers at the same place in the same shapes, by their places in the two lists of layers."""
    theirs = {layer.place: number for number, layer in enumerate(reference.layers)}
    pairs = [(number, theirs[layer.place]) for number, layer in enumerate(subject.layers) if layer.place in theirs]
    return [(i, j) for i, j in pairs if subject.layers[i].shapes == reference.layers[j].shapes]


def _units_in_place(subject: Part, reference: Part, pairs: Pairs, seed: int) -> OrderTest | None:
    """The turn of the stream from half of the units of all layers, tested on the other half. Layers are read twice: all of
    them in memory would be most of what a trace of wide models holds."""
    generator = np.random.default_rng(seed)
    layers = [subject.layers[i] for i, _ in pairs]
    halves = [np.array_split(generator.permutation(min(MOST_UNITS, each.units)), 2) for each in layers]
    rows = sum(len(fitted) * len(each.shapes) for (fitted, _), each in zip(halves, layers, strict=True))
    step = turns_by_every(rows, layers[0].width)
    anchors: list[tuple[Matrix, Matrix]] = []
    for (i, j), (fitted, _) in zip(pairs, halves, strict=True):
        anchors += _sides(subject.layers[i], reference.layers[j], fitted[::step])
    turn = turn_from_rows(*(np.concatenate(side) for side in zip(*anchors, strict=True)))
    found: list[tuple[Matrix, Matrix]] = []
    for (i, j), (_, tested) in zip(pairs, halves, strict=True):
        cosines = [turn.products(*side) for side in _sides(subject.layers[i], reference.layers[j], tested)]
        found.append((np.asarray(np.sum(cosines[:-1], axis=0) / np.float32(len(cosines) - 1)), cosines[-1]))
    return _order_test(UNITS_IN_PLACE, (READS, WRITES), found, seed)


def _sides(subject: StoredLayer, reference: StoredLayer, chosen: Places) -> list[tuple[Matrix, Matrix]]:
    """Of every matrix that units read and of the one that they write, the chosen units' rows, centred on the layer."""
    mine, theirs = subject.leading(MOST_UNITS), reference.leading(MOST_UNITS)
    sides = zip((*mine.reads, mine.writes), (*theirs.reads, theirs.writes), strict=True)
    return [(centred_unit_rows(own)[chosen], centred_unit_rows(other)[chosen]) for own, other in sides]


def _values_in_place(subject: Part, reference: Part, pairs: Pairs, seed: int, turn: Turned | None) -> OrderTest | None:
    """Heads are found by their queries and keys; tested is the order of the values inside each, by what they read and by what
    they write. `turn` is the stream's, None where it lies as it did."""
    found: list[tuple[Matrix, Matrix]] = []
    for i, j in pairs:
        mine, theirs = attention_heads(subject, i), attention_heads(reference, j)
        if mine is None or theirs is None or mine.shapes != theirs.shapes:
            continue
        if turn is not None:
            if turn.shape != (theirs.values.shape[-1], mine.values.shape[-1]):  # of a wide stream only a part was read
                return None
            theirs = theirs.turned(turn)
        for own, other in _counterparts(mine, theirs):
            sides = ((mine.values[own], theirs.values[other]), (mine.writes[own], theirs.writes[other]))
            reads, writes = (product(centred_unit_rows(a), centred_unit_rows(b).T) for a, b in sides)
            found.append((reads, writes))
    return _order_test(VALUES_IN_PLACE, (VALUES_READ, VALUES_WRITTEN), found, seed)


def _counterparts(mine: Heads, theirs: Heads) -> list[tuple[int, int]]:
    """Groups of heads that share keys, paired by the cosine of all their queries and keys."""
    rows = [centred_unit_rows(each.looks.reshape(len(each.looks), -1)) for each in (mine, theirs)]
    own, other = linear_sum_assignment(product(rows[0], rows[1].T), maximize=True)
    return evenly(list(zip(own.tolist(), other.tolist(), strict=True)), MOST_GROUPS)


def _order_test(
    test: str, groups: tuple[str, str], similarities: Sequence[tuple[Matrix, Matrix]], seed: int
) -> OrderTest | None:
    """None where nothing has enough units."""
    found: dict[str, list[PlaceTest]] = {group: [] for group in groups}
    for number, sides in enumerate(similarities):
        tests = [test_places(each, seed + number) for each in sides]
        for group, each in zip(groups, tests, strict=True):
            if each is not None and None not in tests:
                found[group].append(each)
    return OrderTest(test, found) if found[groups[0]] else None
