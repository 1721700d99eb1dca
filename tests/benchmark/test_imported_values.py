"""Others' files that cannot be true, or are malformed, are refused with the file and the key; runs over a part are no results."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from checks.records.scores import SuiteScores
from tasks.benchmark.imports import import_scores
from tests.benchmark.imported_files import harness_results, harness_samples, inspect_log, record, write_harness
from tests.benchmark.suites import write_suite
from tests.changed_values import VALUES, Place, changed, places

Read = Callable[[Any], SuiteScores]


def sums(folder: Path, metric: str) -> LoadedSuite:
    """A suite of the one task that all the files have."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_suite(folder, [{"id": "sums", "use": "imported:sums", "metric": metric}])


def as_harness(folder: Path) -> tuple[Any, Read]:
    """A folder of the harness as one value, and how it is imported."""
    suite = sums(folder, "acc")

    def read(content: Any) -> SuiteScores:
        return import_scores(write_harness(folder / "out", content["results"], {"sums": content["samples"]}), suite)

    return {"results": harness_results(), "samples": harness_samples()}, read


def as_inspect(folder: Path) -> tuple[Any, Read]:
    """A log of Inspect, of which a sample has what is looked at."""
    suite = sums(folder, "accuracy")
    kept = ("id", "epoch", "input", "target", "output", "scores")
    log = inspect_log()
    log["samples"] = [{key: each[key] for key in kept} for each in log["samples"]]
    del log["eval"]["model_args"]

    def read(content: Any) -> SuiteScores:
        (folder / "log.json").write_text(json.dumps(content))
        return import_scores(folder / "log.json", suite)

    return log, read


def as_record(folder: Path) -> tuple[Any, Read]:
    """A record with its instances."""
    suite = sums(folder, "accuracy")
    path = record(folder, checksum=None)
    instances = folder / "record_samples.jsonl"
    lines = [json.loads(line) for line in instances.read_text().splitlines()]

    def read(content: Any) -> SuiteScores:
        path.write_text(json.dumps(content["record"]))
        instances.write_text("".join(json.dumps(line) + "\n" for line in content["instances"]))
        return import_scores(path, suite)

    return {"record": json.loads(path.read_text()), "instances": lines}, read


FORMATS = {"harness": as_harness, "inspect": as_inspect, "record": as_record}
#: What each file comes to, counted by hand: its items, and so its score.
RIGHT: dict[str, Sequence[float]] = {"harness": (1, 0, 1, 0), "inspect": (1, 0, 1, 0, 1, 0), "record": (1, 1, 0, 1)}

#: What is a file's lines, and no value of its own.
LINES: dict[str, Place] = {"harness": ("samples",), "record": ("instances",)}


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", FORMATS)
def test_any_value_of_another_type_is_refused_or_changes_no_number(name: str, tmp_path: Path) -> None:
    content, read = FORMATS[name](tmp_path)
    every = [place for place in places(content) if place != LINES.get(name)]
    right = list(RIGHT[name])

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(every), VALUES)
    def check(place: Place, value: Any) -> None:
        there = content
        for key in place:
            there = there[key]
        if type(there) is type(value) or (isinstance(there, int | float) and type(value) in (int, float)):
            return
        try:
            scores = read(changed(content, place, value))
        except InputFault as fault:
            assert str(tmp_path) in fault.message and "\n" not in fault.message
            return
        assert [item.correct for item in scores.items] in (right, [])
        assert (scores.tasks[0].value, scores.tasks[0].n) == (sum(right) / len(right), len(right))

    assert read(content).tasks[0].value == sum(right) / len(right)
    check()


@pytest.mark.parametrize(
    ("place", "value", "key"),
    [
        (("results", "results", "sums", "acc,none"), 85.3, "results.sums.acc,none: found 85.3"),
        (("results", "results", "sums", "acc,none"), -0.5, "results.sums.acc,none: found -0.5"),
        (("results", "results", "sums", "acc,none"), True, "found true, expected a finite number"),
        (("results", "results", "sums", "acc_stderr,none"), 1e9, "a standard error of"),
        (("results", "results", "sums"), [1], "results.sums: found a list, expected a mapping"),
        (("results", "results"), ["sums"], "results: found a list, expected a mapping"),
        (("results", "n-samples", "sums", "effective"), "N/A", "n-samples.sums.effective: found 'N/A'"),
        (("results", "n-samples", "sums", "effective"), 3, "n-samples.sums: found 3 of 4 documents"),
        (("results", "n-samples", "sums", "original"), 1000, "n-samples.sums: found 4 of 1000 documents"),
        (("results", "config", "limit"), 3, "n-samples.sums: found 3 of 4 documents"),
        (("results", "config", "limit"), 0.5, "n-samples.sums: found 2 of 4 documents"),
        (("results", "group_subtasks"), {"sums": ["a"], "a": ["sums"]}, "group_subtasks.a: found 'sums' twice"),
        (("samples", 0, "filtered_resps"), 5, "filtered_resps: found 5, expected a list"),
        (("samples", 0, "filtered_resps", 0), "A", "filtered_resps: found a list, expected texts, or a log-likelihood"),
        (("samples", 0, "acc"), 2.0, "found 2.0, expected a share"),
        (("samples", 0, "doc_id"), 4, "doc_id: found 4, expected a number below 4"),
        (("samples", 0, "doc_id"), -1, "doc_id: found -1"),
    ],
)
def test_a_harness_folder_that_cannot_be(place: Place, value: Any, key: str, tmp_path: Path) -> None:
    content, read = as_harness(tmp_path)
    with pytest.raises(InputFault) as refused:
        read(changed(content, place, value))
    assert key in refused.value.message and "2026-01-01.json" in refused.value.message


def test_a_limit_above_all_that_there_is_leaves_nothing_out(tmp_path: Path) -> None:
    content, read = as_harness(tmp_path)
    scores = read(changed(content, ("results", "config", "limit"), 100.0))
    assert (scores.tasks[0].value, scores.tasks[0].n) == (0.5, 4)


def test_a_group_is_the_sum_of_its_tasks_and_each_is_whole(tmp_path: Path) -> None:
    suite = sums(tmp_path, "acc")
    one = harness_results()
    both = harness_results(
        results={"sums": {"acc,none": 0.6}},
        group_subtasks={"sums": ["small", "large"]},
        configs={"small": one["configs"]["sums"], "large": one["configs"]["sums"]},
    )
    both["n-samples"] = {"small": {"original": 4, "effective": 4}, "large": {"original": 6, "effective": 6}}
    samples = {"small": harness_samples((1, 0, 1, 0)), "large": harness_samples((1, 1, 1, 1, 0, 0))}
    scores = import_scores(write_harness(tmp_path / "out", both, samples), suite)
    assert (scores.tasks[0].n, [item.correct for item in scores.items]) == (10, [1, 0, 1, 0, 1, 1, 1, 1, 0, 0])
    both["n-samples"]["large"]["original"] = 7
    with pytest.raises(InputFault, match=r"n-samples\.large: found 6 of 7 documents"):
        import_scores(write_harness(tmp_path / "out", both, samples), suite)


def test_results_of_two_models_are_no_one_s(tmp_path: Path) -> None:
    suite = write_suite(
        tmp_path, [{"id": each, "use": f"imported:{each}", "metric": "acc"} for each in ("sums", "other")]
    )
    other = json.loads(json.dumps(harness_results()).replace('"sums"', '"other"'))
    write_harness(tmp_path / "out" / "a", harness_results())
    write_harness(tmp_path / "out" / "b", other)
    assert [task.value for task in import_scores(tmp_path / "out", suite).tasks] == [0.5, 0.5]
    write_harness(tmp_path / "out" / "b", {**other, "model_name": "another/model"})
    with pytest.raises(InputFault, match="results of another/model, team/model"):
        import_scores(tmp_path / "out", suite)


@pytest.mark.parametrize(
    ("place", "value", "key"),
    [
        (("results", "scores", 0, "metrics", "accuracy", "value"), 50, "metrics.accuracy.value: found 50.0"),
        (("samples", 1, "scores", "match", "value"), ["C"], "samples.1.scores.match.value: found a list"),
        (("samples", 1, "scores", "match", "value"), {"a": 1}, "samples.1.scores.match.value: found a mapping"),
        (("samples", 1, "scores", "match", "value"), "Z", "samples.1.scores.match.value: found 'Z'"),
        (("samples", 1, "output"), [1], "samples.1.output: found a list, expected a mapping"),
        (("samples", 1, "id"), 0, "'0' twice in an epoch"),
        (("samples", 1, "epoch"), 2, "6 scored samples"),
        (("eval",), None, "eval: found nothing, expected a mapping"),
        (("results", "scores"), None, "results.scores: found nothing, expected a list"),
        (("results", "scores", 0), None, "results.scores.0: found nothing, expected a mapping"),
        (("results", "scores", 0, "metrics"), ["accuracy"], "results.scores.0.metrics: found a list"),
        (("eval", "dataset", "samples"), 100, "eval.dataset.samples: found 6 samples, expected the 100"),
        (("eval", "dataset", "sample_ids"), list(range(100)), "6 scored samples, expected 100 in each"),
        (("eval", "config", "limit"), 6, "eval.config.limit: found 6"),
        (("eval", "config", "limit"), [0, 6], "eval.config.limit: found [0, 6]"),
        (("eval", "config", "sample_id"), [0, 1], "eval.config.sample_id: found [0, 1]"),
    ],
)
def test_an_inspect_log_that_cannot_be(place: Place, value: Any, key: str, tmp_path: Path) -> None:
    content, read = as_inspect(tmp_path)
    with pytest.raises(InputFault) as refused:
        read(changed(content, place, value))
    assert key in refused.value.message and "log.json" in refused.value.message


@pytest.mark.parametrize(
    ("place", "value", "key"),
    [
        (("evaluation_results", 0, "score_details", "score"), 7500, "score_details.score: found 75.0 as accuracy"),
        (("evaluation_results", 0, "score_details", "uncertainty"), {"num_samples": 40}, "num_samples: found 4 items"),
        (("evaluation_results", 0, "source_data", "samples_number"), 40, "samples_number: found 4 items"),
        (("detailed_evaluation_results", "hash_algorithm"), "shake_128", "hash_algorithm: found 'shake_128'"),
        (("detailed_evaluation_results", "file_path"), "a\x00b", "found embedded null byte"),
    ],
)
def test_a_record_that_cannot_be(place: Place, value: Any, key: str, tmp_path: Path) -> None:
    content, read = as_record(tmp_path)
    with pytest.raises(InputFault) as refused:
        read(changed(content, ("record", *place), value))
    assert key in refused.value.message
