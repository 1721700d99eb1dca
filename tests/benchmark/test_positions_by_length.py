"""Rotary positions that follow from a text's length: each text is answered as if it were asked alone."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tasks.benchmark.batching import Company
from tasks.benchmark.devices import Placement
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.model_loading import load_model
from tests.benchmark.plain_scores import Pairs, by_transformers
from tests.benchmark.tiny_models import save_drawn

#: Where longrope's factors change.
BORDER = 24
SETTINGS: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 110, "pad_token_id": 0,
}  # fmt: skip
LONG = {
    "rope_type": "longrope", "rope_theta": 100.0, "factor": 8.0, "original_max_position_embeddings": BORDER,
    "short_factor": [1.0] * 4, "long_factor": [1.0, 2.0, 4.0, 8.0],
}  # fmt: skip
#: Shorter and longer than the border, two of a length; the first are short. The last one's answers are as long as the model.
LENGTHS = (9, 12, 40, 70, 16, 40, 100, 21, 108)
WRITTEN = {"do_sample": False, "max_gen_toks": 6, "until": []}


@pytest.fixture(scope="module")
def phi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    more = {"rope_parameters": LONG, "original_max_position_embeddings": BORDER}
    return save_drawn(tmp_path_factory.mktemp("phi"), "phi3", {**SETTINGS, **more})


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    more = {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 100.0, "factor": 8.0}}
    return save_drawn(tmp_path_factory.mktemp("dynamic"), "llama", {**SETTINGS, **more})


def _engine(folder: Path, alone: bool = False) -> HarnessModel:
    return HarnessModel(load_model(folder, Placement("cpu", "float32")), alone=alone)


def _pairs() -> Pairs:
    """All begin with the same tokens; two continuations each."""
    draw = Random(2)
    stem = draw.choices(range(10, 300), k=8)
    contexts = [stem + draw.choices(range(10, 300), k=length - 8) for length in LENGTHS]
    return [(context, draw.choices(range(10, 300), k=2)) for context in contexts for _ in range(2)]


@pytest.mark.parametrize("alone", [False, True])
def test_texts_of_all_lengths_score_as_each_does_by_itself(phi: Path, alone: bool) -> None:
    model = _engine(phi, alone)
    scores = [each[0] for each in model.token_scores(_pairs())]
    assert scores == pytest.approx(by_transformers(phi, _pairs()), abs=1e-4)
    together = "one at a time" if alone else "batches of one length"
    assert model.ways == {"scoring": f"full forward, {together}, as its rotary positions follow from a text's length"}


def test_texts_of_one_length_still_share_a_batch(phi: Path) -> None:
    model = _engine(phi)
    model.token_scores(_pairs())  # made-up texts and the first ones are looked at once
    seen: list[int] = []
    model._model.register_forward_pre_hook(lambda _, __, named: seen.append(len(named["input_ids"])), with_kwargs=True)
    model.token_scores(_pairs())
    assert sorted(seen) == sorted([2] * (len(LENGTHS) - 2) + [4])


def test_in_a_batch_of_many_lengths_the_shorter_ones_are_answered_otherwise(phi: Path) -> None:
    """The twin: without the rule the border is crossed for all by the longest."""
    model = _engine(phi)
    model._runner.company = Company.ANY
    scores = [each[0] for each in model.token_scores(_pairs())]
    right = by_transformers(phi, _pairs())
    assert max(abs(mine - each) for mine, each in zip(scores, right, strict=True)) > 0.01


def test_texts_are_written_as_each_is_by_itself(phi: Path) -> None:
    from lm_eval.api.instance import Instance

    texts = [
        "one two",
        "바다가 넓다",
        "one two three four five one two three four five 도서관을 찾다 바다가",
        "3+4",
        "2+5=7 " * 6,
    ]
    requests = [
        Instance(request_type="generate_until", doc={}, arguments=(text, WRITTEN), idx=0, metadata=("t", 0, 1))
        for text in texts
    ]
    model = _engine(phi)
    together = model.generate_until(requests)
    assert together == [_engine(phi).generate_until([request])[0] for request in requests]
    assert model.ways["writing"].endswith("as its rotary positions follow from a text's length")


def test_dynamic_factors_do_not_begin_within_the_models_length_and_keep_the_tree(dynamic: Path) -> None:
    model = _engine(dynamic)
    scores = [each[0] for each in model.token_scores(_pairs())]
    assert scores == pytest.approx(by_transformers(dynamic, _pairs()), abs=1e-4)
    assert model.ways == {"scoring": "prefix tree"}
