"""Who would have been in by other rules, and for each team out the smallest change that would have kept it.

Every change is a patch, and every claim is what the rules themselves say of the patched round: nothing is concluded that was
not decided again. The points that a team lacks are found by arithmetic over exact totals and then held against that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.contracts.patch import Patch, SupposedRuling
from checks.contracts.programme import PanelMajorityGate
from checks.records.decisions import STATUS_WORDS, Decision, Standing
from checks.records.record import Text
from checks.records.what_if import KeptBy, Moved, Remedy, Variant, WhatIf
from checks.rules.inputs import RoundInputs
from checks.rules.points_remedies import KEPT, document_of, patch_of, points_remedies, status_of, told
from checks.rules.reasons import CUT_RULE
from checks.rules.what_if import suppose, supposed_inputs


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
        patch=None if patch is None else document_of(patch),
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
            yield patch_of(f"{name} 정책이라면", f"under the policy {name}", policy=name)
    select = round_.select
    scope = "eligible" if select.scope == "all" else "all"
    yield patch_of(f"scope: {scope}이라면", f"with scope: {scope}", select={"scope": scope})
    quota = "absorbing" if select.quota == "additive" else "additive"
    yield patch_of(f"quota: {quota}이라면", f"with quota: {quota}", select={"quota": quota})
    for fewer in range(select.eliminate_bottom - 1, -1, -1):
        ko, en = f"하위 {fewer}팀만 탈락시켰다면", f"with {fewer} cut from the bottom"
        yield patch_of(ko, en, select={"eliminate_bottom": fewer})
    for gate in round_.gates:
        if gate.fail == "eliminate":
            ko, en = f"{gate.id} 관문의 불통과가 심의 대상이라면", f"were a fail of gate {gate.id} for review"
            yield patch_of(ko, en, gates={gate.id: {"fail": "review"}})
        if any(isinstance(each, PanelMajorityGate) and each.on == gate.id for each in round_.gates):
            continue  # another gate asks what this one found
        ko, en = f"{gate.id} 관문이 없다면", f"without gate {gate.id}"
        yield patch_of(ko, en, gates={gate.id: {"dropped": True}})


def _variant(judged: Judged, before: Decision, patch: Patch) -> Variant:
    after = judged.suppose(patch)
    return Variant(
        text=patch.what_if,
        patch=document_of(patch),
        statuses={standing.team: standing.status for standing in after.standings},
        vacancies=after.vacancies,
        moved=moved(before, after),
    )


def _kept_by(judged: Judged, standing: Standing) -> KeptBy:
    candidates = [
        *points_remedies(judged.inputs, standing),
        _ruling_remedy(judged, standing),
        *_rule_remedies(judged, standing),
    ]
    return KeptBy(
        team=standing.team,
        name=standing.name,
        eliminated_by=str(standing.eliminated_by),
        remedies=[each for each in candidates if each is not None],
    )


def _ruling_remedy(judged: Judged, standing: Standing) -> Remedy | None:
    """The panel's pass on every gate that puts the team out, and on no other."""
    gates = [each.gate for each in standing.gate_results if each.effect == "eliminate"]
    if not gates:
        return None
    names = ", ".join(gates)
    ko, en = f"위원회가 {names} 관문의 통과를 결정했다면", f"had the panel ruled pass on {names}"
    patch = patch_of(ko, en, rulings=[SupposedRuling(team=standing.team, gate=gate, result="pass") for gate in gates])
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
    status = status_of(judged.suppose(patch), standing.team)
    if status not in KEPT:
        return None
    text = told(standing, status, patch.what_if.ko, patch.what_if.en)
    return Remedy(kind=kind, status=status, text=text, patch=document_of(patch))
