"""Models that are made otherwise than a Llama: scores and texts as the harness's own model gives them one by one."""

from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import Company
from tasks.benchmark.devices import Placement
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.memory_budget import found_budget
from tasks.benchmark.model_loading import load_model
from tests.benchmark.suites import documents
from tests.benchmark.tiny_models import save_drawn

SIZES: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 160, "pad_token_id": 0,
}  # fmt: skip
GEMMA_3N = {
    **SIZES, "vocab_size_per_layer_input": 400, "hidden_size_per_layer_input": 16, "laurel_rank": 8,
    "num_kv_shared_layers": 1, "layer_types": ["sliding_attention", "full_attention"] * 2, "sliding_window": 12,
    "activation_sparsity_pattern": [0.5, 0.5, 0.0, 0.0],
}  # fmt: skip
GREEDY = {"until": ["\n\n"], "do_sample": False, "max_gen_toks": 24}


def requests_of(kind: str, arguments: list[Any]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [
        Instance(request_type=kind, doc={}, arguments=each, idx=0, metadata=("t", number, 1))
        for number, each in enumerate(arguments)
    ]


def _asked() -> dict[str, list[Any]]:
    """Choices of one token and of several behind contexts of many lengths, whole texts, texts to write."""
    rows = documents(8)
    contexts = [
        f"{row['question']}\nA. {row['a']}\nB. {row['b']}\n정답：" * (1 + at % 3) for at, row in enumerate(rows)
    ]
    choices = [
        (context, choice)
        for context, row in zip(contexts, rows, strict=True)
        for choice in (" A", " B", " " + row["a"], " " + row["c"])
    ]
    return {
        "loglikelihood": requests_of("loglikelihood", choices),
        "loglikelihood_rolling": requests_of("loglikelihood_rolling", [(context,) for context in contexts[:4]]),
        "generate_until": requests_of("generate_until", [(context, GREEDY) for context in contexts]),
    }


def _numbers(answers: list[Any]) -> Any:
    numbers = [each[0] if isinstance(each, tuple) else each for each in answers]
    return numbers if isinstance(numbers[0], str) else pytest.approx(numbers, abs=1e-3, rel=2**-22)


def as_the_harness(folder: Path) -> HarnessModel:
    """The engine of the model, after all its answers were found to be those of the harness's model at batch size 1."""
    from lm_eval.models.huggingface import HFLM

    harness = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1, logits_cache=False)
    engine = HarnessModel(load_model(folder, Placement("cpu", "float32")))
    for kind, requests in _asked().items():
        ours = [each[0] if isinstance(each, tuple) else each for each in getattr(engine, kind)(requests)]
        assert ours == _numbers(getattr(harness, kind)(requests, disable_tqdm=True)), kind
    return engine


def test_feed_forward_sizes_layer_by_layer(tmp_path: Path) -> None:
    """Gemma 3n, whose configuration is a list however it was written."""
    folder = save_drawn(tmp_path, "gemma3n_text", {**GEMMA_3N, "intermediate_size": [96, 64, 128, 96]})
    model = as_the_harness(folder)._model
    assert model.config.intermediate_size == [96, 64, 128, 96]
    little = found_budget(model, memory=2**27).tokens
    model.config.intermediate_size = 128
    assert found_budget(model, memory=2**27).tokens == little


#: What the encoders of old are made of, without the switch that makes them decoders: every token sees every other.
BOTH_SIDES = {
    "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 200, "is_decoder": False, "pad_token_id": 0,
}  # fmt: skip
#: Tokens that are attended to are chosen, by two heads that are often zero together.
SPARSE = {
    **SIZES, "num_hidden_layers": 2, "num_key_value_heads": 4, "moe_intermediate_size": 32, "n_routed_experts": 4,
    "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1, "q_lora_rank": 24, "kv_lora_rank": 16,
    "qk_rope_head_dim": 16, "qk_nope_head_dim": 16, "v_head_dim": 16, "first_k_dense_replace": 1,
    "index_topk": 8, "index_n_heads": 2, "index_head_dim": 16,
}  # fmt: skip
CPMANT = {
    "hidden_size": 48, "num_attention_heads": 4, "dim_head": 12, "dim_ff": 64, "num_hidden_layers": 2,
    "prompt_types": 8, "prompt_length": 4, "segment_types": 8, "max_distance": 160,
}  # fmt: skip
MIND_PADDING = {"bert": BOTH_SIDES, "roberta": BOTH_SIDES, "glm_moe_dsa": SPARSE, "cpmant": CPMANT}


@pytest.mark.parametrize("family", MIND_PADDING)
def test_where_padding_changes_what_is_computed_texts_of_one_length_share_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    folder = save_drawn(tmp_path, family, MIND_PADDING[family])
    engine = as_the_harness(folder)
    assert engine.ways["scoring"].startswith("full forward, batches of one length, as")
    # the twin: in batches of all lengths they are answered otherwise
    monkeypatch.setattr("tasks.benchmark.decoder_scoring.found_company", lambda *_: Company.ANY)
    monkeypatch.setattr("tasks.benchmark.engine.told_company", lambda _: Company.ANY)
    requests = _asked()["loglikelihood"]
    misled = HarnessModel(load_model(folder, Placement("cpu", "float32"))).loglikelihood(requests)
    right = engine.loglikelihood(requests)
    assert max(abs(mine[0] - theirs[0]) for mine, theirs in zip(misled, right, strict=True)) > 0.01


XLNET = {"d_model": 48, "n_layer": 2, "n_head": 4, "d_inner": 64, "pad_token_id": 0}
BIGBIRD = {
    "d_model": 48, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
    "encoder_attention_heads": 4, "decoder_attention_heads": 4, "max_position_embeddings": 160, "block_size": 4,
    "num_random_blocks": 1, "pad_token_id": 0, "decoder_start_token_id": 2,
}  # fmt: skip
REFUSED = {
    "xlnet": (XLNET, r"max_position_embeddings: found -1, expected the model's length"),
    "bigbird_pegasus": (BIGBIRD, "attention_type: found 'block_sparse', which the model's code gives up"),
}


@pytest.mark.parametrize("family", REFUSED)
def test_models_of_which_nobody_knows_what_they_answer_are_refused(tmp_path: Path, family: str) -> None:
    settings, message = REFUSED[family]
    loaded = load_model(save_drawn(tmp_path, family, settings), Placement("cpu", "float32"))
    with pytest.raises(InputFault, match=message):
        HarnessModel(loaded)
    if family == "bigbird_pegasus":
        loaded.model.config.attention_type = "original_full"
        assert HarnessModel(loaded).max_length == 160
