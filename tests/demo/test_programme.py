"""The programme that the demo writes: complete, loadable, resumable, and never mixed with another."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from flows.demo.panels import write_panels
from flows.demo.programme import make_programme
from flows.demo.suites import FEWSHOT_ITEMS, TASKS, write_suites
from flows.demo.training import Budget
from tests.demo.conftest import SEED, SMALL, snapshot


def test_contracts_accept_it(small_demo: Path) -> None:
    loaded = load_programme(small_demo / "programme.yaml")
    assert loaded.programme.simulated
    the_round = loaded.round(None)
    assert [team.id for team in the_round.teams] == ["t1", "t2", "t3", "t4", "t5"]
    origins = {
        team.id: {part.id: part.origin for part in loaded.submission(team).submission.model.components}
        for team in the_round.teams
    }
    assert {team for team, parts in origins.items() if "borrowed" in parts.values()} == {"t2"}
    assert origins["t2"]["vision_tower"] == "borrowed"


def test_a_complete_folder_is_left_alone(small_demo: Path) -> None:
    before = snapshot(small_demo)
    assert make_programme(small_demo, seed=SEED, budget=SMALL) == small_demo / "programme.yaml"
    assert {path: seen for path, seen in snapshot(small_demo).items() if not path.endswith(".lock")} == {
        path: seen for path, seen in before.items() if not path.endswith(".lock")
    }


def test_another_seed_is_refused(small_demo: Path) -> None:
    with pytest.raises(InputFault, match=r"demo\.json.*seed"):
        make_programme(small_demo, seed=12, budget=SMALL)


def test_another_budget_is_refused(small_demo: Path) -> None:
    with pytest.raises(InputFault, match=r"demo\.json"):
        make_programme(small_demo, seed=SEED, budget=Budget(0.5))


def test_somebody_elses_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputFault, match=r"thesis\.txt"):
        make_programme(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_killed_in_the_middle_it_goes_on_and_trains_nothing_twice(small_demo: Path) -> None:
    left = json.loads((small_demo.parent / "killed.json").read_text(encoding="utf-8"))
    assert not left["complete"]
    assert left["reference"] and snapshot(small_demo / "models" / "globe-vl") == left["reference"]
    load_programme(small_demo / "programme.yaml")
    assert not list(small_demo.rglob("*.unfinished"))


def test_tasks_load_in_the_harness_and_know_their_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lm_eval.tasks import TaskManager

    write_suites(tmp_path, seed=3)
    monkeypatch.chdir(tmp_path / "tasks")
    manager = TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False)
    for task in TASKS:
        name = f"gwanmun_demo_{task.id}"
        loaded = manager.load([name])["tasks"][name]
        documents = list(loaded.eval_docs)
        assert len(documents) == task.tested
        assert len(list(loaded.fewshot_docs())) == FEWSHOT_ITEMS
        for document in documents[:5]:
            target = loaded.doc_to_target(document)
            if task.generated:
                assert str(target) == document["answer"]
            else:
                assert loaded.doc_to_choice(document)[target] in document["choices"]
            if task.pictures:
                (picture,) = loaded.doc_to_image(document)
                assert picture.size == (32, 32)


def test_suites_are_the_same_for_the_same_seed_only(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_suites(tmp_path / name, seed)
    same, twin, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in "abc"
    )
    assert same == twin
    assert same != other


@pytest.mark.parametrize("seed", [2026, *range(30)])
def test_panels_agree_on_the_order_for_every_seed(tmp_path: Path, seed: int) -> None:
    write_panels(tmp_path, seed)
    for name, raters, most in (("expert", 10, 35), ("user", 49, 25), ("agency", 1, 10)):
        values: dict[str, list[float]] = defaultdict(list)
        with (tmp_path / f"{name}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                values[row["team"]].append(float(row["value"]))
        assert {len(given) for given in values.values()} == {raters}
        assert all(0 <= value <= most for given in values.values() for value in given)
        means = {team: sum(given) / len(given) for team, given in values.items()}
        assert sorted(means, key=lambda team: -means[team]) == ["t1", "t2", "t3", "t4", "t5"]
