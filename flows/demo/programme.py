"""Makes the simulated programme in a folder: models that are really trained, suites, panels and `programme.yaml`.

`make_programme(Path("demo"))` trains `globe-vl` and the five teams' models on two CPU cores, and returns
`demo/programme.yaml`, which is written last. Called again on the same folder it goes on where it was stopped.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from checks.contracts.errors import InputFault
from checks.contracts.plain_files import refuse_unopened
from flows.demo.architectures import INITIAL_STD
from flows.demo.panels import write_panels
from flows.demo.suites import TARGETS, write_suites
from flows.demo.teams import GLOBE_VL, RECIPES, REFERENCE, TEAMS, Recipe, derived_seed
from flows.demo.training import (
    BATCH_TOKENS,
    BETAS,
    LAST_RATE_SHARE,
    PEAK_LEARNING_RATE,
    ROW_LENGTH,
    WARM_UP_STEPS,
    WEIGHT_DECAY,
    Budget,
    checkpoint_steps,
)
from flows.demo.training_workers import Job, Progress, train_all

PROGRAMME_FILE = "programme.yaml"
#: What the folder was made from; written first, so that another seed or recipe never mixes with it.
MANIFEST_FILE = "demo.json"
LOCK_FILE = ".demo.lock"
_UNFINISHED_MANIFEST = "demo.unfinished"
#: Raised when the same seed would make another programme.
RECIPE_VERSION = 2

_README = """# 모의 프로그램 · A simulated programme

이 폴더의 팀, 점수, 위원, 이용자는 모두 모의입니다. 모델은 이 컴퓨터에서 규칙으로 만든 글과 그림으로 실제로 학습되었습니다.

Teams, scores, experts and users in this folder are simulated (모의). The models are real: trained on this machine, from
seed {seed}, on text and pictures made by rule. `panels/` was drawn by a random generator; its raters are codes, not people.
"""


def make_programme(
    folder: Path,
    seed: int = 2026,
    progress: Progress | None = None,
    budget: Budget = Budget(),  # noqa: B008  (frozen)
) -> Path:
    """Makes what is missing of the programme in `folder` and returns the path of its programme.yaml.

    `progress(label, done, total)` is called with each model's optimiser steps. Raises InputFault where the folder holds
    something else, or a demo of another seed.
    """
    refuse_unopened(folder.resolve(), partial(InputFault, folder, ""))
    _refuse_others(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        target = folder / PROGRAMME_FILE
        _claim(folder, seed, budget)
        if target.exists():
            return target
        _train_missing(folder, seed, budget, progress)
        _write_once(folder / "suites", lambda unfinished: write_suites(unfinished, seed))
        _write_once(folder / "panels", lambda unfinished: write_panels(unfinished, seed))
        for recipe in RECIPES:
            if recipe is not GLOBE_VL:
                _write_yaml(folder / "submissions" / recipe.id / "submission.yaml", _submission(recipe, seed, budget))
        for leftover in folder.glob("*/*.unfinished"):
            shutil.rmtree(leftover)
        (folder / "README.md").write_text(_README.format(seed=seed), encoding="utf-8")
        _write_yaml(target, _programme())
        return target


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Holds the folder's lock: a second call waits for the first, then finds its work done."""
    with (folder / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_others(folder: Path) -> None:
    """A folder that holds something else is left as it is, without so much as a lock in it."""
    if not folder.exists() or (folder / MANIFEST_FILE).exists():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name not in (LOCK_FILE, _UNFINISHED_MANIFEST))
    if others:
        expected = "an empty folder, or one made by the demo"
        raise InputFault(folder, found=f"a folder with {others[0]}", expected=expected)


def _claim(folder: Path, seed: int, budget: Budget) -> None:
    """Writes the manifest into a new folder, or refuses one that was made otherwise."""
    manifest = folder / MANIFEST_FILE
    ours = {"recipe": RECIPE_VERSION, "seed": seed, "share": budget.share}
    if not manifest.exists():
        unfinished = folder / _UNFINISHED_MANIFEST
        unfinished.write_text(json.dumps(ours) + "\n", encoding="utf-8")
        unfinished.rename(manifest)
        return
    try:
        theirs = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        theirs = None
    if theirs != ours:
        raise InputFault(manifest, found=f"a demo made from {theirs}", expected=f"{ours}, or another folder")


def _place(folder: Path, recipe: Recipe) -> Path:
    return folder / "models" / recipe.id if recipe is GLOBE_VL else folder / "submissions" / recipe.id


def _train_missing(folder: Path, seed: int, budget: Budget, progress: Progress | None) -> None:
    names = {team.id: team.english for team in TEAMS}
    jobs = []
    for recipe in RECIPES:
        place = _place(folder, recipe)
        if not place.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            needs = _place(folder, GLOBE_VL) if recipe.borrows_vision else None
            jobs.append(Job(recipe.id, names.get(recipe.id, recipe.id), seed, place, needs, budget.share))
    if jobs:
        train_all(jobs, progress)


def _write_once(target: Path, write: Callable[[Path], None]) -> None:
    """Lets `write` fill a folder beside `target` and renames it, unless `target` is there."""
    if target.is_dir():
        return
    unfinished = target.with_name(target.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    write(unfinished)
    unfinished.rename(target)


def _write_yaml(target: Path, value: dict[str, Any]) -> None:
    unfinished = target.with_name(target.name + ".unfinished")
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(target)


def _submission(recipe: Recipe, seed: int, budget: Budget) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"id": part, "origin": "from-scratch"} for part in ("language_model", "vision_tower", "projector")
    ]
    if recipe.borrows_vision:
        parts[1] = {
            "id": "vision_tower",
            "origin": "borrowed",
            "reference": REFERENCE,
            "frozen": False,
            "licence": "Apache-2.0",
            "control": "kept",
        }
    return {
        "version": 1,
        "team": recipe.id,
        "model": {"source": "model/", "licence": "Apache-2.0", "components": parts},
        "targets": {"individual": TARGETS[recipe.id]},
        "evidence": {
            "training": {
                "init": {"distribution": "normal", "std": INITIAL_STD},
                "seed": derived_seed(seed, recipe.id, "weights"),
                "optimiser": {"name": "adamw", "betas": list(BETAS), "weight_decay": WEIGHT_DECAY},
                "sequence_length": ROW_LENGTH,
                "batch_tokens": BATCH_TOKENS,
                "logging_interval": 1,
                "loss_window": 1,
                "schedule": {
                    "peak": PEAK_LEARNING_RATE,
                    "warm_up_steps": WARM_UP_STEPS,
                    "shape": "cosine",
                    "falls_from": 0,
                    "last_step": budget.steps(recipe),
                    "last_share": LAST_RATE_SHARE,
                },
            },
            "validation": "evidence/validation.jsonl",
            "segments": "evidence/segments.jsonl",
            "small_run": "evidence/small-run.jsonl",
            "anchors": "evidence/anchors.csv",
            "hashes": "evidence/SHA256SUMS",
            "training_log": "evidence/train.jsonl",
            "checkpoints": [
                {"step": step, "source": f"evidence/step-{step}/"} for step in checkpoint_steps(budget.steps(recipe))
            ],
            "corpus": {"inventory": "evidence/corpus.csv", "sample": "evidence/sample.jsonl.zst"},
        },
    }


def _programme() -> dict[str, Any]:
    benchmark = {
        "id": "benchmark",
        "points": 40,
        "parts": [
            {"id": "agency", "points": 10, "from": {"imported": "panels/agency.csv", "max": 10}},
            {"id": "common", "points": 20, "from": {"suite": "common", "how": "mean", "scale": 100}},
            {"id": "individual", "points": 10, "from": {"suite": "individual", "how": "relative_to_target", "cap": 1}},
        ],
    }
    experts = {"raters": "panels/expert.csv", "how": "trimmed_mean", "drop_max": 1, "drop_min": 1, "min_raters": 3}
    return {
        "version": 1,
        "programme": "kr-demo",
        "title": {"ko": "독자 AI 파운데이션 모델 (모의)", "en": "Sovereign AI foundation models (simulated)"},
        "simulated": True,
        "warehouse": "warehouse/",
        "references": [{"id": REFERENCE, "source": f"models/{REFERENCE}", "licence": "Apache-2.0"}],
        "suites": {"common": "suites/common.yaml", "individual": "suites/individual.yaml"},
        "rounds": [
            {
                "id": "round-1",
                "title": {"ko": "1차 단계평가 (모의)", "en": "First stage (simulated)"},
                "rules_version": "2026-01-15",
                "places": 4,
                "teams": [
                    {
                        "id": team.id,
                        "name": {"ko": team.korean, "en": team.english},
                        "submission": f"submissions/{team.id}/submission.yaml",
                    }
                    for team in TEAMS
                ],
                "score": {
                    "points": 100,
                    "parts": [
                        benchmark,
                        {"id": "expert", "points": 35, "from": experts},
                        {"id": "user", "points": 25, "from": {"raters": "panels/user.csv", "how": "mean"}},
                    ],
                },
                "policy": "from-scratch",
                "gates": [
                    {"id": "independence", "check": "independence", "fail": "eliminate", "indeterminate": "review"},
                    {"id": "data-quality", "check": "data_quality", "fail": "review"},
                ],
                "select": {
                    "eliminate_bottom": 1,
                    "scope": "all",
                    "quota": "additive",
                    "tie_break": ["benchmark", "expert"],
                },
            }
        ],
    }
