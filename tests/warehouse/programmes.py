"""A small programme written by hand: two measured teams, one suite, one reference; models are any bytes, only hashed."""

from pathlib import Path

import yaml

from checks.contracts.loading import LoadedProgramme, load_programme

TASK = {
    "task": "sums",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "sums.jsonl"}},
    "test_split": "test",
    "doc_to_text": "{{question}}",
    "doc_to_target": "{{answer}}",
}
ROUND = {
    "id": "round-1",
    "title": {"ko": "1차", "en": "First"},
    "rules_version": "2026-01-15",
    "places": 1,
    "teams": [
        {
            "id": team,
            "name": {"ko": f"{team}팀", "en": f"Team {team}"},
            "submission": f"submissions/{team}/submission.yaml",
        }
        for team in ("t1", "t2")
    ],
    "score": {
        "points": 100,
        "parts": [
            {"id": "common", "points": 60, "from": {"suite": "common", "how": "mean", "scale": 100}},
            {"id": "expert", "points": 40, "from": {"raters": "panels/expert.csv", "how": "mean"}},
        ],
    },
    "policy": "from-scratch",
    "gates": [
        {"id": "independence", "check": "independence", "fail": "eliminate"},
        {"id": "data-quality", "check": "data_quality", "fail": "review"},
    ],
    "select": {"eliminate_bottom": 1, "scope": "all", "quota": "additive", "confidence": 0.6},
}


def write(path: Path, content: object) -> Path:
    """A YAML file, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def make(folder: Path, **changed: object) -> LoadedProgramme:
    """The programme, written and loaded; `changed` overrides keys of its round."""
    for team in ("t1", "t2"):
        submission = {
            "version": 1,
            "team": team,
            "model": {
                "source": "model/",
                "licence": "Apache-2.0",
                "components": [{"id": "language_model", "origin": "from-scratch"}],
            },
            "evidence": {
                "training_log": "evidence/train.jsonl",
                "checkpoints": [{"step": 0, "source": "evidence/step-0/"}],
            },
        }
        place = write(folder / "submissions" / team / "submission.yaml", submission).parent
        for name in ("model", "evidence/step-0"):
            (place / name).mkdir(parents=True)
            (place / name / "model.safetensors").write_bytes(f"weights of {name}".encode())
        (place / "evidence" / "train.jsonl").write_text('{"step": 0}\n')
    (folder / "models" / "globe").mkdir(parents=True)
    (folder / "models" / "globe" / "model.safetensors").write_bytes(b"reference")
    write(folder / "suites" / "sums.yaml", TASK)
    (folder / "suites" / "sums.jsonl").write_text('{"question": "1+1=", "answer": "2"}\n')
    suite = {"version": 1, "suite": "common", "tasks": [{"id": "sums", "use": "sums.yaml", "weight": 1}]}
    write(folder / "suites" / "common.yaml", suite)
    (folder / "panels").mkdir()
    rows = [f"{team},P{rater},{30 + rater + (team == 't1')}" for team in ("t1", "t2") for rater in range(1, 6)]
    (folder / "panels" / "expert.csv").write_text("team,rater,value\n" + "\n".join(rows) + "\n")
    programme = {
        "version": 1,
        "programme": "by-hand",
        "title": {"ko": "손으로 쓴 것", "en": "By hand"},
        "simulated": True,
        "warehouse": "warehouse/",
        "references": [{"id": "globe", "source": "models/globe", "licence": "Apache-2.0"}],
        "suites": {"common": "suites/common.yaml"},
        "rounds": [{**ROUND, **changed}],
    }
    return load_programme(write(folder / "programme.yaml", programme))


def make_imported(folder: Path, **changed: object) -> LoadedProgramme:
    """A round whose points are all imported or given by raters: it ranks without a run."""
    (folder / "panels").mkdir(parents=True)
    (folder / "panels" / "agency.csv").write_text("team,value\na,9.25\nb,7\nc,4.125\n")
    rows = [f"{team},P{rater},{20 - 3 * place + rater}" for place, team in enumerate("abc") for rater in range(1, 5)]
    (folder / "panels" / "expert.csv").write_text("team,rater,value\n" + "\n".join([*rows, "a,P9,recused"]) + "\n")
    (folder / "panels" / "rulings.csv").write_text(
        "team,gate,result,reason,signed_by,second_signature,evidence\nb,floor,conditional,심사 중,PANEL-1,PANEL-2,minutes.pdf\n"
    )
    parts = [
        {"id": "agency", "points": 60, "from": {"imported": "panels/agency.csv", "max": 10}},
        {
            "id": "expert",
            "points": 40,
            "from": {"raters": "panels/expert.csv", "how": "trimmed_mean", "drop_max": 1, "drop_min": 1},
        },
    ]
    round_ = {
        "id": "round-1",
        "title": {"ko": "1차", "en": "First"},
        "rules_version": "2026-01-15",
        "places": 2,
        "teams": [{"id": team, "name": {"ko": f"{team}팀", "en": f"Team {team}"}} for team in "abc"],
        "score": {"points": 100, "parts": parts},
        "gates": [{"id": "floor", "check": "threshold", "of": "agency", "at_least": 30.5, "fail": "eliminate"}],
        "rulings": "panels/rulings.csv",
        "select": {"eliminate_bottom": 1, "scope": "all", "quota": "additive", "confidence": 0.75},
    }
    programme = {
        "version": 1,
        "programme": "imported",
        "title": {"ko": "가져온 점수", "en": "Imported points"},
        "simulated": True,
        "warehouse": "warehouse/",
        "rounds": [{**round_, **changed}],
    }
    return load_programme(write(folder / "programme.yaml", programme))
