"""What-if: a round's rules, rulings or points changed as a patch says, and what that does. Measures and records nothing.

>>> patch = Patch(version=1, what_if=title, select=SelectPatch(quota="absorbing"))
>>> suppose(inputs, patch).what_if                                       # doctest: +SKIP
True
"""

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from checks.contracts.panels import RaterSheets
from checks.contracts.patch import Patch
from checks.contracts.programme import Round
from checks.contracts.rulings import Ruling
from checks.contracts.score_tree import ScoreNode
from checks.records.decisions import Decision
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs

#: Points of a part's parts are cut to this; the last of them takes what is left, so that they add up.
FINEST_POINTS = Decimal("0.0001")
#: Digits with which a panel's sheets are put on a changed scale: far below anything that a rule compares.
SCALING_DIGITS = 60


def suppose(inputs: RoundInputs, patch: Patch) -> Decision:
    """The decision that the patch would give; raises ValueError where its rules contradict themselves.

    `patch.policy` is the caller's to apply: findings are judged under a policy when the inputs are loaded.
    """
    return decide(supposed_inputs(inputs, patch))


def supposed_inputs(inputs: RoundInputs, patch: Patch) -> RoundInputs:
    """The inputs as the patch has them, marked what-if."""
    changed = changed_round(inputs.round, patch)
    before, after = dict(inputs.round.score.leaves()), dict(changed.score.leaves())
    gates = {gate.id for gate in changed.gates}
    supposed = {(each.team, each.gate): each.result for each in patch.rulings}
    rulings = [each for each in inputs.rulings if each.gate in gates and (each.team, each.gate) not in supposed]
    rulings += [_ruling(team, gate, result) for (team, gate), result in supposed.items() if gate in gates]
    extra = {team: Fraction(points) for team, points in patch.supposed_points.items()}
    scores = dict(inputs.supposed_scores)
    for team, given in patch.supposed_scores.items():
        for suite, score in given.items():
            scores[team, suite] = scores.get((team, suite), Fraction(0)) + Fraction(score)
    return replace(
        inputs,
        round=changed,
        supposed_scores=scores,
        raters={path: _rescaled(sheets, before[path], after[path]) for path, sheets in inputs.raters.items()},
        rulings=rulings,
        supposed_points={
            team: inputs.supposed_points.get(team, Fraction(0)) + extra.get(team, Fraction(0))
            for team in {*inputs.supposed_points, *extra}
        },
        what_if=True,
    )


def changed_round(round_: Round, patch: Patch) -> Round:
    """The round with the patch applied and checked like a file; raises ValueError (pydantic) where it is not one."""
    raw = round_.model_dump(by_alias=True)
    for part in raw["score"]["parts"]:
        if part["id"] in patch.points:
            _set_points(part, patch.points[part["id"]])
    said = {gate: each.model_dump(exclude_none=True, exclude={"dropped"}) for gate, each in patch.gates.items()}
    dropped = {gate for gate, each in patch.gates.items() if each.dropped}
    raw["gates"] = [gate | said.get(gate["id"], {}) for gate in raw["gates"] if gate["id"] not in dropped]
    if patch.select is not None:
        raw["select"].update(patch.select.model_dump(exclude_none=True))
    if patch.places is not None:
        raw["places"] = patch.places
    return Round.model_validate(raw)


def _ruling(team: str, gate: str, result: str) -> Ruling:
    words = {"reason": "가정 (what-if)", "signed_by": "–", "second_signature": "–"}
    return Ruling.model_validate({"team": team, "gate": gate, "result": result, **words})


def _set_points(node: dict[str, Any], points: Decimal) -> None:
    """Gives a node other points; its parts keep their proportions, and a table of points by rank is stretched alike."""
    former = node["points"]
    if points == former:
        return
    node["points"] = points
    left = points
    for index, part in enumerate(node["parts"]):
        last = index == len(node["parts"]) - 1
        share = left if last else (points * part["points"] / former).quantize(FINEST_POINTS)
        _set_points(part, share)
        left -= share
    then = (node["from"] or {}).get("then") or {}
    if then.get("rank_points"):
        table = then["rank_points"]["table"]
        then["rank_points"]["table"] = [value * points / former for value in table]


def _rescaled(sheets: RaterSheets, before: ScoreNode, after: ScoreNode) -> RaterSheets:
    """Raters gave values from 0 to the leaf's points; with other points their values are stretched in proportion."""
    if before.points == after.points:
        return sheets
    with localcontext() as context:
        context.prec = SCALING_DIGITS
        values = {
            team: {rater: value * after.points / before.points for rater, value in given.items()}
            for team, given in sheets.values.items()
        }
    return replace(sheets, values=values)
