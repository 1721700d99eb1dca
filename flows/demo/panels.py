"""Simulated panels: an agency's table, ten experts and 49 users, all invented by a seeded random generator.

Raters are codes (E01, U01). Each has a severity of its own, so that the panels agree on an order more than on values.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random

from flows.demo.teams import TEAMS, derived_seed

EXPERTS, USERS = 10, 49
AGENCY_POINTS, EXPERT_POINTS, USER_POINTS = 10.0, 35.0, 25.0
_AGENCY_SPREAD = 0.1
_EXPERT_SEVERITY, _EXPERT_SPREAD = 0.8, 0.8
_USER_SEVERITY, _USER_SPREAD = 1.5, 2.0


def write_panels(folder: Path, seed: int) -> None:
    """Writes agency.csv, expert.csv and user.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = Random(derived_seed(seed, "panels"))
    agency = [(team.id, _value(rng.gauss(team.agency, _AGENCY_SPREAD), AGENCY_POINTS)) for team in TEAMS]
    _write(folder / "agency.csv", ("team", "value"), agency)
    experts = _ratings(
        rng, {team.id: team.expert for team in TEAMS}, "E", EXPERTS, _EXPERT_SEVERITY, _EXPERT_SPREAD, EXPERT_POINTS
    )
    _write(folder / "expert.csv", ("team", "rater", "value"), experts)
    users = _ratings(rng, {team.id: team.user for team in TEAMS}, "U", USERS, _USER_SEVERITY, _USER_SPREAD, USER_POINTS)
    _write(folder / "user.csv", ("team", "rater", "value"), users)


def _ratings(
    rng: Random, means: dict[str, float], letter: str, count: int, severity: float, spread: float, most: float
) -> list[tuple[str, ...]]:
    severities = {f"{letter}{number:02d}": rng.gauss(0, severity) for number in range(1, count + 1)}
    return [
        (team, rater, _value(rng.gauss(mean + shift, spread), most))
        for team, mean in means.items()
        for rater, shift in severities.items()
    ]


def _value(value: float, most: float) -> str:
    return f"{min(max(value, 0.0), most):.1f}"


def _write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
