"""What the rules are given: measurements of the content that is there now, and panels as they are now."""

from pathlib import Path

import pytest

from checks.contracts.loading import LoadedProgramme, load_policy, load_programme
from checks.expectations.thresholds import thresholds_sha256, with_defaults
from checks.records.decisions import Decision
from checks.records.lineage import Trace
from checks.records.quality import ExpectationResult, QualityReport
from checks.records.record import STAGES, Text
from checks.records.runs import RunRecord
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from checks.rules.decision import decide
from checks.rules.inputs import NotMeasured
from tests.checks.rounds import passed
from tests.warehouse.programmes import make
from tests.warehouse.records import run
from warehouse.bundle_contents import from_files, to_files
from warehouse.reader import RESULTS_KEY
from warehouse.round_inputs import decide_round, load_round_inputs
from warehouse.run_keys import PlannedRun, plan
from warehouse.store import Warehouse
from warehouse.writer import record_failure, record_quality, record_scores, record_trace

SHARES = {"t1": 0.75, "t2": 0.25}


def measured(loaded: LoadedProgramme, without: str = "") -> LoadedProgramme:
    """Records a result for every planned run but those of the stage `without`; data quality is planned after the scores."""
    for stage in STAGES:
        for planned in plan(loaded, loaded.round()):
            if planned.stage == stage != without:
                _record(Warehouse(loaded.warehouse), planned)
    return loaded


def _record(warehouse: Warehouse, planned: PlannedRun) -> None:
    as_run = _as_run(planned)
    if planned.stage == "benchmark":
        share = SHARES[planned.team]
        items = [
            ItemResult(task="sums", item=item, prompt_sha256="c", correct=float(item < 4 * share), tokens=1)
            for item in range(4)
        ]
        task = TaskScore(task="sums", metric="acc", value=share, n=4)
        record_scores(warehouse, as_run, SuiteScores(suite="common", tasks=[task], items=items))
    elif planned.stage == "independence":
        trace = Trace(subject="model", verdict="independent", seconds=1, bytes_read=1, references=[])
        record_trace(warehouse, as_run, trace)
    else:
        text = Text(ko="손실이 줄었다", en="The loss fell")
        result = ExpectationResult(
            suite="training_log", check="loss", subject="train.jsonl", outcome="conditional", severity="soft", observed="1",
            expected="0", rows=1, text=text,
        )  # fmt: skip
        record_quality(warehouse, as_run, _report([result, *passed("common")]))


def _as_run(planned: PlannedRun) -> RunRecord:
    looked_at = {RESULTS_KEY: planned.results_key} if planned.results_key else {}
    return run(planned.stage, planned.key, team=planned.team, subject=planned.subject, environment=looked_at)


def _report(results: list[ExpectationResult]) -> QualityReport:
    return QualityReport(measurements=[], results=results, thresholds_sha256=thresholds_sha256(with_defaults({})))


def _standing(decision: Decision) -> dict[str, tuple[str | None, str]]:
    return {each.team: (each.total, each.status) for each in decision.standings}


def test_a_round_decided_from_what_was_recorded(tmp_path: Path) -> None:
    decision = decide_round(measured(make(tmp_path)))
    assert {team: total for team, (total, _) in _standing(decision).items()} == {"t1": "79.0", "t2": "48.0"}
    evidence = [each for reason in decision.standings[0].reasons for each in reason.evidence]
    assert any(each.startswith("run:benchmark-common-t1-") for each in evidence)
    assert set(decision.inputs) >= {"file:programme.yaml", "file:panels/expert.csv"}
    assert decision.simulated and not decision.what_if
    assert {each.gates["data-quality"] for each in decision.standings} == {"conditional"}


def test_rows_of_another_content_do_not_count(tmp_path: Path) -> None:
    loaded = measured(make(tmp_path))
    model = loaded.folder / "submissions" / "t1" / "model" / "model.safetensors"
    before = model.read_bytes()
    model.write_bytes(b"another model")
    with pytest.raises(NotMeasured, match="common has not been measured for t1"):
        decide_round(loaded)
    model.write_bytes(before)
    assert _standing(decide_round(loaded))["t1"][0] == "79.0"


def test_a_stage_that_has_not_run_is_indeterminate(tmp_path: Path) -> None:
    decision = decide_round(measured(make(tmp_path), without="independence"))
    assert {each.gates["independence"] for each in decision.standings} == {"indeterminate"}


def test_a_failed_run_is_indeterminate_with_its_message(tmp_path: Path) -> None:
    loaded = measured(make(tmp_path), without="independence")
    for planned in plan(loaded, loaded.round()):
        if planned.stage == "independence":
            as_run = run(planned.stage, planned.key, team=planned.team, subject="")
            record_failure(Warehouse(loaded.warehouse), as_run, "model/x.safetensors: found a truncated file")
    first = decide_round(loaded).standings[0]
    assert first.gates["independence"] == "indeterminate"
    assert any("truncated file" in reason.text.en for reason in first.reasons)


def test_scores_wait_for_the_check_of_their_results(tmp_path: Path) -> None:
    """Where the data-quality stage has not run there is no total, and where evidence was at fault the results' own checks count."""
    loaded = measured(make(tmp_path), without="data-quality")
    decision = decide_round(loaded)
    assert set(_standing(decision).values()) == {(None, "review")}
    words = decision.standings[0].reasons[0].text
    assert "common: The results have not been checked" in words.en and "common: 평가 결과가 아직" in words.ko
    for planned in plan(loaded, loaded.round()):
        if planned.stage == "data-quality":
            judged = {"t1": _report(passed("common")), "t2": None}[planned.team]
            record_failure(
                Warehouse(loaded.warehouse), _as_run(planned), "evidence/train.jsonl: no readable line", judged
            )
    found = {each.team: each for each in decide_round(loaded).standings}
    assert [found[team].total for team in ("t1", "t2")] == ["79.0", None]
    assert {each.gates["data-quality"] for each in found.values()} == {"indeterminate"}


def test_other_words_of_a_submission_leave_the_check_of_its_results_as_it_is(tmp_path: Path) -> None:
    """What was measured by the agency is the same; the gate has not run on what is handed in now."""
    loaded = measured(make(tmp_path))
    before = _standing(decide_round(loaded))
    submission = loaded.folder / "submissions" / "t1" / "submission.yaml"
    submission.write_text(submission.read_text() + "# handed in again\n")
    decision = decide_round(loaded)
    assert [total for total, _ in _standing(decision).values()] == [total for total, _ in before.values()]
    gates = {each.team: each.gates["data-quality"] for each in decision.standings}
    assert gates == {"t1": "indeterminate", "t2": "conditional"}
    inputs = load_round_inputs(loaded)
    assert inputs.teams["t1"].checked == passed("common") and inputs.teams["t2"].checked is None
    bundled = from_files(to_files(inputs))
    assert {team: each.checked for team, each in bundled.teams.items()} == {"t1": passed("common"), "t2": None}
    assert decide(bundled) == decision


def test_panels_are_read_as_they_are_now(tmp_path: Path) -> None:
    loaded = measured(make(tmp_path))
    before = decide_round(loaded)
    panel = loaded.folder / "panels" / "expert.csv"
    panel.write_text(panel.read_text().replace("t2,P1,31", "t2,P1,36"))
    after = decide_round(loaded)
    assert (_standing(before)["t2"][0], _standing(after)["t2"][0]) == ("48.0", "49.0")
    assert before.inputs["file:panels/expert.csv"] != after.inputs["file:panels/expert.csv"]


def test_other_rules_or_another_policy_are_a_what_if(tmp_path: Path) -> None:
    loaded = measured(make(tmp_path / "own"))
    assert decide_round(loaded, policy=load_policy("advisory")).what_if
    other = make(tmp_path / "other", places=2)
    supposed = decide_round(loaded, rules=load_programme(other.path))
    assert supposed.what_if and supposed.places == 2
    assert _standing(supposed) == _standing(decide_round(loaded))
    assert not load_round_inputs(loaded).what_if


def test_a_table_outside_the_folder_is_named_by_the_way_to_it(tmp_path: Path) -> None:
    loaded = measured(make(tmp_path / "programme"))
    (loaded.folder / "panels" / "expert.csv").rename(tmp_path / "expert.csv")
    text = loaded.path.read_text(encoding="utf-8").replace("panels/expert.csv", "../expert.csv")
    loaded.path.write_text(text.replace("simulated: true", "simulated: true\nallow_outside: true"), encoding="utf-8")
    assert "file:../expert.csv" in decide_round(load_programme(loaded.path)).inputs
