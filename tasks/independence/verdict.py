"""Statistics of one component → derived, independent or indeterminate. No single number convicts.

`derived` needs a family-wise corrected p-value below 1e-3, an effect size, and two disjoint groups of tensors that agree; or
an identity: of numbers in the weights or, where the models were run, of all that they answer. `independent` needs the
reference's weights, and tests that covered the component, found nothing, and do find a derivative of the same reference that the
tool planted. Everything else is `indeterminate`.
"""

import math
from collections import Counter
from dataclasses import dataclass

from checks.records.lineage import LayerMatch, Relation, Verdict
from tasks.independence.aligned_tests import BY_LAYERS
from tasks.independence.component_evidence import MOSTLY, ComponentEvidence
from tasks.independence.copies import TRIVIAL_ROLES
from tasks.independence.counterparts import second_smallest
from tasks.independence.feed_forward import Place
from tasks.independence.moved_layers import MOVED_LAYERS
from tasks.independence.one_order_tests import LEAST_COSINE, REMAINDER, OrderTest, group_log10
from tasks.independence.part import Part
from tasks.independence.permutation_test import PlaceTest, least_log10
from tasks.independence.place_tests import READS, WRITES, GroupTest
from tasks.independence.telling_copies import LEAST_COPIED, numbers_in

#: Names of the tests by content and by place, as findings, layer maps and the documentation have them.
COPY, IN_PLACE = "exact-copy", "permutation"
#: Family-wise error: the chance that anything at all is called derived where nothing is.
LOG10_ALPHA = -3.0
#: Effect sizes below which a place test convicts nobody, however small its p-value. Centred correlations of models trained
#: apart stay within 0.02 of zero on tensors of thousands of numbers; a merge with a tenth of a parent has 0.1.
LEAST_R = 0.05
LEAST_SHARE = 0.10
#: With less of a component tested, finding nothing says nothing.
LEAST_TESTED = 0.25
#: Where no test convicts, this share of a component in tensors alike in place clears it not: tests may have seen other tensors.
LEAST_ALIKE = 0.05
#: Above it the weights are still recognisably the parent's, trained on.
FINE_TUNED_R = 0.3


@dataclass(frozen=True)
class Judgement:
    """What one component's evidence comes to; `log10_p` is corrected over the family, None for an identity."""

    verdict: Verdict
    log10_p: float | None
    relation: Relation | None
    layers: list[LayerMatch]
    why: str


def judge(evidence: ComponentEvidence, family: int) -> Judgement:
    """The verdict; `family` is the number of p-values in the whole trace."""
    correction = math.log10(max(1, family))
    copied = numbers_in(evidence.copies)
    place = _place_log10(evidence, correction)
    pair = evidence.aligned.best() if evidence.aligned is not None else None
    tried = evidence.aligned.tried if evidence.aligned is not None else 0
    aligned = min(0.0, pair.log10_p + math.log10(tried) + correction) if pair is not None else 0.0
    order = clearest_order(evidence)
    # What stands in place by all of its numbers was not moved, and is judged by that alone.
    ordered = min(0.0, order.log10_p + correction) if order is not None and place >= LOG10_ALPHA else 0.0
    shifted = moved_order(evidence)
    moved = min(0.0, shifted.log10_p + correction) if shifted is not None else 0.0
    ways = [place, aligned, ordered, moved]
    best = least_log10(ways)  # the best of so many ways to be found
    in_place, elsewhere, in_one_order, is_moved = (each + math.log10(len(ways)) < LOG10_ALPHA for each in ways)
    in_place = in_place and _has_effect(evidence)
    placed = _place_layers(evidence, correction) if in_place else []
    layers = _with(_copied_layers(evidence), placed)
    layers = _with(layers, _order_layers(shifted, correction) if is_moved and shifted is not None else [])
    layers = _with(layers, _aligned_layers(evidence, correction) if elsewhere else [])
    turned: Relation | None = "transformed" if elsewhere and not placed else None
    if copied >= LEAST_COPIED:
        whole = evidence.copied_share >= MOSTLY
        relation = "copied" if whole else _relation(evidence, layers, turned or "partial", is_moved)
        return Judgement("derived", None, relation, layers, "copied")
    if in_place:
        relation = _relation(evidence, layers, turned or _in_place(evidence), is_moved)
        return Judgement("derived", best, relation, layers, "place")
    if in_one_order and order is not None and order.test == REMAINDER:
        return Judgement("derived", best, "merged", _order_layers(order, correction), "remainder")
    if is_moved:
        return Judgement("derived", best, _relation(evidence, layers, "transformed", is_moved), layers, "moved")
    if elsewhere:
        merged = pair is not None and pair.parent
        relation = "merged" if merged else _relation(evidence, layers, "transformed")
        return Judgement("derived", best, relation, layers, "aligned")
    one_group = _one_group_shows(evidence, correction)
    if in_one_order:  # what is alike in place shows that nothing was moved: attention alone was taken
        alike = one_group and alike_in_place(evidence) >= LEAST_ALIKE
        relation = "partial" if alike else _relation(evidence, layers, "transformed")
        return Judgement("derived", best, relation, layers, "one-order")
    behaviour = evidence.behaviour
    if behaviour is not None and behaviour.same:
        return Judgement("derived", None, "transformed", [], "same-answers")
    if one_group:
        return Judgement("indeterminate", best, None, [], "one-group")
    if behaviour is not None and behaviour.log10_p + correction < LOG10_ALPHA:
        return Judgement("indeterminate", best, None, [], "units-alike")
    if alike_in_place(evidence) >= LEAST_ALIKE:
        return Judgement("indeterminate", best, None, [], "tensors-alike")
    if evidence.unplaced >= LEAST_COPIED:
        return Judgement("indeterminate", best, None, [], "copies-unplaced")
    if evidence.tested_share < LEAST_TESTED:
        return Judgement("indeterminate", best, None, [], "not-covered")
    if evidence.power + correction >= LOG10_ALPHA:
        return Judgement("indeterminate", best, None, [], "no-power")
    if not isinstance(evidence.reference, Part):
        return Judgement("indeterminate", best, None, [], "fingerprint-only")
    return Judgement("independent", best, None, [], "nothing-found")


def _place_log10(evidence: ComponentEvidence, correction: float) -> float:
    """Two disjoint groups must agree: the second smallest p-value, corrected."""
    return min(0.0, second_smallest(evidence.groups) + correction)


def clearest_order(evidence: ComponentEvidence) -> OrderTest | None:
    """Of the tests of what is left in order that show an effect, the one with the smallest p-value."""
    shown = [each for each in evidence.orders if each.test != MOVED_LAYERS and each.mean_cosine >= LEAST_COSINE]
    return min(shown, key=lambda each: each.log10_p, default=None)


def moved_order(evidence: ComponentEvidence) -> OrderTest | None:
    """The test of layers that stand at another place, where it shows an effect."""
    shown = [each for each in evidence.orders if each.test == MOVED_LAYERS and each.mean_cosine >= LEAST_R]
    return shown[0] if shown else None


def _one_group_shows(evidence: ComponentEvidence, correction: float) -> bool:
    """Whether one group of tensors corresponds, at its place or at another layer's."""
    moved = [
        group_log10(tests) for each in evidence.orders if each.test == MOVED_LAYERS for tests in each.groups.values()
    ]
    return any(log10_p + correction < LOG10_ALPHA for log10_p in (*(each.log10_p for each in evidence.groups), *moved))


def alike_in_place(evidence: ComponentEvidence) -> float:
    """Share of the component's parameters in tensors that correlate as a parent's and its child's do."""
    alike = [each for each in evidence.correlations if each.r >= FINE_TUNED_R and each.role not in TRIVIAL_ROLES]
    return sum(each.parameters for each in alike) / evidence.subject.parameters


def _has_effect(evidence: ComponentEvidence) -> bool:
    agreeing = sorted(evidence.groups, key=lambda group: group.log10_p)[:2]
    return all(group.mean_cosine >= LEAST_R or group.share >= LEAST_SHARE for group in agreeing) or any(
        test.share >= LEAST_SHARE for group in agreeing for test in group.layers.values()
    )


def _layer_tests(groups: list[GroupTest], place: Place) -> list[PlaceTest]:
    """One layer: what it reads and what it writes must both show it; empty where one of them was not tested."""
    found = {group.group: group.layers for group in groups}
    tests = [found[side][place] for side in (READS, WRITES) if place in found.get(side, {})]
    return tests if len(tests) == 2 else []


def _place_layers(evidence: ComponentEvidence, correction: float) -> list[LayerMatch]:
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


def _aligned_layers(evidence: ComponentEvidence, correction: float) -> list[LayerMatch]:
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


def _order_layers(order: OrderTest, correction: float) -> list[LayerMatch]:
    correction += math.log10(max(1, len(order.layers)))
    matches = []
    for (mine, theirs), *tests in zip(order.layers, *order.groups.values(), strict=True):
        log10_p = min(0.0, max(test.log10_p for test in tests) + correction)
        if mine is not None and theirs is not None and log10_p < LOG10_ALPHA:
            matches.append(layer_match(mine, theirs, log10_p, order.test, min(test.share for test in tests)))
    return _one_a_pair(matches)


def _copied_layers(evidence: ComponentEvidence) -> list[LayerMatch]:
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


def _numbers(layers: list[LayerMatch]) -> set[int]:
    return {match.subject_layer for match in layers}


def _all_layers(evidence: ComponentEvidence) -> set[int]:
    return {layer.place[1] for layer in evidence.subject.layers if layer.place[1] is not None}


def _aligned_with(evidence: ComponentEvidence) -> set[int]:
    """Layers that were aligned one by one: of large models only some are."""
    pairs = evidence.aligned.pairs if evidence.aligned is not None else ()
    places = {evidence.subject.layers[pair.subject].place[1] for pair in pairs if pair.test != BY_LAYERS}
    return {place for place in places if place is not None}


def _with(known: list[LayerMatch], found: list[LayerMatch]) -> list[LayerMatch]:
    """What is known of layers, and what was found of those of which nothing was known."""
    numbers = _numbers(known)
    return _one_a_pair([*known, *(match for match in found if match.subject_layer not in numbers)])


def _in_place(evidence: ComponentEvidence) -> Relation:
    return "fine-tuned" if (evidence.r or 0.0) >= FINE_TUNED_R else "unknown"


def _relation(
    evidence: ComponentEvidence, layers: list[LayerMatch], otherwise: Relation, all_looked_at: bool = False
) -> Relation:
    """By the shapes where they differ; `partial` where some layers were found and others not; else `otherwise`."""
    mine, theirs = evidence.subject.layers, evidence.reference.layers
    pairs = [(len(mine), len(theirs))]
    if mine and theirs:
        pairs += list(zip(mine[0].shapes[-1], theirs[0].shapes[-1], strict=True))  # units and width
    if layers and any(own < other for own, other in pairs):
        return "pruned"
    if layers and any(own > other for own, other in pairs):
        return "expanded"
    some = otherwise == "transformed" and not all_looked_at
    every = _aligned_with(evidence) if some else _all_layers(evidence)
    return "partial" if 0 < len(_numbers(layers)) < MOSTLY * len(every) else otherwise


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
