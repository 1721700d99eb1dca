"""Of imported scores, what is compared between teams says how the tool measured, and neither which model nor which files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from checks.records.quality import Measurement
from checks.records.scores import SuiteScores
from checks.rules.equal_settings import differing
from tasks.benchmark.imports import import_scores
from tasks.data_quality.results import Results, measure_results
from tests.benchmark.imported_files import harness_results, harness_samples, inspect_log, record, write_harness
from tests.benchmark.suites import write_suite
from tests.benchmark.test_imported_values import Place, changed, sums
from tests.data_quality.columns import suite_results

Changes = Sequence[tuple[Place, Any]]


def with_changes(content: Any, changes: Changes) -> Any:
    """The content with other values there."""
    for place, value in changes:
        content = changed(content, place, value)
    return content


def of_harness(folder: Path, changes: Changes = (), right: tuple[float, ...] = (1, 0, 1, 0)) -> SuiteScores:
    """One team's scores from a folder of the harness."""
    results = with_changes(harness_results(), changes)
    results["results"]["sums"]["acc,none"] = sum(right) / len(right)
    write_harness(folder / "out", results, {"sums": harness_samples(right)})
    return import_scores(folder / "out", sums(folder, "acc"))


def of_inspect(folder: Path, changes: Changes = ()) -> SuiteScores:
    """One team's scores from a log of Inspect."""
    suite = sums(folder, "accuracy")
    log = inspect_log()
    log["eval"]["model_roles"] = {"grader": {"model": "judge/a", "config": {"temperature": 0.0}}}
    (folder / "log.json").write_text(json.dumps(with_changes(log, changes)))
    return import_scores(folder / "log.json", suite)


def of_record(folder: Path, changes: Changes = ()) -> SuiteScores:
    """One team's scores from an Every Eval Ever record."""
    suite = sums(folder, "accuracy")
    path = record(folder)
    stated = json.loads(path.read_text())
    stated["evaluation_results"][0]["generation_config"] = {"generation_args": {"temperature": 0.0}}
    path.write_text(json.dumps(with_changes(stated, changes)))
    return import_scores(path, suite)


ANOTHER_MODEL: Changes = [
    (("model_name",), "other/model"),
    (("config", "model_args"), "pretrained=other/model,revision=main"),
    (("config", "model_sha"), "1" * 40),
    (("configs", "sums", "metadata"), {"version": 1.0, "pretrained": "other/model", "revision": "main"}),
    (("configs", "sums", "dataset_kwargs", "data_files", "test"), "/home/other/sums.jsonl"),
    (("date",), 1795765052.2),
]


def test_two_models_by_the_same_harness_compare(tmp_path: Path) -> None:
    one, other = of_harness(tmp_path / "a"), of_harness(tmp_path / "b", ANOTHER_MODEL, (1, 1, 1, 0))
    assert differing(one.settings, other.settings) == []
    assert (one.tasks[0].value, other.tasks[0].value) == (0.5, 0.75)
    assert one.imported is not None and other.imported is not None
    assert (one.imported["model"], other.imported["model"]) == ("team/model", "other/model")
    assert one.imported["files"] != other.imported["files"] and len(other.imported["files"]) == 2
    assert "model" not in json.dumps(other.settings)


def test_where_a_function_lay_in_memory_is_no_setting(tmp_path: Path) -> None:
    place: Place = ("configs", "sums", "process_docs")
    one, other = (
        of_harness(tmp_path / name, [(place, f"<function shuffled at 0x{address}>")])
        for name, address in (("a", "7f00aa"), ("b", "7f11bb"))
    )
    assert differing(one.settings, other.settings) == []
    third = of_harness(tmp_path / "c", [(place, "<function sorted at 0x7f00aa>")])
    assert differing(one.settings, third.settings) == ["tasks.sums.config_sha256"]


@pytest.mark.parametrize(
    ("changes", "names", "by"),
    [
        ([(("lm_eval_version",), "0.4.8")], ["harness"], "harness"),
        ([(("model_source",), "vllm")], ["harness"], "harness"),
        ([(("config", "model_dtype"), "torch.bfloat16")], ["dtype"], "dtype"),
        ([(("n-shot", "sums"), 5), (("configs", "sums", "num_fewshot"), 5)], ["config_sha256", "fewshot"], None),
        ([(("configs", "sums", "doc_to_text"), "Q: {{question}}")], ["config_sha256", "templates_sha256"], None),
        ([(("versions", "sums"), 2.0)], ["versions"], None),
        ([(("configs", "sums", "generation_kwargs"), {"temperature": 1.0})], ["config_sha256", "decoding"], None),
        ([(("configs", "sums", "metadata"), {"length": 4096})], ["config_sha256"], None),
        ([(("config", "fewshot_seed"), 1)], ["seeds.fewshot_seed"], None),
        ([(("system_instruction",), "Answer.")], ["system_instruction"], None),
        ([(("chat_template",), "{{messages}}")], ["chat_template", "fewshot_as_multiturn"], None),
    ],
)
def test_another_way_of_the_harness_is_named(
    changes: Changes, names: list[str], by: str | None, tmp_path: Path
) -> None:
    base: Changes = [(("configs", "sums", "metadata"), {"version": 1.0})]
    one, other = of_harness(tmp_path / "a", base), of_harness(tmp_path / "b", [*base, *changes])
    named = [f"tasks.sums.{name}" for name in names]
    assert differing(one.settings, other.settings) == named
    may_differ = [
        name for name in ("harness", "dtype", "prompts") if differing(one.settings, other.settings, [name]) == []
    ]
    assert may_differ == ([by] if by is not None else [])


def test_other_documents_are_another_task(tmp_path: Path) -> None:
    more: Changes = [(("n-samples", "sums"), {"original": 6, "effective": 6})]
    one, other = of_harness(tmp_path / "a"), of_harness(tmp_path / "b", more, (1, 0, 1, 0, 1, 0))
    assert differing(one.settings, other.settings) == ["tasks.sums.items"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ([(("eval", "model"), "other/model"), (("eval", "model_args"), {}), (("eval", "run_id"), "x")], []),
        ([(("eval", "model_generate_config"), {"max_connections": 50, "timeout": 10})], []),
        ([(("eval", "packages", "inspect_ai"), "0.3.1")], ["harness"]),
        ([(("eval", "task_version"), 2)], ["versions"]),
        ([(("eval", "task_args"), {"fewshot": 5})], ["task_args.fewshot"]),
        ([(("eval", "model_generate_config"), {"temperature": 1.0})], ["decoding.temperature"]),
        ([(("plan", "steps", 0, "solver"), "react")], ["solver"]),
        ([(("eval", "config", "message_limit"), 10)], ["message_limit"]),
        ([(("eval", "config", "epochs"), 4)], ["epochs"]),
        ([(("results", "scores", 0, "params"), {"numeric": True})], ["scorer.params.numeric"]),
        ([(("eval", "model_roles", "grader", "model"), "judge/b")], ["judges.grader.model"]),
        ([(("eval", "sandbox"), {"type": "docker", "config": "/a/compose.yaml"})], ["sandbox"]),
    ],
)
def test_another_way_of_inspect_is_named(changes: Changes, names: list[str], tmp_path: Path) -> None:
    one, other = of_inspect(tmp_path / "a"), of_inspect(tmp_path / "b", changes)
    assert differing(one.settings, other.settings) == [f"tasks.sums.{name}" for name in names]
    assert differing(one.settings, other.settings, ["harness"]) == [
        f"tasks.sums.{name}" for name in names if name != "harness"
    ]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ([(("model_info", "id"), "other/model"), (("retrieved_timestamp",), "1")], []),
        ([(("eval_library", "version"), "0.6")], ["harness"]),
        ([(("evaluation_results", 0, "source_data", "hf_split"), "validation")], ["data.hf_split"]),
        (
            [(("evaluation_results", 0, "metric_config", "llm_scoring"), {"judge": "a"})],
            ["metric_config.llm_scoring.judge"],
        ),
        (
            [(("evaluation_results", 0, "generation_config", "generation_args", "temperature"), 1.0)],
            ["decoding.generation_args.temperature"],
        ),
    ],
)
def test_another_way_of_a_record_is_named(changes: Changes, names: list[str], tmp_path: Path) -> None:
    one, other = of_record(tmp_path / "a"), of_record(tmp_path / "b", changes)
    found = differing(one.settings, other.settings)
    # a whole mapping in place of nothing is named by what is in it, and by itself
    assert [name for name in found if name != "tasks.sums.metric_config.llm_scoring"] == [
        f"tasks.sums.{name}" for name in names
    ]


def _checks(own: SuiteScores, other: SuiteScores, *may_differ: str) -> dict[str, Measurement]:
    beside = {"small": {"t2": suite_results(other)}}
    rows = measure_results(Results({"small": suite_results(own)}, beside, may_differ=may_differ), [])
    return {row.check: row for row in rows}


def test_the_checks_of_results_pass_for_two_teams_and_fail_for_another_way(tmp_path: Path) -> None:
    one, other = of_harness(tmp_path / "a"), of_harness(tmp_path / "b", ANOTHER_MODEL, (1, 1, 1, 0))
    found = _checks(one, other)
    names = ("same-settings", "items-complete", "score-is-mean", "values-in-range", "same-prompts")
    assert {name: found[name].bad for name in names} == dict.fromkeys(names, 0)
    newer = of_harness(tmp_path / "c", [*ANOTHER_MODEL, (("lm_eval_version",), "0.5.0")])
    assert _checks(one, newer)["same-settings"].examples == ["t2: tasks.sums.harness"]
    assert _checks(one, newer, "harness")["same-settings"].bad == 0


def test_a_chat_template_of_its_own_makes_prompts_of_its_own(tmp_path: Path) -> None:
    template: Changes = [(("chat_template",), "<user>{{messages}}")]
    one, other = of_harness(tmp_path / "a", template), of_harness(tmp_path / "b", template)
    assert _checks(one, other)["same-prompts"].state == "not_applicable"
    assert _checks(of_harness(tmp_path / "c"), of_harness(tmp_path / "d"))["same-prompts"].state != "not_applicable"


def test_an_import_of_before_is_still_known_as_one(tmp_path: Path) -> None:
    now = of_harness(tmp_path)
    before = now.model_copy(update={"settings": {"imported": now.imported}, "engine": {}})
    assert before.imported == now.imported
    measured = now.model_copy(update={"engine": {"ways": {}}})
    assert measured.imported is None


def test_files_of_different_settings_keep_each_its_own(tmp_path: Path) -> None:
    suite = write_suite(
        tmp_path, [{"id": each, "use": f"imported:{each}", "metric": "acc"} for each in ("sums", "other")]
    )
    write_harness(tmp_path / "out" / "a", harness_results())
    other = json.loads(json.dumps(harness_results(lm_eval_version="0.4.8")).replace('"sums"', '"other"'))
    write_harness(tmp_path / "out" / "b", other)
    scores = import_scores(tmp_path / "out", suite)
    assert {task: each["harness"] for task, each in scores.settings["tasks"].items()} == {
        "sums": "lm_eval 0.4.9 (hf)",
        "other": "lm_eval 0.4.8 (hf)",
    }
    assert scores.imported is not None and scores.imported["tool"] == "lm_eval 0.4.8, lm_eval 0.4.9"
