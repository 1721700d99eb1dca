"""The demo's round from submissions to a decision, by the command, and what a second look at it costs and changes."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import yaml

from checks.contracts.loading import load_policy, load_programme
from checks.records.decisions import Decision
from tests.end_to_end.outcome import assert_expected, reasons, standing
from warehouse.reader import load_decision, load_quality, load_scores, load_trace
from warehouse.round_inputs import decide_round
from warehouse.run_keys import plan
from warehouse.store import Warehouse


def decision_of(programme: Path) -> Decision:
    """The round's recorded decision."""
    loaded = load_programme(programme)
    decision = load_decision(Warehouse(loaded.warehouse), loaded.programme.programme, "round-1")
    assert decision is not None
    return decision


def rows(programme: Path, sql: str) -> list[tuple[object, ...]]:
    """What the warehouse answers."""
    with Warehouse(load_programme(programme).warehouse).reading() as connection:
        return connection.execute(sql).fetchall()


def test_the_round_comes_to_what_was_expected(demo_round: Path) -> None:
    assert_expected(decision_of(demo_round))


def test_points_follow_from_the_items_by_the_rules(demo_round: Path) -> None:
    """Team A's `common` points, worked out again from the single answers: 20 × mean over tasks of the share that is right."""
    found = rows(
        demo_round,
        "select task, sum(correct), count(*) from items join runs using (run_id) "
        "where team = 't1' and subject = 'common' group by task",
    )
    assert len(found) == 5
    shares = [Decimal(int(right)) / Decimal(int(asked)) for _, right, asked in found]  # type: ignore[call-overload]
    expected = 20 * sum(shares) / len(shares)
    points = Decimal(standing(decision_of(demo_round), "t1").scores["benchmark.common"])
    assert abs(points - expected) < Decimal("1e-9")


def test_every_run_is_there_once_and_complete(demo_round: Path) -> None:
    counted = rows(
        demo_round, "select stage, count(*), count(distinct key), bool_and(status = 'complete') from runs group by 1"
    )
    assert sorted(counted) == [("benchmark", 10, 10, True), ("data-quality", 5, 5, True), ("independence", 5, 5, True)]
    assert rows(demo_round, "select count(*) from decisions where round = 'round-1'") == [(1,)]
    assert rows(demo_round, "select count(*), count(distinct team) from scoreboard") == [(5, 5)]
    folder = load_programme(demo_round).warehouse
    assert not list((folder / "items").iterdir()), "items of complete runs are in the warehouse, not beside it"
    assert not list(folder.glob(".prefect-*"))


def test_a_second_run_measures_nothing_and_starts_no_engine(changeable_round: Path) -> None:
    before = rows(changeable_round, "select run_id, recorded_at from runs order by 1")
    decided = decision_of(changeable_round)
    (changeable_round.parent / "warehouse" / "run.log").unlink()
    code = (
        "import sys; from flows.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(sorted({'prefect', 'torch', 'lm_eval'} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "run", str(changeable_round), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0 and ran.stderr.splitlines()[-1] == "[]", ran.stderr
    assert '"measured": 0' in ran.stdout and '"reused": 20' in ran.stdout
    assert rows(changeable_round, "select run_id, recorded_at from runs order by 1") == before
    assert rows(changeable_round, "select count(*) from decision_log") == [(1,)]
    assert decision_of(changeable_round) == decided
    assert not (changeable_round.parent / "warehouse" / "run.log").exists()


def test_another_lawful_rule_comes_to_another_outcome_on_the_same_measurements(demo_round: Path) -> None:
    what_if = decide_round(load_programme(demo_round), policy=load_policy("licensed-reuse"))
    assert what_if.what_if
    assert (standing(what_if, "t2").status, standing(what_if, "t2").gates["independence"]) == ("advances", "pass")
    assert what_if.vacancies == 0
    assert standing(what_if, "t2").total == standing(decision_of(demo_round), "t2").total


def test_reuse_that_was_not_declared_fails_under_the_same_rule(changeable_round: Path) -> None:
    """The submission's words change, its weights do not: benchmark and independence keep their runs."""
    submission = changeable_round.parent / "submissions" / "t2" / "submission.yaml"
    content = yaml.safe_load(submission.read_text(encoding="utf-8"))
    content["model"]["components"][1] = {"id": "vision_tower", "origin": "from-scratch"}
    submission.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    what_if = decide_round(load_programme(changeable_round), policy=load_policy("licensed-reuse"))
    team = standing(what_if, "t2")
    assert (team.status, team.eliminated_by, team.gates["independence"]) == ("eliminated", "independence", "fail")
    assert team.total == standing(decision_of(changeable_round), "t2").total
    blamed = [each for each in reasons(what_if, "t2", "independence") if "vision tower" in each.text.en]
    assert [each.outcome for each in blamed] == ["fail"]


def test_what_is_stored_is_what_the_stages_found(demo_round: Path) -> None:
    """Each stage's record, read back: the findings that the decision rests on, for the team that it puts out."""
    loaded = load_programme(demo_round)
    warehouse = Warehouse(loaded.warehouse)
    runs = {(run.stage, run.subject): run.run_id for run in plan(loaded, loaded.round()) if run.team == "t2"}
    trace = load_trace(warehouse, runs["independence", ""])
    assert trace.subject == "t2"
    (reference,) = trace.references
    by_part = {each.component: (each.verdict, each.relation) for each in reference.components}
    assert by_part["vision_tower"] == ("derived", "fine-tuned")
    assert by_part["language_model"][0] == by_part["projector"][0] == "independent"
    scores = load_scores(warehouse, runs["benchmark", "individual"])
    assert {(task.task, task.n) for task in scores.tasks} == {("shapes", 120), ("counting", 120)}
    quality = load_quality(warehouse, runs["data-quality", ""])
    looked_at = {(each.suite, each.subject) for each in quality.results}
    assert {"common/numerals", "individual/shapes"} <= {subject for suite, subject in looked_at if suite == "results"}
    assert {"numerals", "shapes"} <= {subject for suite, subject in looked_at if suite == "items"}
    assert quality.items_scanned > 0
