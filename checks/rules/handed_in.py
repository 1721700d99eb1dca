"""Gates on what was handed in and under which licences: read from the submission itself, before anything is measured."""

from collections.abc import Mapping

from checks.contracts.policy import LicencePolicy
from checks.contracts.programme import EvidenceGate, LicenceGate
from checks.policy.licences import licence_standing
from checks.policy.outcomes import finding, worst
from checks.records.decisions import GateOutcome, Reason
from checks.rules.inputs import TeamInputs


def judge_evidence(measured: TeamInputs, gate: EvidenceGate) -> tuple[GateOutcome, list[Reason]]:
    """pass where every part asked for was handed in; indeterminate where the submission could not be read."""
    rule = gate.check
    if measured.handed_in is None:
        return "indeterminate", [_unread(rule)]
    absent = [part for part in gate.require if part not in measured.handed_in]
    if absent:
        names = ", ".join(absent)
        ko, en = f"{gate.label.ko}: 제출되지 않은 자료 {names}.", f"{gate.label.en}: not handed in: {names}."
        return "fail", [finding(rule, "fail", ko, en)]
    names = ", ".join(gate.require)
    return "pass", [finding(rule, "pass", f"모두 제출되었습니다: {names}.", f"All handed in: {names}.")]


def judge_licences(
    measured: TeamInputs, gate: LicenceGate, references: Mapping[str, str]
) -> tuple[GateOutcome, list[Reason]]:
    """The worst of the model's licence, every borrowed component's, and that of the reference that it was borrowed from."""
    if measured.licence is None:
        return "indeterminate", [_unread(gate.check)]
    found: list[tuple[str, str]] = [("model", measured.licence)]
    for part in measured.declared:
        if part.origin == "borrowed":
            found.append((part.id, part.licence or ""))
        if part.reference is not None and part.reference in references:
            found.append((f"{part.id} ({part.reference})", references[part.reference]))
    policy = LicencePolicy(allow=gate.allow, deny=gate.deny, unknown=gate.unknown)
    reasons = [_judged(name, licence, policy, gate) for name, licence in found]
    return worst(outcome for outcome, _ in reasons), [reason for _, reason in reasons]


def _judged(name: str, licence: str, policy: LicencePolicy, gate: LicenceGate) -> tuple[GateOutcome, Reason]:
    outcomes: dict[str, GateOutcome] = {"allowed": "pass", "denied": "fail", "unknown": gate.unknown}
    standing = licence_standing(licence, policy)
    told = {
        "allowed": ("허용됨", "allowed"),
        "denied": ("금지됨", "denied"),
        "unknown": ("목록에 없음", "on neither list"),
    }
    spelt, outcome = licence or "–", outcomes[standing]
    ko, en = (
        f"{gate.label.ko}: {name} {spelt}, {told[standing][0]}.",
        f"{gate.label.en}: {name} {spelt}, {told[standing][1]}.",
    )
    return outcome, finding(gate.check, outcome, ko, en)


def _unread(rule: str) -> Reason:
    return finding(rule, "indeterminate", "제출서를 읽지 못했습니다.", "The submission was not read.")
