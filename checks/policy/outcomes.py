"""The four results of a gate and their order: the worst of a team's findings counts."""

from collections.abc import Iterable

from checks.records.decisions import GateOutcome, Reason
from checks.records.record import Text

#: From the best to the worst. Failed evidence is worse than unknown evidence, which is worse than evidence still owed.
_ORDER: tuple[GateOutcome, ...] = ("pass", "conditional", "indeterminate", "fail")


def worst(outcomes: Iterable[GateOutcome]) -> GateOutcome:
    """The worst of the outcomes; `indeterminate` for none at all, because nothing checked is nothing passed."""
    found = list(outcomes)
    return max(found, key=_ORDER.index) if found else "indeterminate"


def finding(rule: str, outcome: GateOutcome, ko: str, en: str, evidence: Iterable[str] = ()) -> Reason:
    """One reason of a gate, in both languages."""
    return Reason(rule=rule, outcome=outcome, text=Text(ko=ko, en=en), evidence=list(evidence))
