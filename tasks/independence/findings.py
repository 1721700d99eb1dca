"""One component's evidence and judgement as the record that is stored, shown and printed."""

from collections.abc import Sequence

from checks.records.lineage import ComponentFinding, LineageTest, NullDistribution
from checks.records.record import Text
from tasks.checkpoints import TensorRole
from tasks.independence.aligned_tests import AlignedTests
from tasks.independence.alignment import CHANCE_AGREEMENT
from tasks.independence.behaviour import ACTIVATIONS, SAME_ANSWERS, Behaviour
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.explanations import explain, gains_note
from tasks.independence.layer_matches import COPY, IN_PLACE, from_log10
from tasks.independence.notes import (
    CORRELATION_NOTE,
    activations_note,
    aligned_note,
    answers_note,
    copy_note,
    order_note,
    percent,
    place_note,
    planted_note,
)
from tasks.independence.null_distribution import mean_of_layers, share_null
from tasks.independence.one_order_tests import OrderTest, group_cosine, group_log10
from tasks.independence.part import Part
from tasks.independence.place_tests import READS, WRITES, GroupTest
from tasks.independence.planted import R_DISGUISED, R_IN_PLACE
from tasks.independence.verdict import Judgement, clearest_order, moved_order

PLANTED_IN_PLACE, PLANTED_DISGUISED = "planted by the tool, in place", "planted by the tool, disguised"

_ABSENT = Text(
    ko="참조 모델에 이 구성 요소가 없습니다.",
    en="The reference has no such component.",
)


def component_finding(evidence: ComponentEvidence, judgement: Judgement) -> ComponentFinding:
    """The finding with every test that was run, each with its p-value before correction."""
    return ComponentFinding(
        component=evidence.subject.component,
        verdict=judgement.verdict,
        p_value=from_log10(judgement.log10_p),
        log10_p=judgement.log10_p,
        relation=judgement.relation,
        share_of_parameters=share_of_model(evidence.subject),
        subject_layers=_depth(evidence.subject.roles),
        reference_layers=_depth(evidence.reference.roles),
        layers=judgement.layers,
        tests=_tests(evidence, judgement.why),
        explanation=explain(evidence, judgement),
    )


def absent_component(part: Part) -> ComponentFinding:
    """A component that the reference lacks: `not_applicable`."""
    return ComponentFinding(
        component=part.component,
        verdict="not_applicable",
        share_of_parameters=share_of_model(part),
        explanation=_ABSENT,
    )


def share_of_model(part: Part) -> float:
    """The component's share of the model's parameters."""
    return part.parameters / part.checkpoint.parameters


def _depth(roles: Sequence[TensorRole]) -> int:
    """How many layers there are by their numbers, from 0."""
    return 1 + max((role.layer for role in roles if role.layer is not None), default=-1)


def _tests(evidence: ComponentEvidence, why: str) -> list[LineageTest]:
    tests = [
        LineageTest(
            test=COPY,
            statistic=evidence.copied_share,
            identity=bool(evidence.copies),
            group="all tensors",
            scope=f"{len(evidence.copies)} of {len(evidence.subject.contents)} tensors by content",
            note=copy_note(evidence),
            decides=why == "copied",
        )
    ]
    if evidence.correlations:
        tests.append(
            LineageTest(
                test="centred-correlation",
                statistic=evidence.r,
                group="all matrices",
                scope=f"{len(evidence.correlations)} matrices at the same place in the same shape",
                note=CORRELATION_NOTE,
            )
        )
    clearest = sorted(evidence.groups, key=lambda group: group.log10_p)[: _RESTS_ON.get(why, 0)]
    tests += [_place_test(group, evidence.subject.roles, group in clearest) for group in evidence.groups]
    if evidence.aligned is not None:
        tests += _aligned_tests(evidence.aligned, why)
    deciding = {"moved": moved_order, "one-order": clearest_order, "remainder": clearest_order}.get(why)
    rests_on = deciding(evidence) if deciding is not None else None
    tests += [test for order in evidence.orders for test in _order_tests(order, order is rests_on)]
    if evidence.aligned is not None:
        tests += [_planted_test(*each) for each in _planted(evidence)]
    if evidence.behaviour is not None:
        tests.append(_answers_test(evidence.behaviour, why == "same-answers"))
        tests += _activations_tests(evidence.behaviour, why == "units-alike")
    if evidence.gains is not None:
        tests.append(
            LineageTest(
                test="norm-gain-cosine",
                statistic=evidence.gains.cosine,
                group="norm gains",
                scope=f"{evidence.gains.tensors} norms; convicts nobody",
                note=gains_note(evidence.gains),
            )
        )
    return tests


#: How many of the groups of place tests a finding rests on, the clearest first.
_RESTS_ON = {"place": 2, "shared-initialisation": 2, "one-group": 1}


def _place_test(group: GroupTest, roles: Sequence[TensorRole], decides: bool) -> LineageTest:
    """A permutation test of one group."""
    taken = set(group.tensors)
    kinds = {role.name: role.role for role in roles if role.name in taken}
    if group.group in (READS, WRITES):  # both know the tensors of whole layers, and each takes its own side of them
        kinds = {
            name: kind
            for name, kind in kinds.items()
            if (kind in ("down", "state_space_out")) is (group.group == WRITES)
        }
    where = f"{len(group.layers)} layers of units" if group.layers else "coordinates of the residual stream"
    named = ", ".join(sorted(set(kinds.values())))
    return LineageTest(
        test=IN_PLACE,
        statistic=group.mean_cosine,
        p_value=from_log10(group.log10_p),
        log10_p=group.log10_p,
        group=group.group,
        scope=f"{where}, {len(kinds)} tensors ({named}); {percent(group.share)} at their own place",
        note=place_note(group),
        decides=decides,
        null=NullDistribution(kind="renumberings", mean=group.null[0], deviation=group.null[1], units=group.units),
    )


def _aligned_tests(aligned: AlignedTests, why: str) -> list[LineageTest]:
    """The best pair of layers of each kind of alignment, one test a half of its held-out units."""
    tests = []
    for kind in sorted({pair.test for pair in aligned.pairs}):
        best = AlignedTests([each for each in aligned.pairs if each.test == kind], 0).best()
        assert best is not None
        found = best.agreement
        for half, (log10_p, (tested, agreed)) in enumerate(zip(found.log10_halves, found.halves, strict=True), 1):
            tests.append(
                LineageTest(
                    test=kind,
                    statistic=agreed / tested if tested else None,
                    p_value=from_log10(log10_p),
                    log10_p=log10_p,
                    group=f"held-out units, half {half}",
                    scope=f"{agreed} of {tested} units; best of {aligned.tried} comparisons of layers"
                    + (f", {best.parent} taken out" if best.parent else ""),
                    note=aligned_note(tested, agreed),
                    decides=why == "aligned" and best is aligned.best(),
                    null=share_null(tested, CHANCE_AGREEMENT),
                )
            )
    return tests


def _order_tests(order: OrderTest, decides: bool) -> list[LineageTest]:
    """One test a group."""
    found = []
    for group, tests in order.groups.items():
        log10_p, units = group_log10(tests), sum(each.units for each in tests)
        mean, deviation = mean_of_layers([each.null for each in tests])
        found.append(
            LineageTest(
                test=order.test,
                statistic=group_cosine(tests),
                p_value=from_log10(log10_p),
                log10_p=log10_p,
                group=group,
                scope=f"{units} units in {len(tests)} renumberings of their own"
                + (f", {order.parent} taken out" if order.parent else ""),
                note=order_note(mean, deviation),
                decides=decides,
                null=NullDistribution(kind="renumberings", mean=mean, deviation=deviation, units=units),
            )
        )
    return found


def _answers_test(behaviour: Behaviour, decides: bool) -> LineageTest:
    """Whether both models are one function."""
    positions, tokens = behaviour.asked
    return LineageTest(
        test=SAME_ANSWERS,
        statistic=behaviour.difference,
        identity=behaviour.same,
        group="answers",
        scope=f"logits of {tokens} tokens at {positions:,} places of random text; a rounded copy is apart by "
        f"{behaviour.rounded:.1e}",
        note=answers_note(behaviour),
        decides=decides,
    )


def _activations_tests(behaviour: Behaviour, decides: bool) -> list[LineageTest]:
    """The pair of layers whose hidden units agree most clearly, one test a half of the units."""
    best = behaviour.matched.best()
    if best is None:
        return []
    found = best.agreement
    return [
        LineageTest(
            test=ACTIVATIONS,
            statistic=agreed / tested if tested else None,
            p_value=from_log10(log10_p),
            log10_p=log10_p,
            group=f"hidden activations, half {half}",
            scope=f"layer {best.subject} and the reference's {best.reference}: {agreed} of {tested} units; best of "
            f"{behaviour.matched.tried} pairs of layers",
            note=activations_note(tested, agreed),
            decides=decides,
            null=share_null(tested, CHANCE_AGREEMENT),
        )
        for half, (log10_p, (tested, agreed)) in enumerate(zip(found.log10_halves, found.halves, strict=True), 1)
    ]


def _planted(evidence: ComponentEvidence) -> list[tuple[str, float, float]]:
    """How the derivative was planted, its correlation, and log10 p of finding it."""
    return [
        (PLANTED_IN_PLACE, R_IN_PLACE, evidence.planted_in_place),
        (PLANTED_DISGUISED, R_DISGUISED, evidence.planted_disguised),
    ]


def _planted_test(how: str, r: float, log10_p: float) -> LineageTest:
    return LineageTest(
        test="planted-derivative",
        statistic=r,
        p_value=from_log10(log10_p),
        log10_p=log10_p,
        group=how,
        scope="whether these tests find a derivative of this reference in this shape",
        note=planted_note(log10_p),
    )
