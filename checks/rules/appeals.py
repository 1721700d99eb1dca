"""Appeals and late evidence: what counts by its day, and what is only recorded."""

from collections.abc import Sequence

from checks.contracts.acts import Appeal, LateEvidence
from checks.contracts.programme import Effect, Gate
from checks.contracts.round_rules import Appeals, Freeze
from checks.policy.outcomes import finding
from checks.records.decisions import GateOutcome, Reason
from checks.records.record import Text
from checks.rules.panel_acts import act_evidence, signed_words

RULE = "appeal"


def effect_of(gate: Gate, result: GateOutcome) -> Effect:
    """What a result of the gate does to a team."""
    effects: dict[GateOutcome, Effect] = {
        "pass": "pass",
        "fail": gate.fail,
        "conditional": gate.conditional,
        "indeterminate": gate.indeterminate,
    }
    return effects[result]


def judge_appeal(appeal: Appeal, rule: Appeals, gate: Gate, before: GateOutcome) -> tuple[GateOutcome, Effect, Reason]:
    """The gate's result and effect after the appeal; one that is late or on no admissible ground changes neither."""
    said, effect = f"{appeal.ground}, {appeal.filed_on}", effect_of(gate, before)
    rejected = _rejected(appeal, rule)
    if rejected is not None:
        ko, en = f"이의신청({said})은 각하되었습니다: {rejected.ko}", f"The appeal ({said}) is rejected: {rejected.en}"
        return before, effect, finding(RULE, before, ko, en)
    if appeal.result == "pending":
        if effect == "eliminate" and rule.pending == "review":
            effect = "review"
        ko, en = f"이의신청({said})이 심리 중입니다.", f"The appeal ({said}) is pending."
        return before, effect, finding(RULE, before, ko, en)
    signed = signed_words(appeal)
    if appeal.result == "dismissed":
        ko, en = f"이의신청({said})이 기각되었습니다. {signed.ko}", f"The appeal ({said}) is dismissed. {signed.en}"
        return before, effect, finding(RULE, before, ko, en, act_evidence(appeal))
    ko = f"이의신청({said})에 따라 {before}에서 {appeal.result}(으)로 바뀌었습니다. {signed.ko}"
    en = f"The appeal ({said}) changes {before} to {appeal.result}. {signed.en}"
    return (
        appeal.result,
        effect_of(gate, appeal.result),
        finding(RULE, appeal.result, ko, en, act_evidence(appeal)),
    )


def _rejected(appeal: Appeal, rule: Appeals) -> Text | None:
    """Why the appeal is not heard, or None."""
    if appeal.filed_on > rule.closes:
        return Text(ko=f"기한({rule.closes})이 지났습니다.", en=f"late, the window closed on {rule.closes}.")
    if appeal.filed_on < rule.opened:
        return Text(ko=f"결정({rule.opened})보다 앞섭니다.", en=f"before the decision of {rule.opened}.")
    if appeal.ground not in rule.grounds:
        grounds = ", ".join(rule.grounds)
        return Text(ko=f"허용된 사유({grounds})가 아닙니다.", en=f"its ground is none of {grounds}.")
    return None


def late_evidence_reasons(late: Sequence[LateEvidence], freeze: Freeze | None, team: str) -> list[Reason]:
    """What a team handed in after evidence was frozen: on record, without effect, admissible in an appeal."""
    if freeze is None:
        return []
    return [
        Reason(
            rule="late_evidence",
            outcome="recorded",
            text=Text(
                ko=f"{each.title}: 자료 마감({freeze.evidence}) 후 {each.received_on}에 접수되어 기록만 하며 이 결정에 "
                f"반영하지 않습니다. 이의신청에서는 쓸 수 있습니다 (SHA-256 {each.sha256[:12]}…).",
                en=f"{each.title}: received on {each.received_on}, after evidence was frozen on {freeze.evidence}: on record, "
                f"no part of this decision, admissible in an appeal (SHA-256 {each.sha256[:12]}…).",
            ),
            evidence=[f"sha256:{each.sha256}"],
        )
        for each in late
        if each.team == team
    ]
