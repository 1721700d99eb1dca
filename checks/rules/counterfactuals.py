"""Who would have been in by other rules, and for each team out the smallest change that would have kept it.

Every change is a patch, and every claim is what the rules themselves say of the patched round: nothing is concluded that was
not decided again. The points that a team lacks are found by arithmetic over exact totals and then held against that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from checks.contracts.patch import Patch, SupposedRuling
from checks.contracts.programme import PanelMajorityGate, ThresholdGate
from checks.records.decisions import STATUS_WORDS, Decision, Standing
from checks.records.record import Text
from checks.records.what_if import KeptBy, Moved, Remedy, Variant, WhatIf
from checks.rules.decision import Outcome, work_out
from checks.rules.gates import threshold_of
from checks.rules.inputs import RoundInputs
from checks.rules.numbers import decimal_text
from checks.rules.reasons import CUT_RULE
from checks.rules.what_if import suppose, supposed_inputs

#: Added where a team needs more than an amount: far below any difference that points written by people can have.
A_LITTLE = Fraction(1, 10**30)
_KEPT = ("advances", "review")


@dataclass(frozen=True)
class Judged:
    """The round under the policies that are to be looked at: its own inputs, and the same judged by each other policy."""

    inputs: RoundInputs
    by_policy: Mapping[str, RoundInputs]

    def suppose(self, patch: Patch) -> Decision:
        """The decision under the patch, its policy included."""
        inputs = self.inputs if patch.policy is None else self.by_policy[patch.policy]
        return suppose(inputs, patch)


def what_if(judged: Judged, official: Decision, patch: Patch | None) -> WhatIf:
    """Everything: the patch's outcome against the official one, and variants and remedies counted from what it gives."""
    decision = official if patch is None else judged.suppose(patch)
    patched = judged
    if patch is not None:
        own = judged.inputs if patch.policy is None else judged.by_policy[patch.policy]
        others = {name: supposed_inputs(each, patch) for name, each in judged.by_policy.items()}
        patched = Judged(supposed_inputs(own, patch), others)
    return WhatIf(
        programme=official.programme,
        round=official.round,
        rules_version=official.rules_version,
        rules_sha256=official.rules_sha256,
        simulated=official.simulated,
        patch=None if patch is None else _document(patch),
        decision=None if patch is None else decision,
        moved=moved(official, decision),
        variants=[_variant(patched, decision, each) for each in rule_patches(patched)],
        kept=[_kept_by(patched, standing) for standing in decision.standings if standing.status == "eliminated"],
    )


def moved(before: Decision, after: Decision) -> list[Moved]:
    """The teams whose status, or what puts them out, differs."""
    former = {standing.team: standing for standing in before.standings}
    pairs = [(former[each.team], each) for each in after.standings if each.team in former]
    return [_moved(one, other) for one, other in pairs if _outcome(one) != _outcome(other)]


def _outcome(standing: Standing) -> tuple[str, str | None]:
    return standing.status, standing.eliminated_by


def _moved(before: Standing, after: Standing) -> Moved:
    was, now = STATUS_WORDS[before.status], STATUS_WORDS[after.status]
    by = after.eliminated_by or before.eliminated_by or ""
    why = next((each.text for each in after.reasons if each.rule in (by, CUT_RULE)), after.reasons[0].text)
    return Moved(
        team=after.team,
        before=before.status,
        before_by=before.eliminated_by,
        after=after.status,
        after_by=after.eliminated_by,
        text=Text(
            ko=f"{after.name.ko}: {was.ko} → {now.ko}. {why.ko}",
            en=f"{after.name.en}: {was.en}, then {now.en}. {why.en}",
        ),
    )


def rule_patches(judged: Judged) -> Iterator[Patch]:
    """One rule changed at a time: each other policy, the other scope, the other quota, fewer cuts, each gate made milder."""
    round_ = judged.inputs.round
    own = judged.inputs.policy.policy if judged.inputs.policy is not None else None
    for name in judged.by_policy:
        if name != own:
            yield _patch(f"{name} 정책이라면", f"under the policy {name}", policy=name)
    select = round_.select
    scope = "eligible" if select.scope == "all" else "all"
    yield _patch(f"scope: {scope}이라면", f"with scope: {scope}", select={"scope": scope})
    quota = "absorbing" if select.quota == "additive" else "additive"
    yield _patch(f"quota: {quota}이라면", f"with quota: {quota}", select={"quota": quota})
    for fewer in range(select.eliminate_bottom - 1, -1, -1):
        ko, en = f"하위 {fewer}팀만 탈락시켰다면", f"with {fewer} cut from the bottom"
        yield _patch(ko, en, select={"eliminate_bottom": fewer})
    for gate in round_.gates:
        if gate.fail == "eliminate":
            ko, en = f"{gate.id} 관문의 불통과가 심의 대상이라면", f"were a fail of gate {gate.id} for review"
            yield _patch(ko, en, gates={gate.id: {"fail": "review"}})
        if any(isinstance(each, PanelMajorityGate) and each.on == gate.id for each in round_.gates):
            continue  # another gate asks what this one found
        ko, en = f"{gate.id} 관문이 없다면", f"without gate {gate.id}"
        yield _patch(ko, en, gates={gate.id: {"dropped": True}})


def _patch(ko: str, en: str, **changes: Any) -> Patch:
    return Patch.model_validate({"version": 1, "what_if": {"ko": ko, "en": en}, **changes})


def _document(patch: Patch) -> dict[str, Any]:
    """The patch as its file says it, without what it leaves as it is."""
    document = patch.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return {"version": patch.version, **document}


def _variant(judged: Judged, before: Decision, patch: Patch) -> Variant:
    after = judged.suppose(patch)
    return Variant(
        text=patch.what_if,
        patch=_document(patch),
        statuses={standing.team: standing.status for standing in after.standings},
        vacancies=after.vacancies,
        moved=moved(before, after),
    )


def _kept_by(judged: Judged, standing: Standing) -> KeptBy:
    candidates = [
        _points_remedy(judged, standing),
        _threshold_remedy(judged, standing),
        _ruling_remedy(judged, standing),
        *_rule_remedies(judged, standing),
    ]
    return KeptBy(
        team=standing.team,
        name=standing.name,
        eliminated_by=str(standing.eliminated_by),
        remedies=[each for each in candidates if each is not None],
    )


def _points_remedy(judged: Judged, standing: Standing) -> Remedy | None:
    """What its total lacks to be kept by the count, where the count is what puts it out; ties go by the chain."""
    if standing.eliminated_by != CUT_RULE:
        return None
    lacking = lacking_points(work_out(judged.inputs), standing.team)
    if lacking is None:
        return None
    gap, more = lacking
    wanted = gap + A_LITTLE if more else gap
    status = _status(suppose(_with_points(judged.inputs, standing.team, wanted), _nothing()), standing.team)
    if status not in _KEPT:
        return None
    amount = decimal_text(gap)
    ko = f"총점이 {amount}점 넘게 높았다면" if more else f"총점이 {amount}점 이상 높았다면"
    en = f"with {'more than' if more else 'at least'} {amount} points on top of its total"
    return Remedy(
        kind="points",
        status=status,
        text=_told(standing, status, ko, en),
        patch=_document(_patch(ko, en, supposed_points={standing.team: _writable(wanted, more)})),
        amount=amount,
        more=more,
    )


def _threshold_remedy(judged: Judged, standing: Standing) -> Remedy | None:
    """What a node lacks to its bound, where one threshold gate alone puts the team out; the total rises by as much."""
    out_by = [each for each in standing.gate_results if each.effect == "eliminate"]
    gates = {gate.id: gate for gate in judged.inputs.round.gates if isinstance(gate, ThresholdGate)}
    if len(out_by) != 1 or out_by[0].gate not in gates or out_by[0].own != "fail" or out_by[0].result != "fail":
        return None
    gate = gates[out_by[0].gate]
    path, bound = threshold_of(judged.inputs.round.score, gate)
    earned = work_out(judged.inputs).points.nodes[standing.team][path]
    assert earned is not None  # a node without points is indeterminate, not failed
    lacks = bound - earned
    ko = f"{path} 점수가 {decimal_text(lacks)}점 이상 높았다면"
    en = f"with at least {decimal_text(lacks)} points more for {path}"
    passed = SupposedRuling(team=standing.team, gate=gate.id, result="pass")
    patch = _patch(ko, en, rulings=[passed], supposed_points={standing.team: _writable(lacks, more=False)})
    remedy = _remedy("points", judged, standing, patch)
    return None if remedy is None else remedy.model_copy(update={"amount": decimal_text(lacks)})


def lacking_points(outcome: Outcome, team: str) -> tuple[Fraction, bool] | None:
    """How far the team's total is below what keeps it, and whether it takes more than that; None where points cannot.

    A team is kept where at least `planned` of the others counted stand strictly below it: it has to pass the `planned`-th
    lowest of them, by its total, or by the tie chain where the totals are then equal.
    """
    counted, planned = outcome.cutting.counted, outcome.cutting.planned
    others = sorted(outcome.keys[other] for other in counted if other != team)
    if team not in counted or planned > len(others) or outcome.cutting.unknown:
        return None
    own, passed = outcome.keys[team], others[planned - 1]
    return max(passed[0] - own[0], Fraction(0)), own[1:] <= passed[1:]


def _with_points(inputs: RoundInputs, team: str, points: Fraction) -> RoundInputs:
    extra = {**inputs.supposed_points, team: inputs.supposed_points.get(team, Fraction(0)) + points}
    return replace(inputs, supposed_points=extra, what_if=True)


def _nothing() -> Patch:
    return _patch("", "")


def _writable(points: Fraction, more: bool) -> Decimal:
    """The points as a decimal for a file, rounded up so that they suffice."""
    text = Decimal(decimal_text(points))
    step = Decimal(1).scaleb(-12)
    return text + step if more or Fraction(text) < points else text


def _ruling_remedy(judged: Judged, standing: Standing) -> Remedy | None:
    """The panel's pass on every gate that puts the team out, and on no other."""
    gates = [each.gate for each in standing.gate_results if each.effect == "eliminate"]
    if not gates:
        return None
    names = ", ".join(gates)
    ko, en = f"위원회가 {names} 관문의 통과를 결정했다면", f"had the panel ruled pass on {names}"
    patch = _patch(ko, en, rulings=[SupposedRuling(team=standing.team, gate=gate, result="pass") for gate in gates])
    return _remedy("ruling", judged, standing, patch)


def _rule_remedies(judged: Judged, standing: Standing) -> Iterator[Remedy]:
    """Each single rule that keeps the team; of several numbers of cuts only the mildest change."""
    fewer_found = False
    for patch in rule_patches(judged):
        fewer = patch.select is not None and patch.select.eliminate_bottom is not None
        if fewer and fewer_found:
            continue
        remedy = _remedy("rule", judged, standing, patch)
        if remedy is not None:
            fewer_found |= fewer
            yield remedy


def _remedy(kind: Any, judged: Judged, standing: Standing, patch: Patch) -> Remedy | None:
    status = _status(judged.suppose(patch), standing.team)
    if status not in _KEPT:
        return None
    text = _told(standing, status, patch.what_if.ko, patch.what_if.en)
    return Remedy(kind=kind, status=status, text=text, patch=_document(patch))


def _status(decision: Decision, team: str) -> Any:
    return next(each.status for each in decision.standings if each.team == team)


def _told(standing: Standing, status: str, ko: str, en: str) -> Text:
    would_ko = {"advances": "진출했을 것입니다", "review": "심의 대상이었을 것입니다"}[status]
    would_en = {"advances": "would have advanced", "review": "would have been for review"}[status]
    return Text(ko=f"{ko} {_topic(standing.name.ko)} {would_ko}.", en=f"{standing.name.en} {would_en} {en}.")


def _topic(name: str) -> str:
    """A Korean name with its topic particle: 은 after a final consonant, 는 after a vowel, both where the letter does not say."""
    place = ord(name[-1]) - ord("가") if name else -1
    if not 0 <= place <= ord("힣") - ord("가"):
        return f"{name}은(는)"
    return f"{name}{'은' if place % 28 else '는'}"
