"""Which layers of one model are held against which of the other: all where that can be afforded, else those at about the same
depth, and those whose units are as long: turned, renumbered, shuffled experts and reordered layers keep their lengths.

>>> layer_pairs(subject.layers, reference.layers)[:3]
[(0, 0), (0, 1), (0, 2)]
"""

from collections.abc import Sequence

import numpy as np

from tasks.independence.alignment import turn_multiplications
from tasks.independence.copies import side_by_side
from tasks.independence.device import product
from tasks.independence.feed_forward import StoredLayer
from tasks.independence.part import units_to_align
from tasks.independence.permutation_test import Matrix

#: Layer pairs are tried one by one up to this many multiplications, half a minute on two cores.
MOST_MULTIPLICATIONS = 1e12
#: Where in a model the layers stand that are tried beyond it.
_DEPTHS = (0.0, 0.5, 1.0)

Pairs = list[tuple[int, int]]


def layer_pairs(subject: Sequence[StoredLayer], reference: Sequence[StoredLayer]) -> Pairs:
    """Pairs of places in the two lists that are aligned one by one."""
    if not subject or not reference:
        return []
    units = max(units_to_align(layer) for layer in (*subject, *reference))
    width = max(layer.width for layer in (*subject, *reference))
    every = len(subject) * len(reference)
    if every * (20.0 * units * units * width + turn_multiplications(width)) <= MOST_MULTIPLICATIONS:
        return [(i, j) for i in range(len(subject)) for j in range(len(reference))]
    return sorted({*same_depth(len(subject), len(reference)), *_most_alike(subject, reference)})


def same_depth(subject: int, reference: int) -> Pairs:
    """First, middle and last of so many layers."""
    if not subject or not reference:
        return []
    return sorted({(round(depth * (subject - 1)), round(depth * (reference - 1))) for depth in _DEPTHS})


def _most_alike(subject: Sequence[StoredLayer], reference: Sequence[StoredLayer]) -> Pairs:
    """For the subject's first, middle and last layer, and for the one that is most like any of the reference's (where some layers
    were borrowed, one of these), the most alike in the lengths of their units, whatever layer and expert of the reference, each by
    the expert that is. None where lengths cannot be compared."""
    shapes = {(len(layer.reads), layer.units) for layer in (*subject, *reference)}
    if len(shapes) > 1:
        return []
    mine, theirs = (np.stack(side_by_side(_lengths, side)) for side in (subject, reference))
    apart = (mine**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1)[None, :] - 2 * product(mine, theirs.T)
    closest: dict[tuple[str, int | None], tuple[float, int, int]] = {}
    for i, layer in enumerate(subject):
        j = int(apart[i].argmin())
        best = closest.setdefault(layer.place[:2], (float(apart[i, j]), i, j))
        closest[layer.place[:2]] = min(best, (float(apart[i, j]), i, j))
    layers = list(closest.values())
    spread = [layers[round(depth * (len(layers) - 1))] for depth in _DEPTHS]
    return [(i, j) for _, i, j in (*spread, min(layers))]


def _lengths(layer: StoredLayer) -> Matrix:
    """Logarithms of the lengths of units' rows, sorted: of the gate's, which no disguise rescales, and of all others together,
    which are rescaled against each other. Neither turning nor renumbering changes them."""
    sides = [(each, layer.gain) for each in layer.reads] + [(layer.writes, None)]
    logs = [np.log(np.maximum(side.squared_lengths(layer.checkpoint, gain), 1e-60)) for side, gain in sides]
    groups = [logs[:1], logs[1:]] if len(layer.reads) > 1 else [logs]
    return np.concatenate([np.sort(np.sum(each, axis=0)) for each in groups]).astype(np.float32)
