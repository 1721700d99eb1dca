"""The same programme with fewer teams, for tests of how a round runs and not of what it comes to."""

import csv
from pathlib import Path

import yaml


def keep_teams(programme: Path, *teams: str) -> None:
    """Leaves only these teams in the programme and its panels."""
    content = yaml.safe_load(programme.read_text(encoding="utf-8"))
    (round_,) = content["rounds"]
    round_["teams"] = [each for each in round_["teams"] if each["id"] in teams]
    programme.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    for panel in (programme.parent / "panels").glob("*.csv"):
        with panel.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with panel.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row for row in rows if row["team"] in teams)
