"""Contexts and texts that are no token for the model's tokenizer: refused by name, or counted as the harness counts them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import connect, score_suite
from tasks.benchmark.devices import Placement
from tasks.benchmark.endpoint.calls import Limits
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.model_loading import load_model
from tests.benchmark.fake_server import FakeServer
from tests.benchmark.suites import write_suite, write_task

TEXTS = [{"a": "바다가"}, {"a": " \n"}, {"a": "one two"}]
WHOLE = {
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "{{a}}",
    "metric_list": [{"metric": "bits_per_byte", "aggregation": "bits_per_byte", "higher_is_better": False}],
}


def _requests(kind: str, *arguments: tuple[str, ...]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [
        Instance(request_type=kind, doc={}, arguments=each, idx=0, metadata=("t", number, 1))
        for number, each in enumerate(arguments)
    ]


def _harness(folder: Path) -> Any:
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1, logits_cache=False)


def _engine(folder: Path) -> HarnessModel:
    return HarnessModel(load_model(folder, Placement("cpu", "float32")))


@pytest.mark.parametrize("before", [[], [("one two", "three")]], ids=["first", "later"])
@pytest.mark.parametrize("context", ["\n", " ", "  "])
def test_a_context_of_white_space_with_nothing_before_it_is_refused(
    bare_llama: Path, before: list[tuple[str, str]], context: str
) -> None:
    """Its tokens belong to the continuation, whose first one nothing predicts."""
    requests = _requests("loglikelihood", *before, (context, "A"))
    with pytest.raises(AssertionError):
        _harness(bare_llama).loglikelihood(requests, disable_tqdm=True)
    message = rf"t, item {len(before)}: found the context .*no token of its own, expected at least one token before"
    with pytest.raises(InputFault, match=message):
        _engine(bare_llama).loglikelihood(requests)


@pytest.mark.parametrize("context", ["\n", " ", "  "])
def test_where_a_first_token_stands_before_it_it_is_scored(llama: Path, context: str) -> None:
    """The twin."""
    requests = _requests("loglikelihood", (context, "A"), (context, "바다"), ("", "A"))
    theirs = _harness(llama).loglikelihood(requests, disable_tqdm=True)
    ours = _engine(llama).loglikelihood(requests)
    assert [each[0] for each in ours] == pytest.approx([each[0] for each in theirs], abs=1e-4)


def _blank_context(folder: Path) -> LoadedSuite:
    metrics = [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}]
    config = {
        "output_type": "loglikelihood", "doc_to_text": "{{a}}", "doc_to_target": "one", "target_delimiter": "",
        "metric_list": metrics,
    }  # fmt: skip
    write_task(folder / "tasks", "word", config, [{"a": "하나 둘"}, {"a": "다 "}, {"a": "\n"}])
    return write_suite(folder, [{"id": "word", "use": "tasks/word.yaml"}])


def test_the_item_of_a_task_is_named_in_process_and_served(bare_llama: Path, tmp_path: Path) -> None:
    suite = _blank_context(tmp_path)
    with pytest.raises(InputFault, match=r"word, item 2: found the context '\\n'"):
        score_suite(bare_llama, suite, device="cpu")
    with (
        FakeServer(bare_llama) as server,
        connect(server.url, bare_llama, Limits()) as endpoint,
        pytest.raises(InputFault, match=r"word, item 2: found the context '\\n'"),
    ):
        score_suite(bare_llama, suite, endpoint=endpoint)


@pytest.fixture(scope="module")
def stripping(bare_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama whose tokenizer drops white space around a text."""
    import shutil

    from tokenizers import normalizers

    from tests.benchmark.tiny_models import tokenizer

    folder = shutil.copytree(bare_llama, tmp_path_factory.mktemp("stripping") / "model")
    tokens = tokenizer(first_token=False)
    tokens.backend_tokenizer.normalizer = normalizers.Strip()
    tokens.save_pretrained(folder)
    return folder


def _whole(folder: Path, rows: list[dict[str, Any]]) -> LoadedSuite:
    write_task(folder / "tasks", "whole", WHOLE, rows)
    return write_suite(folder, [{"id": "whole", "use": "tasks/whole.yaml", "metric": "bits_per_byte"}])


def test_a_text_without_a_token_is_an_item_of_log_likelihood_0(stripping: Path, tmp_path: Path) -> None:
    requests = _requests("loglikelihood_rolling", *((each["a"],) for each in TEXTS))
    theirs = _harness(stripping).loglikelihood_rolling(requests, disable_tqdm=True)
    assert theirs[1] == 0
    assert _engine(stripping).loglikelihood_rolling(requests) == pytest.approx(theirs, abs=1e-4)
    scores = score_suite(stripping, _whole(tmp_path, TEXTS), device="cpu")
    assert [item.loglikelihoods for item in scores.items] == [pytest.approx([each], abs=1e-4) for each in theirs]
    assert (scores.tasks[0].n, scores.items[1].tokens) == (3, 0)
    bits = -sum(theirs) / sum(len(each["a"].encode()) for each in TEXTS) / 0.6931471805599453
    assert scores.tasks[0].value == pytest.approx(bits, rel=1e-5)


@pytest.mark.parametrize("kept", [(), (0,), (0, 2), (1, 2)])
def test_it_is_there_after_a_resume_too(stripping: Path, tmp_path: Path, kept: tuple[int, ...]) -> None:
    suite, path = _whole(tmp_path, TEXTS), tmp_path / "items.jsonl"
    score_suite(stripping, suite, device="cpu", ledger=path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[place] for place in kept))
    assert score_suite(stripping, suite, device="cpu", ledger=path).tasks[0].n == 3
    assert path.read_bytes() == whole


def _in_process(folder: Path, suite: LoadedSuite) -> Any:
    return score_suite(folder, suite, device="cpu")


def _served(folder: Path, suite: LoadedSuite) -> Any:
    with FakeServer(folder) as server, connect(server.url, folder, Limits()) as endpoint:
        return score_suite(folder, suite, endpoint=endpoint)


@pytest.mark.parametrize("score", [_in_process, _served])
def test_a_task_of_such_texts_alone_is_scored(
    stripping: Path, tmp_path: Path, score: Callable[[Path, LoadedSuite], Any]
) -> None:
    scores = score(stripping, _whole(tmp_path, [{"a": " "}, {"a": "\n"}]))
    assert [item.loglikelihoods for item in scores.items] == [[0.0], [0.0]]
    assert (scores.tasks[0].n, scores.tasks[0].value) == (2, 0.0)


def test_an_answer_that_never_comes_is_no_score(llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an engine forgets: a task of fewer items would look whole."""
    whole = HarnessModel.answers

    def forgetful(self: HarnessModel, requests: Any, wanted: Any) -> Any:
        for batch in whole(self, requests, wanted):
            yield {index: answer for index, answer in batch.items() if index != 1}

    monkeypatch.setattr(HarnessModel, "answers", forgetful)
    with pytest.raises(AssertionError, match="no answer to item 1 of 'whole'"):
        score_suite(llama, _whole(tmp_path, TEXTS), device="cpu")
