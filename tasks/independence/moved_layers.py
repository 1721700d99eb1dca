"""Layers that stand in the reference at another place, their units in their order: some layers borrowed, left out, doubled,
stacked or moved, experts that were dense layers and dense layers that were experts.

Which layer is whose is asked of a few leading units, over all pairs of layers; whether it is so is tested on the units after
them, which took no part in the choice: under the null each renumbering of these is as likely as the one seen, so p-values
are exact.

>>> moved_layers(subject, reference, seed=1)[0].layers      # (number in the subject, number in the reference)
[(1, 2), (2, 3)]
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.independence.device import product
from tasks.independence.feed_forward import FeedForward, StoredLayer
from tasks.independence.one_order_tests import OrderTest
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix, PlaceTest, centred_unit_rows
from tasks.independence.place_tests import MOST_UNITS, READS, WRITES, test_layer

MOVED_LAYERS = "moved-layers"
#: Leading units of a layer that are asked, at most a quarter of them, and of how many coordinates of what they read first.
ASKED_UNITS, ASKED_COORDINATES = 64, 64
#: Cosine of two layers' asked numbers, 4,096 of them, from which they are tested. By chance it varies by 0.016, and the largest of
#: a million pairs is 0.08; it only decides what is worth a test.
LEAST_COSINE = 0.1
#: Most layers that are tested, those that look most alike.
MOST_TESTED = 256


def moved_layers(subject: Part, reference: Part, seed: int) -> list[OrderTest]:
    """One test of every layer beside the one of another place that it looks most like; empty where none looks like any."""
    groups: dict[str, list[PlaceTest]] = {READS: [], WRITES: []}
    layers: list[tuple[int | None, int | None]] = []
    for i, j in _candidates(subject.layers, reference.layers):
        mine, theirs = (_not_asked(part.layers[place]) for part, place in ((subject, i), (reference, j)))
        tests = test_layer(mine, theirs, seed + i)
        if len(tests) == len(groups):
            layers.append((subject.layers[i].place[1], reference.layers[j].place[1]))
            for group, test in tests.items():
                groups[group].append(test)
    return [OrderTest(MOVED_LAYERS, groups, layers=layers)] if layers else []


def _candidates(subject: Sequence[StoredLayer], reference: Sequence[StoredLayer]) -> list[tuple[int, int]]:
    """(Place in the subject's list, in the reference's): for every layer the most alike of its shapes at another place."""
    found: list[tuple[float, int, int]] = []
    for shapes in sorted({layer.shapes for layer in subject} & {layer.shapes for layer in reference}):
        own, other = ([n for n, layer in enumerate(side) if layer.shapes == shapes] for side in (subject, reference))
        alike = product(_asked([subject[i] for i in own]), _asked([reference[j] for j in other]).T)
        for row, i in zip(alike, own, strict=True):
            row[[subject[i].place == reference[j].place for j in other]] = -1.0
            best = int(row.argmax())
            if row[best] >= LEAST_COSINE:
                found.append((float(row[best]), i, other[best]))
    return sorted((i, j) for _, i, j in sorted(found, reverse=True)[:MOST_TESTED])


def _asked(layers: Sequence[StoredLayer]) -> Matrix:
    """(layers, numbers) of length one: what the leading units read first, along some coordinates."""
    rows = []
    for layer in layers:
        matrix = centred_unit_rows(layer.leading_first(_asked_units(layer)))
        some = matrix[:, :: max(1, matrix.shape[1] // ASKED_COORDINATES)].ravel()
        rows.append(some / max(float(np.linalg.norm(some)), 1e-30))
    return np.stack(rows).astype(np.float32)


def _asked_units(layer: StoredLayer) -> int:
    return max(1, min(ASKED_UNITS, layer.units // 4))


def _not_asked(layer: StoredLayer) -> FeedForward:
    """The units that took no part in the choice."""
    first = _asked_units(layer)
    whole = layer.leading(first + MOST_UNITS)
    return replace(whole, reads=tuple(each[first:] for each in whole.reads), writes=whole.writes[first:])
