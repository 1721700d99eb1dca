"""Groups of items and given standard errors: read from their tables, refused where they are wrong, carried in the bundle."""

from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.rules.robustness import robustness
from tests.warehouse.programmes import make, make_imported
from tests.warehouse.test_round_inputs import measured
from warehouse.bundle import write_bundle
from warehouse.bundle_contents import from_files, to_files
from warehouse.keys import make_keys
from warehouse.round_inputs import decide_round, load_round_inputs
from warehouse.run_keys import plan
from warehouse.store import Warehouse
from warehouse.writer import record_decision


def with_groups(loaded: LoadedProgramme, table: str) -> LoadedProgramme:
    """The programme's one task with these groups."""
    (loaded.folder / "suites" / "groups.csv").write_text(table)
    path = loaded.folder / "suites" / "common.yaml"
    suite = yaml.safe_load(path.read_text())
    suite["tasks"][0]["groups"] = "groups.csv"
    path.write_text(yaml.safe_dump(suite))
    return load_programme(loaded.path)


def test_groups_change_how_sure_a_cut_is_and_nothing_is_measured_again(tmp_path: Path) -> None:
    loaded = measured(make(tmp_path / "programme"))
    before = [run.key for run in plan(loaded, loaded.round())]
    alone, apart = decide_round(loaded), load_round_inputs(loaded)
    grouped = with_groups(loaded, "item,group\n0,g\n1,g\n2,g\n3,h\n")
    assert [run.key for run in plan(grouped, grouped.round())] == before
    inputs = load_round_inputs(grouped)
    assert inputs.groups == {"common": {"sums": {0: "g", 1: "g", 2: "g", 3: "h"}}}
    together = decide_round(grouped)
    assert "file:suites/groups.csv" in together.inputs and together.rules_sha256 != alone.rules_sha256
    each, firm = (robustness(given, Fraction(1, 4)).teams[0].interval for given in (apart, inputs))
    assert each != firm
    again = from_files(to_files(inputs))
    assert again.groups == inputs.groups and to_files(again) == to_files(inputs)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("item,group\n0,g\n0,h\n", "0 twice"),
        ("item,group\n0.5,g\n", "a whole number"),
        ("item,group\n0,\n", "an empty cell"),
    ],
)
def test_groups_that_say_nothing_clear_are_refused(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(InputFault, match=words):
        with_groups(make(tmp_path), table)


def test_an_item_without_a_group_is_refused(tmp_path: Path) -> None:
    loaded = with_groups(measured(make(tmp_path)), "item,group\n0,g\n1,g\n2,g\n")
    with pytest.raises(InputFault, match="no row for item 3 of sums"):
        load_round_inputs(loaded)


def test_given_errors_make_a_close_cut_unsure_and_lead_to_the_same_decision_offline(tmp_path: Path) -> None:
    rules = {"gates": [], "rulings": None, "select": {"eliminate_bottom": 1, "scope": "all", "quota": "additive"}}
    loaded = make_imported(tmp_path / "programme", **rules)
    table = loaded.folder / "panels" / "agency.csv"
    sure = decide_round(loaded)
    table.write_text("team,value,stderr\na,9.25,0.5\nb,7,\nc,4.125,9\n")
    rules["select"] = {**rules["select"], "confidence": 0.75}  # type: ignore[dict-item]
    raw = yaml.safe_load(loaded.path.read_text())
    raw["rounds"][0] |= rules
    loaded.path.write_text(yaml.safe_dump(raw))
    loaded = load_programme(loaded.path)
    unsure = decide_round(loaded)
    statuses = [{each.team: each.status for each in decision.standings} for decision in (sure, unsure)]
    assert statuses[0]["c"] == "eliminated" and statuses[1]["c"] == "review"
    record_decision(Warehouse(loaded.warehouse), unsure)
    make_keys(loaded.folder / "keys")
    assert write_bundle(loaded, None, tmp_path / "b.zip").holds
    table.write_text("team,value,stderr\na,9.25,-1\nb,7,\nc,4.125,9\n")
    with pytest.raises(InputFault, match="stderr"):
        load_programme(loaded.path)


def test_costs_severities_and_combinations_lead_to_the_same_decision_offline(tmp_path: Path) -> None:
    loaded = make_imported(tmp_path / "programme", gates=[], rulings=None)
    (loaded.folder / "panels" / "costs.csv").write_text("team,quality,cost\na,80,2\nb,70,1\nc,60,0.5\n")
    raters = loaded.folder / "panels" / "expert.csv"
    raters.write_text("\n".join(line for line in raters.read_text().splitlines() if not line.startswith("a,P1")) + "\n")
    raw = yaml.safe_load(loaded.path.read_text())
    agency, expert = raw["rounds"][0]["score"]["parts"]
    agency["from"] = {"cost_efficiency": "panels/costs.csv", "full": 150}
    expert["from"] = {"raters": "panels/expert.csv", "how": "severity_adjusted"}
    raw["rounds"][0]["score"]["combine"] = {"how": "geometric"}
    loaded.path.write_text(yaml.safe_dump(raw))
    loaded = load_programme(loaded.path)
    decision = decide_round(loaded)
    assert "file:panels/costs.csv" in decision.inputs
    record_decision(Warehouse(loaded.warehouse), decision)
    make_keys(loaded.folder / "keys")
    assert write_bundle(loaded, None, tmp_path / "b.zip").holds
