"""Submissions and a programme around checkpoints, as small as they come."""

import json
import shutil
from pathlib import Path


def write_submission(folder: Path) -> Path:
    """Team t1 hands in the checkpoint in `model/` and nothing else."""
    file = folder / "submission.yaml"
    parts = [{"id": part, "origin": "from-scratch"} for part in ("language_model", "vision_tower", "projector")]
    model = {"source": "model/", "licence": "Apache-2.0", "components": parts}
    file.write_text(json.dumps({"version": 1, "team": "t1", "model": model}))
    return file


def write_two_teams(models: Path, folder: Path) -> Path:
    """A programme of two teams and one reference; `other` is both teams' model."""
    for team in ("t1", "t2"):
        shutil.copytree(models / "other", folder / team / "model")
        text = write_submission(folder / team).read_text()
        (folder / team / "submission.yaml").write_text(text.replace("t1", team))
    shutil.copytree(models / "known", folder / "known")
    (folder / "points.csv").write_text("team,value\nt1,9\nt2,8\n")
    teams = [
        {"id": team, "name": {"ko": team, "en": f"Team {team}"}, "submission": f"{team}/submission.yaml"}
        for team in ("t1", "t2")
    ]
    gate = {"id": "independence", "check": "independence", "fail": "eliminate"}
    round_ = {
        "id": "round-1",
        "title": {"ko": "1차", "en": "First"},
        "rules_version": "1",
        "places": 2,
        "teams": teams,
        "score": {"id": "points", "points": 10, "from": {"imported": "points.csv", "max": 10}},
        "policy": "from-scratch",
        "gates": [gate],
        "select": {"eliminate_bottom": 0, "scope": "all", "quota": "additive"},
    }
    whole = {
        "version": 1,
        "programme": "small",
        "title": {"ko": "작은", "en": "Small"},
        "warehouse": "warehouse/",
        "references": [{"id": "known", "source": "known", "licence": "MIT"}],
        "rounds": [round_],
    }
    (folder / "programme.yaml").write_text(json.dumps(whole))
    return folder / "programme.yaml"
