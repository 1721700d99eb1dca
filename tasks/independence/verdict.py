"""Statistics of one component → derived, independent or indeterminate. No single number convicts.

`derived` needs a family-wise corrected p-value below 1e-3, an effect size, and two disjoint groups of tensors that agree; or
an identity: of numbers in the weights or, where the models were run, of all that they answer. `independent` needs the
reference's weights, and tests that covered the component, found nothing, and do find a derivative of the same reference that the
tool planted. Everything else is `indeterminate`.
"""

import math
from dataclasses import dataclass, replace

from checks.records.lineage import LayerMatch, Relation, Verdict
from tasks.independence.aligned_tests import BY_LAYERS
from tasks.independence.component_evidence import MOSTLY, ComponentEvidence
from tasks.independence.copies import TRIVIAL_ROLES
from tasks.independence.counterparts import second_smallest
from tasks.independence.layer_matches import (
    LOG10_ALPHA,
    aligned_layers,
    copied_layers,
    numbers_of,
    order_layers,
    place_layers,
    with_others,
)
from tasks.independence.moved_layers import MOVED_LAYERS
from tasks.independence.one_order_tests import LEAST_COSINE, REMAINDER, OrderTest, group_log10
from tasks.independence.part import Part
from tasks.independence.permutation_test import least_log10
from tasks.independence.telling_copies import LEAST_COPIED, numbers_in

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


@dataclass(frozen=True)
class _Ways:
    """The ways to be found, log10 p each, corrected but for their number: at the same place, aligned, by an order that was left,
    at another layer's place."""

    place: float
    aligned: float
    ordered: float
    moved: float

    @property
    def all(self) -> tuple[float, ...]:
        """All of them."""
        return self.place, self.aligned, self.ordered, self.moved

    def shown(self, log10_p: float) -> bool:
        """Whether one of them is small enough, as the best of so many."""
        return log10_p + math.log10(len(self.all)) < LOG10_ALPHA


def judge(evidence: ComponentEvidence, family: int) -> Judgement:
    """The verdict; `family` is the number of p-values in the whole trace."""
    correction = math.log10(max(1, family))
    ways = _ways(evidence, correction)
    return _derived(evidence, ways, correction) or _not_derived(evidence, least_log10(ways.all), correction)


def _ways(evidence: ComponentEvidence, correction: float) -> _Ways:
    place = _place_log10(evidence, correction)
    pair = evidence.aligned.best() if evidence.aligned is not None else None
    tried = evidence.aligned.tried if evidence.aligned is not None else 0
    aligned = min(0.0, pair.log10_p + math.log10(tried) + correction) if pair is not None else 0.0
    order, moved = clearest_order(evidence), moved_order(evidence)
    # What stands in place by all of its numbers was not moved, and is judged by that alone.
    ordered = min(0.0, order.log10_p + correction) if order is not None and place >= LOG10_ALPHA else 0.0
    return _Ways(place, aligned, ordered, min(0.0, moved.log10_p + correction) if moved is not None else 0.0)


def _derived(evidence: ComponentEvidence, ways: _Ways, correction: float) -> Judgement | None:
    """`derived` by the first that shows it: identical numbers, then each of the ways."""
    aligned, ordered, is_moved = (ways.shown(each) for each in (ways.aligned, ways.ordered, ways.moved))
    in_place = ways.shown(ways.place) and _has_effect(evidence)
    order, moved = clearest_order(evidence), moved_order(evidence)
    placed = place_layers(evidence, correction) if in_place else []
    layers = with_others(copied_layers(evidence), placed)
    layers = with_others(layers, order_layers(moved, correction) if is_moved and moved is not None else [])
    layers = with_others(layers, aligned_layers(evidence, correction) if aligned else [])
    turned: Relation | None = "transformed" if aligned and not placed else None
    best = least_log10(ways.all)

    def derived(otherwise: Relation, why: str) -> Judgement:
        return Judgement("derived", best, _relation(evidence, layers, otherwise, is_moved), layers, why)

    if numbers_in(evidence.copies) >= LEAST_COPIED:
        found = derived(turned or "partial", "copied")
        whole = evidence.copied_share >= MOSTLY
        return replace(found, log10_p=None, relation="copied" if whole else found.relation)
    if in_place:
        return derived(turned or _in_place(evidence), "place")
    if ordered and order is not None and order.test == REMAINDER:
        return Judgement("derived", best, "merged", order_layers(order, correction), "remainder")
    if is_moved:
        return derived("transformed", "moved")
    if aligned:
        pair = evidence.aligned.best() if evidence.aligned is not None else None
        found = derived("transformed", "aligned")
        return replace(found, relation="merged") if pair is not None and pair.parent else found
    if ordered:  # what is alike in place shows that nothing was moved: attention alone was taken
        alike = _one_group_shows(evidence, correction) and alike_in_place(evidence) >= LEAST_ALIKE
        found = derived("transformed", "one-order")
        return replace(found, relation="partial") if alike else found
    if evidence.behaviour is not None and evidence.behaviour.same:
        return Judgement("derived", None, "transformed", [], "same-answers")
    return None


def _not_derived(evidence: ComponentEvidence, best: float, correction: float) -> Judgement:
    """`indeterminate` for the first reason that there is; `independent` where there is none."""
    behaviour = evidence.behaviour
    reasons = {
        "one-group": _one_group_shows(evidence, correction),
        "units-alike": behaviour is not None and behaviour.log10_p + correction < LOG10_ALPHA,
        "tensors-alike": alike_in_place(evidence) >= LEAST_ALIKE,
        "copies-unplaced": evidence.unplaced >= LEAST_COPIED,
        "not-covered": evidence.tested_share < LEAST_TESTED,
        "no-power": evidence.power + correction >= LOG10_ALPHA,
        "fingerprint-only": not isinstance(evidence.reference, Part),
    }
    why = next((each for each, holds in reasons.items() if holds), None)
    return Judgement("indeterminate" if why else "independent", best, None, [], why or "nothing-found")


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


def _all_layers(evidence: ComponentEvidence) -> set[int]:
    return {layer.place[1] for layer in evidence.subject.layers if layer.place[1] is not None}


def _aligned_with(evidence: ComponentEvidence) -> set[int]:
    """Layers that were aligned one by one: of large models only some are."""
    pairs = evidence.aligned.pairs if evidence.aligned is not None else ()
    places = {evidence.subject.layers[pair.subject].place[1] for pair in pairs if pair.test != BY_LAYERS}
    return {place for place in places if place is not None}


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
    return "partial" if 0 < len(numbers_of(layers)) < MOSTLY * len(every) else otherwise
