"""The best and the mean of every part of a decided round, and its cut-off: facts that disclose no team's points by name.

>>> summary_of(decision, round_).parts[0].best
'90.2'
"""

from fractions import Fraction

from checks.contracts.programme import Round
from checks.records.decisions import Decision
from checks.records.summary import PartSummary, RoundSummary
from checks.rules.numbers import decimal_text
from checks.rules.reasons import CUT_RULE

TOTAL = "total"


def summary_of(decision: Decision, round_: Round) -> RoundSummary:
    """Worked out from the decision alone, so that whoever has that can check it."""
    ranked = [each for each in decision.standings if each.total is not None]
    parts = [_part(TOTAL, str(round_.score.points), [each.total for each in ranked])]
    for path, node in round_.score.walk():
        parts.append(_part(path, str(node.points), [each.scores.get(path) for each in ranked]))
    cut = {each.team: reason.outcome for each in ranked for reason in each.reasons if reason.rule == CUT_RULE}
    out = [Fraction(each.total) for each in ranked if each.total is not None and cut.get(each.team) == "out"]
    kept = [Fraction(each.total) for each in ranked if each.total is not None and cut.get(each.team) == "kept"]
    return RoundSummary(
        parts=parts,
        highest_out=decimal_text(max(out)) if out else None,
        lowest_kept=decimal_text(min(kept)) if out and kept else None,
    )


def _part(name: str, points: str, values: list[str | None]) -> PartSummary:
    known = [Fraction(each) for each in values if each is not None]
    mean = sum(known, Fraction(0)) / len(known) if known else None
    return PartSummary(
        part=name,
        points=points,
        teams=len(known),
        best=decimal_text(max(known)) if known else None,
        mean=None if mean is None else decimal_text(mean),
    )
