"""Rulings that were typed, not handed over as a file: one signs, another countersigns, and who has a conflict does neither.

They stand in the round's chain of records, so that who signed what and when stays. A ruling counts from its second signature;
a later one on the same gate and team takes its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.contracts.rulings import Ruling, is_same_person
from checks.records.life_cycle import RoundEvent


@dataclass(frozen=True)
class OpenRuling:
    """A ruling with one signature; `event_no` is its record's place in the chain."""

    event_no: int
    team: str
    gate: str
    result: str
    reason: str
    evidence: str
    signed_by: str
    signed_at: str


@dataclass(frozen=True)
class Conflict:
    """A person (a name, or a rater's code) who takes no part in what concerns a team, and why."""

    person: str
    team: str
    reason: str
    declared_at: str


def signed_rulings(chain: Sequence[RoundEvent]) -> list[Ruling]:
    """The rulings with two signatures, the newest of each team and gate."""
    first = {event.event_no: event for event in chain if event.kind == "ruling"}
    counted: dict[tuple[str, str], Ruling] = {}
    for event in chain:
        if event.kind != "countersigned":
            continue
        ruling = first[int(event.content["ruling"])]
        signatures = {"signed_by": ruling.by, "second_signature": event.by}
        made = Ruling.model_validate({**ruling.content, **signatures})
        counted.pop((made.team, made.gate), None)
        counted[made.team, made.gate] = made
    return list(counted.values())


def open_rulings(chain: Sequence[RoundEvent]) -> list[OpenRuling]:
    """The rulings that wait for a second signature; an older one on the same team and gate waits no longer."""
    found: dict[tuple[str, str], OpenRuling] = {}
    for event in chain:
        key = str(event.content.get("team")), str(event.content.get("gate"))
        if event.kind == "ruling":
            words = {name: str(event.content[name]) for name in ("team", "gate", "result", "reason", "evidence")}
            found[key] = OpenRuling(event_no=event.event_no, signed_by=event.by, signed_at=event.at, **words)
        elif event.kind == "countersigned":
            found.pop(key, None)
    return list(found.values())


def conflicts(chain: Sequence[RoundEvent]) -> list[Conflict]:
    """Every conflict of interest that was declared, in the order of declaration."""
    told: list[Mapping[str, object]] = [{**each.content, "at": each.at} for each in chain if each.kind == "conflict"]
    return [Conflict(str(each["person"]), str(each["team"]), str(each["reason"]), str(each["at"])) for each in told]


def has_conflict(found: Sequence[Conflict], person: str, team: str) -> bool:
    """Whether the person, in whatever spelling, has declared a conflict on the team."""
    return any(each.team == team and is_same_person(each.person, person) for each in found)
