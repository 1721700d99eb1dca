"""Prompts: equal to the harness's own, whatever the limit, and what they depend on in either few-shot order."""

import shutil
from pathlib import Path

import pytest
import yaml

from checks.contracts.loading import LoadedSuite, load_suite
from tasks.benchmark import score_suite
from tasks.benchmark.devices import Placement
from tasks.benchmark.harness_tasks import load_tasks
from tasks.benchmark.items import ITEMS_A_CHUNK, Item, chunks
from tasks.benchmark.settings import suite_settings
from tests.benchmark.suites import GENERATED, LETTERS, documents, write_suite, write_task


def _suite(folder: Path, items: int = 100, **more: object) -> LoadedSuite:
    write_task(folder / "tasks", "letters", LETTERS, documents(items))
    return write_suite(folder, [{"id": "letters", "use": "tasks/letters.yaml", "fewshot": 3}], **more)


def _items(suite: LoadedSuite, limit: int | None = None) -> list[Item]:
    (task,) = load_tasks(suite)
    return [item for chunk in chunks(task, task.parts[0], suite.suite, limit) for item in chunk if item.asked]


def test_prompts_are_those_of_the_harness_in_one_process(tmp_path: Path) -> None:
    suite = _suite(tmp_path)
    (task,) = load_tasks(suite)
    harness = task.parts[0].harness
    harness.set_fewshot_seed(1234)
    harness.build_all_requests(limit=None, rank=0, world_size=1)
    theirs = [instance.args for instance in harness.instances]
    ours = [request.args for item in _items(suite) for request in item.requests]
    assert ours == theirs
    assert len({prompt for prompt, _ in ours}) == 100


def test_a_limit_and_a_second_reading_change_no_prompt(tmp_path: Path) -> None:
    suite = _suite(tmp_path)
    whole = [item.prompt_sha256 for item in _items(suite)]
    assert [item.prompt_sha256 for item in _items(suite, limit=7)] == whole[:7]
    (task,) = load_tasks(suite)
    for _ in range(2):
        first = next(chunks(task, task.parts[0], suite.suite, None))
        assert [item.prompt_sha256 for item in first] == whole[:ITEMS_A_CHUNK]


def test_per_document_a_prompt_depends_on_its_document_and_the_seed_only(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("whole", "shorter", "harness", "seed")]
    for folder in folders:
        folder.mkdir()
    whole = _items(_suite(folders[0], fewshot_order="per_document"))
    shorter = _suite(folders[1], fewshot_order="per_document")
    write_task(folders[1] / "tasks", "letters", LETTERS, [{**documents(1)[0], "a": "X"}, *documents(100)[1:]])
    assert [item.prompt_sha256 for item in _items(shorter)][1:] == [item.prompt_sha256 for item in whole][1:]
    for other in (_suite(folders[2]), _suite(folders[3], fewshot_order="per_document", seed=99)):
        differing = sum(a.prompt_sha256 != b.prompt_sha256 for a, b in zip(_items(other), whole, strict=True))
        assert differing > 90


@pytest.mark.parametrize("change", ["question", "choice"])
def test_the_prompts_hash_covers_question_and_choices(tmp_path: Path, change: str) -> None:
    before = [item.prompt_sha256 for item in _items(_suite(tmp_path, items=3))]
    config = {**LETTERS, "doc_to_choice": ["A", "B", "D"]} if change == "choice" else LETTERS
    rows = documents(3)
    if change == "question":
        rows[1]["question"] = "changed"
    write_task(tmp_path / "tasks", "letters", config, rows)
    after = [item.prompt_sha256 for item in _items(load_suite(tmp_path / "suite.yaml"))]
    changed = [a != b for a, b in zip(before, after, strict=True)]
    assert changed == ([True, True, True] if change == "choice" else [False, True, False])


def _settings(suite: LoadedSuite, dtype: str = "float32", limit: int | None = None) -> str:
    return str(suite_settings(suite, load_tasks(suite), Placement("cpu", dtype), limit)["tasks"]["letters"]["sha256"])


def test_settings_are_the_same_in_another_folder_and_for_another_limit(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    suite = _suite(tmp_path / "here")
    elsewhere = load_suite(shutil.copytree(tmp_path / "here", tmp_path / "there") / "suite.yaml")
    assert _settings(suite) == _settings(elsewhere) == _settings(suite, limit=3)
    assert _settings(suite) != _settings(suite, dtype="bfloat16")


@pytest.mark.parametrize(
    "change", [{"doc_to_text": "{{question}}?"}, {"target_delimiter": ""}, {"description": "Answer."}], ids=str
)
def test_a_changed_template_is_another_setting(tmp_path: Path, change: dict[str, str]) -> None:
    before = _settings(_suite(tmp_path))
    write_task(tmp_path / "tasks", "letters", {**LETTERS, **change}, documents(3))
    assert _settings(load_suite(tmp_path / "suite.yaml")) != before


def test_a_changed_function_is_another_setting(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "letters", LETTERS, documents(3))
    path = tmp_path / "tasks" / "letters.yaml"
    config = yaml.safe_load(path.read_text())
    del config["doc_to_text"]
    path.write_text(yaml.safe_dump(config) + "doc_to_text: !function prompts.ask\n")
    hashes = []
    for ending in ("?", "!"):
        (tmp_path / "tasks" / "prompts.py").write_text(
            f"def ask(document):\n    return document['question'] + '{ending}'\n"
        )
        hashes.append(_settings(write_suite(tmp_path, [{"id": "letters", "use": "tasks/letters.yaml"}])))
    assert hashes[0] != hashes[1]


def test_repeats_of_a_greedy_task_are_one_answer(tmp_path: Path, llama: Path) -> None:
    write_task(tmp_path / "tasks", "written", GENERATED, documents(3))
    tasks = [{"id": "written", "use": "tasks/written.yaml", "metric": "exact_match"}]
    scores = score_suite(llama, write_suite(tmp_path, tasks, repeats=3), device="cpu")
    assert [item.repeat for item in scores.items] == [0, 0, 0]
