"""Models that are made otherwise than a Llama: scores and texts as the harness's own model gives them one by one."""

from pathlib import Path
from typing import Any

import pytest

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
