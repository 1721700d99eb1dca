"""Rounds written as tables, for tests of the rules: five lettered teams, points simulated to the published aggregates."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from checks.contracts.panels import RaterSheets
from checks.contracts.programme import Round
from checks.contracts.rulings import Ruling
from checks.contracts.suite import Suite
from checks.records.quality import ExpectationResult, Outcome
from checks.records.record import Text
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from checks.rules.inputs import RoundInputs, TeamInputs

#: nia, common, individual, expert, user of fixture F1: every published maximum and mean of the first round is reproduced.
F1 = {
    "a": ("9.2", "14.4", "10.0", "31.6", "25.0"),
    "b": ("8.4", "12.5", "10.0", "29.0", "20.9"),
    "c": ("9.2", "12.4", "9.0", "28.8", "20.5"),
    "d": ("8.3", "11.9", "9.4", "28.2", "20.6"),
    "e": ("7.6", "11.3", "8.4", "25.2", "16.8"),
}
F1_LEAVES = {"benchmark.nia": 10, "benchmark.common": 20, "benchmark.individual": 10, "expert": 35, "user": 25}


def f1_round(**select: Any) -> dict[str, Any]:
    """The first round's rules over F1's tables; `select` overrides its selection."""
    return {
        "id": "round-1",
        "title": {"ko": "1차", "en": "First"},
        "rules_version": "2026-01-15",
        "places": 4,
        "teams": [team(name) for name in F1],
        "score": {
            "points": 100,
            "parts": [
                {
                    "id": "benchmark",
                    "points": 40,
                    "parts": [leaf("nia", 10), leaf("common", 20), leaf("individual", 10)],
                },
                leaf("expert", 35),
                leaf("user", 25),
            ],
        },
        "select": {
            "eliminate_bottom": 1,
            "scope": "all",
            "quota": "additive",
            "tie_break": ["benchmark", "expert"],
            **select,
        },
        "gates": [{"id": "independence", "check": "threshold", "of": "user", "at_least": 0, "fail": "eliminate"}],
    }


def team(name: str, withdrawn: date | None = None) -> dict[str, Any]:
    """A lettered team."""
    return {"id": name, "name": {"ko": f"{name}팀", "en": f"Team {name.upper()}"}, "withdrawn": withdrawn}


def leaf(name: str, points: float | str, **extra: Any) -> dict[str, Any]:
    """A leaf whose values are imported as points."""
    return {"id": name, "points": points, "from": {"imported": f"{name}.csv", "max": points, **extra}}


def inputs_of(
    rules: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, str]],
    rulings: list[tuple[str, str, str]] | None = None,
    raters: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    rosters: Mapping[str, Mapping[str, Decimal | None]] | None = None,
) -> RoundInputs:
    """`tables`: leaf path → team → value; `rulings`: (team, gate, result); `raters`: leaf path → team → rater → value."""
    round_ = Round.model_validate(rules)
    sheets = {
        path: RaterSheets(
            Path(f"{path}.csv"),
            {name: {code: Decimal(value) for code, value in given.items()} for name, given in panel.items()},
            {},
        )
        for path, panel in (raters or {}).items()
    }
    return RoundInputs(
        programme="test",
        round=round_,
        rules_sha256="0" * 64,
        suites={},
        teams={each.id: TeamInputs() for each in round_.teams},
        imported={path: {name: Decimal(value) for name, value in table.items()} for path, table in tables.items()},
        raters=sheets,
        rosters=rosters or {},
        rulings=[
            Ruling(team=name, gate=gate, result=result, reason="r", signed_by="P1", second_signature="P2")  # type: ignore[arg-type]
            for name, gate, result in rulings or []
        ],
    )


def f1_tables() -> dict[str, dict[str, str]]:
    """F1's values by leaf path and team."""
    return {path: {name: values[index] for name, values in F1.items()} for index, path in enumerate(F1_LEAVES)}


def f1_inputs(vetoed: str = "", **select: Any) -> RoundInputs:
    """F1, with the independence gate ruled `fail` for every team in `vetoed`."""
    return inputs_of(f1_round(**select), f1_tables(), [(name, "independence", "fail") for name in vetoed])


def rules_over(parts: list[dict[str, Any]], teams: str, **changed: Any) -> dict[str, Any]:
    """A round of one-letter teams over these parts, no gates, the lowest one out; `changed` overrides its selection."""
    return {
        **f1_round(**{"tie_break": [], **changed}),
        "teams": [team(name) for name in teams],
        "score": {"points": sum(Decimal(str(part["points"])) for part in parts), "parts": parts},
        "gates": [],
    }


def suite_of(name: str, weights: Mapping[str, str]) -> Suite:
    """A suite of tasks with these weights."""
    tasks = [{"id": task, "use": f"lm_eval:{task}", "weight": weight} for task, weight in weights.items()]
    return Suite.model_validate({"version": 1, "suite": name, "tasks": tasks})


def scores_of(suite: str, tasks: Mapping[str, float | list[float]], metric: str = "acc") -> SuiteScores:
    """Scores of tasks: a number, or the list of its items' values, whose mean it then is."""
    values = {task: each if isinstance(each, list) else [] for task, each in tasks.items()}
    return SuiteScores(
        suite=suite,
        tasks=[
            TaskScore(task=task, metric=metric, value=_mean(each) if isinstance(each, list) else each, n=100)
            for task, each in tasks.items()
        ],
        items=[
            ItemResult(task=task, item=index, prompt_sha256="0" * 64, correct=value, tokens=1)
            for task, items in values.items()
            for index, value in enumerate(items)
        ],
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def passed(*suites: str, outcome: Outcome = "pass") -> list[ExpectationResult]:
    """What the data-quality stage says of these suites' results."""
    return [
        ExpectationResult(
            suite="results",
            check="score-is-mean",
            subject=f"{suite}/t",
            outcome=outcome,
            severity="hard",
            observed="",
            expected="",
            rows=1,
            text=Text(ko="평균이 아니다.", en="No mean.")
            if outcome == "fail"
            else Text(ko="평균이다.", en="The mean."),
        )
        for suite in suites
    ]
