"""A small round on disk, its measurements written by hand: five teams, of which B is out by a gate and E by points.

Totals: A 90, B 78, C 76, D 70, E 40 (points imported 60 at most, and 40 × the share of ten items that it got right).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from checks.contracts.loading import load_programme
from checks.expectations.thresholds import thresholds_sha256, with_defaults
from checks.records.lineage import (
    ArchitectureFinding,
    ChainFinding,
    ComponentFinding,
    CoverageRow,
    LayerMatch,
    LineageTest,
    NullDistribution,
    ReferenceFinding,
    Trace,
)
from checks.records.quality import ContaminatedItem, ExpectationResult, QualityReport
from checks.records.record import STAGES, Text
from checks.records.runs import RunRecord
from checks.records.scores import ItemResult, Spread, SuiteScores, TaskScore, WayScore
from tests.checks.rounds import passed
from warehouse.round_inputs import decide_round
from warehouse.run_keys import PlannedRun, plan
from warehouse.store import Warehouse
from warehouse.writer import record_decision, record_failure, record_quality, record_scores, record_trace

PANEL = {"a": 50, "b": 42, "c": 44, "d": 42, "e": 24}
RIGHT_OF_TEN = {"a": 10, "b": 9, "c": 8, "d": 7, "e": 4}
TOTALS = {"a": 90, "b": 78, "c": 76, "d": 70, "e": 40}
MEASURED_AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
PARTS = ("language_model", "vision_tower")


def write_round(folder: Path) -> Path:
    """Writes the programme, nothing measured; returns the programme.yaml."""
    tasks = folder / "suites" / "tasks"
    tasks.mkdir(parents=True)
    documents: list[dict[str, Any]] = [
        {"question": f"{number} + {number} = ", "answer": 2 * number} for number in range(10)
    ]
    documents[3]["image"] = "three.png"
    (tasks / "sums.jsonl").write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")
    Image.new("RGB", (8, 8), "red").save(tasks / "three.png")
    _yaml(
        tasks / "sums.yaml",
        {"task": "sums", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "sums.jsonl"}}}
        | {"test_split": "test", "output_type": "multiple_choice", "doc_to_text": "{{question}}"},
    )
    suite = {"version": 1, "suite": "common", "tasks": [{"id": "sums", "use": "tasks/sums.yaml"}]}
    _yaml(folder / "suites" / "common.yaml", suite)
    for place in ["models/globe", *(f"submissions/{team}/model" for team in PANEL)]:
        (folder / place).mkdir(parents=True)
        (folder / place / "weights.txt").write_text(place, encoding="utf-8")
    for team in PANEL:
        parts: list[dict[str, Any]] = [{"id": part, "origin": "from-scratch"} for part in PARTS]
        _yaml(
            folder / "submissions" / team / "submission.yaml",
            {"version": 1, "team": team, "model": {"source": "model/", "licence": "Apache-2.0", "components": parts}},
        )
    rows = "".join(f"{team},{value}\n" for team, value in PANEL.items())
    (folder / "panel.csv").write_text(f"team,value\n{rows}", encoding="utf-8")
    _yaml(folder / "programme.yaml", _programme())
    return folder / "programme.yaml"


def measure(programme: Path) -> None:
    """Fills the warehouse with every team's measurements."""
    loaded = load_programme(programme)
    for stage in STAGES:  # planned anew for each: what data quality looks at depends on what was scored
        for run in plan(loaded, loaded.round()):
            if run.stage == stage:
                _record(Warehouse(loaded.warehouse), run)


def record(programme: Path) -> None:
    """Records the decision, as a run of the round does at its end."""
    loaded = load_programme(programme)
    record_decision(Warehouse(loaded.warehouse), decide_round(loaded))


def fail(programme: Path, team: str, message: str) -> None:
    """The team hands in other weights, which the benchmark cannot measure."""
    hand_in_again(programme, team)
    loaded = load_programme(programme)
    run = next(run for run in plan(loaded, loaded.round()) if (run.team, run.stage) == (team, "benchmark"))
    record_failure(Warehouse(loaded.warehouse), _row(run), message)


def replace_in(file: Path, old: str, new: str) -> None:
    """Changes a file by hand."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"no {old!r} in {file}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def hand_in_again(programme: Path, team: str) -> None:
    """The team hands in other weights: nothing that was measured is of them."""
    (programme.parent / "submissions" / team / "model" / "weights.txt").write_text("other", encoding="utf-8")


def _programme() -> dict[str, Any]:
    names = {team: (f"{korean}팀", f"Team {team.upper()}") for team, korean in zip(PANEL, "가나다라마", strict=True)}
    round_ = {
        "id": "round-1",
        "title": {"ko": "1차 단계평가", "en": "First stage"},
        "rules_version": "2026-01-15",
        "places": 4,
        "teams": [
            {"id": team, "name": {"ko": ko, "en": en}, "submission": f"submissions/{team}/submission.yaml"}
            for team, (ko, en) in names.items()
        ],
        "score": {
            "points": 100,
            "parts": [
                {"id": "benchmark", "points": 40, "from": {"suite": "common", "how": "mean", "scale": 100}},
                {"id": "expert", "points": 60, "from": {"imported": "panel.csv", "max": 60}},
            ],
        },
        "policy": "from-scratch",
        "gates": [
            {"id": "independence", "check": "independence", "fail": "eliminate", "conditional": "pass"},
            {"id": "data-quality", "check": "data_quality", "fail": "review", "conditional": "pass"},
        ],
        "select": {"eliminate_bottom": 1, "scope": "all", "quota": "additive", "tie_break": ["benchmark"]},
    }
    return {
        "version": 1,
        "programme": "small",
        "title": {"ko": "작은 프로그램", "en": "A small programme"},
        "simulated": True,
        "warehouse": "warehouse/",
        "references": [{"id": "globe", "source": "models/globe", "licence": "Apache-2.0"}],
        "suites": {"common": "suites/common.yaml"},
        "rounds": [round_],
    }


def _yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False), encoding="utf-8")


def _row(run: PlannedRun) -> RunRecord:
    return RunRecord(
        programme="small",
        round="round-1",
        team=run.team,
        stage=run.stage,
        subject=run.subject,
        key=run.key,
        submission_sha256=run.submission_sha256,
        model_sha256=run.model_sha256,
        started_at=MEASURED_AT,
        finished_at=MEASURED_AT,
    )


def _record(warehouse: Warehouse, run: PlannedRun) -> None:
    if run.stage == "benchmark":
        record_scores(warehouse, _row(run), scores_of(RIGHT_OF_TEN[run.team]))
    elif run.stage == "independence":
        record_trace(warehouse, _row(run), trace_of(run.team))
    else:
        record_quality(warehouse, _row(run), quality_of(run.team))


def scores_of(right: int) -> SuiteScores:
    """Ten items, of which the first ones are right."""
    items = [
        ItemResult(
            task="sums",
            item=number,
            prompt_sha256=f"{number:064d}",
            loglikelihoods=[-0.5, -1.5],
            prediction=0 if number < right else 1,
            correct=float(number < right),
            tokens=3,
            truncated=number == 9,
            seconds=0.25,
        )
        for number in range(10)
    ]
    share = right / 10
    task = TaskScore(
        task="sums",
        metric="acc",
        value=share,
        stderr=0.1,
        ci95=(max(0.0, share - 0.2), min(1.0, share + 0.2)),
        n=10,
        chance=0.5,
        answers=10,
        truncated=1,
        ways=[
            WayScore(variant=0, name="own", repeat=draw, value=share + shift, unparsed=0, truncated=0)
            for draw, shift in enumerate((-0.1, 0.1))
        ],
        spread=Spread(mean=share, min=share - 0.1, max=share + 0.1, sd=0.1 * 2**0.5),
        pass_at={"1": share, "2": 1.0},
        majority=share,
    )
    return SuiteScores(suite="common", tasks=[task], items=items, settings={"fewshot": 0})


def trace_of(team: str) -> Trace:
    """B's vision tower is derived, C shares the architecture, everything else is its own."""
    components = [_component(part, derived=team == "b" and part == "vision_tower") for part in PARTS]
    verdict = "derived" if team == "b" else "independent"
    architecture = ArchitectureFinding(same_family=team == "c", shared_settings=["hidden_size"] if team == "c" else [])
    return Trace(
        subject=team,
        verdict=verdict,
        seconds=1.0,
        bytes_read=10,
        references=[
            ReferenceFinding(reference="globe", verdict=verdict, components=components, architecture=architecture)
        ],
        coverage=[
            CoverageRow(tensor="a.weight", component="vision_tower", role="query", layer=0, parameters=900, used=True),
            CoverageRow(
                tensor="a.bias",
                component="vision_tower",
                role="bias",
                layer=0,
                parameters=100,
                used=False,
                reason="1-d",
            ),
        ],
        chain=[
            ChainFinding(
                component="vision_tower", result="supported", explanation=Text(ko="이어집니다.", en="It holds.")
            )
        ],
    )


def _component(part: str, derived: bool) -> ComponentFinding:
    tests = [_place_test(group, derived) for group in ("feed-forward, reading", "feed-forward, writing")]
    return ComponentFinding(
        component=part,
        verdict="derived" if derived else "independent",
        p_value=0.0 if derived else 0.4,
        log10_p=-40.0 if derived else -0.4,
        relation="fine-tuned" if derived else None,
        share_of_parameters=0.3,
        subject_layers=2,
        reference_layers=3,
        layers=[_layer(0, 0), _layer(1, 2)] if derived else [],
        tests=tests,
        explanation=Text(ko=f"{part} 설명", en=f"About the {part}."),
    )


def _place_test(group: str, derived: bool) -> LineageTest:
    """Twenty deviations from chance where it convicts, half of one where it does not."""
    return LineageTest(
        test="permutation",
        statistic=0.40 if derived else 0.01,
        p_value=0.0 if derived else 0.3,
        log10_p=-40.0 if derived else -0.5,
        group=group,
        scope="12 tensors",
        decides=derived,
        null=NullDistribution(kind="renumberings", mean=0.0, deviation=0.02, units=256),
    )


def _layer(mine: int, theirs: int) -> LayerMatch:
    return LayerMatch(
        subject_layer=mine, reference_layer=theirs, p_value=0.0, log10_p=-20.0, test="permutation", share=0.9
    )


def quality_of(team: str) -> QualityReport:
    """All passes but for D, one of whose soft checks is not proven, and one of whose documents holds an item."""
    results = [
        ExpectationResult(
            suite="sample",
            check="personal_data",
            subject="sample.jsonl",
            outcome="conditional" if team == "d" else "pass",
            severity="soft",
            observed="0.02",
            expected="at most 0.01",
            rows=1000,
            examples=["<b>010-0000-0000</b>"] if team == "d" else [],
            text=Text(ko="개인정보 비율", en="Share of documents with personal data"),
        ),
        *passed("common"),
    ]
    found = [ContaminatedItem(task="sums", item=3, document="doc-7", kind="near", longest_run=40, coverage=0.8)]
    return QualityReport(
        measurements=[],
        results=results,
        thresholds_sha256=thresholds_sha256(with_defaults({})),
        items_scanned=10,
        contaminated=found if team == "d" else [],
    )
