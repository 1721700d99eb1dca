"""Tests of a component place by place: unit for unit and coordinate for coordinate, in three disjoint groups of tensors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from tasks.independence.device import product
from tasks.independence.feed_forward import FeedForward, Place, UnitLayer
from tasks.independence.null_distribution import mean_of_layers
from tasks.independence.permutation_test import (
    Matrix,
    PlaceTest,
    centred_unit_rows,
    fisher_log10,
    signs_log10,
    test_places,
)
from tasks.independence.planted import in_place
from tasks.independence.residual import Profiles, coordinate_similarity

#: Units of one layer that take part: the same numbers in both models. More would add no certainty, and cost its square.
MOST_UNITS = 512
#: Share of zeros in both models from which these are looked at, and the correlation of their places (phi) that is too high.
_SOME_ZEROS, _LEAST_PHI = 0.02, 0.05
READS, WRITES, RESIDUAL = "feed-forward, reading", "feed-forward, writing", "attention and embeddings"


@dataclass(frozen=True)
class GroupTest:
    """One group of tensors: `log10_p` combines its layers (independent renumberings, Fisher); `share` and `mean_cosine` are
    means over layers, `null` the mean and deviation of `mean_cosine` over all renumberings of `units` units; `tensors` are the
    subject's that took part."""

    group: str
    log10_p: float
    share: float
    mean_cosine: float
    null: tuple[float, float]
    units: int
    layers: dict[Place, PlaceTest] = field(default_factory=dict)
    tensors: Sequence[str] = ()


class Placed(Protocol):
    """What the tests of places need of a component: a part of a checkpoint, or what a fingerprint keeps of one."""

    @property
    def layers(self) -> Sequence[UnitLayer]:
        """Layers of hidden units."""

    @property
    def coordinates(self) -> Profiles:
        """Coordinates of the residual stream."""


def place_tests(subject: Placed, reference: Placed, seed: int) -> list[GroupTest]:
    """Every group that both have in the same shape; empty where shapes have nothing in common."""
    tests: dict[str, dict[Place, PlaceTest]] = {READS: {}, WRITES: {}}
    pairs = same_places(subject, reference)
    for number, (mine, theirs) in enumerate(pairs):
        for group, test in test_layer(mine.leading(MOST_UNITS), theirs.leading(MOST_UNITS), seed + number).items():
            tests[group][mine.place] = test
    names = [name for mine, _ in pairs for name in mine.tensors]
    found = [_combined(group, of_layers, names) for group, of_layers in tests.items() if of_layers]
    coordinates = _coordinates(subject, reference, seed)
    return found + ([coordinates] if coordinates is not None else [])


def same_places(subject: Placed, reference: Placed) -> list[tuple[UnitLayer, UnitLayer]]:
    """Layers at the same place with as many units of the same widths."""
    theirs = {layer.place: layer for layer in reference.layers}
    only = len(subject.layers) == len(reference.layers) == 1  # a projector, whatever it is called
    pairs = []
    for mine in subject.layers:
        other = reference.layers[0] if only else theirs.get(mine.place)
        if other is not None and mine.shapes == other.shapes:
            pairs.append((mine, other))
    return pairs


def finds_planted_in_place(subject: Placed, reference: Placed, seed: int) -> float:
    """log10 p of the weaker of the two feed-forward groups on a planted derivative; 0.0 where no layer has the same shape."""
    answers: dict[str, list[float]] = {READS: [], WRITES: []}
    for number, (_, layer) in enumerate(same_places(subject, reference)):
        theirs = layer.leading(MOST_UNITS)
        for group, test in test_layer(in_place(theirs, seed + number), theirs, seed + number).items():
            answers[group].append(test.log10_p)
    return max(fisher_log10(each) for each in answers.values())


def test_layer(mine: FeedForward, theirs: FeedForward, seed: int) -> dict[str, PlaceTest]:
    """The test of what units read, all their reading sides together, and of what they write, as far as units suffice."""
    sides = {
        READS: (np.concatenate(mine.reads, axis=1), np.concatenate(theirs.reads, axis=1)),
        WRITES: (mine.writes, theirs.writes),
    }
    tests = {group: _test_units(own, other, seed) for group, (own, other) in sides.items()}
    return {group: test for group, test in tests.items() if test is not None}


def _test_units(mine: Matrix, theirs: Matrix, seed: int) -> PlaceTest | None:
    similarity = product(centred_unit_rows(mine), centred_unit_rows(theirs).T)
    test = test_places(similarity, seed)
    if test is None or not _zeros_in_common(mine, theirs):
        return test
    return replace(test, log10_p=max(test.log10_p, signs_log10(similarity.diagonal())))


def _zeros_in_common(mine: Matrix, theirs: Matrix) -> bool:
    """Whether zeros lie at the same places more often than chance puts them there, as one mask for two models does: a unit then
    varies more at its own place than at others, whichever way, and renumberings are not as likely as the order seen."""
    own, other = mine == 0, theirs == 0
    p, q = float(own.mean()), float(other.mean())
    if min(p, q) < _SOME_ZEROS or max(p, q) == 1.0:
        return False
    phi = (float((own & other).mean()) - p * q) / math.sqrt(p * (1 - p) * q * (1 - q))
    return phi > _LEAST_PHI


def _combined(group: str, tests: dict[Place, PlaceTest], names: Sequence[str]) -> GroupTest:
    found = list(tests.values())
    return GroupTest(
        group,
        fisher_log10([each.log10_p for each in found]),
        float(np.mean([each.share for each in found])),
        float(np.mean([each.mean_cosine for each in found])),
        mean_of_layers([each.null for each in found]),
        sum(each.units for each in found),
        tests,
        sorted(set(names)),
    )


def _coordinates(subject: Placed, reference: Placed, seed: int) -> GroupTest | None:
    similarity, used = coordinate_similarity(subject.coordinates, reference.coordinates)
    test = None if similarity is None else test_places(similarity, seed)
    if test is None:
        return None
    return GroupTest(RESIDUAL, test.log10_p, test.share, test.mean_cosine, test.null, test.units, tensors=used)
