"""Every bad suite, task, item, model and option is one clear message: file, key, found, expected."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import check_suite, choose_device, environment, score_suite, suite_files
from tasks.benchmark.model_loading import check_folder
from tests.benchmark.suites import FULL_TEXT, GENERATED, LETTERS, documents, write_suite, write_task

Rows = list[dict[str, Any]]


def _one_task(
    folder: Path, config: dict[str, Any], rows: Rows, examples: Rows | None = None, **entry: Any
) -> LoadedSuite:
    write_task(folder / "tasks", "text", config, rows, examples)
    return write_suite(folder, [{"id": "text", "use": "tasks/text.yaml", **entry}])


def test_a_good_suite_passes(tmp_path: Path, llama: Path) -> None:
    """The twin of all that follows."""
    suite = _one_task(tmp_path, FULL_TEXT, documents(6), fewshot=2)
    check_suite(suite)
    scores = score_suite(llama, suite, device="cpu")
    assert (scores.suite, scores.tasks[0].n, len(scores.items)) == ("small", 6, 6)


def _answer_outside(rows: list[dict[str, Any]]) -> None:
    rows[4]["gold"] = 3


def _answer_below(rows: list[dict[str, Any]]) -> None:
    rows[4]["gold"] = -1


@pytest.mark.parametrize("change", [_answer_outside, _answer_below])
def test_an_answer_outside_the_choices(tmp_path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    rows = documents(6)
    change(rows)
    with pytest.raises(InputFault, match=r"text\.yaml: text, item 4: found the answer .*, expected 0 to 2"):
        check_suite(_one_task(tmp_path, FULL_TEXT, rows))


def test_an_item_is_looked_at_while_scoring_too(tmp_path: Path, llama: Path) -> None:
    rows = documents(6)
    rows[5]["gold"] = 9
    with pytest.raises(InputFault, match="text, item 5: found the answer 9"):
        score_suite(llama, _one_task(tmp_path, FULL_TEXT, rows), device="cpu")


NO_CHOICES = "{{[] if question == bad else [a, b, c]}}"
EMPTY_CHOICE = "{{[a, '' if question == bad else b, c]}}"


@pytest.mark.parametrize(
    ("choices", "message"), [(NO_CHOICES, "found no choices, expected"), (EMPTY_CHOICE, "texts, none of them empty")]
)
def test_choices_that_are_none(tmp_path: Path, choices: str, message: str) -> None:
    rows = [{**row, "bad": ""} for row in documents(4)]
    config = {**FULL_TEXT, "doc_to_choice": choices}
    check_suite(_one_task(tmp_path, config, rows, rows))
    rows[2]["bad"] = rows[2]["question"]
    with pytest.raises(InputFault, match=rf"text, item 2: .*{message}"):
        check_suite(_one_task(tmp_path, config, rows, rows))
    rows[0]["bad"] = rows[0]["question"]
    with pytest.raises(InputFault, match="text, item 0: found no choices, an empty one, or an answer beyond them"):
        check_suite(_one_task(tmp_path, config, rows, rows))


def test_no_answer(tmp_path: Path) -> None:
    rows = documents(3)
    rows[1]["sum"] = ""
    with pytest.raises(InputFault, match="text, item 1: found no answer, expected the right answer"):
        check_suite(_one_task(tmp_path, GENERATED, rows, metric="exact_match"))


def test_an_item_that_lacks_a_field_of_the_template(tmp_path: Path) -> None:
    rows = documents(3)
    config = {**GENERATED, "doc_to_text": "{{questoin}}"}
    with pytest.raises(InputFault, match="questoin"):
        check_suite(_one_task(tmp_path, config, rows, metric="exact_match"))


def test_a_metric_that_the_task_does_not_define(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"suite\.yaml: tasks\[0\]\.metric: found 'bleu', .*one of acc, acc_norm"):
        check_suite(_one_task(tmp_path, FULL_TEXT, documents(3), metric="bleu"))


def test_a_metric_that_nobody_defines(tmp_path: Path) -> None:
    config = {**FULL_TEXT, "metric_list": [{"metric": "accurancy", "aggregation": "mean", "higher_is_better": True}]}
    with pytest.raises(InputFault, match=r"metric_list\[0\].metric: found 'accurancy', expected one of"):
        check_suite(_one_task(tmp_path, config, documents(3)))


def test_a_filter_that_the_task_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="found the filter 'strict', expected one of digits"):
        check_suite(_one_task(tmp_path, GENERATED, documents(3), metric="exact_match,strict"))
    check_suite(_one_task(tmp_path, GENERATED, documents(3), metric="exact_match,digits"))


def test_a_shipped_task_that_does_not_exist(tmp_path: Path) -> None:
    suite = write_suite(tmp_path, [{"id": "kmmlu", "use": "lm_eval:kmmluu"}])
    with pytest.raises(InputFault, match=r"tasks\[0\]\.use: found lm_eval:kmmluu, no such task.*near it: .*kmmlu"):
        check_suite(suite)


@pytest.mark.parametrize(
    ("name", "dataset"),
    [("kmmlu_law", "HAERAE-HUB/KMMLU"), ("kmmlu", "HAERAE-HUB/KMMLU"), ("arc_easy", "allenai/ai2_arc")],
)
def test_a_data_set_that_is_not_on_this_machine(tmp_path: Path, name: str, dataset: str) -> None:
    suite = write_suite(tmp_path, [{"id": "far", "use": f"lm_eval:{name}"}])
    message = rf"tasks\[0\]\.use: found the data set '{dataset}' of {name}, which is not .*fetch it beforehand: .*\['{name}'\]"
    with pytest.raises(InputFault, match=message):
        check_suite(suite)


def test_a_hub_data_set_of_a_task_file(tmp_path: Path) -> None:
    config = {**FULL_TEXT, "dataset_path": "nobody/nothing", "dataset_name": "small", "dataset_kwargs": {}}
    with pytest.raises(
        InputFault, match=r"found the data set 'nobody/nothing', .*load_dataset\('nobody/nothing', 'small'\)"
    ):
        check_suite(_one_task(tmp_path, config, documents(3)))


def test_a_missing_data_file(tmp_path: Path) -> None:
    suite = _one_task(tmp_path, FULL_TEXT, documents(3))
    (tmp_path / "tasks" / "data" / "text-test.jsonl").unlink()
    with pytest.raises(
        InputFault, match=r"text\.yaml: dataset_kwargs\.data_files: found 'data/text-test\.jsonl', no such"
    ):
        check_suite(suite)


def test_a_broken_line_of_data(tmp_path: Path) -> None:
    suite = _one_task(tmp_path, FULL_TEXT, documents(3))
    with (tmp_path / "tasks" / "data" / "text-test.jsonl").open("a") as file:
        file.write('{"question": \n')
    with pytest.raises(InputFault, match=r"text-test\.jsonl:4: found a line that is no JSON"):
        check_suite(suite)


def test_an_empty_split(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"text-test\.jsonl: found an empty file, expected at least one item"):
        check_suite(_one_task(tmp_path, FULL_TEXT, []))


@pytest.mark.parametrize("split", ["test_split", "fewshot_split"])
def test_a_split_that_the_data_does_not_have(tmp_path: Path, split: str) -> None:
    with pytest.raises(
        InputFault, match=rf"text\.yaml: {split}: found 'tset', expected a split of data_files: fewshot, test"
    ):
        check_suite(_one_task(tmp_path, {**FULL_TEXT, split: "tset"}, documents(3)))


def test_more_examples_than_there_are(tmp_path: Path, llama: Path) -> None:
    with pytest.raises(InputFault, match=r"tasks\[0\].fewshot: found 50, expected at most 7"):
        score_suite(llama, _one_task(tmp_path, LETTERS, documents(3), fewshot=50), device="cpu")


def test_a_task_that_runs_generated_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="a task that runs generated code"):
        check_suite(_one_task(tmp_path, {**FULL_TEXT, "unsafe_code": True}, documents(3)))


def test_a_group_file_is_no_task(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="expected one task's name"):
        check_suite(_one_task(tmp_path, {**FULL_TEXT, "task": ["a", "b"]}, documents(3)))


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_below_one(tmp_path: Path, llama: Path, limit: int) -> None:
    with pytest.raises(InputFault, match=f"limit: found {limit}, expected at least 1 item"):
        score_suite(llama, _one_task(tmp_path, FULL_TEXT, documents(3)), limit=limit)


def test_devices_and_precisions_that_are_not_there() -> None:
    with pytest.raises(InputFault, match="--device: found 'cuda:9', expected one of cpu"):
        choose_device("cuda:9")
    with pytest.raises(InputFault, match="--dtype: found 'int3', expected one of float32"):
        choose_device("cpu", "int3")
    assert choose_device("cpu").dtype == "float32"


def test_the_environment_names_device_precision_and_libraries() -> None:
    from importlib.metadata import version

    told = environment("cpu", "bfloat16")
    assert (told["device"], told["dtype"], told["lm_eval"]) == ("cpu", "bfloat16", version("lm_eval"))
    assert json.loads(json.dumps(told)) == told


@pytest.fixture
def broken(llama: Path, tmp_path: Path) -> Path:
    """A copy of the model to break."""
    return shutil.copytree(llama, tmp_path / "model")


def _refused(model: Path, tmp_path: Path, message: str) -> None:
    with pytest.raises(InputFault, match=message):
        score_suite(model, _one_task(tmp_path, FULL_TEXT, documents(3)), device="cpu")


def test_pickled_weights(broken: Path, tmp_path: Path) -> None:
    (broken / "model.safetensors").unlink()
    (broken / "pytorch_model.bin").write_bytes(b"cos\nsystem\n")
    _refused(broken, tmp_path, r"found pickled weights only \(pytorch_model.bin\).*pickles run code")


@pytest.mark.parametrize("kept", [0, 5, 200, -1])
def test_a_truncated_weight_file(broken: Path, tmp_path: Path, kept: int) -> None:
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    _refused(broken, tmp_path, r"model\.safetensors: found a broken file")


def test_weights_that_lack_a_tensor(broken: Path, tmp_path: Path) -> None:
    """transformers alone would fill it with random numbers and go on."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(broken / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    _refused(broken, tmp_path, "found weights without 'model.layers.1.mlp.up_proj.weight'")


def test_weights_that_are_no_numbers(broken: Path, tmp_path: Path) -> None:
    _set_nan(broken, "model.norm.weight", slice(None))
    _refused(broken, tmp_path, "found a log-likelihood of nan, expected finite numbers")


def _set_nan(model: Path, name: str, place: int | slice) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(model / "model.safetensors")
    tensors[name][place] = float("nan")
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("options", [{}, {"num_beams": 1, "repetition_penalty": 1.1}], ids=["slots", "generate"])
@pytest.mark.parametrize("sampled", [False, True])
def test_texts_written_by_weights_that_are_no_numbers(
    broken: Path, tmp_path: Path, options: dict[str, Any], sampled: bool
) -> None:
    """A NaN is greater than every logit: the token chosen would end the text or begin a wrong answer, unnoticed."""
    drawn: dict[str, Any] = {"do_sample": True, "temperature": 0.7} if sampled else {"do_sample": False}
    settings: dict[str, Any] = {"until": ["\n"], "max_gen_toks": 4}
    config = {**GENERATED, "generation_kwargs": settings | drawn | options}
    suite = _one_task(tmp_path, config, documents(8), metric="exact_match")
    assert score_suite(broken, suite, device="cpu").tasks[0].n == 8
    token = json.loads((broken / "tokenizer.json").read_text())["model"]["vocab"]["3"]
    _set_nan(broken, "model.embed_tokens.weight", token)  # "3" stands in some prompts, not in the first
    with pytest.raises(InputFault, match="model: found a logit of nan, expected finite numbers"):
        score_suite(broken, suite, device="cpu")
    _set_nan(broken, "model.norm.weight", slice(None))
    with pytest.raises(InputFault, match="model: found a logit of nan, expected finite numbers"):
        score_suite(broken, suite, device="cpu")


def test_a_fault_before_the_first_item_leaves_no_file_of_items(broken: Path, tmp_path: Path) -> None:
    (broken / "tokenizer.json").unlink()
    items = tmp_path / "items.jsonl"
    with pytest.raises(InputFault, match=r"tokenizer\.json"):
        score_suite(broken, _one_task(tmp_path, FULL_TEXT, documents(3)), device="cpu", ledger=items, resume=False)
    assert not items.exists()


def test_a_missing_shard(broken: Path, tmp_path: Path) -> None:
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}}
    (broken / "model.safetensors.index.json").write_text(json.dumps(index))
    _refused(broken, tmp_path, r"model-00002-of-00002\.safetensors: found no such file, expected every shard")


@pytest.mark.parametrize(
    ("missing", "message"),
    [("tokenizer.json", "tokenizer.json: found no such file"), ("config.json", "config.json: found no such file")],
)
def test_a_missing_file(broken: Path, tmp_path: Path, missing: str, message: str) -> None:
    (broken / missing).unlink()
    _refused(broken, tmp_path, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "banana", "auto_map": {"AutoConfig": "code.Banana"}}, "without code of its own"),
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, "architectures: found 'BertForMaskedLM'"),
        ({"model_type": "t5", "architectures": ["T5EncoderModel"]}, "architectures: found 'T5EncoderModel'"),
        ({"model_type": "qwen2_audio", "architectures": ["Qwen2AudioEncoder"]}, "architectures: found 'Qwen2Audio"),
    ],
)
def test_an_architecture_that_cannot_be_asked(
    broken: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    config = json.loads((broken / "config.json").read_text()) | change
    (broken / "config.json").write_text(json.dumps(config))
    _refused(broken, tmp_path, message)


@pytest.mark.parametrize("config", [FULL_TEXT, GENERATED], ids=["forward", "generate"])
def test_a_model_that_cannot_compute_what_its_settings_promise(
    gpt2: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], config: dict[str, Any]
) -> None:
    """Its code raises beyond the vocabulary that its table of embeddings holds: one sentence, and no item is kept."""
    model = shutil.copytree(gpt2, tmp_path / "model")
    _smaller_vocabulary(model)
    metric = {"metric": "exact_match"} if config is GENERATED else {}
    suite, items = _one_task(tmp_path, config, documents(3), **metric), tmp_path / "items.jsonl"
    with pytest.raises(InputFault, match=r"model: found its (forward|generate) raised IndexError: index out of range"):
        score_suite(model, suite, device="cpu", ledger=items)
    assert not items.exists() or not items.read_text()


def _smaller_vocabulary(model: Path) -> None:
    """Settings and weights agree on 40 tokens; the tokenizer knows more."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(model / "model.safetensors")
    tensors["transformer.wte.weight"] = tensors["transformer.wte.weight"][:40].clone()
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "vocab_size": 40}))


def test_a_task_that_writes_more_than_the_model_is_long(tmp_path: Path, bare_llama: Path) -> None:
    config = {**GENERATED, "generation_kwargs": {"until": ["\n"], "do_sample": False, "max_gen_toks": 48}}
    with pytest.raises(InputFault, match="found max_gen_toks 48, expected less than the model's length of 48"):
        score_suite(bare_llama, _one_task(tmp_path, config, documents(3), metric="exact_match"), device="cpu")


def test_relative_data_and_includes_resolve_beside_the_files_that_name_them(
    tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_task(tmp_path / "common", "text", FULL_TEXT, documents(5))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "child.yaml").write_text("include: ../common/text.yaml\ntask: child\n")
    suite = write_suite(tmp_path, [{"id": "child", "use": "tasks/child.yaml"}])
    monkeypatch.chdir("/")
    names = {path.relative_to(tmp_path).as_posix() for path in suite_files(suite)}
    data = {"common/data/text-test.jsonl", "common/data/text-fewshot.jsonl"}
    assert names == {"suite.yaml", "tasks/child.yaml", "common/text.yaml", *data}
    assert score_suite(llama, suite, device="cpu").tasks[0].n == 5


def test_nothing_is_printed_and_no_cache_is_left(
    tmp_path: Path, llama: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name for path in (Path.home() / ".cache/huggingface/datasets").glob("**/*")}
    score_suite(llama, _one_task(tmp_path, FULL_TEXT, documents(3)), device="cpu")
    assert capfd.readouterr() == ("", "")
    assert {path.name for path in (Path.home() / ".cache/huggingface/datasets").glob("**/*")} == before


@pytest.mark.parametrize("name", ["tokenizer.json", "model-00002-of-00002.safetensors"])
def test_a_pipe_in_a_models_folder_is_not_waited_for(tmp_path: Path, llama: Path, name: str) -> None:
    folder = shutil.copytree(llama, tmp_path / "model")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(InputFault, match=f"{name}: found a pipe or a device"):
        check_folder(folder)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("config.json", "architectures", 7),
        ("config.json", "architectures", [["LlamaForCausalLM"]]),
        ("config.json", "model_type", ["llama"]),
        ("tokenizer_config.json", "model_max_length", "long"),
        ("tokenizer_config.json", "model_max_length", {}),
        ("generation_config.json", "eos_token_id", -0.5),
        ("generation_config.json", "eos_token_id", [[]]),
    ],
)
def test_a_models_settings_of_another_type(tmp_path: Path, llama: Path, name: str, key: str, value: object) -> None:
    folder = shutil.copytree(llama, tmp_path / "model")
    (folder / name).write_text(json.dumps({**json.loads((folder / name).read_text()), key: value}))
    with pytest.raises(InputFault, match=f"{name}: {key}"):
        score_suite(folder, _one_task(tmp_path, FULL_TEXT, documents(3)), device="cpu")
