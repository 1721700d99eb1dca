"""A round decided from tables, for what comes before, between and after its steps."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.records.decisions import Decision
from flows.deciding import decide_and_record
from tests.warehouse.programmes import make_imported
from warehouse.life_cycle import whole_chain
from warehouse.store import Warehouse

CITED = {"label": {"ko": "규정", "en": "the notice"}, "citation": "Notice 1", "effective": "2026-01-01"}
#: The window opens after the day on which these tests decide, whenever that is.
OPENED = datetime.now(UTC).date() + timedelta(days=3)
HEARD, CLOSES, LATE = (OPENED + timedelta(days=days) for days in (5, 10, 11))
APPEALS = {
    **CITED,
    "file": "panels/appeals.csv",
    "opened": str(OPENED),
    "window_days": 10,
    "grounds": ["misreading"],
    "original_panel": "excluded",
    "pending": "review",
}
INVALID = {**CITED, "file": "panels/invalid.csv", "at_least": 0.05, "then": "vacancy"}
SELECT = {"eliminate_bottom": 1, "scope": "all", "quota": "additive"}
SIGNED = "reason,signed_by,second_signature\n"
RULINGS = "team,gate,result,reason,signed_by,second_signature,evidence\n"


def imported_round(folder: Path) -> LoadedProgramme:
    """A, B and C decided from tables, with appeals and invalidations of which there are none yet; B's ruling lets it pass."""
    make_imported(folder)
    (folder / "panels" / "appeals.csv").write_text(f"team,gate,ground,filed_on,result,{SIGNED}")
    (folder / "panels" / "invalid.csv").write_text(f"team,found_on,effect,{SIGNED}")
    rewrite(folder, appeals=APPEALS, invalidations=INVALID, select=SELECT)
    (folder / "panels" / "rulings.csv").write_text(f"{RULINGS}b,floor,pass,읽음,PANEL-1,PANEL-2,minutes.pdf\n")
    return load_programme(folder / "programme.yaml")


def copied(folder: Path, to: Path) -> LoadedProgramme:
    """The round of a folder, in another."""
    return load_programme(Path(shutil.copytree(folder, to / "round", symlinks=True)))


def rewrite(folder: Path, **changed: object) -> LoadedProgramme:
    """The programme with keys of its round changed, loaded again."""
    path = folder / "programme.yaml"
    whole = yaml.safe_load(path.read_text())
    whole["rounds"][0] |= changed
    path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False))
    return load_programme(path)


def append_row(folder: Path, table: str, row: str) -> LoadedProgramme:
    """A table of the panels with a row more."""
    with (folder / "panels" / table).open("a", encoding="utf-8") as opened:
        opened.write(row + "\n")
    return load_programme(folder / "programme.yaml")


def kinds(loaded: LoadedProgramme) -> list[str]:
    """What was done to the round, in order."""
    return [event.kind for event in whole_chain(Warehouse(loaded.warehouse), loaded.programme.programme, "round-1")]


def measure(loaded: LoadedProgramme) -> Decision:
    """What a run does when all is measured."""
    return decide_and_record(loaded, loaded.round())


def statuses(decision: Decision) -> dict[str, str]:
    """What becomes of each team."""
    return {each.team: each.status for each in decision.standings}


def refused(words: str, step: Callable[[], object]) -> None:
    """The step is refused, in these words."""
    with pytest.raises(InputFault, match=words):
        step()
