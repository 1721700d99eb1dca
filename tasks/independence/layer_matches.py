"""Which layer of a subject came from which of a reference, by each test that names layers."""

import math
from collections import Counter

from checks.records.lineage import LayerMatch
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.feed_forward import Place
from tasks.independence.one_order_tests import OrderTest
from tasks.independence.permutation_test import PlaceTest
from tasks.independence.place_tests import READS, WRITES, GroupTest

#: Names of the tests by content and by place, as findings, layer maps and the documentation have them.
COPY, IN_PLACE = "exact-copy", "permutation"
#: Family-wise error: the chance that anything at all is called derived where nothing is.
LOG10_ALPHA = -3.0


def _layer_tests(groups: list[GroupTest], place: Place) -> list[PlaceTest]:
    """One layer: what it reads and what it writes must both show it; empty where one of them was not tested."""
    found = {group.group: group.layers for group in groups}
    tests = [found[side][place] for side in (READS, WRITES) if place in found.get(side, {})]
    return tests if len(tests) == 2 else []


def place_layers(evidence: ComponentEvidence, correction: float) -> list[LayerMatch]:
    """By the tests at the same place."""
    places = sorted({place for group in evidence.groups for place in group.layers}, key=str)
    correction += math.log10(max(1, len(places)))
    matches = []
    for place in places:
        tests = _layer_tests(evidence.groups, place)
        log10_p = min(0.0, max((test.log10_p for test in tests), default=0.0) + correction)
        if place[1] is not None and log10_p < LOG10_ALPHA:
            share = min(test.share for test in tests)
            matches.append(layer_match(place[1], place[1], log10_p, IN_PLACE, share))
    return _one_a_pair(matches)


def aligned_layers(evidence: ComponentEvidence, correction: float) -> list[LayerMatch]:
    """By alignment, of all pairs that were tried."""
    assert evidence.aligned is not None
    correction += math.log10(max(1, evidence.aligned.tried))
    matches = []
    for pair in evidence.aligned.pairs:
        mine, theirs = (
            evidence.subject.layers[pair.subject].place[1],
            evidence.reference.layers[pair.reference].place[1],
        )
        log10_p = min(0.0, pair.log10_p + correction)
        if mine is not None and theirs is not None and log10_p < LOG10_ALPHA:
            matches.append(layer_match(mine, theirs, log10_p, pair.test, pair.agreement.share))
    return _one_a_pair(matches)


def order_layers(order: OrderTest, correction: float) -> list[LayerMatch]:
    """By a test of what is in order, which names its layers."""
    correction += math.log10(max(1, len(order.layers)))
    matches = []
    for (mine, theirs), *tests in zip(order.layers, *order.groups.values(), strict=True):
        log10_p = min(0.0, max(test.log10_p for test in tests) + correction)
        if mine is not None and theirs is not None and log10_p < LOG10_ALPHA:
            matches.append(layer_match(mine, theirs, log10_p, order.test, min(test.share for test in tests)))
    return _one_a_pair(matches)


def copied_layers(evidence: ComponentEvidence) -> list[LayerMatch]:
    """By identical numbers, with the share of the layer that they are."""
    mine = {role.name: role.layer for role in evidence.subject.roles}
    theirs = {role.name: role.layer for role in evidence.reference.roles}
    sizes: Counter[int | None] = Counter()
    for name, layer in mine.items():
        sizes[layer] += evidence.subject.checkpoint.tensors[name].parameters
    copied: Counter[tuple[int | None, int | None]] = Counter()
    for own, other in evidence.copies:
        copied[mine[own.name], theirs.get(other.name)] += own.parameters  # None: copied from another component
    return _one_a_pair(
        [
            layer_match(a, b, None, COPY, parameters / sizes[a])
            for (a, b), parameters in copied.items()
            if a is not None and b is not None
        ]
    )


def _one_a_pair(matches: list[LayerMatch]) -> list[LayerMatch]:
    """The clearest of several findings (experts, two tests) on one pair of layers, in order."""
    best: dict[tuple[int, int], LayerMatch] = {}
    for match in matches:
        key = match.subject_layer, match.reference_layer
        if key not in best or (match.log10_p or 0.0) < (best[key].log10_p or 0.0):
            best[key] = match
    return [best[key] for key in sorted(best)]


def numbers_of(layers: list[LayerMatch]) -> set[int]:
    """The subject's layers."""
    return {match.subject_layer for match in layers}


def with_others(known: list[LayerMatch], found: list[LayerMatch]) -> list[LayerMatch]:
    """What is known of layers, and what was found of those of which nothing was known."""
    numbers = numbers_of(known)
    return _one_a_pair([*known, *(match for match in found if match.subject_layer not in numbers)])


def layer_match(subject: int, reference: int, log10_p: float | None, test: str, share: float) -> LayerMatch:
    """A layer match with its p-value in both spellings."""
    return LayerMatch(
        subject_layer=subject,
        reference_layer=reference,
        p_value=from_log10(log10_p),
        log10_p=log10_p,
        test=test,
        share=share,
    )


def from_log10(log10_p: float | None) -> float | None:
    """The p-value itself, zero where it underflows."""
    return None if log10_p is None else min(1.0, 10.0**log10_p)
