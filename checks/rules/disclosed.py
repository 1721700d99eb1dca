"""Which part of a disclosure a reason belongs to: its words name points, signatures, findings, or nothing but the outcome.

A rule that is not named here is shown to the auditor alone, so that a new one discloses nothing by being new.
"""

from collections.abc import Iterable

from checks.contracts.disclosure import PARTS, Audience, Part
from checks.records.decisions import Reason

_WITH_RANK: frozenset[Part] = frozenset({"scores", "ranks"})
_NEEDS: dict[str, frozenset[Part]] = {
    "total": _WITH_RANK,
    "eliminate_bottom": _WITH_RANK,
    "advance_top": _WITH_RANK,
    "reserve": _WITH_RANK,
    "without_the_gate": _WITH_RANK,
    "threshold": frozenset({"scores"}),
    "baseline": frozenset({"scores", "tasks"}),
    "adjustment": frozenset({"scores", "rulings"}),
    "waiver": frozenset({"scores", "rulings"}),
    "panel_majority": frozenset({"rulings"}),
    "ruling": frozenset({"rulings"}),
    "wildcard": frozenset({"rulings"}),
    "appeal": frozenset({"rulings"}),
    "late_evidence": frozenset({"findings"}),
    "independence": frozenset({"findings"}),
    "architecture": frozenset({"findings"}),
    "tokenizer": frozenset({"findings"}),
    "evidence": frozenset({"findings"}),
    "data_quality": frozenset({"findings"}),
    "withdrawn": frozenset(),
}
_STAGES = ("benchmark", "independence", "data-quality")
#: A check of a suite's results says what a task's score is.
_OF_RESULTS = "check:results."


def needed(reason: Reason, gates: Iterable[str]) -> frozenset[Part]:
    """The parts that must all be disclosed for this reason to be; a gate's own line says its result and no more."""
    if reason.rule in gates and reason.text.en.startswith(f"Gate {reason.rule}: "):
        needs: frozenset[Part] = frozenset()
    elif reason.rule in _STAGES and reason.rule not in _NEEDS:
        needs = frozenset({"findings"})  # a stage that could not measure, and why
    else:
        needs = _NEEDS.get(reason.rule, frozenset(PARTS))
    if any(each.startswith(_OF_RESULTS) for each in reason.evidence):
        needs |= {"tasks"}
    return needs


def discloses(reader: Audience, reason: Reason, team: str, gates: Iterable[str]) -> bool:
    """Whether the reader may see this reason of this team's standing."""
    return all(reader.shows(part, team) for part in needed(reason, gates))
