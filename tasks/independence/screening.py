"""Which of hundreds of references are worth a closer look: a glance at hashes, a few layers, and the spread of units' sizes.

A screening convicts and clears nobody. It reads at most 1 MB a reference and puts the nearest first: those that share a
tensor, then those whose units stand at the subject's places, then those whose hidden units are spread in size as the
subject's are, which no renumbering and no turn of the stream hides.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from tasks.independence.copies import Content
from tasks.independence.feed_forward import FeedForward
from tasks.independence.fingerprint import QUANTILES, SketchedPart, size_curve, sketch_layer
from tasks.independence.null_distribution import diagonal_null
from tasks.independence.part import Part
from tasks.independence.permutation_test import LEAST_UNITS, Matrix, centred_unit_rows
from tasks.independence.place_tests import MOST_UNITS

Item = TypeVar("Item")

#: What is looked at of one component: so many layers and units of each, and tensors, the largest first. Below 1 MB together.
_LAYERS = 8
_UNITS = 64
_TENSORS = 8_192
_CURVES = 64
#: A place test this clear, or a tensor in common, calls for a closer look whatever stands before it.
SIGN_LOG10 = -3.0

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class ScreenPart:
    """One component: hashes of tensors, cut to 8 bytes; sketches of a few layers; and `size_curve` of up to 64 layers, (layers,
    quantiles)."""

    hashes: Hashes
    layers: Sequence[FeedForward]
    curves: Matrix


@dataclass(frozen=True)
class Sign:
    """What the screening of one reference showed: tensors in common, the clearest component's log10 p by place (by the normal
    law, close enough to put references in order), and the mean distance of curves where both have any."""

    shared: int
    log10_p: float
    distance: float

    @property
    def calls(self) -> bool:
        """Whether it calls for a closer look by itself."""
        return self.shared > 0 or self.log10_p <= SIGN_LOG10

    @property
    def order(self) -> tuple[int, float, float]:
        """Smaller is nearer."""
        return -self.shared, self.log10_p if self.calls else 0.0, self.distance


class Screening:
    """A subject prepared for the screening of many references: nothing of it is read twice."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._parts = parts
        self._hashes = {each for part in parts.values() for each in _hashes(part.contents).tolist()}
        self._curves: dict[str, Matrix] = {}
        self._sketches: dict[tuple[str, object], FeedForward | None] = {}

    def sign(self, reference: Mapping[str, ScreenPart]) -> Sign:
        """How near the reference is: tensors in common anywhere, all else over the components that both have."""
        shared, log10_ps, distances = 0, [0.0], []
        for kind, theirs in reference.items():
            shared += len(self._hashes.intersection(theirs.hashes.tolist()))
            if kind in self._parts:
                log10_ps.append(self._by_place(kind, theirs))
                if len(theirs.curves) and self._parts[kind].layers:
                    distances.append(_distance(self._curves_of(kind), theirs.curves))
        return Sign(shared, min(log10_ps), float(np.mean(distances)) if distances else np.inf)

    def _by_place(self, kind: str, reference: ScreenPart) -> float:
        """Both what units read and what they write must show it: the smaller of their standard scores, as a p-value."""
        scores: list[tuple[float, float]] = []
        for theirs in reference.layers:
            mine = self._sketch(kind, theirs)
            if mine is not None and mine.shapes == theirs.shapes:
                reads = (np.concatenate(each.reads, axis=1) for each in (mine, theirs))
                scores.append((_score(*reads), _score(mine.writes, theirs.writes)))
        if not scores:
            return 0.0
        weaker = float(np.min(np.sum(scores, axis=0))) / len(scores) ** 0.5
        return float(log_ndtr(-weaker)) / math.log(10)

    def _sketch(self, kind: str, like: FeedForward) -> FeedForward | None:
        key = (kind, like.place)
        if key not in self._sketches:
            layer = next((each for each in self._parts[kind].layers if each.place == like.place), None)
            self._sketches[key] = None if layer is None else sketch_layer(layer.leading(_UNITS))
        return self._sketches[key]

    def _curves_of(self, kind: str) -> Matrix:
        if kind not in self._curves:
            layers = evenly(self._parts[kind].layers, _CURVES)
            self._curves[kind] = np.stack([size_curve(layer.leading(MOST_UNITS)) for layer in layers])
        return self._curves[kind]


def screen_of(part: SketchedPart) -> ScreenPart:
    """What a fingerprint keeps of a component for screening."""
    layers = [layer.leading(_UNITS) for layer in evenly(part.layers, _LAYERS)]
    curves = evenly(part.curves, _CURVES)
    return ScreenPart(_hashes(part.contents), layers, np.array(curves, dtype=np.float32).reshape(-1, len(QUANTILES)))


def _score(mine: Matrix, theirs: Matrix) -> float:
    """How many standard deviations the diagonal lies above what renumbered units come to."""
    similarity = centred_unit_rows(mine) @ centred_unit_rows(theirs).T
    if len(similarity) < LEAST_UNITS:
        return 0.0
    mean, deviation = diagonal_null(similarity)
    return (float(np.trace(similarity)) / len(similarity) - mean) / deviation if deviation > 0 else 0.0


def _hashes(contents: Sequence[Content]) -> Hashes:
    """The first 8 bytes of every hash of the largest tensors, sorted."""
    largest = sorted(contents, key=lambda each: (-each.parameters, each.name))[:_TENSORS]
    known = {int(value[:16], 16) for each in largest for value in (each.exact, *each.rounded.values())}
    return np.array(sorted(known), dtype=np.uint64)


def _distance(mine: Matrix, theirs: Matrix) -> float:
    """Mean absolute difference of curves at the same depth."""
    depth = np.linspace(0, 1, max(len(mine), len(theirs)))
    sides = [each[np.round(depth * (len(each) - 1)).astype(int)] for each in (mine, theirs)]
    return float(np.abs(sides[0] - sides[1]).mean())


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many, spread over the whole: the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, most)]
