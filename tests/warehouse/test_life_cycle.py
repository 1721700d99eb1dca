"""A round's life: each step where it belongs and nowhere else, every record chained, changes after the freeze told."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.record import MEASUREMENT_VERSION
from checks.rules.life_cycle import as_decided
from flows.stage_runs import StageRuns
from tests.warehouse.decided_rounds import (
    APPEALS,
    CITED,
    CLOSES,
    HEARD,
    LATE,
    OPENED,
    RULINGS,
    SELECT,
    append_row,
    copied,
    imported_round,
    kinds,
    measure,
    refused,
    rewrite,
    statuses,
)
from tests.warehouse.programmes import make
from tests.warehouse.test_round_inputs import measured
from warehouse.archive import pack, unpack
from warehouse.attestation import sign, signed_statement, statement
from warehouse.bundle import recorded_and_unchanged, write_bundle
from warehouse.bundled_life import LIFE_CYCLE
from warehouse.duckdb_files import OFFLINE, STORAGE
from warehouse.freezing import refuse_changed
from warehouse.keys import load_private, load_public, make_keys
from warehouse.life_cycle import load_chain, whole_chain
from warehouse.life_steps import decide_round_by, finalise, freeze
from warehouse.pending import MAIN
from warehouse.publishing import publish
from warehouse.reader import load_decision, load_history
from warehouse.round_inputs import decide_round
from warehouse.run_keys import pending, plan
from warehouse.store import Warehouse
from warehouse.verification import ATTESTATION, verify_bundle


@pytest.fixture(scope="module")
def once_decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The round frozen, measured and decided, once for all that go on from there: its folder, to be copied."""
    loaded = imported_round(tmp_path_factory.mktemp("decided") / "round")
    freeze(loaded, None, "Kim")
    measure(loaded)
    decide_round_by(loaded, None, "Kim")
    return loaded.folder


def test_a_round_from_the_draft_to_the_end_and_what_may_not_follow(tmp_path: Path) -> None:
    loaded = imported_round(tmp_path / "round")
    refused("state draft .* expected a frozen round", lambda: decide_round_by(loaded, None, "Kim"))
    refused("state draft .* expected a decided round", lambda: finalise(loaded, None, "Kim"))
    refused("--by.*expected the name", lambda: freeze(loaded, None, " \n"))
    freeze(loaded, None, "Kim")
    refused("frozen already, on 20.* by Kim", lambda: freeze(loaded, None, "Lee"))
    refused("expected a measured round", lambda: decide_round_by(loaded, None, "Kim"))
    provisional = measure(loaded)
    assert measure(loaded) == provisional, "measuring nothing new adds no record"
    assert load_decision(Warehouse(loaded.warehouse), "imported", "round-1") is None, (
        "a person decides a frozen round, not a run"
    )
    decided = decide_round_by(loaded, "round-1", "Kim")
    assert (
        decided == provisional == load_decision(Warehouse(loaded.warehouse), "imported", "round-1")
        and not decided.amendments
    )
    chain = whole_chain(Warehouse(loaded.warehouse), "imported", "round-1")
    assert as_decided(chain, decided) and as_decided(chain[:2], decided) is None
    assert as_decided(chain, decided.model_copy(update={"places": decided.places + 1})) is False
    assert as_decided(chain, decided.model_copy(update={"what_if": True})) is None
    refused("the same decision as on", lambda: decide_round_by(loaded, None, "Lee"))
    assert kinds(loaded) == ["frozen", "measured", "decided", "appeals_open"]
    refused(f"open until {CLOSES}", lambda: finalise(loaded, None, "Kim", CLOSES))
    finalise(loaded, None, "Kim", LATE)
    assert kinds(loaded)[-1] == "final"
    refused("state final .* only an invalidation", lambda: finalise(loaded, None, "Kim", LATE))
    refused("state final", lambda: freeze(rewrite(loaded.folder, places=1, rules_version="2"), None, "Kim"))


def test_an_appeal_is_decided_on_by_a_decision_that_takes_the_place_of_the_first(tmp_path: Path) -> None:
    loaded = imported_round(tmp_path / "round")
    (loaded.folder / "panels" / "rulings.csv").write_text(f"{RULINGS}b,floor,fail,읽음,P1,P2,\n")
    freeze(loaded, None, "Kim")
    measure(loaded)
    first = decide_round_by(loaded, None, "Kim")
    assert statuses(first)["b"] == "eliminated"
    pending = append_row(loaded.folder, "appeals.csv", f"b,floor,misreading,{HEARD},pending,r,Q1,Q2")
    assert statuses(decide_round_by(pending, None, "Kim"))["b"] == "review"
    refused("a pending appeal of 'b'", lambda: finalise(pending, None, "Kim", LATE))
    table = loaded.folder / "panels" / "appeals.csv"
    table.write_text(table.read_text().replace("pending", "pass"))
    refused("changed since the decision", lambda: finalise(pending, None, "Kim", LATE))
    granted = decide_round_by(load_programme(loaded.path), None, "Lee")
    assert statuses(granted)["b"] == "advances"
    chain = whole_chain(Warehouse(loaded.warehouse), "imported", "round-1")
    assert [each.kind for each in chain].count("appeals_open") == 1
    hashes = [entry.decision_sha256 for entry in load_history(Warehouse(loaded.warehouse), "imported", "round-1")]
    decided = [each.content for each in chain if each.kind == "decided"]
    assert [each["decision_sha256"] for each in decided] == hashes and len(set(hashes)) == 3
    assert [each["supersedes"] for each in decided] == [None, *hashes[:2]]
    finalise(load_programme(loaded.path), None, "Kim", LATE)
    late = append_row(loaded.folder, "appeals.csv", f"c,floor,misreading,{LATE},pass,r,Q1,Q2")
    assert statuses(decide_round(late)) == statuses(granted), "rejected as late"
    refused(f"'c' filed on {LATE}, after the window closed on {CLOSES}", lambda: decide_round_by(late, None, "Kim"))


def test_nobody_is_out_by_what_is_still_to_come(once_decided: Path, tmp_path: Path) -> None:
    loaded = copied(once_decided, tmp_path)
    teams = [each.model_dump(mode="json") for each in loaded.round().teams]
    to_come = rewrite(loaded.folder, teams=[*teams[:2], {**teams[2], "withdrawn": str(LATE)}])
    refused(f"a withdrawal of 'c' on {LATE}", lambda: decide_round_by(to_come, None, "Kim"))
    assert statuses(decide_round_by(to_come, None, "Kim", LATE))["c"] == "withdrawn", "on that day"
    rewrite(loaded.folder, teams=teams)
    invalid = append_row(loaded.folder, "invalid.csv", f"a,{LATE},0.5,재현 실패,P1,P2")
    refused(f"an invalidation of 'a' on {LATE}", lambda: decide_round_by(invalid, None, "Kim"))


def test_an_edited_submission_is_told_by_decide_as_by_run(tmp_path: Path) -> None:
    loaded = make(tmp_path / "round")
    freeze(loaded, None, "Kim")
    submission = loaded.folder / "submissions" / "t1" / "submission.yaml"
    submission.write_text(submission.read_text().replace("Apache-2.0", "MIT"))
    for step in (measure, lambda each: decide_round_by(each, None, "Kim")):
        refused("changed since the freeze", lambda step=step: step(load_programme(loaded.path)))  # type: ignore[misc]


def test_a_window_that_was_opened_is_not_opened_again_for_an_appeal_that_is_late(
    once_decided: Path, tmp_path: Path
) -> None:
    loaded = copied(once_decided, tmp_path)
    append_row(loaded.folder, "appeals.csv", f"c,floor,misreading,{LATE},pass,r,Q1,Q2")
    moved = rewrite(loaded.folder, appeals={**APPEALS, "opened": str(LATE)})
    for step in (lambda: decide_round(moved), lambda: decide_round_by(moved, None, "Kim")):
        refused(f"appeals.opened: found {LATE}, and the window was opened on {OPENED}", step)


def test_a_window_that_was_too_short_is_put_right_to_the_day_of_the_decision(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    loaded = imported_round(tmp_path / "round")
    rewrite(loaded.folder, appeals={**APPEALS, "opened": str(today - timedelta(days=20))})
    early = load_programme(loaded.path)
    freeze(early, None, "Kim")
    measure(early)
    decide_round_by(early, None, "Kim")
    refused("a shorter window than 10 days", lambda: finalise(early, None, "Kim", LATE))
    wrong = rewrite(loaded.folder, appeals={**APPEALS, "opened": str(HEARD)})
    refused("the window was opened on", lambda: finalise(wrong, None, "Kim", LATE))
    right = rewrite(loaded.folder, appeals={**APPEALS, "opened": str(today)})
    decide_round_by(right, None, "Kim")
    finalise(right, None, "Kim", LATE)
    assert kinds(right)[-1] == "final"


def test_what_is_invalidated_after_the_end_stays_on_record_and_nothing_else_changes(
    once_decided: Path, tmp_path: Path
) -> None:
    loaded = copied(once_decided, tmp_path)
    before = load_decision(Warehouse(loaded.warehouse), "imported", "round-1")
    assert before is not None
    finalise(loaded, None, "Kim", LATE)
    moved = append_row(loaded.folder, "rulings.csv", "a,floor,fail,늦음,P1,P2,")
    refused("another outcome than the one that Kim made final", lambda: decide_round_by(moved, None, "Kim"))
    (loaded.folder / "panels" / "rulings.csv").write_text(f"{RULINGS}b,floor,pass,읽음,PANEL-1,PANEL-2,minutes.pdf\n")
    with pytest.raises(InputFault, match=r"from 0\.05 to 1"):
        append_row(loaded.folder, "invalid.csv", "a,2026-01-05,0.049,재현 실패,P1,P2")
    table = loaded.folder / "panels" / "invalid.csv"
    table.write_text(table.read_text().replace("0.049", "0.05"))
    invalid = load_programme(loaded.path)
    after = decide_round_by(invalid, None, "Lee")
    assert statuses(after) == {**statuses(before), "a": "invalidated"}
    struck = next(each for each in after.standings if each.team == "a")
    was = next(each for each in before.standings if each.team == "a")
    assert (struck.total, struck.rank, struck.scores) == (was.total, was.rank, was.scores)
    assert "before that: advances. Effect 5.0 %" in next(r.text.en for r in struck.reasons if r.rule == "invalidation")
    assert after.vacancies == before.vacancies + 1
    assert kinds(loaded)[-3:] == ["final", "decided", "final"]
    make_keys(loaded.folder / "keys")
    assert write_bundle(invalid, None, tmp_path / "b.zip").holds


def test_a_rule_changes_after_the_freeze_only_as_a_new_version_which_every_decision_tells(
    once_decided: Path, tmp_path: Path
) -> None:
    loaded = copied(once_decided, tmp_path)
    changed = rewrite(loaded.folder, select={**SELECT, "quota": "absorbing"})
    silently = "select.quota: found absorbing, changed since the freeze of 20.* by Kim, expected additive as frozen"
    for step in (decide_round, measure, lambda each: decide_round_by(each, None, "Kim")):
        refused(silently, lambda step=step: step(changed))  # type: ignore[misc]
    refused(silently, lambda: StageRuns(changed, changed.round()).to_measure())
    refused("'2026-01-15' again, with select.quota changed", lambda: freeze(changed, None, "Kim"))
    newer = rewrite(loaded.folder, rules_version="2026-02-01")
    refused("'2026-02-01', which is not frozen", lambda: decide_round(newer))
    freeze(newer, None, "Lee")
    assert kinds(loaded)[-1] == "amended"
    refused("expected a decided round", lambda: finalise(newer, None, "Kim", LATE))
    second = decide_round_by(newer, None, "Kim")
    told = {change.key: (change.before, change.after) for change in second.amendments}
    assert told == {"rules_version": ("2026-01-15", "2026-02-01"), "select.quota": ("additive", "absorbing")}
    assert second.amendments[1].text.en == "select.quota: was additive when frozen and is absorbing"
    assert second.amendments[1].text.ko == "select.quota: 동결 당시 additive, 지금 absorbing"
    assert load_decision(Warehouse(loaded.warehouse), "imported", "round-1") == second
    back = rewrite(loaded.folder, rules_version="2026-01-15", select=SELECT)
    refused("'2026-01-15' again", lambda: freeze(back, None, "Kim"))


def test_what_only_the_round_brings_is_no_change_of_its_rules(tmp_path: Path) -> None:
    loaded = imported_round(tmp_path / "round")
    freeze(loaded, None, "Kim")
    measure(loaded)
    teams = [each.model_dump(mode="json") for each in loaded.round().teams]
    teams[2]["withdrawn"] = "2026-01-20"
    known = rewrite(loaded.folder, teams=teams, appeals={**APPEALS, "opened": str(HEARD)})
    assert statuses(decide_round(known))["c"] == "withdrawn"
    renamed = [{**each, "name": {"ko": "다른", "en": "Other"}} if each["id"] == "a" else each for each in teams]
    refused("teams.a.name.en: found Other", lambda: decide_round(rewrite(loaded.folder, teams=renamed)))


def _tampered(folder: Path, sql: str) -> None:
    with duckdb.connect(folder / MAIN, config=OFFLINE | STORAGE) as connection:
        connection.execute(sql)
        connection.execute("checkpoint")
    publish(folder / MAIN)


def test_a_standing_changed_in_the_warehouse_is_neither_reported_nor_made_final(
    once_decided: Path, tmp_path: Path
) -> None:
    loaded = copied(once_decided, tmp_path)
    assert load_decision(Warehouse(loaded.warehouse), "imported", "round-1") is not None
    _tampered(loaded.warehouse, "update standings set status = 'advances' where team = 'c'")
    refused("do not hash to the decision that was recorded", lambda: recorded_and_unchanged(loaded, "round-1"))
    refused("do not hash to the decision that was recorded", lambda: finalise(loaded, None, "Kim", LATE))


def test_a_round_frozen_after_a_draft_decision_has_none_until_it_is_decided(tmp_path: Path) -> None:
    """Neither bundle nor report: the draft's would pass for the frozen round's."""
    loaded = imported_round(tmp_path / "round")
    measure(loaded)
    assert recorded_and_unchanged(loaded, "round-1")[2] == [], "a draft has no records"
    freeze(loaded, None, "Kim")
    measure(loaded)
    refused("without this decision on its record", lambda: recorded_and_unchanged(loaded, "round-1"))
    decide_round_by(loaded, None, "Kim")
    assert recorded_and_unchanged(loaded, "round-1")[2]


@pytest.mark.parametrize(
    "sql",
    [
        "update round_events set by_whom = 'Choi' where event_no = 0",
        "update round_events set happened_at = '2026-01-01T00:00:00.000000+00:00' where event_no = 2",
        "update round_events set content = replace(content::varchar, 'additive', 'absorbing')::json where event_no = 0",
        "delete from round_events where event_no = 1",
        "update round_events set event_no = 5 - event_no where event_no in (2, 3)",
    ],
)
def test_a_record_that_was_touched_is_found(once_decided: Path, tmp_path: Path, sql: str) -> None:
    loaded = copied(once_decided, tmp_path)
    assert len(kinds(loaded)) == 4
    _tampered(loaded.warehouse, sql)
    refused(r"round_events\.round-1\[\d\].*does not follow", lambda: decide_round(loaded))


def test_nothing_goes_on_from_a_record_that_was_touched(once_decided: Path, tmp_path: Path) -> None:
    loaded = copied(once_decided, tmp_path)
    _tampered(loaded.warehouse, "update round_events set by_whom = 'Choi' where event_no = 3")
    newer = rewrite(loaded.folder, rules_version="2")
    for step in (measure, lambda each: freeze(each, None, "Kim"), lambda each: finalise(each, None, "Kim")):
        refused(r"round_events\.round-1\[3\].*does not follow", lambda step=step: step(newer))  # type: ignore[misc]


def test_two_processes_at_once_leave_one_chain_and_one_of_them_is_refused(tmp_path: Path) -> None:
    loaded = imported_round(tmp_path / "round")
    freezing = (
        "import sys; from pathlib import Path; from checks.contracts.loading import load_programme\n"
        "from checks.contracts.errors import InputFault; from warehouse.life_steps import freeze\n"
        "try:\n    freeze(load_programme(Path(sys.argv[1])), None, sys.argv[2])\n"
        "except InputFault as fault:\n    sys.exit(fault.message)\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", freezing, str(loaded.path), name], stderr=subprocess.PIPE, text=True)
        for name in ("Kim", "Lee")
    ]
    said = [(process.communicate(timeout=120)[1], process.returncode) for process in both]
    assert sorted(code for _, code in said) == [0, 1]
    assert "frozen already" in next(words for words, code in said if code)
    assert kinds(loaded) == ["frozen"]


def test_a_bundle_carries_the_chain_and_another_chain_is_found(once_decided: Path, tmp_path: Path) -> None:
    loaded = copied(once_decided, tmp_path)
    pair = make_keys(loaded.folder / "keys")
    freeze(newer := rewrite(loaded.folder, places=3, rules_version="2"), None, "Kim")
    refused("changed since the decision was recorded", lambda: write_bundle(newer, None, tmp_path / "b.zip"))
    decision = decide_round_by(newer, None, "Kim")
    assert write_bundle(newer, None, tmp_path / "b.zip").decision == decision
    files = unpack((tmp_path / "b.zip").read_bytes())
    chain = json.loads(files[LIFE_CYCLE])
    assert [each["kind"] for each in chain] == ["frozen", "measured", "decided", "appeals_open", "amended", "decided"]
    assert chain[-1]["content"]["decision_sha256"] == canonical_sha256(decision)

    def faults(changed: bytes | None) -> list[str]:
        """Signed anew by the agency's own key, so that nothing but the chain can give it away."""
        others = {name: content for name, content in files.items() if name != LIFE_CYCLE}
        replaced = others if changed is None else {**others, LIFE_CYCLE: changed}
        hashes = {
            name: hashlib.sha256(content).hexdigest() for name, content in replaced.items() if name != ATTESTATION
        }
        said = signed_statement(files[ATTESTATION], load_public(pair.public))["predicate"]
        replaced[ATTESTATION] = sign(statement(hashes, said), load_private(pair.private))
        (tmp_path / "c.zip").write_bytes(pack(replaced))
        return [each.en for each in verify_bundle(tmp_path / "c.zip", pair.public).faults]

    assert faults(files[LIFE_CYCLE]) == []
    assert faults(None) == [f"{LIFE_CYCLE} is missing."]
    renamed = files[LIFE_CYCLE].replace(b"Kim", b"Choi", 1)
    assert faults(renamed) == ["The hash chain of the round's records is broken at record 0."]
    assert faults(canonical_json(chain[:-1]).encode()) == ["The last decision on the round's record is not this one."]
    assert faults(files[LIFE_CYCLE] + b" ") == [f"{LIFE_CYCLE} cannot be read."]


def test_a_warehouse_from_before_the_life_cycle_is_brought_up_to_date_when_it_is_read(tmp_path: Path) -> None:
    loaded = imported_round(tmp_path / "round")
    measure(loaded)
    _tampered(
        loaded.warehouse,
        "drop table round_events; drop table decision_amendments; delete from schema_version where version >= 5",
    )
    assert load_chain(Warehouse(loaded.warehouse), "imported", "round-1") == []
    assert load_decision(Warehouse(loaded.warehouse), "imported", "round-1") == decide_round(loaded)


def test_a_later_measurement_has_no_part_in_a_round_that_was_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = measured(make(tmp_path / "round"))

    def to_measure() -> set[str]:
        return {run.stage for run in pending(Warehouse(loaded.warehouse), plan(loaded, loaded.round()))}

    freeze(loaded, None, "Kim")
    measure(loaded)
    with monkeypatch.context() as upgraded:
        upgraded.setitem(MEASUREMENT_VERSION, "independence", 999)
        assert to_measure() == {"independence"}, "nothing was decided on it yet"
        refused("which was not measured", lambda: decide_round_by(loaded, None, "Kim"))
    decision = decide_round_by(loaded, None, "Kim")
    monkeypatch.setitem(MEASUREMENT_VERSION, "independence", 999)
    assert decide_round(loaded) == decision and to_measure() == set()
    make_keys(loaded.folder / "keys")
    assert write_bundle(loaded, None, tmp_path / "b.zip").holds


def test_a_freeze_pins_the_table_of_a_moving_baseline(tmp_path: Path) -> None:
    moving = {**CITED, "table": "panels/field.csv", "as_of": "2026-01-05", "months": 6, "take": "best_model"}
    gate = {
        "id": "global",
        "check": "baseline",
        "suite": "common",
        "baseline": moving,
        "at_least": 0.95,
        "fail": "review",
    }
    loaded = make(tmp_path / "round")
    table = loaded.folder / "panels" / "field.csv"
    table.write_text("model,released_on,task,score\nglobe,2025-07-04,sums,70\n")
    with pytest.raises(InputFault, match=r"field\.csv: released_on: found no model released from 2025-07-05"):
        rewrite(loaded.folder, gates=[gate])
    table.write_text(table.read_text().replace("2025-07-04,sums,70", "2025-07-05,sums,0"))
    with pytest.raises(InputFault, match=r"field\.csv: score: found nothing but 0"):
        load_programme(loaded.path)
    table.write_text(table.read_text().replace("sums,0", "sums,70"))
    loaded = load_programme(loaded.path)
    freeze(loaded, None, "Kim")
    refuse_changed(loaded, loaded.round(), whole_chain(Warehouse(loaded.warehouse), "by-hand", "round-1"))
    table.write_text(table.read_text() + "later,2026-01-01,sums,99\n")
    chain = whole_chain(Warehouse(loaded.warehouse), "by-hand", "round-1")
    refused(r"data\.files\.panels/field\.csv: found", lambda: refuse_changed(loaded, loaded.round(), chain))
