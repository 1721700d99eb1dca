"""A task whose filters, metric, aggregation or settings are wrong: one clear message, before a model is loaded where it can be."""

from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import check_suite, score_suite
from tests.benchmark.suites import FULL_TEXT, GENERATED, documents, write_suite, write_task


def _suite(folder: Path, config: dict[str, Any], metric: str, own: str = "", more: str = "") -> LoadedSuite:
    path = write_task(folder / "tasks", "text", config, documents(4))
    (path.parent / "own.py").write_text(own)
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    return write_suite(folder, [{"id": "text", "use": "tasks/text.yaml", "metric": metric}])


def _filter(**settings: Any) -> dict[str, Any]:
    return {**GENERATED, "filter_list": [{"name": "x", "filter": [settings, {"function": "take_first"}]}]}


@pytest.mark.parametrize("option", ["until", "max_gen_toks", "temperature", "top_k", "top_p", "do_sample"])
def test_settings_that_the_harness_takes(tmp_path: Path, option: str) -> None:
    """The twin of those that are refused: each is one that shipped tasks have."""
    good = {"until": "\n", "max_gen_toks": "64", "temperature": 0, "top_k": 0, "top_p": 0.95, "do_sample": True}
    check_suite(_suite(tmp_path, {**GENERATED, "generation_kwargs": {option: good[option]}}, "exact_match"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"until": 5}, r"until: found 5, expected a text or a list of texts"),
        ({"until": ["\n", ""]}, r"until: found .*, expected a text or a list of texts, none of them empty"),
        ({"until": ["\n", 5]}, r"until: found \['\\n', 5\], expected a text"),
        ({"max_gen_toks": "many"}, r"max_gen_toks: found 'many', expected a whole number of tokens, at least 1"),
        ({"max_gen_toks": -4}, "max_gen_toks: found -4"),
        ({"max_tokens": 0}, "max_tokens: found 0"),
        ({"do_sample": True, "temperature": 0.0}, r"temperature: found 0\.0, expected a number above 0"),
        ({"do_sample": True, "temperature": -1}, r"temperature: found -1\.0, expected a number above 0"),
        ({"do_sample": "yes"}, "do_sample: found 'yes', expected true or false"),
        ({"do_sample": True, "top_k": -3}, "top_k: found -3, expected a whole number, at least 0"),
        (
            {"do_sample": True, "num_return_sequences": 2},
            r"num_return_sequences: found 2, expected 1 \(repeats of the task",
        ),
        ({"do_sample": True, "top_p": 2}, "top_p: found 2, expected a number from 0 to 1"),
    ],
)
def test_settings_to_write_by(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputFault, match=rf"text\.yaml: text, generation_kwargs\.{message}"):
        check_suite(_suite(tmp_path, {**GENERATED, "generation_kwargs": options}, "exact_match"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"function": "regex", "regex_pattern": "("}, r"filter 'x': found \w+: missing \), unterminated"),
        ({"function": "regex", "banana": 1}, "filter 'x': found TypeError: .*'banana'"),
        ({"function": "take_first_k"}, "filter 'x': found KeyError: 'k'"),
        ({"function": "banana"}, "banana"),
    ],
)
def test_filters_that_cannot_be_made(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputFault, match=message):
        check_suite(_suite(tmp_path, _filter(**settings), "exact_match"))


def test_an_aggregation_that_nobody_defines(tmp_path: Path) -> None:
    config = {**FULL_TEXT, "metric_list": [{"metric": "acc", "aggregation": "avg", "higher_is_better": True}]}
    with pytest.raises(InputFault, match=r"metric_list\[0\]\.aggregation: found 'avg', expected one of .*mean, median"):
        check_suite(_suite(tmp_path, config, "acc"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"function": "regex", "regex_pattern": "(.|\n|^)", "group_select": 90}, "IndexError raised by the filter 'x'"),
        ({"function": "multi_choice_regex"}, "KeyError raised by the filter 'x': 'choices'"),
    ],
)
def test_filters_that_raise(tmp_path: Path, llama: Path, settings: dict[str, Any], message: str) -> None:
    suite = _suite(tmp_path, _filter(**settings), "exact_match")
    with pytest.raises(InputFault, match=rf"text\.yaml: text, item \d: found {message}"):
        score_suite(llama, suite, device="cpu")


@pytest.mark.parametrize(
    ("judgement", "message"),
    [
        ("{'acc': 1 / 0}", "ZeroDivisionError raised by the metric: division by zero"),
        ("sys.exit(0)", "SystemExit raised by the metric: 0"),
        ("[1]", r"\[1\] from process_results"),
        ("{'acc': float('nan')}", "nan as the value of 'acc'"),
        ("{'acc': None}", "TypeError raised by the aggregation of 'acc'"),
        ("{'acc': 'yes'}", "TypeError raised by the aggregation of 'acc'"),
        ("{'acc': [1.0]}", "TypeError raised by the aggregation of 'acc'"),
    ],
)
def test_what_a_task_makes_of_an_answer(tmp_path: Path, llama: Path, judgement: str, message: str) -> None:
    more = "process_results: !function own.judge\n"
    good = "import sys\ndef judge(doc, results):\n    return {'acc': 1}\n"
    assert score_suite(llama, _suite(tmp_path / "good", FULL_TEXT, "acc", good, more), device="cpu").tasks[0].value == 1
    suite = _suite(tmp_path / "bad", FULL_TEXT, "acc", good.replace("{'acc': 1}", judgement), more)
    with pytest.raises(InputFault, match=rf"text\.yaml: text, item 0: found {message}"):
        score_suite(llama, suite, device="cpu")


@pytest.mark.parametrize(
    ("total", "message"),
    [
        ("len(values) / (4 - len(values))", "ZeroDivisionError raised by the aggregation of 'acc'"),
        ("float('nan') if len(values) == 4 else 1.0", "nan from the aggregation of 'acc'"),
    ],
)
def test_an_aggregation_that_fails_on_all_values(tmp_path: Path, llama: Path, total: str, message: str) -> None:
    config = {name: value for name, value in FULL_TEXT.items() if name != "metric_list"}
    more = "metric_list:\n- metric: acc\n  aggregation: !function own.total\n  higher_is_better: true\n"
    suite = _suite(tmp_path, config, "acc", f"def total(values):\n    return {total}\n", more)
    with pytest.raises(InputFault, match=rf"text\.yaml: text: found {message}"):
        score_suite(llama, suite, device="cpu")


def test_a_metric_whose_values_have_no_mean(tmp_path: Path, llama: Path) -> None:
    config = {**FULL_TEXT, "metric_list": [{"metric": "likelihood", "aggregation": "mean", "higher_is_better": True}]}
    with pytest.raises(InputFault, match="text, item 0: found TypeError raised by the aggregation of 'likelihood'"):
        score_suite(llama, _suite(tmp_path, config, "likelihood"), device="cpu")


Rows = list[dict[str, Any]]


def _with(field: str, value: Any) -> Rows:
    return [{**row, field: value if number == 2 else row[field]} for number, row in enumerate(documents(4))]


def _of_rows(folder: Path, config: dict[str, Any], rows: Rows) -> LoadedSuite:
    write_task(folder / "tasks", "text", config, rows)
    metric = config["metric_list"][0]["metric"]
    return write_suite(folder, [{"id": "text", "use": "tasks/text.yaml", "metric": metric}])


@pytest.mark.parametrize(
    ("config", "field", "value", "message"),
    [
        (GENERATED, "sum", None, "ValueError: a template writes a field that is null"),
        ({**GENERATED, "doc_to_target": "sum"}, "sum", "  ", "no answer"),
        (GENERATED, "sum", "  ", "no answer"),
        (GENERATED, "question", None, "ValueError: a template writes a field that is null"),
        (FULL_TEXT, "question", None, "ValueError: a template writes a field that is null"),
        ({**FULL_TEXT, "doc_to_text": "question"}, "question", "", "no question, expected a text to answer"),
        ({**GENERATED, "doc_to_text": "{{question}}\n"}, "question", " ", "no question, expected a text to answer"),
    ],
)
def test_an_item_with_nothing_to_ask_or_to_answer(
    tmp_path: Path, config: dict[str, Any], field: str, value: Any, message: str
) -> None:
    check_suite(_of_rows(tmp_path, config, documents(4)))
    with pytest.raises(InputFault, match=rf"text\.yaml: text, item 2: found {message}"):
        check_suite(_of_rows(tmp_path, config, _with(field, value)))


@pytest.mark.parametrize("text", ["", "{{question if question else 'Say:'}}"])
def test_a_null_that_a_task_does_not_write(tmp_path: Path, text: str) -> None:
    check_suite(_of_rows(tmp_path, {**FULL_TEXT, "doc_to_text": text}, _with("question", None)))


def test_an_empty_prompt_names_its_item(tmp_path: Path, bare_llama: Path, llama: Path) -> None:
    """Where every text begins with a token of its own, one without words can be continued."""
    own = "def ask(document):\n    return document['question']\n"
    config = {name: value for name, value in GENERATED.items() if name != "doc_to_text"}
    path = write_task(tmp_path / "tasks", "text", config, _with("question", ""))
    (path.parent / "own.py").write_text(own)
    path.write_text(path.read_text(encoding="utf-8") + "doc_to_text: !function own.ask\n", encoding="utf-8")
    suite = write_suite(tmp_path, [{"id": "text", "use": "tasks/text.yaml", "metric": "exact_match"}])
    assert score_suite(llama, suite, device="cpu").tasks[0].n == 4
    with pytest.raises(InputFault, match="text, item 2: found an empty prompt, before which"):
        score_suite(bare_llama, suite, device="cpu")


def test_no_more_examples_than_there_are(tmp_path: Path) -> None:
    path = write_task(tmp_path / "tasks", "text", FULL_TEXT, documents(4), documents(3))
    task = {"id": "text", "use": str(path.relative_to(tmp_path))}
    check_suite(write_suite(tmp_path, [{**task, "fewshot": 3}]))
    with pytest.raises(
        InputFault, match=r"tasks\[0\]\.fewshot: found 4, expected at most 3, the examples that text has"
    ):
        check_suite(write_suite(tmp_path, [{**task, "fewshot": 4}]))


def test_a_key_that_no_task_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"text\.yaml: doc_to_txt: found an unknown key, expected a key of"):
        check_suite(_suite(tmp_path, {**FULL_TEXT, "doc_to_txt": "{{question}}"}, "acc"))
