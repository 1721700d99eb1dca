"""A kill at any moment loses one chunk at most, and the same command ends with the bytes of an uninterrupted run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite, load_suite
from checks.records.scores import SuiteScores
from tasks.benchmark import score_suite
from tests.benchmark.suites import FULL_TEXT, GENERATED, documents, write_suite, write_task

ITEMS = 150

#: A run of its own process, slow enough between chunks to be caught.
CHILD = """
import sys, time
from pathlib import Path
import torch
from checks.contracts.loading import load_suite
from tasks.benchmark import score_suite
torch.set_num_threads(1)
score_suite(Path(sys.argv[1]), load_suite(Path(sys.argv[2])), device="cpu", ledger=Path(sys.argv[3]),
            progress=lambda *_: time.sleep(0.3))
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> LoadedSuite:
    """Choices and texts, with texts drawn twice by seed."""
    folder = tmp_path_factory.mktemp("resume")
    write_task(folder / "tasks", "text", FULL_TEXT, documents(ITEMS))
    sampled = {
        **GENERATED,
        "generation_kwargs": {"until": ["\n"], "do_sample": True, "temperature": 1.0, "max_gen_toks": 6},
    }
    write_task(folder / "tasks", "drawn", sampled, documents(ITEMS))
    tasks = [
        {"id": "text", "use": "tasks/text.yaml"},
        {"id": "drawn", "use": "tasks/drawn.yaml", "metric": "exact_match"},
    ]
    return write_suite(folder, tasks, repeats=2)


@pytest.fixture(scope="module")
def uninterrupted(llama: Path, suite: LoadedSuite, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an undisturbed run."""
    path = tmp_path_factory.mktemp("whole") / "items.jsonl"
    score_suite(llama, suite, device="cpu", ledger=path)
    return path.read_bytes()


def test_kill_9_then_the_same_run_gives_the_same_bytes(
    llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "items.jsonl"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(llama), str(suite.path), str(path)])
    try:
        deadline = time.monotonic() + 60
        while not path.exists() or path.read_bytes().count(b"\n") < 100:
            assert child.poll() is None and time.monotonic() < deadline, "the run ended before it could be killed"
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    left = path.read_bytes()
    assert 0 < left.count(b"\n") < uninterrupted.count(b"\n")
    path.write_bytes(left + b'{"task": "text", "item": 1')  # what a kill inside a write leaves

    asked: list[int] = []
    scores = score_suite(llama, suite, device="cpu", ledger=path, progress=lambda _, done, __: asked.append(done))
    assert path.read_bytes() == uninterrupted
    assert without_times(scores) == without_times(score_suite(llama, suite, device="cpu"))


def without_times(scores: SuiteScores) -> SuiteScores:
    """How long an item took is never the same twice."""
    return scores.model_copy(update={"items": [each.model_copy(update={"seconds": None}) for each in scores.items]})


def test_items_that_the_file_holds_are_not_asked_again(
    llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path
) -> None:
    """A changed number in the file stays: nobody asked the model. And its place in the scores moves with it."""
    path = tmp_path / "items.jsonl"
    lines = [json.loads(line) for line in uninterrupted.splitlines()]
    assert lines[0]["task"] == "text"
    lines[0]["loglikelihoods"][2] = 5.0
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    scores = score_suite(llama, suite, device="cpu", ledger=path)
    assert scores.items[0].loglikelihoods[2] == 5.0
    assert scores.items[0].prediction == 2


def test_a_limited_run_grows_into_the_whole_one(
    llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "items.jsonl"
    limited = score_suite(llama, suite, device="cpu", ledger=path, limit=70)
    assert [score.n for score in limited.tasks] == [70, 70]
    score_suite(llama, suite, device="cpu", ledger=path)
    assert path.read_bytes() == uninterrupted
    again = score_suite(llama, suite, device="cpu", ledger=path, limit=70)
    assert path.read_bytes() == uninterrupted, "items beyond the limit stay in the file"
    assert [score.n for score in again.tasks] == [70, 70]


def test_a_limit_changes_no_bit_of_what_it_asks(llama: Path, tmp_path: Path) -> None:
    """Over three packs: what is asked is computed in the packs of the whole task."""
    write_task(tmp_path / "tasks", "text", FULL_TEXT, documents(ITEMS))
    suite = write_suite(tmp_path, [{"id": "text", "use": "tasks/text.yaml", "fewshot": 2}])
    whole = {item.item: item.loglikelihoods for item in score_suite(llama, suite, device="cpu").items}
    for limit in (1, 40):
        limited = {
            item.item: item.loglikelihoods for item in score_suite(llama, suite, device="cpu", limit=limit).items
        }
        assert limited == {number: whole[number] for number in range(limit)}


def test_repeats_are_drawn_with_their_own_seeds_and_choices_are_asked_once(
    suite: LoadedSuite, uninterrupted: bytes
) -> None:
    lines = [json.loads(line) for line in uninterrupted.splitlines()]
    drawn = [line for line in lines if line["task"] == "drawn"]
    assert [line["repeat"] for line in drawn[:4]] == [0, 1, 0, 1]
    assert len(drawn) == 2 * ITEMS
    assert any(first["output"] != second["output"] for first, second in zip(drawn[::2], drawn[1::2], strict=True))
    assert {line["repeat"] for line in lines if line["task"] == "text"} == {0}


def test_the_file_of_another_model_is_refused(
    bare_llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(uninterrupted)
    with pytest.raises(
        InputFault, match=r"items.jsonl:1: settings_sha256: found an item of 'text' scored with another"
    ):
        score_suite(bare_llama, suite, device="cpu", ledger=path)
    assert path.read_bytes() == uninterrupted


def test_a_model_with_one_changed_weight_is_another_model(
    llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path
) -> None:
    import shutil

    twin = shutil.copytree(llama, tmp_path / "twin")
    weights = bytearray((twin / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (twin / "model.safetensors").write_bytes(weights)
    path = tmp_path / "items.jsonl"
    path.write_bytes(uninterrupted)
    with pytest.raises(InputFault, match="another model"):
        score_suite(twin, suite, device="cpu", ledger=path)


@pytest.mark.parametrize(
    "change", [{"seed": 5}, {"repeats": 3}, {"fewshot_order": "per_document"}], ids=["seed", "repeats", "order"]
)
def test_the_file_of_other_settings_is_refused(
    llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path, change: dict[str, object]
) -> None:
    import yaml

    other = yaml.safe_load(suite.path.read_text()) | change
    changed = suite.folder / f"other-{next(iter(change))}.yaml"
    changed.write_text(yaml.safe_dump(other))
    path = tmp_path / "items.jsonl"
    path.write_bytes(uninterrupted)
    with pytest.raises(InputFault, match="other settings"):
        score_suite(llama, load_suite(changed), device="cpu", ledger=path)


def test_a_file_that_exists_is_refused_without_resume(llama: Path, suite: LoadedSuite, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text("")
    with pytest.raises(InputFault, match="expected a new file, or --resume"):
        score_suite(llama, suite, device="cpu", ledger=path, resume=False)


def test_a_broken_line_inside_the_file_is_named(
    llama: Path, suite: LoadedSuite, uninterrupted: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "items.jsonl"
    lines = uninterrupted.splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:30] + b"\n" + lines[2])
    with pytest.raises(InputFault, match=r"items\.jsonl:2"):
        score_suite(llama, suite, device="cpu", ledger=path)


def test_a_file_of_something_else_is_left_as_it_is(llama: Path, suite: LoadedSuite, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    for content in (b"a key, and no end of a line", b'{"version": 1}', b"\x00\x01"):
        path.write_bytes(content)
        with pytest.raises(InputFault, match="found another file, no file of items"):
            score_suite(llama, suite, limit=1, device="cpu", ledger=path)
        assert path.read_bytes() == content
    for torn in (b"", b'{"ta', b'{"task": "letters", "it'):
        path.write_bytes(torn)
        score_suite(llama, suite, limit=1, device="cpu", ledger=path)
        path.unlink()


def test_changed_data_under_the_same_file_is_refused(llama: Path, tmp_path: Path) -> None:
    rows = documents(4)
    write_task(tmp_path / "tasks", "text", FULL_TEXT, rows)
    suite = write_suite(tmp_path, [{"id": "text", "use": "tasks/text.yaml"}])
    path = tmp_path / "items.jsonl"
    score_suite(llama, suite, device="cpu", ledger=path)
    rows[2]["question"] = "changed"
    write_task(tmp_path / "tasks", "text", FULL_TEXT, rows)
    with pytest.raises(InputFault, match="found item 2 of 'text' with another prompt"):
        score_suite(llama, suite, device="cpu", ledger=path)


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    from tasks.benchmark.ledger import Ledger

    path = tmp_path / "items.jsonl"
    with Ledger(path, {"text": "0"}), pytest.raises(InputFault, match="another run that writes to it"):
        Ledger(path, {"text": "0"})
