"""A served model gives what the same model gives in process, and a server's faults end in one message or are ridden out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from checks.records.scores import SuiteScores
from tasks.benchmark import Endpoint, ServerStopped, connect, score_suite
from tasks.benchmark.endpoint.calls import Limits
from tests.benchmark.fake_server import Answer, FakeServer
from tests.benchmark.suites import FULL_TEXT, GENERATED, LETTERS, documents, write_suite, write_task

#: Short waits, few tries.
QUICK = Limits(at_once=4, tries=4, first_wait=0.01, longest_wait=0.02, request=20)

ROLLING = {
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "{{question}} {{a}} {{b}} {{c}}",
    "metric_list": [{"metric": "byte_perplexity"}],
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> LoadedSuite:
    """Every kind of answer."""
    folder = tmp_path_factory.mktemp("served")
    for name, config in (("letters", LETTERS), ("text", FULL_TEXT), ("written", GENERATED), ("whole", ROLLING)):
        write_task(folder / "tasks", name, config, documents(6))
    return write_suite(
        folder,
        [
            {"id": "letters", "use": "tasks/letters.yaml", "fewshot": 2},
            {"id": "text", "use": "tasks/text.yaml"},
            {"id": "written", "use": "tasks/written.yaml", "metric": "exact_match"},
            {"id": "whole", "use": "tasks/whole.yaml", "metric": "byte_perplexity"},
        ],
    )


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> LoadedSuite:
    folder = tmp_path_factory.mktemp("letters")
    write_task(folder / "tasks", "letters", LETTERS, documents(6))
    return write_suite(folder, [{"id": "letters", "use": "tasks/letters.yaml"}])


@pytest.fixture(scope="module")
def connected(llama: Path) -> Iterator[tuple[FakeServer, Endpoint]]:
    with FakeServer(llama) as server, connect(server.url, llama, QUICK) as endpoint:
        yield server, endpoint


@pytest.fixture
def served(connected: tuple[FakeServer, Endpoint]) -> Iterator[tuple[FakeServer, Endpoint]]:
    """A server and the connection to it, both as they were at first."""
    server, endpoint = connected
    yield connected
    server.faults, server.bent, endpoint.caller.limits = [], lambda answer: answer, QUICK


@pytest.fixture(scope="module")
def in_process(llama: Path, suite: LoadedSuite) -> Any:
    return score_suite(llama, suite, device="cpu")


def _answers(scores: SuiteScores) -> Any:
    """All but how long it took, and by which way what was asked now."""
    return scores.tasks, [item.model_copy(update={"seconds": None}) for item in scores.items], scores.settings


@pytest.mark.parametrize(
    ("dialect", "words"), [("vllm", "top, prompt_logprobs"), ("sglang", "named, suffix"), ("openai", "echo")]
)
def test_every_item_as_in_process(
    llama: Path, suite: LoadedSuite, in_process: Any, dialect: str, words: str, tmp_path: Path
) -> None:
    with FakeServer(llama, dialect) as server, connect(server.url, llama, QUICK) as endpoint:
        assert endpoint.offer.words == words
        assert endpoint.weights.state == "agree" and endpoint.weights.difference < 1e-5
        scores = score_suite(llama, suite, endpoint=endpoint, ledger=tmp_path / "items.jsonl")
        for own, served in zip(in_process.items, scores.items, strict=True):
            assert (served.prompt_sha256, served.prediction, served.output, served.tokens, served.truncated) == (
                own.prompt_sha256,
                own.prediction,
                own.output,
                own.tokens,
                own.truncated,
            )
            assert served.loglikelihoods == pytest.approx(own.loglikelihoods, abs=1e-4)
            assert served.correct == pytest.approx(own.correct, rel=1e-4)
        assert scores.settings["dtype"] == "as served"
        sent = len(server.seen)
        again = score_suite(llama, suite, endpoint=endpoint, ledger=tmp_path / "items.jsonl")
        assert _answers(again) == _answers(scores) and len(server.seen) == sent  # what is held is not asked again


def test_tokens_are_counted_up_to_a_stop_string_that_is_not_sent(
    served: tuple[FakeServer, Endpoint], llama: Path, tmp_path: Path
) -> None:
    """Servers take four; the model writes the fifth in most of its texts, and goes on behind it."""
    options = {"until": ["zz", "yy", "xx", "ww", "e"], "do_sample": False, "max_gen_toks": 12}
    write_task(tmp_path / "tasks", "written", {**GENERATED, "generation_kwargs": options}, documents(12))
    suite = write_suite(tmp_path, [{"id": "written", "use": "tasks/written.yaml", "metric": "exact_match"}])
    own = score_suite(llama, suite, device="cpu").items
    there = score_suite(llama, suite, endpoint=served[1]).items
    for ours, theirs in zip(own, there, strict=True):
        assert (theirs.output, theirs.tokens, theirs.truncated) == (ours.output, ours.tokens, ours.truncated)


def test_a_prompt_longer_than_the_server_takes_is_cut_from_the_left(bare_llama: Path, letters: LoadedSuite) -> None:
    with FakeServer(bare_llama, max_model_len=40) as server, connect(server.url, bare_llama, QUICK) as endpoint:
        score_suite(bare_llama, letters, endpoint=endpoint)
        lengths = [len(body["prompt"]) for path, body in server.seen if path == "/v1/completions"]
        assert max(lengths) == 38  # with the label and the token that the server writes: what it takes


def test_kept_items_belong_to_the_server_that_answered(llama: Path, letters: LoadedSuite, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    with FakeServer(llama) as server, connect(server.url, llama, QUICK) as endpoint:
        score_suite(llama, letters, endpoint=endpoint, ledger=path)
        server.entry["id"] = "another"
        with connect(server.url, llama, QUICK) as other, pytest.raises(InputFault, match="settings_sha256"):
            score_suite(llama, letters, endpoint=other, ledger=path)


def test_a_run_goes_on_where_the_server_broke_off(
    llama: Path, letters: LoadedSuite, served: tuple[FakeServer, Endpoint], tmp_path: Path
) -> None:
    server, endpoint = served
    path = tmp_path / "items.jsonl"
    endpoint.caller.limits = Limits(at_once=1, tries=2, first_wait=0.01)
    whole = score_suite(llama, letters, endpoint=endpoint, ledger=tmp_path / "whole.jsonl")
    asked = len(server.seen)
    server.bent = lambda answer: _breaks_after(server, answer, asked + 9)
    with pytest.raises(ServerStopped, match="503"):
        score_suite(llama, letters, endpoint=endpoint, ledger=path)
    held = path.read_bytes().count(b"\n")
    assert 0 < held < 6
    server.bent, server.faults = (lambda answer: answer), []
    sent = len(server.seen)
    assert _answers(score_suite(llama, letters, endpoint=endpoint, ledger=path)) == _answers(whole)
    assert path.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert len(server.seen) - sent <= 4 * (6 - held)


def _breaks_after(server: FakeServer, answer: Answer, count: int) -> Answer:
    if len(server.seen) >= count:
        server.faults = ["503"] * 50
    return answer


@pytest.mark.parametrize("fault", ["429", "500", "503", "cut", "words"])
def test_what_passes_is_ridden_out(
    llama: Path, letters: LoadedSuite, served: tuple[FakeServer, Endpoint], fault: str
) -> None:
    server, endpoint = served
    good = _answers(score_suite(llama, letters, endpoint=endpoint))
    server.faults = [fault] * 2
    assert _answers(score_suite(llama, letters, endpoint=endpoint)) == good and not server.faults


def test_too_slow_an_answer_is_asked_for_again(
    llama: Path, letters: LoadedSuite, served: tuple[FakeServer, Endpoint]
) -> None:
    server, endpoint = served
    good = _answers(score_suite(llama, letters, endpoint=endpoint))
    endpoint.caller.limits = replace(QUICK, request=0.7)
    server.faults = ["slow"]
    assert _answers(score_suite(llama, letters, endpoint=endpoint)) == good


@pytest.mark.parametrize(("status", "error"), [("500", ServerStopped), ("429", ServerStopped), ("400", InputFault)])
def test_what_stays_stops_the_run(
    llama: Path, letters: LoadedSuite, served: tuple[FakeServer, Endpoint], status: str, error: type[Exception]
) -> None:
    server, endpoint = served
    sent = len(server.seen)
    server.faults = [status] * 100
    with pytest.raises(error, match=status):
        score_suite(llama, letters, endpoint=endpoint)
    if error is InputFault:
        assert len(server.seen) - sent <= QUICK.at_once + 2  # a refusal is not asked for again


def _no_logprobs(answer: Answer) -> Answer:
    answer["choices"][0] |= {"prompt_logprobs": None, "logprobs": None}
    return answer


def _one_short(answer: Answer) -> Answer:
    if answer["choices"][0]["prompt_logprobs"]:
        answer["choices"][0]["prompt_logprobs"].pop()
    return answer


def _counts_one_more(answer: Answer) -> Answer:
    answer["usage"]["prompt_tokens"] += 1
    return answer


def _above_zero(answer: Answer) -> Answer:
    for row in answer["choices"][0]["prompt_logprobs"] or []:
        for each in (row or {}).values():
            each["logprob"] = 0.5
    return answer


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (_no_logprobs, "no log-probabilities"),
        (_one_short, "log-probabilities, expected one for each"),
        (_counts_one_more, "a count of"),
        (_above_zero, "at most 0"),
    ],
)
def test_answers_that_are_not_whole_are_never_scored(
    llama: Path,
    suite: LoadedSuite,
    served: tuple[FakeServer, Endpoint],
    bend: Callable[[Answer], Answer],
    words: str,
    tmp_path: Path,
) -> None:
    server, endpoint = served
    server.bent = bend
    with pytest.raises(InputFault, match=words):
        score_suite(llama, suite, endpoint=endpoint, ledger=tmp_path / "items.jsonl")
    assert not (tmp_path / "items.jsonl").exists()


def test_other_weights_are_refused(llama: Path, bare_llama: Path, tmp_path: Path) -> None:
    with FakeServer(llama, weights_sha256="0" * 64) as server, pytest.raises(InputFault, match="other weights"):
        connect(server.url, llama, QUICK)
    with FakeServer(bare_llama) as server, pytest.raises(InputFault, match="nats a token apart"):
        connect(server.url, llama, QUICK)


def test_the_stated_hash_is_the_one_of_the_weights(llama: Path) -> None:
    from tasks.benchmark.endpoint.served_weights import weights_sha256

    with (
        FakeServer(llama, weights_sha256=weights_sha256(llama)) as server,
        connect(server.url, llama, QUICK) as endpoint,
    ):
        assert endpoint.weights.state == "agree"


def test_what_cannot_be_compared_is_not_verified(llama: Path, letters: LoadedSuite, tmp_path: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        (tmp_path / name).write_bytes((llama / name).read_bytes())
    with FakeServer(llama) as server, connect(server.url, tmp_path, QUICK) as endpoint:
        assert endpoint.weights.words == "not verified: the folder holds no weights to compare with"
        assert score_suite(tmp_path, letters, endpoint=endpoint).tasks[0].n == 6
        assert endpoint.environment()["served_weights"].startswith("not verified")


def test_a_closed_server_writes_and_does_not_score(llama: Path, suite: LoadedSuite, tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "written", GENERATED, documents(6))
    written = write_suite(tmp_path, [{"id": "written", "use": "tasks/written.yaml", "metric": "exact_match"}])
    with FakeServer(llama, "closed") as server, connect(server.url, llama, QUICK) as endpoint:
        assert endpoint.weights.words == "not verified: the server gives no log-probabilities of prompts"
        here = score_suite(llama, written, device="cpu")
        there = score_suite(llama, written, endpoint=endpoint)
        assert [item.output for item in there.items] == [item.output for item in here.items]
        with pytest.raises(InputFault, match="no log-probabilities"):
            score_suite(llama, suite, endpoint=endpoint)


def test_labels_that_a_temperature_changed_are_not_used(llama: Path) -> None:
    def certain(answer: Answer) -> Answer:
        rows = (answer["choices"][0]["logprobs"] or {}).get("top_logprobs")
        if rows:
            best = max(rows[0], key=lambda name: rows[0][name])
            rows[0] = {name: 0.0 if name == best else -99.0 for name in rows[0]}
        return answer

    with FakeServer(llama) as server:
        server.bent = certain
        with connect(server.url, llama, QUICK) as endpoint:
            assert endpoint.offer.words == "prompt_logprobs"


def test_no_proxy_stands_before_this_machine(
    llama: Path, monkeypatch: pytest.MonkeyPatch, letters: LoadedSuite
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("GWANMUN_ENDPOINT_KEY", "secret")
    with FakeServer(llama) as server, connect(server.url, llama, QUICK):
        assert server.headers[0]["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://me:word@x/v1", "http://x/v1?key=1", "http://"])
def test_a_url_that_is_none(llama: Path, url: str) -> None:
    with pytest.raises(InputFault, match="endpoint"):
        connect(url, llama, QUICK)


def test_no_server_there(llama: Path) -> None:
    with pytest.raises(InputFault, match="a server that answers"):
        connect("http://127.0.0.1:1", llama, QUICK)


def test_one_of_several_models_goes_by_the_folder_s_name(llama: Path) -> None:
    with FakeServer(llama) as server:
        server.entry["id"] = f"/models/{llama.name}"
        with connect(server.url, llama, QUICK) as endpoint:
            assert endpoint.offer.model == f"/models/{llama.name}"
            assert json.dumps(endpoint.environment())
