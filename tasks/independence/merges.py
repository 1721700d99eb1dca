"""Merges over the references of a trace: what is left of the subject without each parent found, held against the others."""

import zlib
from collections.abc import Mapping
from dataclasses import replace

from tasks.independence.aligned_tests import AlignedTests
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.part import Part
from tasks.independence.remainder import Remainder, remainder_alignments, remainder_test, taken_out
from tasks.independence.verdict import Judgement, clearest_order, judge

#: Reference → component → what was measured, and what was said of it.
Evidence = Mapping[str, Mapping[str, ComponentEvidence]]
Judged = dict[str, dict[str, Judgement]]
#: Component → the subject without each parent that was found of it.
Remainders = Mapping[str, list[Remainder]]

#: Above it two models are one and its continuation, and no merge of the two.
_CONTINUED_R = 0.95


def parents_taken_out(evidence: Evidence, family: int) -> Remainders:
    """The subject without each reference that it derives from, by component; `family` is the number of p-values."""
    found: dict[str, list[Remainder]] = {}
    for name, of_reference in evidence.items():
        for kind, each in of_reference.items():
            rest = taken_out(name, each, judge(each, family))
            _forget(each)
            if rest is not None:
                found.setdefault(kind, []).append(rest)
    return found


def held_against(
    evidence: Mapping[str, ComponentEvidence], rests: Remainders, family: int
) -> dict[str, ComponentEvidence]:
    """One reference's evidence, by component, with tests of what is left where nothing was found of it otherwise."""
    found = dict(evidence)
    for kind in rests.keys() & evidence.keys():
        each = evidence[kind]
        if judge(each, family).verdict == "derived":
            continue
        tests = [remainder_test(rest, each.reference, _seed(kind, rest)) for rest in rests[kind]]
        aligned = each.aligned
        if aligned is not None and isinstance(each.reference, Part):
            for rest in rests[kind]:
                pairs = remainder_alignments(rest, each.reference, _seed(kind, rest))
                aligned = AlignedTests([*aligned.pairs, *pairs], aligned.tried + len(rest.layers))
        _forget(each)
        orders = [*each.orders, *(test for test in tests if test is not None)]
        found[kind] = replace(each, orders=orders, aligned=aligned)
    return found


def _forget(evidence: ComponentEvidence) -> None:
    if isinstance(evidence.reference, Part):
        evidence.reference.forget()


def _seed(kind: str, rest: Remainder) -> int:
    return zlib.crc32(f"{rest.parent} {kind}".encode())


def mark_merges(judged: Judged, evidence: Evidence) -> None:
    """A component that derives from two references, of neither of which it is a mere continuation, is a merge of them; so is
    one of which another was found in what was left without this one."""
    for kind in {kind for found in judged.values() for kind in found}:
        why = {name: found[kind].why for name, found in judged.items() if kind in found}
        sources = [name for name in why if why[name] == "place"]
        if len(sources) < 2 or any((evidence[name][kind].r or 0.0) >= _CONTINUED_R for name in sources):
            sources = []
        for name in {
            *sources,
            *(parent for each in why for parent in _larger_parents(evidence[each][kind], why[each])),
        }:
            if judged[name][kind].verdict == "derived":
                judged[name][kind] = replace(judged[name][kind], relation="merged")


def _larger_parents(evidence: ComponentEvidence, why: str) -> list[str]:
    """What was taken out of the subject before this reference was found in it."""
    order = clearest_order(evidence) if why == "remainder" else None
    pair = evidence.aligned.best() if why == "aligned" and evidence.aligned is not None else None
    return [each.parent for each in (order, pair) if each is not None and each.parent]
