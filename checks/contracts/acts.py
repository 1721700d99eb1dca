"""What people did to a round beside rating it: bonuses and penalties, votes, waivers, wildcards. Tables, two signatures each.

An act that changes who is out is never a number in the rules: it is a row with a reason and two different people's names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeVar, get_args

from pydantic import Field

from checks.contracts.errors import InputFault
from checks.contracts.fields import Number, Sha256, day_of, decimal_of, is_absent, is_of_writable_size
from checks.contracts.rulings import is_same_person
from checks.contracts.tables import TableRow, read_table
from checks.records.decisions import GateOutcome
from checks.records.record import Record

SIGNED = ("reason", "signed_by", "second_signature")
VOTES = {"yes": "yes", "찬성": "yes", "no": "no", "반대": "no", "abstain": "abstain", "기권": "abstain"}
VOTES |= {"recused": "recused", "제척": "recused", "회피": "recused"}


class Signed(Record):
    """What every act carries."""

    team: str
    reason: str
    signed_by: str
    second_signature: str
    evidence: str = ""


class Adjustment(Signed):
    """Points on top of a team's total, or below zero: taken from it."""

    points: Number


class Waiver(Signed):
    """The fail of one gate that is let pass, until a day."""

    gate: str
    expires: date


class Wildcard(Signed):
    """A team that is out by points and is let through all the same."""


class Appeal(Signed):
    """An objection to one gate's result, and what the appeal panel made of it; a pending one has no result yet."""

    gate: str
    ground: str
    filed_on: date
    result: GateOutcome | Literal["dismissed", "pending"]


class Invalidation(Signed):
    """A result found wrong after it was published, and by how much of it."""

    found_on: date
    effect: Number


class LateEvidence(Record):
    """Something handed in after evidence was frozen: recorded by its hash, no part of the decision."""

    team: str
    received_on: date
    sha256: Sha256
    title: str


class Vote(Record):
    """One panellist's vote on one team."""

    team: str
    panellist: str
    vote: Literal["yes", "no", "abstain", "recused"]


class Acts(Record):
    """All that was done to one round; `votes` are by gate."""

    adjustments: list[Adjustment] = []
    waivers: list[Waiver] = []
    wildcards: list[Wildcard] = []
    votes: dict[str, list[Vote]] = {}
    appeals: list[Appeal] = Field(default=[], exclude_if=is_absent)
    late_evidence: list[LateEvidence] = Field(default=[], exclude_if=is_absent)
    invalidations: list[Invalidation] = Field(default=[], exclude_if=is_absent)


Act = TypeVar("Act", bound=Signed)


def read_adjustments(path: Path, teams: list[str]) -> list[Adjustment]:
    """`team,points,reason,signed_by,second_signature[,evidence]`; a team may have several."""
    return _read(path, teams, ("points",), lambda row: Adjustment.model_validate(_cells(row, points=_points(row))))


def read_waivers(path: Path, teams: list[str], gates: list[str]) -> list[Waiver]:
    """`team,gate,expires,reason,signed_by,second_signature[,evidence]`; a gate once a team."""
    seen: set[tuple[str, str]] = set()

    def waiver(row: TableRow) -> Waiver:
        gate = row.known("gate", gates)
        if (row.cells["team"], gate) in seen:
            raise InputFault(path, "gate", f"a second waiver of {gate!r}", "one a team", line=row.line)
        seen.add((row.cells["team"], gate))
        return Waiver.model_validate(_cells(row, gate=gate, expires=day(row, "expires")))

    return _read(path, teams, ("gate", "expires"), waiver)


def read_wildcards(path: Path, teams: list[str], most: int) -> list[Wildcard]:
    """`team,reason,signed_by,second_signature[,evidence]`; each team once, at most `most` of them."""
    found = _once_each(path, _read(path, teams, (), lambda row: Wildcard.model_validate(_cells(row))))
    if len(found) > most:
        raise InputFault(path, found=f"{len(found)} wildcards", expected=f"at most {most}")
    return found


def read_appeals(
    path: Path, teams: list[str], gates: list[str], excluded: Mapping[tuple[str, str], Sequence[str]]
) -> list[Appeal]:
    """`team,gate,ground,filed_on,result,reason,signed_by,second_signature[,evidence]`; one a team and gate.

    `excluded` are, by team and gate, the people who signed the ruling that is appealed: neither may sign its appeal.
    """
    results = (*get_args(GateOutcome), "dismissed", "pending")
    seen: set[tuple[str, str]] = set()

    def appeal(row: TableRow) -> Appeal:
        team, gate = row.text("team"), row.known("gate", gates)
        if (team, gate) in seen:
            raise InputFault(path, "gate", f"a second appeal on {gate!r} for {team!r}", "one", line=row.line)
        seen.add((team, gate))
        for column in ("signed_by", "second_signature"):
            if any(is_same_person(row.text(column), name) for name in excluded.get((team, gate), ())):
                expected = "somebody who did not sign the ruling that is appealed"
                raise InputFault(path, column, repr(row.text(column)), expected, line=row.line)
        read = {"ground": row.text("ground"), "filed_on": day(row, "filed_on"), "result": row.known("result", results)}
        return Appeal.model_validate(_cells(row, gate=gate, **read))

    return _read(path, teams, ("gate", "ground", "filed_on", "result"), appeal)


def read_invalidations(path: Path, teams: list[str], at_least: Decimal) -> list[Invalidation]:
    """`team,found_on,effect,reason,signed_by,second_signature[,evidence]`; each team once, no effect below `at_least`."""

    def invalidation(row: TableRow) -> Invalidation:
        effect = row.number("effect", at_least, Decimal(1))
        return Invalidation.model_validate(_cells(row, effect=effect, found_on=day(row, "found_on")))

    return _once_each(path, _read(path, teams, ("found_on", "effect"), invalidation))


def read_late_evidence(path: Path, teams: list[str], frozen: date) -> list[LateEvidence]:
    """`team,received_on,sha256,title`: what came after the day on which evidence was frozen."""
    found = []
    for row in read_table(path, ("team", "received_on", "sha256", "title"), may_be_empty=True):
        received, sha256 = day(row, "received_on"), row.text("sha256")
        if received <= frozen:
            raise InputFault(path, "received_on", str(received), f"a day after the freeze of {frozen}", line=row.line)
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise InputFault(path, "sha256", repr(sha256), "64 hexadecimal digits", line=row.line)
        cells = {
            "team": row.known("team", teams),
            "title": row.text("title"),
            "received_on": received,
            "sha256": sha256,
        }
        found.append(LateEvidence.model_validate(cells))
    return found


def read_votes(path: Path, teams: list[str]) -> list[Vote]:
    """`team,panellist,vote`: yes, no, abstain or recused (찬성, 반대, 기권, 제척); panellists are codes, each votes once a team."""
    votes: dict[tuple[str, str], Vote] = {}
    spelt: dict[str, str] = {}
    for row in read_table(path, ("team", "panellist", "vote"), may_be_empty=True):
        team, panellist, word = row.known("team", teams), row.code("panellist", spelt), row.text("vote").casefold()
        if word not in VOTES:
            raise InputFault(path, "vote", repr(word), "yes, no, abstain or recused", line=row.line)
        if (team, panellist) in votes:
            raise InputFault(path, "panellist", f"{panellist!r} twice for {team!r}", "one vote each", line=row.line)
        votes[team, panellist] = Vote.model_validate({"team": team, "panellist": panellist, "vote": VOTES[word]})
    return list(votes.values())


def day(row: TableRow, column: str) -> date:
    """A cell that is a day."""
    text = row.text(column)
    found = day_of(text)
    if found is None:
        raise InputFault(row.path, column, repr(text), "a date, YYYY-MM-DD", line=row.line)
    return found


def _read(path: Path, teams: list[str], columns: tuple[str, ...], make: Callable[[TableRow], Act]) -> list[Act]:
    acts = []
    for row in read_table(path, ("team", *columns, *SIGNED), ("evidence",), may_be_empty=True):
        row.known("team", teams)
        if is_same_person(row.text("signed_by"), row.text("second_signature")):
            found = repr(row.cells["second_signature"])
            raise InputFault(path, "second_signature", found, "another person", line=row.line)
        acts.append(make(row))
    return acts


def _once_each(path: Path, acts: list[Act]) -> list[Act]:
    named = [each.team for each in acts]
    doubled = sorted({team for team in named if named.count(team) > 1})
    if doubled:
        raise InputFault(path, "team", f"{doubled[0]!r} twice", "each team once")
    return acts


def _cells(row: TableRow, **read: object) -> dict[str, object]:
    return {"team": row.text("team"), "evidence": row.cells.get("evidence", ""), **read} | {
        column: row.text(column) for column in SIGNED
    }


def _points(row: TableRow) -> Decimal:
    text = row.text("points")
    points = decimal_of(text)
    if points is None or not is_of_writable_size(points) or not points:
        raise InputFault(row.path, "points", repr(text), "a number other than 0", line=row.line)
    return points
