"""The same answers as lm-evaluation-harness's own `hf` model, item by item, on every output type."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.loading import LoadedSuite
from checks.records.scores import SuiteScores
from tasks.benchmark import score_suite
from tasks.benchmark.engine import HarnessModel
from tests.benchmark.suites import FULL_TEXT, GENERATED, LETTERS, documents, write_suite, write_task

#: Log-likelihoods in float32 may differ by rounding; the harness's own bar between batch sizes is 1e-2.
TOLERANCE = 1e-4
#: A long text's log-likelihood is a float32 sum on either side: two units in its last place.
LAST_PLACES = 2**-22
ITEMS = 24
NO_CONTEXT = {
    "output_type": "multiple_choice",
    "doc_to_text": "",
    "doc_to_choice": "{{[a, b, c]}}",
    "doc_to_target": "gold",
    "target_delimiter": "",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}
LAST_WORD = {
    "output_type": "loglikelihood",
    "doc_to_text": "one two three",
    "doc_to_target": " {{b}}",
    "metric_list": [
        {"metric": "acc", "aggregation": "mean", "higher_is_better": True},
        {"metric": "perplexity", "aggregation": "perplexity", "higher_is_better": False},
    ],
}
WHOLE_TEXT = {
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "{{question}} {{a}} {{b}} {{c}}. " * 6,
    "metric_list": [
        {"metric": "word_perplexity", "aggregation": "weighted_perplexity", "higher_is_better": False},
        {"metric": "bits_per_byte", "aggregation": "bits_per_byte", "higher_is_better": False},
    ],
}
WITHOUT_THE_QUESTION = {
    **FULL_TEXT,
    "metric_list": [
        {"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_mutual_info")
    ],
}
CONTEXTS_TO_CHOOSE = {
    "output_type": "multiple_choice",
    "doc_to_text": "gold",
    "doc_to_choice": "{{[a, b, c]}}",
    "doc_to_target": "{{question}}",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}
BY_BEAMS = {"until": ["다", "\n"], "do_sample": False, "max_gen_toks": 12, "num_beams": 3}
BEAMS: dict[str, Any] = {**GENERATED, "generation_kwargs": BY_BEAMS}
TASKS: dict[str, tuple[dict[str, Any], str, int]] = {
    "letters": (LETTERS, "acc", 0),
    "letters5": (LETTERS, "acc", 5),
    "text": (FULL_TEXT, "acc_norm", 0),
    "text2": (FULL_TEXT, "acc", 2),
    "nocontext": (NO_CONTEXT, "acc", 0),
    "mutual": (WITHOUT_THE_QUESTION, "acc_mutual_info", 1),
    "contexts": (CONTEXTS_TO_CHOOSE, "acc", 0),
    "lastword": (LAST_WORD, "acc", 0),
    "whole": (WHOLE_TEXT, "word_perplexity", 0),
    "written": (GENERATED, "exact_match", 0),
    "written3": (GENERATED, "exact_match", 3),
    "writtenbeams": (BEAMS, "exact_match", 0),
}
#: What is asked of each model: a chat template changes nothing for those it does not appear in.
ASKED = {
    "llama": list(TASKS),
    "bare_llama": list(TASKS),
    "chat_llama": ["letters", "letters5", "text2", "lastword", "whole", "written3"],
    "gpt2": ["letters5", "written"],
    "rwkv": ["letters", "written"],
    "t5": ["letters5", "text", "lastword", "whole", "written"],
    "bart": ["text", "written"],
}
ENCODED = {
    "scoring": "full forward, each context encoded once, as it is an encoder-decoder",
    "writing": "batches, as it is an encoder-decoder",
}
#: How each model is computed with. GPT-2 views its states back to the shape of its input, so that its last layer must be
#: whole; RWKV's state takes padding in.
WAYS = {
    "rwkv": {
        "scoring": "full forward, as its attention is its own",
        "writing": "one at a time, as its attention is its own",
    },
    "t5": ENCODED,
    "bart": ENCODED,
}


def _suite(folder: Path, names: Collection[str] = TASKS, chat: bool = False) -> LoadedSuite:
    for name in names:
        write_task(folder / "tasks", name, TASKS[name][0], documents(ITEMS))
    tasks = [
        {"id": name, "use": f"tasks/{name}.yaml", "metric": TASKS[name][1], "fewshot": TASKS[name][2]} for name in names
    ]
    return write_suite(folder, tasks, chat_template=chat)


def _harness_run(model: Path, suite: LoadedSuite, name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What `lm_eval run --model hf --batch_size 1` gives on the same task file: samples and results."""
    import lm_eval
    import yaml
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    shots = TASKS[name][2]
    task = yaml.safe_load((suite.folder / "tasks" / f"{name}.yaml").read_text())
    files = task["dataset_kwargs"]["data_files"]
    task["dataset_kwargs"]["data_files"] = {key: str(suite.folder / "tasks" / value) for key, value in files.items()}
    task["dataset_kwargs"]["cache_dir"] = str(suite.folder / "cache")
    run = lm_eval.simple_evaluate(
        model=HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=1),
        tasks=[task],
        task_manager=TaskManager(include_defaults=False),
        num_fewshot=shots,
        bootstrap_iters=1 if name != "lastword" else 0,
        fewshot_random_seed=1234,
        apply_chat_template=suite.suite.chat_template,
        fewshot_as_multiturn=suite.suite.chat_template,
    )
    return sorted(run["samples"][name], key=lambda sample: sample["doc_id"]), run["results"][name]


@dataclass
class Run:
    """Our scores of one model on all tasks, and the engine that gave them."""

    model: Path
    suite: LoadedSuite
    scores: SuiteScores
    engine: HarnessModel


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """A model's run, made once."""

    @cache
    def run(name: str) -> Run:
        model: Path = request.getfixturevalue(name)
        suite = _suite(tmp_path_factory.mktemp("parity"), ASKED[name], chat=name == "chat_llama")
        engines: list[HarnessModel] = []

        class Watched(HarnessModel):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                engines.append(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tasks.benchmark.engine.HarnessModel", Watched)
            return Run(model, suite, score_suite(model, suite, device="cpu"), engines[0])

    return run


@pytest.mark.parametrize("model", ASKED)
def test_the_answers_come_from_the_tree_and_the_slots(runs: Callable[[str], Run], model: str) -> None:
    """Parity of a run that fell back to the plain forward would say nothing about either."""
    assert runs(model).engine.ways == WAYS.get(model, {"scoring": "prefix tree", "writing": "slots"})


@pytest.mark.parametrize(("model", "name"), [(model, name) for model, names in ASKED.items() for name in names])
def test_every_item_is_answered_as_the_harness_answers_it(runs: Callable[[str], Run], model: str, name: str) -> None:
    run = runs(model)
    scores = run.scores
    ours = [item for item in scores.items if item.task == name]
    samples, results = _harness_run(run.model, run.suite, name)
    _, metric, _ = TASKS[name]
    score = next(each for each in scores.tasks if each.task == name)

    assert len(ours) == len(samples) == ITEMS
    for item, sample in zip(ours, samples, strict=True):
        assert item.item == sample["doc_id"]
        if name.startswith("written") and model in ("t5", "bart") and item.truncated:
            # the harness counts the encoder's tokens among those written, and so goes on
            assert sample["resps"][0][0].startswith(item.output.rstrip("\ufffd"))
        elif name.startswith("written"):
            assert item.output == sample["resps"][0][0]
        else:
            responses = [response[0] for response in sample["resps"]]
            theirs = [each[0] if isinstance(each, tuple) else each for each in responses]
            assert item.loglikelihoods == pytest.approx(theirs, abs=TOLERANCE, rel=LAST_PLACES)
        if isinstance(sample[metric], int | float):
            assert item.correct == sample[metric]

    filter_name = samples[0]["filter"]
    assert score.value == pytest.approx(results[f"{metric},{filter_name}"], rel=1e-5)
    stderr = results[f"{metric}_stderr,{filter_name}"]
    if score.stderr is not None and stderr != "N/A":
        assert score.stderr == pytest.approx(stderr, rel=1e-9)


@pytest.mark.parametrize("model", [model for model, names in ASKED.items() if len(names) > 2])
def test_the_comparison_has_something_to_compare(runs: Callable[[str], Run], model: str) -> None:
    """Texts differ from item to item and choices are not all the same, or equal answers would mean little."""
    scores = runs(model).scores
    outputs = {item.output for item in scores.items if item.task.startswith("written")}
    chosen = {item.prediction for item in scores.items if item.task.startswith("text")}
    assert len(outputs) > 3
    assert len(chosen) > 1


def test_prompts_longer_than_the_model_are_cut_from_the_left(bare_llama: Path, tmp_path: Path) -> None:
    """The 5-shot prompts above exceed 48 tokens, so their parity covers truncation; this says that they do."""
    from transformers import AutoTokenizer

    from tasks.benchmark.harness_tasks import load_tasks
    from tasks.benchmark.items import chunks

    suite = _suite(tmp_path)
    task = next(each for each in load_tasks(suite) if each.id == "letters5")
    first = next(chunks(task, task.parts[0], suite.suite, 1))[0]
    tokens = AutoTokenizer.from_pretrained(bare_llama).encode(first.requests[0].args[0])
    assert len(tokens) > 48
