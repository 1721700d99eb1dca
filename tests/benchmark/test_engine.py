"""What the engine does besides agreeing with the harness: float32 output layer, shared rows, batches, sampling."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.benchmark.batching import CPU_BUDGET, Budget
from tasks.benchmark.devices import Placement
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.memory_budget import found_budget
from tasks.benchmark.model_loading import load_model

CPU = Placement("cpu", "float32")


def _request(kind: str, *arguments: Any) -> Any:
    from lm_eval.api.instance import Instance

    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=("t", 0, 1))


PAIRS = [(f"Question: {a}+{b}", choice) for a in range(5) for b in range(3) for choice in (" A", " B", " one two")]


def test_the_batch_budget_does_not_change_the_answers(llama: Path) -> None:
    requests = [_request("loglikelihood", *pair) for pair in PAIRS]
    alone = HarnessModel(load_model(llama, CPU), Budget(1, 1)).loglikelihood(requests)
    together = HarnessModel(load_model(llama, CPU)).loglikelihood(requests)
    assert [each[0] for each in together] == pytest.approx([each[0] for each in alone], abs=1e-5)
    assert [each[1] for each in together] == [each[1] for each in alone]


def _tokens_computed(model: HarnessModel) -> list[int]:
    """How many tokens go through the model from now on, forward by forward."""
    seen: list[int] = []
    model._model.register_forward_pre_hook(
        lambda _, __, named: seen.append(named["input_ids"].numel()), with_kwargs=True
    )
    return seen


def test_no_token_is_computed_twice(llama: Path) -> None:
    """Three one-token choices cost their question; a second question costs what it does not share with the first."""
    model = HarnessModel(load_model(llama, CPU))
    model.loglikelihood([_request("loglikelihood", "Q:", "3")])
    assert model.ways == {"scoring": "prefix tree"}
    seen = _tokens_computed(model)
    question = model.tok_encode("Q: one two three four")
    model.loglikelihood([_request("loglikelihood", "Q: one two three four", choice) for choice in ("3", "4", "5")])
    assert sum(seen) == len(question)
    seen.clear()
    texts = ["one two three four 3", "one two three four 바다가 넓다", "one two"]
    rows = [tuple(model.tok_encode(text)[:-1]) for text in texts]
    model.token_scores([(list(row), [5]) for row in rows])
    beginnings = {row[:length] for row in rows for length in range(1, len(row) + 1)}
    assert sum(seen) <= len(beginnings) + len(rows), "a row's scored position is computed with the row"
    assert sum(seen) < sum(map(len, rows))


def _tokens_in(module: Any) -> list[int]:
    """How many tokens a module of the model computes from now on, call by call."""
    seen: list[int] = []
    module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[1]))
    return seen


def test_the_last_layer_computes_the_scored_tokens_only(llama: Path) -> None:
    model = HarnessModel(load_model(llama, CPU))
    model.loglikelihood([_request("loglikelihood", "Q:", "3")])
    first, last = (_tokens_in(model._model.model.layers[place].mlp) for place in (0, 1))
    question = "Q: one two three four"
    scored = model._encode_pair(question, " five one")[1]
    model.loglikelihood([_request("loglikelihood", question, choice) for choice in ("3", "4", " five one")])
    assert sum(first) == len(model.tok_encode(question)) + len(scored) - 1
    assert sum(last) == len(scored)


def test_a_last_layer_that_needs_all_tokens_gets_them(llama: Path) -> None:
    requests = [_request("loglikelihood", *pair) for pair in PAIRS]
    right = HarnessModel(load_model(llama, CPU)).loglikelihood(requests)
    model = HarnessModel(load_model(llama, CPU))
    asked: list[int] = []
    model._model.model.embed_tokens.register_forward_pre_hook(lambda _, inputs: asked.append(inputs[0].shape[1]))
    mlp = model._model.model.layers[1].mlp
    whole = mlp.forward

    def all_or_nothing(hidden: torch.Tensor) -> torch.Tensor:
        if hidden.shape[1] != asked[-1]:
            raise ValueError("not all tokens")
        return whole(hidden)

    mlp.forward = all_or_nothing
    answers = model.loglikelihood(requests)
    assert model.ways == {"scoring": "prefix tree"}
    assert [each[0] for each in answers] == pytest.approx([each[0] for each in right], abs=1e-5)


def test_the_budget_follows_the_memory_and_nothing_that_changes(llama: Path) -> None:
    loaded = load_model(llama, CPU)
    assert found_budget(loaded.model) == found_budget(loaded.model) == CPU_BUDGET
    little = found_budget(loaded.model, memory=2**28)
    assert (
        1 < little.tokens < CPU_BUDGET.tokens and little.tokens * CPU_BUDGET.logits == little.logits * CPU_BUDGET.tokens
    )
    assert found_budget(loaded.model, memory=0).tokens == 1
    model = HarnessModel(loaded)
    assert model.record == {"ways": {}, "budget": {"tokens": CPU_BUDGET.tokens, "logits": CPU_BUDGET.logits}}


def test_a_model_that_mixes_tokens_otherwise_takes_the_full_forward_and_says_so(
    llama: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Positions that do not count are such a model: made-up texts computed both ways differ, and answers stay right."""
    requests = [_request("loglikelihood", *pair) for pair in PAIRS]
    right = HarnessModel(load_model(llama, CPU)).loglikelihood(requests)
    model = HarnessModel(load_model(llama, CPU))
    rotary = model._model.model.rotary_emb
    forward = rotary.forward
    rotary.forward = lambda x, position_ids: forward(x, torch.arange(x.shape[1])[None])
    answers = model.loglikelihood(requests)
    assert "full forward, as made-up texts computed both ways differ" in model.ways["scoring"]
    assert "every prompt is computed in full" in caplog.text
    assert [each[0] for each in answers] == pytest.approx([each[0] for each in right], abs=1e-4)


def _in_full(loaded: Any, requests: list[Any]) -> list[Any]:
    """The answers of the plain forward on padded batches."""
    model = HarnessModel(loaded)
    model._scorer.tree.refused = model._writer.refused = "this test says so"
    return [model.loglikelihood(requests), model.generate_until([_request("generate_until", *WRITTEN)])]


WRITTEN = ("3+4=7 one two", {"until": ["\n"], "do_sample": False, "max_gen_toks": 12})


def _saved(folder: Path, config: Any) -> Path:
    """A random model of that configuration, large enough weights that every layer changes the answer."""
    from transformers import AutoModelForCausalLM

    from tests.benchmark.tiny_models import tokenizer

    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


SMALL: dict[str, Any] = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 600,
    "initializer_range": 0.3,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


@pytest.mark.parametrize("window", [None, 9], ids=["grouped", "sliding window"])
def test_long_shared_beginnings_come_out_as_in_the_plain_forward(tmp_path: Path, window: int | None) -> None:
    """Beyond 128 common positions a pack's queries attend to them at once; windows are narrower than what is shared."""
    from transformers import MistralConfig

    loaded = load_model(_saved(tmp_path, MistralConfig(**SMALL, sliding_window=window)), CPU)
    shots = "".join(f"{a}+{b}=? Answer: one\n\n" for a in range(5) for b in range(3))
    requests = [_request("loglikelihood", shots + text, choice) for text, choice in PAIRS]
    model = HarnessModel(loaded, Budget(64, 2**20))
    scored, written = model.loglikelihood(requests), model.generate_until([_request("generate_until", *WRITTEN)])
    assert len(model.tok_encode(shots)) > 128
    assert model.ways == {"scoring": "prefix tree", "writing": "slots"}
    expected, expected_text = _in_full(loaded, requests)
    assert [each[0] for each in scored] == pytest.approx([each[0] for each in expected], abs=2e-4)
    assert written == expected_text


def test_a_recurrent_model_is_computed_in_full_and_says_so(tmp_path: Path) -> None:
    from transformers import MambaConfig

    config = MambaConfig(
        vocab_size=400, hidden_size=32, num_hidden_layers=2, state_size=4, bos_token_id=1, eos_token_id=2
    )
    loaded = load_model(_saved(tmp_path, config), CPU)
    requests = [_request("loglikelihood", *pair) for pair in PAIRS[:12]]
    model = HarnessModel(loaded)
    scored, written = model.loglikelihood(requests), model.generate_until([_request("generate_until", *WRITTEN)])
    assert {name: way.split(",")[0] for name, way in model.ways.items()} == {
        "scoring": "full forward",
        "writing": "batches",
    }
    assert [scored, written] == _in_full(loaded, requests)


def test_settings_beyond_plain_sampling_are_left_to_transformers(llama: Path) -> None:
    model = HarnessModel(load_model(llama, CPU))
    settings = {"until": ["\n"], "do_sample": False, "max_gen_toks": 8}
    prompt = "one two three four five one two"
    penalised = model.generate_until([_request("generate_until", prompt, {**settings, "repetition_penalty": 9.0})])
    assert "writing" not in model.ways
    assert model.generate_until([_request("generate_until", prompt, settings)]) != penalised
    assert model.ways["writing"] == "slots"


def test_out_of_memory_halves_packs_and_slots_and_goes_on(llama: Path) -> None:
    scored = [_request("loglikelihood", *pair) for pair in PAIRS]
    texts = ["one two", "3+4", "바다", "도서관을", "one two three", "A. 하나 B."]
    written = [_request("generate_until", text, {"until": ["\n"], "max_gen_toks": 5}) for text in texts]
    expected = HarnessModel(load_model(llama, CPU))
    model = HarnessModel(load_model(llama, CPU))
    model.loglikelihood(scored[:1])
    model.generate_until(written[:1])

    def refuse(_: Any, __: Any, named: dict[str, Any]) -> None:
        if named["input_ids"].numel() > 20:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model._model.register_forward_pre_hook(refuse, with_kwargs=True)
    answers = model.loglikelihood(scored)
    assert [each[0] for each in answers] == pytest.approx(
        [each[0] for each in expected.loglikelihood(scored)], abs=1e-5
    )
    assert model.generate_until(written) == expected.generate_until(written)
    assert model.ways == {"scoring": "prefix tree", "writing": "slots"}


def test_in_bfloat16_the_output_layer_is_float32_and_close_to_the_float32_model(llama: Path) -> None:
    requests = [_request("loglikelihood", *pair) for pair in PAIRS]
    exact = HarnessModel(load_model(llama, CPU)).loglikelihood(requests)
    half = HarnessModel(load_model(llama, Placement("cpu", "bfloat16")))
    assert half._model.get_output_embeddings().weight.dtype == torch.float32
    assert half._model.get_input_embeddings().weight.dtype == torch.bfloat16
    rounded = half.loglikelihood(requests)
    assert [each[0] for each in rounded] == pytest.approx([each[0] for each in exact], abs=0.5, rel=0.1)
    assert half.generate_until([_request("generate_until", "one two", {"until": ["\n"], "max_gen_toks": 3})])[0]


def test_generation_in_batches_is_generation_alone(llama: Path) -> None:
    """Ragged prompts, padded on the left: no prompt sees another's padding, and each stops at its own stop string."""
    settings = {"until": ["다", "\n", "four"], "do_sample": False, "max_gen_toks": 10}
    texts = ["one two", "3+4", "바다", "도서관을", "one two three", "A. 하나 B.", "Question: 2+2? Answer:", "2"]
    requests = [_request("generate_until", text, settings) for text in texts]
    together = HarnessModel(load_model(llama, CPU))
    answers = {index: answer for batch in together.answers(requests) for index, answer in batch.items()}
    outputs, counts = zip(*((answers[index].value, answers[index].tokens) for index in range(len(texts))), strict=True)
    few = HarnessModel(load_model(llama, CPU), Budget(3, 1000))  # three slots: five texts take over one that ended
    assert {index: answer for batch in few.answers(requests) for index, answer in batch.items()} == answers
    assert few.ways == {"writing": "slots"}
    alone = HarnessModel(load_model(llama, CPU), Budget(1, 1))
    assert {index: answer for batch in alone.answers(requests) for index, answer in batch.items()} == answers
    assert list(outputs) == alone.generate_until(requests)
    assert all(0 < count <= 10 for count in counts) and len(set(counts)) > 1
    assert not any(stop in output for output in outputs for stop in settings["until"])  # type: ignore[attr-defined]


def test_sampling_repeats_with_its_seed_and_leaves_torchs_own_generator_alone(llama: Path) -> None:
    model = HarnessModel(load_model(llama, CPU))

    def drawn(seed: int) -> list[str]:
        settings = {"until": ["\n"], "do_sample": True, "temperature": 2.0, "max_gen_toks": 8, "seed": seed}
        return model.generate_until([_request("generate_until", "one", settings) for _ in range(6)])

    torch.manual_seed(1)
    before = torch.rand(1)
    torch.manual_seed(1)
    first = drawn(5)
    assert torch.equal(torch.rand(1), before)
    assert first == drawn(5)
    assert first != drawn(6)
    assert len(set(first)) > 1


def test_a_cap_on_logits_in_the_models_own_forward_is_kept(tmp_path: Path) -> None:
    """Gemma 2 caps its logits after the output layer; an engine that multiplied by the layer's weights would lose it."""
    from transformers import Gemma2Config, Gemma2ForCausalLM

    from tests.benchmark.tiny_models import tokenizer

    tokens = tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        config = Gemma2Config(
            vocab_size=len(tokens), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=1, head_dim=16, max_position_embeddings=64, sliding_window=8, final_logit_softcapping=0.5,
        )  # fmt: skip
        gemma = Gemma2ForCausalLM(config).eval()
    with torch.no_grad():
        gemma.model.embed_tokens.weight.mul_(30)
    gemma.save_pretrained(tmp_path)
    tokens.save_pretrained(tmp_path)
    ours = HarnessModel(load_model(tmp_path, CPU)).loglikelihood(
        [_request("loglikelihood", "one two three four", " five one")]
    )
    before, whole = tokens.encode("one two three four"), tokens.encode("one two three four five one")
    with torch.no_grad():
        logprobs = gemma(torch.tensor([whole])).logits[0].log_softmax(-1)
    plain = sum(float(logprobs[place - 1, whole[place]]) for place in range(len(before), len(whole)))
    assert ours[0][0] == pytest.approx(plain, abs=1e-4)
