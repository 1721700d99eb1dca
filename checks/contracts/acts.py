"""What people did to a round beside rating it: bonuses and penalties, votes, waivers, wildcards. Tables, two signatures each.

An act that changes who is out is never a number in the rules: it is a row with a reason and two different people's names.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, TypeVar

from checks.contracts.errors import InputFault
from checks.contracts.fields import Number, is_of_writable_size
from checks.contracts.rulings import is_same_person
from checks.contracts.tables import TableRow, read_table
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
    found = _read(path, teams, (), lambda row: Wildcard.model_validate(_cells(row)))
    named = [each.team for each in found]
    doubled = sorted({team for team in named if named.count(team) > 1})
    if doubled:
        raise InputFault(path, "team", f"{doubled[0]!r} twice", "each team once")
    if len(found) > most:
        raise InputFault(path, found=f"{len(found)} wildcards", expected=f"at most {most}")
    return found


def read_votes(path: Path, teams: list[str]) -> list[Vote]:
    """`team,panellist,vote`: yes, no, abstain or recused (찬성, 반대, 기권, 제척); panellists are codes, each votes once a team."""
    votes: dict[tuple[str, str], Vote] = {}
    for row in read_table(path, ("team", "panellist", "vote")):
        team, panellist, word = row.known("team", teams), row.text("panellist"), row.text("vote").casefold()
        if word not in VOTES:
            raise InputFault(path, "vote", repr(word), "yes, no, abstain or recused", line=row.line)
        if (team, panellist) in votes:
            raise InputFault(path, "panellist", f"{panellist!r} twice for {team!r}", "one vote each", line=row.line)
        votes[team, panellist] = Vote.model_validate({"team": team, "panellist": panellist, "vote": VOTES[word]})
    return list(votes.values())


def day(row: TableRow, column: str) -> date:
    """A cell that is a day."""
    text = row.text(column)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputFault(row.path, column, repr(text), "a date, YYYY-MM-DD", line=row.line) from None


def _read(path: Path, teams: list[str], columns: tuple[str, ...], make: Callable[[TableRow], Act]) -> list[Act]:
    acts = []
    for row in read_table(path, ("team", *columns, *SIGNED), ("evidence",)):
        row.known("team", teams)
        if is_same_person(row.text("signed_by"), row.text("second_signature")):
            found = repr(row.cells["second_signature"])
            raise InputFault(path, "second_signature", found, "another person", line=row.line)
        acts.append(make(row))
    return acts


def _cells(row: TableRow, **read: object) -> dict[str, object]:
    return {"team": row.text("team"), "evidence": row.cells.get("evidence", ""), **read} | {
        column: row.text(column) for column in SIGNED
    }


def _points(row: TableRow) -> Decimal:
    text = row.text("points")
    try:
        points = Decimal(text)
    except InvalidOperation:
        points = Decimal("NaN")
    if not is_of_writable_size(points) or not points:
        raise InputFault(row.path, "points", repr(text), "a number other than 0", line=row.line)
    return points
