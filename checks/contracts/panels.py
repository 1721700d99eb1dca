"""Tables of points: values imported from elsewhere, raters' sheets, and rosters that freeze a population."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.contracts.fields import exact_sum, is_of_writable_size
from checks.contracts.tables import read_table

#: No scale of abilities reaches so far.
_FARTHEST = Decimal(1000)
_YES = {"1", "true", "yes", "y", "recused", "예", "제척", "회피"}
_NO = {"", "0", "false", "no", "n", "아니오", "아니요"}


@dataclass(frozen=True)
class RaterSheets:
    """What every rater gave every team; recused pairs are kept and not counted."""

    path: Path
    values: dict[str, dict[str, Decimal]]
    recused: dict[str, list[str]]

    def counted(self, team: str) -> dict[str, Decimal]:
        """Rater → value for one team, recused raters left out, in the order of their codes."""
        return dict(sorted(self.values.get(team, {}).items()))

    def apart(self) -> str | None:
        """A team that no chain of raters in common joins to the first one: their severities cannot be compared."""
        teams = [team for team, given in self.values.items() if given]
        joined = set(teams[:1])
        grown = True
        while grown:
            raters = {rater for team in joined for rater in self.values[team]}
            more = {team for team in teams if team not in joined and raters & self.values[team].keys()}
            joined, grown = joined | more, bool(more)
        return next((team for team in teams if team not in joined), None)


def read_imported(path: Path, teams: list[str], most: Decimal) -> dict[str, Decimal]:
    """`team,value[,stderr]`, each team once, values from 0 to `most`."""
    values: dict[str, Decimal] = {}
    for row in read_table(path, ("team", "value"), ("stderr",)):
        team = row.known("team", teams)
        if team in values:
            raise InputFault(path, "team", f"{team!r} twice", "each team once", line=row.line)
        values[team] = row.number("value", Decimal(0), most)
    return values


def read_errors(path: Path, teams: list[str]) -> dict[str, Decimal]:
    """The standard errors that an imported table gives, in the values' own unit; empty where it gives none."""
    rows = read_table(path, ("team", "value"), ("stderr",))
    return {row.known("team", teams): row.number("stderr", Decimal(0), None) for row in rows if row.cells.get("stderr")}


def read_abilities(path: Path, teams: list[str]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """`team,ability,stderr`, each team once: abilities of either sign, and their standard errors."""
    abilities: dict[str, Decimal] = {}
    errors: dict[str, Decimal] = {}
    for row in read_table(path, ("team", "ability", "stderr")):
        team = row.known("team", teams)
        if team in abilities:
            raise InputFault(path, "team", f"{team!r} twice", "each team once", line=row.line)
        abilities[team] = row.number("ability", -_FARTHEST, _FARTHEST)
        errors[team] = row.number("stderr", Decimal(0), _FARTHEST)
    return abilities, errors


def read_costs(path: Path, teams: list[str]) -> dict[str, tuple[Decimal, Decimal]]:
    """`team,quality,cost`, each team once; quality from 0, cost above 0."""
    values: dict[str, tuple[Decimal, Decimal]] = {}
    for row in read_table(path, ("team", "quality", "cost")):
        team = row.known("team", teams)
        if team in values:
            raise InputFault(path, "team", f"{team!r} twice", "each team once", line=row.line)
        cost = row.number("cost", Decimal(0), None)
        if not cost:
            raise InputFault(path, "cost", "0", "a number above 0", line=row.line)
        values[team] = row.number("quality", Decimal(0), None), cost
    return values


def read_raters(path: Path, teams: list[str], most: Decimal) -> RaterSheets:
    """`team,rater,value[,criterion][,recused]`; a rater's criteria for a team are summed; the sum is from 0 to `most`.

    Raises InputFault for an unknown team, a duplicate row, a value out of range, or a rater who left out a criterion that
    others were asked for.
    """
    cells: dict[tuple[str, str], dict[str, Decimal]] = {}
    recused: dict[str, list[str]] = {}
    seen: set[tuple[str, str, str]] = set()
    criteria: set[str] = set()
    spelt: dict[str, str] = {}
    for row in read_table(path, ("team", "rater", "value"), ("criterion", "recused")):
        team, rater = row.known("team", teams), row.code("rater", spelt)
        criterion = row.text("criterion") if "criterion" in row.cells else ""
        if (team, rater, criterion) in seen:
            raise InputFault(path, "rater", f"{rater!r} twice for {team!r}", "one row each", line=row.line)
        seen.add((team, rater, criterion))
        if _is_recused(path, row.line, row.cells):
            recused.setdefault(team, []).append(rater)
            continue
        criteria.add(criterion)
        cells.setdefault((team, rater), {})[criterion] = row.number("value", Decimal(0), most)
    values: dict[str, dict[str, Decimal]] = {}
    for (team, rater), given in cells.items():
        if rater in recused.get(team, []):
            raise InputFault(path, "recused", f"{rater!r} recused and counted for {team!r}", "one of the two")
        if set(given) != criteria:
            absent = ", ".join(sorted(criteria - set(given)))
            raise InputFault(path, "criterion", f"{rater!r} left out {absent} for {team!r}", "every criterion")
        total = exact_sum(given.values())
        if total > most or not is_of_writable_size(total):
            raise InputFault(
                path, "value", f"{total} from {rater!r} for {team!r}", f"criteria that sum to at most {most}"
            )
        values.setdefault(team, {})[rater] = total
    return RaterSheets(path, values, {team: sorted(set(raters)) for team, raters in recused.items()})


def read_roster(path: Path, teams: list[str]) -> dict[str, Decimal | None]:
    """`team[,value]`: a frozen population, and each team's frozen value where the file gives one.

    A team without a value of its own in the file must be one of the round's `teams`; one with a value may be of another round.
    """
    roster: dict[str, Decimal | None] = {}
    for row in read_table(path, ("team",), ("value",)):
        team = row.text("team") if row.cells.get("value") else row.known("team", teams)
        if team in roster:
            raise InputFault(path, "team", f"{team!r} twice", "each team once", line=row.line)
        roster[team] = row.number("value", Decimal(0), None) if row.cells.get("value") else None
    return roster


def _is_recused(path: Path, line: int, cells: dict[str, str]) -> bool:
    if cells["value"].casefold() == "recused":
        return True
    mark = cells.get("recused", "").casefold()
    if mark not in _YES | _NO:
        raise InputFault(path, "recused", repr(mark), "yes or no", line=line)
    return mark in _YES
