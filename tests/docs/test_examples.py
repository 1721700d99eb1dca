"""The examples load as they are, their suites' items can be asked, and the one of tables alone is decided as its README says."""

import shutil
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_policy, load_programme
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


def test_the_round_of_tables_is_decided_without_a_run(tmp_path: Path) -> None:
    from warehouse.round_inputs import decide_round

    folder = Path(shutil.copytree(EXAMPLES / "imported-points", tmp_path / "round"))
    decision = decide_round(load_programme(folder))
    assert {each.team: (each.rank, each.status, each.eliminated_by) for each in decision.standings} == {
        "a": (1, "advances", None),
        "c": (2, "advances", None),
        "b": (3, "eliminated", "independence"),
        "d": (4, "advances", None),
        "e": (5, "eliminated", "eliminate_bottom"),
        "f": (None, "withdrawn", None),
    }
    assert decision.vacancies == 1 and decision.simulated and not decision.what_if
    best = decision.standings[0]
    assert best.scores["benchmark"] == "33.606" and best.scores["user"] == "25.0"
    read = {name.removeprefix("file:") for name in decision.inputs if name.startswith("file:")}
    assert read == {"programme.yaml", *(f"panels/{path.name}" for path in (folder / "panels").iterdir())}
    assert not (folder / "warehouse" / "current.duckdb").exists()


def test_the_programme_to_copy_loads_with_all_that_it_names_but_the_weights() -> None:
    loaded = load_programme(EXAMPLES / "three-stages")
    round_ = loaded.round()
    policy = loaded.policies[round_.id]
    assert policy.independence.for_component("language_model").declared_but_licensed == "fail"
    assert policy.independence.for_component("vision_tower").declared_but_licensed == "pass"
    for team in round_.teams:
        submission = loaded.submission(team)
        tasks = {task.id for task in loaded.suites["individual"].suite.tasks}
        assert set(submission.submission.targets["individual"]) == tasks
        with pytest.raises(InputFault, match=r"submission\.yaml:\d+: model\.source: found 'model/', no such folder"):
            submission.model_path()
    with pytest.raises(InputFault, match=r"programme\.yaml:\d+: references\.reference-a\.source"):
        loaded.reference_path(loaded.programme.references[0])


def test_the_items_of_the_programme_to_copy_can_be_asked() -> None:
    from tasks.benchmark.scoring import check_suite

    suites = load_programme(EXAMPLES / "three-stages").suites
    assert suites.keys() == {"common", "individual"}
    for suite in suites.values():
        check_suite(suite)


def test_its_policy_stands_by_itself() -> None:
    assert load_policy(str(EXAMPLES / "three-stages" / "policy.yaml")).data_quality.thresholds == {"epochs_max": 8}
