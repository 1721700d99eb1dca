"""Others' results are read as their tools wrote them, marked, and refused where they are not whole."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import score_suite
from tasks.benchmark.imports import import_scores
from tests.benchmark.imported_files import SUMS, inspect_log, record
from tests.benchmark.suites import GENERATED, LETTERS, documents, write_suite, write_task


@pytest.fixture(scope="module")
def measured(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LoadedSuite, Path]:
    """A suite, and the folder that the harness itself writes for the same model and tasks."""
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from lm_eval.tasks._yaml_loader import load_yaml

    folder = tmp_path_factory.mktemp("theirs")
    files = [
        write_task(folder / "tasks", name, config, documents(5))
        for name, config in (("letters", LETTERS), ("written", GENERATED))
    ]
    suite = write_suite(
        folder,
        [
            {"id": "a", "use": "tasks/letters.yaml"},
            {"id": "written", "use": "tasks/written.yaml", "metric": "exact_match,digits"},
        ],
    )
    configs = [load_yaml(path) for path in files]
    for config in configs:
        data = config["dataset_kwargs"]["data_files"]
        config["dataset_kwargs"]["data_files"] = {split: str(folder / "tasks" / name) for split, name in data.items()}
    tracker = EvaluationTracker(output_path=str(folder / "out"))
    found = simple_evaluate(
        HFLM(pretrained=str(llama), device="cpu", batch_size=4),
        tasks=configs,
        task_manager=TaskManager(include_defaults=False),
        log_samples=True,
        bootstrap_iters=0,
        evaluation_tracker=tracker,
    )
    samples = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=samples)
    for name in found["configs"]:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    return suite, folder / "out"


def test_a_harness_folder_says_what_measuring_says(llama: Path, measured: tuple[LoadedSuite, Path]) -> None:
    suite, folder = measured
    imported, own = import_scores(folder, suite), score_suite(llama, suite, device="cpu")
    for theirs, ours in zip(imported.tasks, own.tasks, strict=True):
        assert (theirs.task, theirs.n, theirs.ci95) == (ours.task, ours.n, ours.ci95)
        assert theirs.value == pytest.approx(ours.value)
    for theirs_item, our_item in zip(imported.items, own.items, strict=True):
        assert (theirs_item.item, theirs_item.correct, theirs_item.prediction) == (
            our_item.item,
            our_item.correct,
            our_item.prediction,
        )
        assert theirs_item.loglikelihoods == pytest.approx(our_item.loglikelihoods, abs=1e-4)
    assert own.imported is None and imported.imported is not None
    assert imported.imported["format"] == "lm-evaluation-harness" and "0.4" in imported.imported["tool"]
    for name, sha256 in imported.imported["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    assert len(imported.imported["files"]) == 3


def _results(folder: Path) -> Path:
    return next(folder.rglob("results_*.json"))


def _change_score(folder: Path) -> None:
    content = json.loads(_results(folder).read_text())
    content["results"]["letters"]["acc,none"] += 0.2
    _results(folder).write_text(json.dumps(content))


def _no_score(folder: Path) -> None:
    _results(folder).write_text(_results(folder).read_text().replace('"acc,none": 0', '"acc,none": NaN, "x": 0'))


def _lose_a_sample(folder: Path) -> None:
    path = next(folder.rglob("samples_letters_*"))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))


def _double_a_sample(folder: Path) -> None:
    path = next(folder.rglob("samples_letters_*"))
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")


def _cut(folder: Path) -> None:
    _results(folder).write_bytes(_results(folder).read_bytes()[:-40])


def _run_twice(folder: Path) -> None:
    shutil.copy(_results(folder), _results(folder).with_name("results_2020-01-01.json"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_change_score, "items that come to"),
        (_no_score, "a finite number"),
        (_lose_a_sample, "4 samples"),
        (_double_a_sample, "twice"),
        (_cut, "not JSON"),
        (_run_twice, "2 results of it"),
    ],
)
def test_a_harness_folder_that_is_not_whole(
    measured: tuple[LoadedSuite, Path], tmp_path: Path, spoil: Any, words: str
) -> None:
    suite, folder = measured
    shutil.copytree(folder, tmp_path / "out")
    spoil(tmp_path / "out")
    with pytest.raises(InputFault, match=words):
        import_scores(tmp_path / "out", suite)


def _sums(folder: Path, metric: str = "accuracy") -> LoadedSuite:
    return write_suite(folder, [{"id": "arithmetic", "use": "imported:sums", "metric": metric}])


def test_an_inspect_log(tmp_path: Path) -> None:
    scores = import_scores(SUMS, _sums(tmp_path))
    task = scores.tasks[0]
    assert (task.task, task.value, task.n) == ("arithmetic", 0.5, 6)
    assert task.stderr == pytest.approx(0.2236, abs=1e-4)  # sqrt(0.25 * 6 / 5 / 6)
    assert [item.correct for item in scores.items] == [1, 0, 1, 0, 1, 0]
    assert scores.items[1].output == "no idea" and scores.items[0].tokens == 2
    (tmp_path / "log.json").write_text(json.dumps(inspect_log()))
    again = import_scores(tmp_path / "log.json", _sums(tmp_path, "accuracy,match"))
    assert again.items == scores.items


def test_an_inspect_log_that_did_not_end(tmp_path: Path) -> None:
    log, suite = tmp_path / "log.json", _sums(tmp_path)
    for changed, words in (
        ({"status": "error"}, "status"),
        ({"invalidated": True}, "invalidated"),
        ({"samples": inspect_log()["samples"][1:]}, "5 scored samples"),
        ({"results": None}, "results.scores"),
    ):
        log.write_text(json.dumps(inspect_log(**changed)))
        with pytest.raises(InputFault, match=words):
            import_scores(log, suite)
    content = SUMS.read_bytes()
    (tmp_path / "cut.eval").write_bytes(content[:-100])
    (tmp_path / "bent.eval").write_bytes(content[:2000] + bytes([content[2000] ^ 1]) + content[2001:])
    for name in ("cut.eval", "bent.eval"):
        with pytest.raises(InputFault, match="broken zip"):
            import_scores(tmp_path / name, suite)
    with zipfile.ZipFile(tmp_path / "empty.eval", "w") as archive:
        archive.writestr("other.txt", "")
    with pytest.raises(InputFault, match=r"header\.json"):
        import_scores(tmp_path / "empty.eval", suite)


def test_an_every_eval_ever_record(tmp_path: Path) -> None:
    scores = import_scores(record(tmp_path), _sums(tmp_path))
    assert (scores.tasks[0].value, scores.tasks[0].n) == (0.75, 4)
    assert [item.correct for item in scores.items] == [1, 1, 0, 1]
    assert scores.imported is not None and scores.imported["evaluator_relationship"] == "third_party"
    assert set(scores.imported["files"]) == {"record.json", "record_samples.jsonl"}


def test_an_every_eval_ever_record_that_does_not_hold(tmp_path: Path) -> None:
    suite = _sums(tmp_path)
    with pytest.raises(InputFault, match="items that come to"):
        import_scores(record(tmp_path, score=80.0), suite)
    with pytest.raises(InputFault, match="checksum"):
        import_scores(record(tmp_path, checksum="0" * 64), suite)


def test_what_is_no_result(tmp_path: Path) -> None:
    suite = _sums(tmp_path)
    (tmp_path / "list.json").write_text("[1]")
    for path in (tmp_path / "absent", tmp_path / "list.json", tmp_path / "suite.yaml"):
        with pytest.raises(InputFault, match="expected"):
            import_scores(path, suite)
    with pytest.raises(InputFault, match="there: sums"):
        import_scores(SUMS, write_suite(tmp_path, [{"id": "other", "use": "imported:other", "metric": "accuracy"}]))


def test_another_tool_s_task_is_not_measured_here(llama: Path, tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="gwanmun import"):
        score_suite(llama, _sums(tmp_path), device="cpu")
