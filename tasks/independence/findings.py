"""One component's evidence and judgement as the record that is stored, shown and printed."""

from checks.records.lineage import ComponentFinding, LineageTest
from checks.records.record import Text
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.explanations import explain, gains_note
from tasks.independence.part import Part
from tasks.independence.place_tests import GroupTest
from tasks.independence.planted import R_DISGUISED, R_IN_PLACE
from tasks.independence.verdict import Judgement, from_log10

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
        layers=judgement.layers,
        tests=_tests(evidence),
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


def _tests(evidence: ComponentEvidence) -> list[LineageTest]:
    tests = [
        LineageTest(
            test="exact-copy",
            statistic=evidence.copied_share,
            identity=bool(evidence.copies),
            group="all tensors",
            scope=f"{len(evidence.copies)} of {len(evidence.subject.contents)} tensors by content",
        )
    ]
    if evidence.correlations:
        scope = f"{len(evidence.correlations)} matrices at the same place in the same shape"
        tests.append(LineageTest(test="centred-correlation", statistic=evidence.r, group="all matrices", scope=scope))
    tests += [place_test(group) for group in evidence.groups]
    tests += _aligned_tests(evidence)
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


def place_test(group: GroupTest) -> LineageTest:
    """A permutation test of one group."""
    where = f"{len(group.layers)} layers of units" if group.layers else "coordinates of the residual stream"
    return LineageTest(
        test="permutation",
        statistic=group.mean_cosine,
        p_value=from_log10(group.log10_p),
        log10_p=group.log10_p,
        group=group.group,
        scope=f"{where}, {len(group.tensors)} tensors; {100 * group.share:.0f} % at their own place",
    )


def _aligned_tests(evidence: ComponentEvidence) -> list[LineageTest]:
    if evidence.aligned is None:
        return []
    tests = []
    for kind in sorted({pair.test for pair in evidence.aligned.pairs}):
        best = min((each for each in evidence.aligned.pairs if each.test == kind), key=lambda each: each.log10_p)
        found = best.agreement
        for half, (log10_p, (tested, agreed)) in enumerate(zip(found.log10_halves, found.halves, strict=True), 1):
            tests.append(
                LineageTest(
                    test=kind,
                    statistic=agreed / tested if tested else None,
                    p_value=from_log10(log10_p),
                    log10_p=log10_p,
                    group=f"held-out units, half {half}",
                    scope=f"{agreed} of {tested} units; best of {evidence.aligned.tried} comparisons of layers",
                )
            )
    in_place, disguised = evidence.planted_in_place, evidence.planted_disguised
    for how, r, log10_p in (("in place", R_IN_PLACE, in_place), ("disguised", R_DISGUISED, disguised)):
        tests.append(
            LineageTest(
                test="planted-derivative",
                statistic=r,
                p_value=from_log10(log10_p),
                log10_p=log10_p,
                group=f"planted by the tool, {how}",
                scope="whether these tests find a derivative of this reference in this shape",
            )
        )
    return tests
