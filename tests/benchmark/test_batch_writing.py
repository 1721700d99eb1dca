"""Texts written by transformers' own `generate`: those of the harness's model, and each as if it were asked alone."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import score_suite
from tasks.benchmark.batching import Budget, Row
from tasks.benchmark.devices import Placement
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.model_loading import load_model
from tasks.benchmark.sampling import Sampler, draw_seeds
from tests.benchmark.suites import GENERATED, documents, write_suite, write_task
from tests.benchmark.test_families import SIZES, requests_of
from tests.benchmark.tiny_models import save_drawn, save_llama, tokenizer

#: Caps inside attention, so that nothing is written in slots.
CAPPED = {**SIZES, "query_pre_attn_scalar": 16, "sliding_window": 12}
DRAWN = {"until": ["\n"], "do_sample": True, "temperature": 1.5, "max_gen_toks": 12}
GREEDY = {"until": ["\n"], "do_sample": False, "max_gen_toks": 12}
ITEMS = 40


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_drawn(tmp_path_factory.mktemp("gemma"), "gemma2", CAPPED)


def _engine(folder: Path, budget: Budget | None = None) -> HarnessModel:
    return HarnessModel(load_model(folder, Placement("cpu", "float32")), budget)


def _prompts() -> list[str]:
    return [f"{row['question']} {row['a']}" * (1 + at % 3) for at, row in enumerate(documents(12))]


def _texts(engine: Any, settings: dict[str, Any]) -> list[str]:
    asked = [(prompt, {**settings, "seed": at}) for at, prompt in enumerate(_prompts())]
    return engine.generate_until(requests_of("generate_until", asked))  # type: ignore[no-any-return]


def _harness_texts(folder: Path, settings: dict[str, Any]) -> list[str]:
    from lm_eval.models.huggingface import HFLM

    harness = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1)
    asked = requests_of("generate_until", [(prompt, dict(settings)) for prompt in _prompts()])
    return harness.generate_until(asked, disable_tqdm=True)  # type: ignore[no-any-return]


@pytest.mark.parametrize("more", [{}, {"repetition_penalty": 1.2}, {"min_p": 0.1, "top_k": 20}, {"min_length": 30}])
def test_a_drawn_text_follows_from_its_seed_and_prompt_alone(gemma: Path, more: dict[str, Any]) -> None:
    texts = _texts(_engine(gemma), {**DRAWN, **more})
    assert texts == _texts(_engine(gemma, Budget(1, 1)), {**DRAWN, **more})
    assert len(set(texts)) > 6
    asked = [(prompt, {**DRAWN, **more, "seed": at}) for at, prompt in enumerate(_prompts())]
    some = [place for batch in _engine(gemma).answers(requests_of("generate_until", asked), [3]) for place in batch]
    few = {
        place: answer.value
        for batch in _engine(gemma).answers(requests_of("generate_until", asked), [3, 7])
        for place, answer in batch.items()
    }
    assert {3, 7} <= few.keys() and 3 in some
    assert all(text == texts[place] for place, text in few.items())


def test_in_slots_and_in_batches_the_same_is_drawn(llama: Path) -> None:
    in_batches = _engine(llama)
    in_batches._writer.refused = "this test says so"
    assert _texts(_engine(llama), DRAWN) == _texts(in_batches, DRAWN)


def _drawn_suite(folder: Path, more: dict[str, Any]) -> LoadedSuite:
    write_task(folder / "tasks", "drawn", {**GENERATED, "generation_kwargs": {**DRAWN, **more}}, documents(ITEMS))
    return write_suite(folder, [{"id": "drawn", "use": "tasks/drawn.yaml", "metric": "exact_match"}], repeats=2)


@pytest.mark.parametrize(("model", "more"), [("gemma", {}), ("llama", {"repetition_penalty": 1.1})])
def test_a_resumed_run_of_drawn_texts_ends_with_the_same_bytes(
    request: pytest.FixtureRequest, tmp_path: Path, model: str, more: dict[str, Any]
) -> None:
    folder, suite, path = request.getfixturevalue(model), _drawn_suite(tmp_path, more), tmp_path / "items.jsonl"
    score_suite(folder, suite, device="cpu", ledger=path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len({json.loads(line)["output"] for line in lines}) > ITEMS
    limited = score_suite(folder, suite, device="cpu", limit=3, ledger=tmp_path / "limited.jsonl")
    assert [item.output for item in limited.items] == [json.loads(line)["output"] for line in lines[:6]]
    draw = Random(1)
    for kept in ([], lines[:7], [line for line in lines if draw.random() < 0.5]):
        path.write_bytes(b"".join(kept))
        score_suite(folder, suite, device="cpu", ledger=path)
        assert path.read_bytes() == whole


WARPED = [
    {"temperature": 0.7}, {"top_k": 5}, {"top_k": 0, "top_p": 0.8}, {"min_p": 0.05, "top_k": 0}, {"typical_p": 0.5},
    {"epsilon_cutoff": 0.01, "top_k": 0}, {"eta_cutoff": 0.05, "top_k": 0}, {"top_h": 0.4, "temperature": 2.0},
]  # fmt: skip


@pytest.mark.parametrize("settings", WARPED)
def test_odds_are_bent_as_transformers_bends_them(llama: Path, settings: dict[str, Any]) -> None:
    model = load_model(llama, Placement("cpu", "float32")).model
    ids = torch.tensor([[1, *tokenizer().encode("one two three", add_special_tokens=False)]])
    asked = {"max_new_tokens": 1, "do_sample": True, "return_dict_in_generate": True, "pad_token_id": 0}
    written = model.generate(ids, **asked, **settings, output_logits=True, output_scores=True)
    ours = Sampler({"do_sample": True, **settings}, model.generation_config, [5]).warp(None, written.logits[0])
    assert torch.equal(ours.isinf(), written.scores[0].isinf())
    assert torch.allclose(ours.softmax(-1), written.scores[0].softmax(-1), atol=1e-6)


def test_equal_prompts_with_equal_seeds_are_drawn_one_after_the_other() -> None:
    rows = [Row((1, 2)), Row((1, 2)), Row((1, 3)), Row((1, 2))]
    assert len(set(draw_seeds(rows, [5, 5, 5, 6]))) == 4


#: Settings that look at all that stands in a row of a batch; and limits of prompt and text together.
COUNTING = {
    "min_length": {"min_length": 40},
    "ngrams": {"no_repeat_ngram_size": 1},
    "bad words": {"bad_words_ids": [[2, 40]]},
    "max_length": {"max_length": 64},
    "prompt lookup": {"prompt_lookup_num_tokens": 2},
}


@pytest.fixture(scope="module")
def padded_by_its_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama without a padding token of its own: padding is the token that ends texts."""
    return save_llama(tmp_path_factory.mktemp("ends"), first_token=False, length=200)


@pytest.mark.parametrize("model", ["padded_by_its_end", "gemma"])
@pytest.mark.parametrize("name", COUNTING)
def test_what_counts_padding_as_text_finds_none(request: pytest.FixtureRequest, model: str, name: str) -> None:
    folder, settings = request.getfixturevalue(model), {**GREEDY, **COUNTING[name]}
    if name == "prompt lookup" and model == "gemma":
        pytest.skip("the harness's own model refuses it")
    assert _texts(_engine(folder), settings) == _harness_texts(folder, settings)


@pytest.mark.parametrize("name", ["min_length", "ngrams"])
def test_in_a_batch_of_many_lengths_it_would(
    padded_by_its_end: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The twin."""
    monkeypatch.setattr("tasks.benchmark.batch_writing.is_by_row", lambda *_, **__: True)
    settings = {**GREEDY, **COUNTING[name]}
    assert _texts(_engine(padded_by_its_end), settings) != _harness_texts(padded_by_its_end, settings)


def _with_settings(folder: Path, copy: Path, settings: dict[str, Any]) -> Path:
    import shutil

    shutil.copytree(folder, copy)
    path = copy / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
    return copy


@pytest.mark.parametrize("settings", [{"max_new_tokens": 4}, {"max_new_tokens": 20}, {"min_length": 30}])
@pytest.mark.parametrize("model", ["llama", "gemma", "t5"])
def test_the_models_own_settings_are_obeyed_as_the_harness_does(
    request: pytest.FixtureRequest, tmp_path: Path, model: str, settings: dict[str, Any]
) -> None:
    if model == "t5" and "min_length" in settings:
        settings = {
            **settings,
            "max_new_tokens": 12,
        }  # else the harness counts the encoder's tokens among those written
    folder = _with_settings(request.getfixturevalue(model), tmp_path / "model", settings)
    engine = _engine(folder)
    assert _texts(engine, GREEDY) == _harness_texts(folder, GREEDY)
    if model == "llama" and "max_new_tokens" in settings:
        assert engine.ways == {"writing": "slots"}


def test_names_that_transformers_does_not_know_change_nothing(llama: Path, tmp_path: Path) -> None:
    folder = _with_settings(llama, tmp_path / "model", {"chat_format": "chatml", "max_window_size": 6144})
    engine = _engine(folder)
    assert _texts(engine, GREEDY) == _texts(_engine(llama), GREEDY)
    assert engine.ways == {"writing": "slots"}


@pytest.mark.parametrize("settings", [{"max_length": 3}, {"do_sample": True, "temperature": 0.0}])
def test_settings_that_leave_nothing_to_write_are_refused(llama: Path, gemma: Path, settings: dict[str, Any]) -> None:
    for folder in (llama, gemma):
        with pytest.raises(InputFault, match="its generate raised ValueError"):
            _texts(_engine(folder), {**GREEDY, **settings})


@pytest.mark.parametrize("model", ["gemma", "llama"])
def test_padding_that_the_model_has_no_embedding_for(
    request: pytest.FixtureRequest, tmp_path: Path, model: str
) -> None:
    """A padding token that was added to the tokenizer alone, as in many folders of the Llama 2 era."""
    import shutil

    folder = shutil.copytree(request.getfixturevalue(model), tmp_path / "model")
    tokens = tokenizer()
    tokens.add_special_tokens({"pad_token": "[PAD]"})
    tokens.save_pretrained(folder)
    loaded = load_model(folder, Placement("cpu", "float32"))
    assert loaded.tokenizer.pad_token_id >= loaded.model.config.vocab_size > loaded.pad
    for settings in (GREEDY, {**GREEDY, "repetition_penalty": 1.2}):
        assert _texts(_engine(folder), settings) == _harness_texts(folder, settings)
    pairs = requests_of("loglikelihood", [(prompt, " one two") for prompt in _prompts()])
    ours, before = _engine(folder).loglikelihood(pairs), _engine(request.getfixturevalue(model)).loglikelihood(pairs)
    assert [each[0] for each in ours] == pytest.approx([each[0] for each in before], abs=1e-4)
