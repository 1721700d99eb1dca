"""Bonuses, votes, waivers and wildcards from their tables: hashed, decided on, carried in the bundle, and refused where wrong."""

import json
from pathlib import Path

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.records.canonical import canonical_sha256
from checks.records.decisions import Decision
from tests.checks.test_appeals import APPEALS
from tests.checks.test_panel_rules import CITED, HEAD
from tests.warehouse.programmes import make_imported
from warehouse.archive import unpack
from warehouse.bundle import write_bundle
from warehouse.keys import make_keys
from warehouse.reader import load_history
from warehouse.round_inputs import decide_round
from warehouse.store import Warehouse
from warehouse.writer import record_decision

TABLES = {
    "adjustments.csv": f"team,points,{HEAD}\na,-1.5,늦은 제출,P1,P2\n",
    "waivers.csv": f"team,gate,expires,{HEAD}\nc,floor,2026-12-31,근소한 차이,P1,P2\n",
    "wildcards.csv": f"team,{HEAD}\nc,다양성,P1,P2\n",
    "votes.csv": "team,panellist,vote\na,V1,찬성\nb,V1,찬성\nc,V1,찬성\n",
}


def with_acts(folder: Path) -> LoadedProgramme:
    loaded = make_imported(folder)
    for name, text in TABLES.items():
        (loaded.folder / "panels" / name).write_text(text)
    raw = yaml.safe_load(loaded.path.read_text())
    round_ = raw["rounds"][0]
    round_["adjustments"] = {"file": "panels/adjustments.csv", "most": 5, **CITED}
    round_["waivers"] = {"file": "panels/waivers.csv", "within": 0.2, "as_of": "2026-01-15", **CITED}
    round_["select"]["wildcards"] = {"file": "panels/wildcards.csv", "most": 1, **CITED}
    majority = {"check": "panel_majority", "votes": "panels/votes.csv", "more_than": 0.5, "out_of": "cast", "quorum": 1}
    round_["gates"].append({"id": "panel", **majority, "fail": "eliminate"})
    del round_["select"]["confidence"]
    loaded.path.write_text(yaml.safe_dump(raw, allow_unicode=True))
    return load_programme(loaded.path)


def statuses(decision: Decision) -> dict[str, str]:
    return {each.team: each.status for each in decision.standings}


def test_a_round_with_acts_is_bundled_and_verified(tmp_path: Path) -> None:
    loaded = with_acts(tmp_path / "programme")
    decision = decide_round(loaded)
    assert statuses(decision) == {"a": "advances", "b": "review", "c": "advances"}
    assert all(f"file:panels/{name}" in decision.inputs for name in TABLES)
    record_decision(Warehouse(loaded.warehouse), decision)
    make_keys(loaded.folder / "keys")
    assert write_bundle(loaded, None, tmp_path / "b.zip").holds
    assert b'"acts":{"adjustments":[{' in unpack((tmp_path / "b.zip").read_bytes())["rules.json"]
    assert statuses(decide_round(make_imported(tmp_path / "plain")))["c"] == "eliminated"


def test_an_appeal_that_is_granted_supersedes_the_decision_and_the_old_one_is_kept(tmp_path: Path) -> None:
    """C is out by the floor; on day nine another panel lets it pass: a second link of the chain, the first unchanged."""
    gate = {"id": "floor", "check": "threshold", "of": "agency", "at_least": 30.5, "fail": "eliminate"}
    loaded = make_imported(tmp_path / "programme", rulings=None, gates=[gate])
    (loaded.folder / "panels" / "appeals.csv").write_text(
        f"team,gate,ground,filed_on,result,{HEAD}\nc,floor,misreading,2026-01-24,pending,심리,Q1,Q2\n"
    )
    raw = yaml.safe_load(loaded.path.read_text())
    raw["rounds"][0]["select"] |= {"eliminate_bottom": 0}
    raw["rounds"][0]["appeals"] = {**APPEALS, "file": "panels/appeals.csv"}
    loaded.path.write_text(yaml.safe_dump(raw, allow_unicode=True))
    warehouse = Warehouse(loaded.warehouse)
    first = decide_round(load_programme(loaded.path))
    record_decision(warehouse, first)
    table = loaded.folder / "panels" / "appeals.csv"
    table.write_text(table.read_text().replace("pending", "pass"))
    granted = load_programme(loaded.path)
    second = decide_round(granted)
    record_decision(warehouse, second)
    assert (statuses(first)["c"], statuses(second)["c"]) == ("eliminated", "advances")
    history = load_history(warehouse, second.programme, "round-1")
    assert [each.decision_sha256 for each in history] == [canonical_sha256(first), canonical_sha256(second)]
    make_keys(granted.folder / "keys")
    assert write_bundle(granted, None, tmp_path / "b.zip").holds
    chain = json.loads(unpack((tmp_path / "b.zip").read_bytes())["history.json"])
    assert [link["decision_sha256"] for link in chain] == [each.decision_sha256 for each in history]


@pytest.mark.parametrize("name", TABLES)
def test_a_wrong_row_stops_before_anything_runs(tmp_path: Path, name: str) -> None:
    loaded = with_acts(tmp_path)
    table = loaded.folder / "panels" / name
    table.write_text(table.read_text().replace("\na,", "\nz,").replace("\nc,", "\nz,"))
    with pytest.raises(InputFault, match=rf"{name}:2: team: found 'z', expected one of a, b, c"):
        load_programme(loaded.path)


def test_a_round_without_acts_has_the_rules_and_files_that_it_had(tmp_path: Path) -> None:
    """Keys that came later are nowhere in what is hashed and bundled where they are not used."""
    from warehouse.bundle_contents import to_files
    from warehouse.round_inputs import load_round_inputs

    files = to_files(load_round_inputs(make_imported(tmp_path)))
    for later in (b"acts", b"adjustments", b"waivers", b"withdrawal", b"advance_top", b"wildcards", b"reserve"):
        assert later not in files["rules.json"]
    assert b"errors" not in files["panels.json"] and b"groups" not in files["panels.json"]
