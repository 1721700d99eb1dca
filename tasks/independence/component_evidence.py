"""All that is measured of one component against one reference, before anybody calls it anything."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.independence.aligned_tests import AlignedTests, aligned_tests, finds_planted_disguised
from tasks.independence.behaviour import Behaviour
from tasks.independence.copies import Content
from tasks.independence.correlation import (
    Correlation,
    NormGains,
    correlations,
    mean_correlation,
    norm_gains,
)
from tasks.independence.counterparts import Held, clearest, second_smallest
from tasks.independence.fingerprint import SketchedPart, sketch
from tasks.independence.moved_layers import moved_layers
from tasks.independence.one_order_tests import OrderTest, one_order_tests
from tasks.independence.part import Part
from tasks.independence.place_tests import READS, WRITES, GroupTest, finds_planted_in_place, place_tests
from tasks.independence.telling_copies import LEAST_COPIED, numbers_in, telling_copies
from tasks.independence.token_tables import alike_rows
from tasks.independence.token_turn import shared_token_turn

#: A place test this clear needs no alignment after it: the aligned tests look for what place by place cannot see.
_CLEAR_LOG10 = -12.0
#: Nor does a layer this clear at its own place; one that is less so may have come from another.
_CLEAR_LAYER_LOG10 = -6.0
#: Most of a component copied needs none either.
MOSTLY = 0.9


@dataclass(frozen=True)
class ComponentEvidence:
    """Statistics of one component against one reference.

    `copies`: pairs of tensors with the same numbers, the subject's first, and `unplaced` how many numbers in such pairs are too
    few, and of no known part, to tell; `aligned` is None where it was not needed;
    `planted_in_place` and `planted_disguised` are log10 p-values of derivatives that the tool planted, 0.0 where it could not;
    `orders` are tests of what is left in order, each of two groups; `behaviour` is None where the models were not run;
    `passed_over` are the p-values of other pairings of layers that were tried.
    """

    subject: Part
    reference: Part | SketchedPart
    copies: list[tuple[Content, Content]]
    correlations: list[Correlation]
    gains: NormGains | None
    groups: list[GroupTest]
    aligned: AlignedTests | None
    planted_in_place: float = 0.0
    planted_disguised: float = 0.0
    orders: Sequence[OrderTest] = ()
    behaviour: Behaviour | None = None
    passed_over: int = 0
    unplaced: int = 0

    @property
    def r(self) -> float | None:
        """Mean centred correlation of the tensors at the same place; None where no shape is the same."""
        return mean_correlation(self.correlations)

    @property
    def copied_share(self) -> float:
        """Share of the component's parameters that are copied."""
        return sum(mine.parameters for mine, _ in self.copies) / self.subject.parameters

    @property
    def tensors(self) -> set[str]:
        """The subject's tensors that took part in a test of lineage (looking for copies takes in all of them)."""
        names = {name for group in self.groups for name in group.tensors} | {each.name for each in self.correlations}
        if self.aligned is not None:
            names |= {name for layer in self.subject.layers for name in layer.tensors}
        return names | {mine.name for mine, _ in self.copies}

    @property
    def tested_share(self) -> float:
        """Share of the component's parameters in those tensors."""
        entries = self.subject.checkpoint.tensors
        return sum(entries[name].parameters for name in self.tensors) / self.subject.parameters

    @property
    def power(self) -> float:
        """log10 p of the planted derivative that is found more clearly."""
        return min(self.planted_in_place, self.planted_disguised)

    @property
    def comparisons(self) -> int:
        """How many p-values stand to be corrected for; the aligned tests bring their own count."""
        more = sum(each is not None for each in (self.aligned, self.behaviour))
        return len(self.groups) + sum(each.ways for each in self.orders) + more + self.passed_over


def gather_all(mine: Mapping[str, Part], theirs: Mapping[str, Held]) -> dict[str, ComponentEvidence]:
    """Every component against the reference's of its kind, and against those of a kind that the subject lacks (all, where its own
    is not there): a tower under a name that nobody knows counts as another kind. Copies are looked for everywhere."""
    anywhere = [each for part in theirs.values() for each in part.contents]
    strays = [part for kind, part in theirs.items() if kind not in mine]
    found: dict[str, ComponentEvidence] = {}
    for kind, part in mine.items():
        own = theirs.get(kind)
        elsewhere = _elsewhere(part, strays if own is not None else list(theirs.values()), anywhere)
        if own is None and elsewhere is not None:
            found[kind] = elsewhere
        elif own is not None:
            evidence = gather(part, own, anywhere) if isinstance(own, Part) else _from_sketches(part, own, anywhere)
            more = elsewhere is not None and second_smallest(elsewhere.groups) < second_smallest(evidence.groups)
            found[kind] = elsewhere if elsewhere is not None and more else evidence
    return found


def _elsewhere(subject: Part, others: Sequence[Held], anywhere: Sequence[Content]) -> ComponentEvidence | None:
    """What a component shows beside others than its own kind; None unless it was copied or is so clear that no correction could
    matter, because components of two kinds are expected to have nothing in common."""
    if not others:
        return None
    seed = zlib.crc32(subject.component.encode())
    pairs = telling_copies(subject, anywhere).pairs
    found = clearest(subject, others, lambda each: _in_place(subject, each, seed))
    if found.log10_p > _CLEAR_LOG10 and numbers_in(pairs) < LEAST_COPIED:
        return None
    passed_over, other = found.passed_over, found.reference
    compared: list[Correlation] = []
    if isinstance(other, Part):
        compared = correlations(subject.checkpoint, subject.roles, other.checkpoint, other.roles)
    return ComponentEvidence(subject, other, pairs, compared, None, found.groups, None, passed_over=passed_over)


def _in_place(subject: Part, reference: Part | SketchedPart, seed: int) -> list[GroupTest]:
    return place_tests(subject if isinstance(reference, Part) else sketch(subject, reference), reference, seed)


def gather(subject: Part, reference: Part, anywhere: Sequence[Content] = ()) -> ComponentEvidence:
    """Runs every test that the two parts allow; copies are looked for in `anywhere` too, which is the rest of the reference. The
    seed comes from the component's name, so that a re-run is the same."""
    seed = zlib.crc32(subject.component.encode())
    copies = telling_copies(subject, [*reference.contents, *anywhere])
    alike, copied_tables = alike_rows(subject, reference)
    known = {mine.name for mine, _ in copies.pairs}
    pairs = [*copies.pairs, *(pair for pair in copied_tables if pair[0].name not in known)]
    found = clearest(subject, [reference], lambda each: _in_place(subject, each, seed))
    reference, groups = found.reference, found.groups
    mostly_copied = numbers_in(pairs) >= MOSTLY * subject.parameters
    clear = _is_clear(subject, reference, groups)
    moved = not clear and not mostly_copied
    turn = shared_token_turn(subject, reference) if moved else None
    aligned = aligned_tests(subject, reference, seed, turn) if moved else None
    in_place = 0.0 if aligned is None else finds_planted_in_place(subject, reference, seed)
    disguised = 0.0 if aligned is None else finds_planted_disguised(subject, reference, seed)
    orders: list[OrderTest] = []
    if moved:
        orders = [*one_order_tests(subject, reference, seed, turn), *moved_layers(subject, reference, seed)]
    reference.forget()  # one model's prepared layers at a time are enough
    sides = (subject.checkpoint, subject.roles, reference.checkpoint, reference.roles)
    return ComponentEvidence(
        subject,
        reference,
        pairs,
        _closer(correlations(*sides), alike),
        norm_gains(*sides),
        groups,
        aligned,
        in_place,
        disguised,
        orders,
        passed_over=found.passed_over,
        unplaced=copies.unplaced,
    )


def _closer(by_place: list[Correlation], by_token: list[Correlation]) -> list[Correlation]:
    """Of the tables of tokens the higher correlation, by row or by token."""
    found = {each.name: each for each in by_place}
    for each in by_token:
        if each.name not in found or each.r > found[each.name].r:
            found[each.name] = each
    return list(found.values())


def _is_clear(subject: Part, reference: Part, groups: list[GroupTest]) -> bool:
    """Whether hidden units are in place in both of their groups, in every layer, and layers are as many: else only alignment can
    say which layer came from which."""
    units = [group for group in groups if group.group in (READS, WRITES) and group.log10_p <= _CLEAR_LOG10]
    layers = [test.log10_p for group in units for test in group.layers.values()]
    one_depth = len(subject.layers) == len(reference.layers)
    return len(units) == 2 and one_depth and all(log10_p <= _CLEAR_LAYER_LOG10 for log10_p in layers)


def _from_sketches(subject: Part, reference: SketchedPart, anywhere: Sequence[Content]) -> ComponentEvidence:
    """What a fingerprint alone can say: copies by content, and places by projections."""
    seed = zlib.crc32(subject.component.encode())
    copies = telling_copies(subject, [*reference.contents, *anywhere])
    found = clearest(subject, [reference], lambda each: _in_place(subject, each, seed))
    in_place = finds_planted_in_place(sketch(subject, found.reference), found.reference, seed)
    return ComponentEvidence(
        subject,
        found.reference,
        copies.pairs,
        [],
        None,
        found.groups,
        None,
        in_place,
        passed_over=found.passed_over,
        unplaced=copies.unplaced,
    )
