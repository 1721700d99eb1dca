"""What a panel's votes and waivers come to, and the words for bonuses, penalties and wildcards."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from checks.contracts.acts import Adjustment, Invalidation, Signed, Vote, Waiver
from checks.contracts.fields import exact_sum
from checks.contracts.programme import PanelMajorityGate
from checks.contracts.round_rules import Adjustments, Invalidations, Waivers
from checks.policy.outcomes import finding
from checks.records.decisions import STATUS_WORDS, GateOutcome, Reason, Status
from checks.records.record import Text
from checks.rules.numbers import apart, decimal_text


def judge_votes(
    votes: Sequence[Vote], gate: PanelMajorityGate, team: str, earlier: Mapping[str, GateOutcome]
) -> tuple[GateOutcome, list[Reason]]:
    """pass where yes is more than the share asked, of the panel or of the votes cast; below the quorum indeterminate."""
    rule = gate.check
    if gate.on is not None and earlier[gate.on] != "indeterminate":
        ko, en = (
            f"{gate.on} 관문이 판정 불가가 아니므로 묻지 않습니다.",
            f"Not asked: gate {gate.on} is not indeterminate.",
        )
        return "pass", [finding(rule, "pass", ko, en)]
    counted = [each.vote for each in votes if each.team == team and each.vote != "recused"]
    yes, no = counted.count("yes"), counted.count("no")
    base = len(counted) if gate.out_of == "panel" else yes + no
    recused = sum(each.team == team and each.vote == "recused" for each in votes)
    told_ko = f"찬성 {yes}, 반대 {no}, 기권 {len(counted) - yes - no}, 제척 {recused}"
    told_en = f"{yes} yes, {no} no, {len(counted) - yes - no} abstained, {recused} recused"
    if len(counted) < gate.quorum or not base:
        ko = f"정족수 {gate.quorum}명에 미치지 못합니다: {told_ko}."
        return "indeterminate", [finding(rule, "indeterminate", ko, f"Below the quorum of {gate.quorum}: {told_en}.")]
    outcome: GateOutcome = "pass" if Fraction(yes, base) > Fraction(gate.more_than) else "fail"
    sign = ">" if outcome == "pass" else "≤"
    asked = decimal_text(Fraction(gate.more_than))
    ko = f"찬성 {yes}/{base} {sign} {asked}: {told_ko}."
    en = f"{yes} of {base} {sign} {asked}: {told_en}."
    return outcome, [finding(rule, outcome, ko, en)]


def judge_waiver(waiver: Waiver, rule: Waivers, value: Fraction, bound: Fraction) -> tuple[GateOutcome, Reason]:
    """pass where the waiver still holds and the bound is missed by no more than the rules let be waived."""
    least = bound * (1 - Fraction(rule.within))
    signed = signed_words(waiver)
    if waiver.expires < rule.as_of:
        ko = f"면제가 {waiver.expires}에 만료되어 효력이 없습니다. {signed.ko}"
        return "fail", finding(
            "waiver", "fail", ko, f"The waiver expired on {waiver.expires} and does nothing. {signed.en}"
        )
    has, needed = apart(value, least)
    if value < least:
        ko = f"면제할 수 없습니다: {has} < {needed}. {signed.ko}"
        return "fail", finding("waiver", "fail", ko, f"It cannot be waived: {has} < {needed}. {signed.en}")
    ko = f"{rule.label.ko}에 따라 면제됩니다: {has} ≥ {needed}, {waiver.expires}까지. {signed.ko}"
    en = f"Waived under {rule.label.en}: {has} ≥ {needed}, until {waiver.expires}. {signed.en}"
    return "pass", finding("waiver", "pass", ko, en, act_evidence(waiver))


def adjustment_of(adjustments: Sequence[Adjustment], rule: Adjustments | None, team: str) -> Fraction:
    """What a team's bonuses and penalties count together: their sum, at most `most` either way."""
    if rule is None:
        return Fraction(0)
    total = sum((Fraction(each.points) for each in adjustments if each.team == team), Fraction(0))
    return min(max(total, -Fraction(rule.most)), Fraction(rule.most))


def adjustment_reasons(adjustments: Sequence[Adjustment], rule: Adjustments | None, team: str) -> list[Reason]:
    """One reason for each row, and one where the cap cuts their sum."""
    own = [each for each in adjustments if each.team == team]
    if rule is None or not own:
        return []
    reasons = [_adjusted(each, rule.label) for each in own]
    total, counted = exact_sum(each.points for each in own), adjustment_of(adjustments, rule, team)
    if Fraction(total) != counted:
        ko = f"합계 {total:+f}점 중 {decimal_text(counted)}점만 반영됩니다."
        reasons.append(
            _reason("adjustment", "capped", ko, f"Together {total:+f} points, of which {decimal_text(counted)} count.")
        )
    return reasons


def _adjusted(each: Adjustment, label: Text) -> Reason:
    kind = ("가점", "bonus") if each.points > 0 else ("감점", "penalty")
    points, signed = f"{each.points:+f}", signed_words(each)
    ko, en = f"{label.ko}: {kind[0]} {points}점. {signed.ko}", f"{label.en}: {kind[1]} of {points} points. {signed.en}"
    return _reason("adjustment", kind[1], ko, en, act_evidence(each))


def wildcard_reason(wildcard: Signed, label: Text, status: Status) -> Reason:
    """A team that points put out and the panel lets through, as far as no gate of its is open."""
    signed = signed_words(wildcard)
    ko, en = "에 따라 진출합니다.", f"Advances by {label.en}."
    if status == "review":
        ko, en = (
            "에 따라 점수로는 탈락하지 않으나 관문 심사가 남아 있습니다.",
            f"By {label.en} not out by points; a gate is still open.",
        )
    return _reason("wildcard", status, f"{label.ko}{ko} {signed.ko}", f"{en} {signed.en}", act_evidence(wildcard))


def invalidation_reason(invalid: Invalidation, rule: Invalidations, held: Status) -> Reason:
    """A result struck out after it was published: what it was, by how much it was wrong, and who found so."""
    signed, effect = signed_words(invalid), decimal_text(Fraction(invalid.effect) * 100)
    was = STATUS_WORDS[held]
    ko = f"{rule.label.ko}에 따라 {invalid.found_on}에 무효가 되었습니다. 그전에는 {was.ko}. 영향 {effect} %. {signed.ko}"
    en = f"Invalidated on {invalid.found_on} by {rule.label.en}; before that: {was.en}. Effect {effect} %. {signed.en}"
    return _reason("invalidation", "invalidated", ko, en, act_evidence(invalid))


def reserve_reason(place: int, label: Text, advances: bool) -> Reason:
    """A team's place on the reserve list, and whether it moves up."""
    moves = (" 빈자리를 채워 진출합니다.", " It fills a vacant place and advances.") if advances else ("", "")
    ko, en = f"{label.ko}: 예비 {place}순위.{moves[0]}", f"{label.en}: reserve number {place}.{moves[1]}"
    return _reason("reserve", "advances" if advances else "listed", ko, en)


def signed_words(act: Signed) -> Text:
    """Why, and by whom."""
    names = f"{act.signed_by}, {act.second_signature}"
    return Text(ko=f"사유: {act.reason} 서명: {names}", en=f"Reason: {act.reason} Signed: {names}")


def act_evidence(act: Signed) -> list[str]:
    """What the act rests on, as reasons name it."""
    return [f"ruling:{act.evidence}"] if act.evidence else []


def _reason(rule: str, outcome: str, ko: str, en: str, evidence: Sequence[str] = ()) -> Reason:
    return Reason(rule=rule, outcome=outcome, text=Text(ko=ko, en=en), evidence=list(evidence))
