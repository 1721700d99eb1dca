"""Independence findings → the gate's result, by the policy that the programme names.

In this order: derived and not declared → `undeclared`; declared, licence allowed and control kept →
`declared_but_licensed`; else `derived.<relation>`. The worst of a team's components counts. "No derivation found" and
"from scratch, supported by evidence" are different words, because the first is an absence and the second a proof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from checks.contracts.policy import IndependencePolicy, Policy
from checks.contracts.submission import Component
from checks.policy.licences import licence_standing
from checks.policy.outcomes import finding, worst
from checks.records.decisions import GateOutcome, Reason
from checks.records.lineage import ComponentFinding, ReferenceFinding, Trace
from checks.records.quality import ExpectationResult

#: A vocabulary this alike (Jaccard) is noted as shared; check C7, docs/evidence.md.
TOKENIZER_SHARED = 0.95

RULE = "independence"

COMPONENT_KO = {
    "language_model": "언어 모델",
    "vision_tower": "비전 인코더",
    "audio_tower": "음성 인코더",
    "projector": "프로젝터",
}
RELATION_KO = {
    "copied": "복사",
    "fine-tuned": "미세조정",
    "transformed": "변환",
    "pruned": "가지치기",
    "expanded": "확장",
    "merged": "병합",
    "partial": "일부 사용",
    "shared-initialisation": "초기값 공유",
    "unknown": "관계 미상",
}


@dataclass(frozen=True)
class IndependenceCase:
    """All that the gate may look at for one team."""

    trace: Trace | None
    declared: Sequence[Component]
    quality: Sequence[ExpectationResult]
    reference_licences: Mapping[str, str]
    evidence: Sequence[str] = field(default_factory=tuple)


def judge_independence(case: IndependenceCase, policy: Policy) -> tuple[GateOutcome, list[Reason]]:
    """The gate's result and its reasons; a check that has not run is `indeterminate`, never a pass."""
    if case.trace is None or not case.trace.references:
        words = ("독자성 점검이 실행되지 않았습니다.", "The independence check has not run.")
        return "indeterminate", [finding(RULE, "indeterminate", *words)]
    reasons = [
        _judge_component(case, policy, reference, component)
        for reference in case.trace.references
        for component in reference.components
        if component.verdict != "not_applicable"
    ]
    reasons += _uncovered(case, case.trace, policy.independence)
    reasons += [note for reference in case.trace.references for note in _noted(case, policy, reference)]
    reasons += _judge_evidence(case, case.trace, policy.independence)
    return worst(_as_outcome(reason) for reason in reasons), reasons


def _as_outcome(reason: Reason) -> GateOutcome:
    return reason.outcome  # type: ignore[return-value]  # every reason here was made by finding()


def _judge_component(
    case: IndependenceCase, policy: Policy, reference: ReferenceFinding, found: ComponentFinding
) -> Reason:
    rules = policy.independence.for_component(found.component)
    part_ko, part_en = COMPONENT_KO.get(found.component, found.component), found.component.replace("_", " ")
    if found.verdict == "independent":
        return finding(
            RULE,
            "pass",
            f"{part_ko}: {reference.reference}에서 파생된 흔적이 발견되지 않았습니다. {found.explanation.ko}",
            f"{part_en}: no derivation from {reference.reference} found. {found.explanation.en}",
            case.evidence,
        )
    if found.verdict == "indeterminate":
        shared = found.relation == "shared-initialisation"
        outcome = rules.shared_initialisation if shared else rules.indeterminate
        return finding(
            RULE,
            outcome,
            f"{part_ko}: {reference.reference}에 대해 판정할 수 없습니다. {found.explanation.ko}",
            f"{part_en}: cannot be decided against {reference.reference}. {found.explanation.en}",
            case.evidence,
        )
    outcome, why_ko, why_en = _meaning_of_derived(case, policy, rules, reference.reference, found)
    relation = found.relation or "unknown"
    number = "" if found.log10_p is None else f" (log10 p = {found.log10_p:.1f})"
    share = f"{100 * found.share_of_parameters:.1f} %"
    return finding(
        RULE,
        outcome,
        f"{part_ko}(전체 매개변수의 {share})가 {reference.reference}의 가중치에서 파생되었습니다"
        f"({RELATION_KO[relation]}){number}. {why_ko} {found.explanation.ko}",
        f"{part_en} ({share} of the parameters) derives from the weights of {reference.reference}, {relation}{number}. "
        f"{why_en} {found.explanation.en}",
        case.evidence,
    )


def _meaning_of_derived(
    case: IndependenceCase, policy: Policy, rules: IndependencePolicy, reference: str, found: ComponentFinding
) -> tuple[GateOutcome, str, str]:
    """What this policy makes of a derived component, and why in words."""
    if found.share_of_parameters < rules.minimum_share_of_parameters:
        return "pass", "기준 비율보다 작아 기록만 합니다.", "Smaller than the share that counts, so only noted."
    declared = _declaration(case, reference, found.component)
    if declared is None:
        return rules.undeclared, "제출서에 신고되지 않았습니다.", "The submission does not declare it."
    if declared.control != "kept":
        return (
            rules.for_relation(found.relation),
            "신고되었으나 통제권이 유지되지 않습니다.",
            "Declared, but control is not kept.",
        )
    standings = {licence_standing(declared.licence, policy.licences)}
    if reference in case.reference_licences:
        standings.add(licence_standing(case.reference_licences[reference], policy.licences))
    if standings == {"allowed"}:
        outcome = rules.declared_but_licensed
        return (
            outcome,
            f"신고되었고, 허용된 라이선스이며, 통제권이 유지됩니다. {policy.policy} 정책에서 그 결과는 {outcome}입니다.",
            f"Declared, licence allowed, control kept: {outcome} under policy {policy.policy}.",
        )
    if "denied" in standings:
        return (
            rules.for_relation(found.relation),
            "신고되었으나 라이선스가 허용되지 않습니다.",
            "Declared, but the licence is not allowed.",
        )
    outcome = worst([rules.declared_but_licensed, policy.licences.unknown])
    return outcome, "신고되었으나 라이선스를 판단할 수 없습니다.", "Declared, but the licence is on neither list."


def _declaration(case: IndependenceCase, reference: str, component: str) -> Component | None:
    """The declaration that covers this finding: borrowed from this reference, or from one that was found as well."""
    for declared in case.declared:
        if declared.id != component or declared.origin != "borrowed":
            continue
        found_from_declared = case.trace is not None and any(
            each.reference == declared.reference and part.component == component and part.verdict == "derived"
            for each in case.trace.references
            for part in each.components
        )
        if declared.reference == reference or found_from_declared:
            return declared
    return None


def _uncovered(case: IndependenceCase, trace: Trace, rules: IndependencePolicy) -> list[Reason]:
    """A declared component that no reference was tested on is not cleared."""
    seen = {part.component for reference in trace.references for part in reference.components}
    return [
        finding(
            RULE,
            rules.for_component(component.id).indeterminate,
            f"{COMPONENT_KO[component.id]}: 점검되지 않았습니다.",
            f"{component.id.replace('_', ' ')}: was not tested.",
            case.evidence,
        )
        for component in case.declared
        if component.id not in seen
    ]


def _noted(case: IndependenceCase, policy: Policy, reference: ReferenceFinding) -> list[Reason]:
    """Architecture and tokenizer in common: separate findings, which the shipped policies note and pass."""
    notes = []
    architecture = reference.architecture
    if architecture.same_family:
        settings = len(architecture.shared_settings)
        notes.append(
            finding(
                "architecture",
                policy.independence.architecture_shared,
                f"{reference.reference}와 같은 구조 계열입니다(공통 설정 {settings}개). 구조만으로는 파생이 아닙니다.",
                f"Same architecture family as {reference.reference} ({settings} settings in common). "
                "Architecture alone is no derivation.",
                case.evidence,
            )
        )
    if architecture.tokenizer_shared is not None and architecture.tokenizer_shared >= TOKENIZER_SHARED:
        notes.append(
            finding(
                "tokenizer",
                policy.independence.tokenizer_shared,
                f"{reference.reference}와 어휘의 {100 * architecture.tokenizer_shared:.0f} %가 같습니다.",
                f"{100 * architecture.tokenizer_shared:.0f} % of the vocabulary is {reference.reference}'s.",
                case.evidence,
            )
        )
    return notes


def _judge_evidence(case: IndependenceCase, trace: Trace, rules: IndependencePolicy) -> list[Reason]:
    """Positive evidence for the components declared from scratch."""
    scratch = [component.id for component in case.declared if component.origin == "from-scratch"]
    if not scratch:
        return []
    reasons = []
    if "training_log" in rules.evidence.require:
        state = _state_of(case.quality, "training_log")
        reasons.append(_evidence_reason(case, rules, state, "학습 로그", "training log"))
    if "checkpoints" in rules.evidence.require:
        chain = {link.component: link.result for link in trace.chain}
        states = [_state_of(case.quality, "checkpoints"), *(chain.get(component, "missing") for component in scratch)]
        state = next((each for each in ("contradicted", "missing") if each in states), "supported")
        reasons.append(_evidence_reason(case, rules, state, "체크포인트", "checkpoints"))
    return reasons


def _state_of(quality: Sequence[ExpectationResult], suite: str) -> str:
    outcomes = [each.outcome for each in quality if each.suite == suite]
    if "fail" in outcomes:
        return "contradicted"
    return "missing" if not outcomes or "conditional" in outcomes else "supported"


def _evidence_reason(case: IndependenceCase, rules: IndependencePolicy, state: str, ko: str, en: str) -> Reason:
    meanings: dict[str, GateOutcome] = {
        "contradicted": rules.evidence.contradicted,
        "missing": rules.evidence.missing,
    }
    words = {
        "contradicted": (f"{ko}: 주장과 맞지 않습니다.", f"{en}: contradicts the claim of training from scratch."),
        "missing": (f"{ko}: 초기화 후 학습이 입증되지 않았습니다.", f"{en}: training from scratch is not proven."),
        "supported": (f"{ko}: 초기화 후 학습을 뒷받침합니다.", f"{en}: supports training from scratch."),
    }[state]
    return finding("evidence", meanings.get(state, "pass"), *words, case.evidence)
