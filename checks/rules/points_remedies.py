"""The points that would have kept a team that is out: found exactly, by arithmetic over totals, and then decided again.

By a count: what its total lacks to pass whoever stands at the line. By one threshold gate: what the node lacks to its bound. By
one baseline gate: how much more every task of the suite had to score, which raises whatever leaves are scored on it as well.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from checks.contracts.patch import Patch, SupposedRuling
from checks.contracts.programme import AnyGate, BaselineGate, Round, ThresholdGate
from checks.contracts.score_tree import SuiteAgainstBaseline, SuiteRelative
from checks.records.decisions import Decision, Standing
from checks.records.record import Text
from checks.records.what_if import Remedy
from checks.rules.baselines import baseline_of
from checks.rules.decision import Outcome, work_out
from checks.rules.gates import baseline_score, threshold_of
from checks.rules.inputs import RoundInputs, task_score
from checks.rules.numbers import decimal_text
from checks.rules.reasons import CUT_RULE, TOP_RULE
from checks.rules.selection import Key
from checks.rules.what_if import suppose, supposed_inputs

#: Added where a team needs more than an amount: far below any difference that points written by people can have.
A_LITTLE = Fraction(1, 10**30)
KEPT = ("advances", "review")


def points_remedies(inputs: RoundInputs, standing: Standing) -> list[Remedy]:
    """Each kind of points that alone would have kept the team."""
    found = (_points_remedy(inputs, standing), _threshold_remedy(inputs, standing), _baseline_remedy(inputs, standing))
    return [each for each in found if each is not None]


def _points_remedy(inputs: RoundInputs, standing: Standing) -> Remedy | None:
    """What its total lacks to be kept by the counts, where a count is what puts it out; ties go by the chain."""
    if standing.eliminated_by not in (CUT_RULE, TOP_RULE):
        return None
    lacking = lacking_points(work_out(inputs), inputs.round, standing.team)
    if lacking is None:
        return None
    gap, more = lacking
    wanted = gap + A_LITTLE if more else gap
    status = status_of(suppose(_with_points(inputs, standing.team, wanted), patch_of("", "")), standing.team)
    if status not in KEPT:
        return None
    amount = decimal_text(gap)
    ko = f"총점이 {amount}점 넘게 높았다면" if more else f"총점이 {amount}점 이상 높았다면"
    en = f"with {'more than' if more else 'at least'} {amount} points on top of its total"
    return Remedy(
        kind="points",
        status=status,
        text=told(standing, status, ko, en),
        patch=document_of(patch_of(ko, en, supposed_points={standing.team: _writable(wanted, more)})),
        amount=amount,
        more=more,
    )


def _threshold_remedy(inputs: RoundInputs, standing: Standing) -> Remedy | None:
    """What a node lacks to its bound, where one threshold gate alone puts the team out; the total rises by as much.

    Where the count would then put it out, what it lacks there comes on top: the node is raised until both are passed.
    """
    gate = _only_gate(inputs, standing)
    if not isinstance(gate, ThresholdGate):
        return None
    path, bound = threshold_of(inputs.round.score, gate)
    earned = work_out(inputs).points.nodes[standing.team][path]
    assert earned is not None  # a node without points is indeterminate, not failed
    passed = SupposedRuling(team=standing.team, gate=gate.id, result="pass")
    lacks, more = bound - earned, False
    raised = _with_points(supposed_inputs(inputs, patch_of("", "", rulings=[passed])), standing.team, lacks)
    still = lacking_points(work_out(raised), inputs.round, standing.team)
    if still is not None and status_of(suppose(raised, patch_of("", "")), standing.team) not in KEPT:
        lacks, more = lacks + still[0], still[1]
    amount = decimal_text(lacks)
    ko = f"{path} 점수가 {amount}점 {'넘게' if more else '이상'} 높았다면"
    en = f"with {'more than' if more else 'at least'} {amount} points more for {path}"
    wanted = lacks + A_LITTLE if more else lacks
    patch = patch_of(ko, en, rulings=[passed], supposed_points={standing.team: _writable(wanted, more)})
    remedy = _decided_again(inputs, standing, patch)
    return None if remedy is None else remedy.model_copy(update={"amount": amount, "more": more})


def _baseline_remedy(inputs: RoundInputs, standing: Standing) -> Remedy | None:
    """How much better the team had to score on every task of the suite, where one baseline gate alone puts it out.

    The suite's mean rises by just as much, and with it every leaf that is scored on the suite; where the count would then put
    the team out, the least further rise that the count asks is found by `_least_rise`.
    """
    gate = _only_gate(inputs, standing)
    if not isinstance(gate, BaselineGate):
        return None
    mean = inputs.mean_of(standing.team, gate.suite)
    assert mean is not None  # a suite without a score is indeterminate, not failed
    lacks = Fraction(gate.at_least) * baseline_score(inputs, gate).score - mean
    rise = _least_rise(inputs, standing, gate.suite, lacks)
    if rise is None:
        return None
    lacks, more = rise
    amount = decimal_text(lacks)
    ko = f"{gate.suite}의 모든 과제 점수가 {amount} {'넘게' if more else '이상'} 높았다면"
    en = f"with {'more than' if more else 'at least'} {amount} more on every task of {gate.suite}"
    wanted = {standing.team: {gate.suite: _writable(lacks + A_LITTLE if more else lacks, more)}}
    remedy = _decided_again(inputs, standing, patch_of(ko, en, supposed_scores=wanted))
    return None if remedy is None else remedy.model_copy(update={"amount": amount, "more": more})


def _least_rise(inputs: RoundInputs, standing: Standing, suite: str, least: Fraction) -> tuple[Fraction, bool] | None:
    """The smallest rise of every task's score from `least` on that keeps the team; None where no rise does.

    Its total is a broken line over the rise: it bends where a leaf meets its cap or floor. Between bends it is straight, so
    that the rise which closes the gap is one division; a step on from each bend finds the straight part that reaches it.
    """
    team, at = standing.team, least

    def raised(rise: Fraction) -> RoundInputs:
        scores = {**inputs.supposed_scores}
        scores[team, suite] = scores.get((team, suite), Fraction(0)) + rise
        return replace(inputs, supposed_scores=scores, what_if=True)

    bends = [least, *(each for each in _bends(inputs, team, suite) if each > least)]
    for place, at in enumerate(bends):
        after = bends[place + 1] if place + 1 < len(bends) else at + 1
        outcome = work_out(raised(at))
        if status_of(suppose(raised(at), patch_of("", "")), team) in KEPT:
            return at, False
        lacking = lacking_points(outcome, inputs.round, team)
        if lacking is None:
            return None
        gap, more = lacking
        total, further = outcome.points.totals[team], work_out(raised(after)).points.totals[team]
        if total is None or further is None or further <= total:
            continue
        rise = at + gap * (after - at) / (further - total)
        if place + 1 < len(bends) and (rise > after or (more and rise == after)):
            continue
        return rise, more
    return None


def _bends(inputs: RoundInputs, team: str, suite: str) -> list[Fraction]:
    """The rises at which a leaf of the suite meets its floor or cap, in their order."""
    found: set[Fraction] = set()
    measured = inputs.teams[team].fit_scores(suite)
    assert measured is not None
    scores = {
        each.task: task_score(each.metric, each.value) + inputs.supposed_score(team, suite) for each in measured.tasks
    }
    for path, node in inputs.round.score.leaves():
        source = node.source
        if isinstance(source, SuiteRelative) and source.suite == suite:
            targets = inputs.teams[team].targets.get(suite, {})
            ends = (Fraction(source.floor), Fraction(source.cap))
            found |= {
                Fraction(target) * end - scores[task]
                for task, target in targets.items()
                if task in scores
                for end in ends
            }
        elif isinstance(source, SuiteAgainstBaseline) and source.suite == suite:
            baseline = baseline_of(inputs.baselines[f"score.{path}"], source.baseline, inputs.suites[suite])
            mean = inputs.mean_of(team, suite)
            if baseline is not None and mean is not None:
                found |= {Fraction(end) * baseline.score - mean for end in (source.floor, source.cap)}
    return sorted(found)


def _only_gate(inputs: RoundInputs, standing: Standing) -> AnyGate | None:
    """The one gate that puts the team out by its own check; None where several do, or a panel has ruled."""
    out_by = [each for each in standing.gate_results if each.effect == "eliminate"]
    if len(out_by) != 1 or out_by[0].own != "fail" or out_by[0].result != "fail":
        return None
    return next(gate for gate in inputs.round.gates if gate.id == out_by[0].gate)


def lacking_points(outcome: Outcome, round_: Round, team: str) -> tuple[Fraction, bool] | None:
    """How far the team's total is below what keeps it, and whether it takes more than that; None where points cannot.

    By the bottom count a team is kept where at least `planned` of the others counted stand strictly below it: it has to pass
    the `planned`-th lowest of them. By `advance_top` it is kept where fewer than `teams` of the others stand above it or equal: it
    has to pass the `teams`-th best. By the total, or by the tie chain where the totals are then equal; the greater need counts.
    """
    passed = [*_passed_below(outcome, team), *_passed_on_top(outcome, round_, team)]
    if None in passed or not passed:
        return None
    own = outcome.keys[team]
    needs = [(max(each[0] - own[0], Fraction(0)), own[1:] <= each[1:]) for each in passed if each is not None]
    return max(needs)


def _passed_below(outcome: Outcome, team: str) -> list[Key | None]:
    """Whom the team has to pass by the bottom count: nobody where it cuts nobody, None where passing does not help."""
    cutting = outcome.cutting
    if cutting.cuts.get(team) not in ("out", "tied", "unknown"):
        return []
    others = sorted(outcome.keys[other] for other in cutting.counted if other != team)
    if team not in cutting.counted or cutting.planned > len(others) or cutting.unknown:
        return [None]
    return [others[cutting.planned - 1]]


def _passed_on_top(outcome: Outcome, round_: Round, team: str) -> list[Key | None]:
    """Whom the team has to pass to be among the best that alone advance."""
    top, counted = round_.select.advance_top, outcome.counts.top
    if top is None or counted.get(team, ("kept", 0))[0] == "kept":
        return []
    others = sorted((outcome.keys[other] for other in counted if other != team), reverse=True)
    return [others[top.teams - 1]] if 0 < top.teams <= len(others) else [None]


def _with_points(inputs: RoundInputs, team: str, points: Fraction) -> RoundInputs:
    extra = {**inputs.supposed_points, team: inputs.supposed_points.get(team, Fraction(0)) + points}
    return replace(inputs, supposed_points=extra, what_if=True)


def _writable(points: Fraction, more: bool) -> Decimal:
    """The points as a decimal for a file, rounded up so that they suffice."""
    text = Decimal(decimal_text(points))
    step = Decimal(1).scaleb(-12)
    return text + step if more or Fraction(text) < points else text


def _decided_again(inputs: RoundInputs, standing: Standing, patch: Patch) -> Remedy | None:
    status = status_of(suppose(inputs, patch), standing.team)
    if status not in KEPT:
        return None
    text = told(standing, status, patch.what_if.ko, patch.what_if.en)
    return Remedy(kind="points", status=status, text=text, patch=document_of(patch))


def patch_of(ko: str, en: str, **changes: Any) -> Patch:
    """A patch with what it supposes in words."""
    return Patch.model_validate({"version": 1, "what_if": {"ko": ko, "en": en}, **changes})


def document_of(patch: Patch) -> dict[str, Any]:
    """The patch as its file says it, without what it leaves as it is."""
    document = patch.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return {"version": patch.version, **document}


def status_of(decision: Decision, team: str) -> Any:
    """What becomes of the team."""
    return next(each.status for each in decision.standings if each.team == team)


def told(standing: Standing, status: str, ko: str, en: str) -> Text:
    """The remedy in a sentence."""
    would_ko = {"advances": "진출했을 것입니다", "review": "심의 대상이었을 것입니다"}[status]
    would_en = {"advances": "would have advanced", "review": "would have been for review"}[status]
    return Text(ko=f"{ko} {_topic(standing.name.ko)} {would_ko}.", en=f"{standing.name.en} {would_en} {en}.")


def _topic(name: str) -> str:
    """A Korean name with its topic particle: 은 after a final consonant, 는 after a vowel, both where the letter does not say."""
    place = ord(name[-1]) - ord("가") if name else -1
    if not 0 <= place <= ord("힣") - ord("가"):
        return f"{name}은(는)"
    return f"{name}{'은' if place % 28 else '는'}"
