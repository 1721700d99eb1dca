"""Weights in the order in which products read them: the same model in no more memory, or the model as it was."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import Linear

from tasks.benchmark import generation
from tasks.benchmark.devices import Placement
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.model_loading import load_model
from tasks.benchmark.packed_weights import PackedLinear, pack

CPU = Placement("cpu", "float32")
TOKENS = torch.tensor([[1, 5, 9, 30, 7]])


def _linear(model: Any) -> dict[str, Linear]:
    return {name: each for name, each in model.named_modules() if isinstance(each, Linear)}


def _logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=TOKENS, use_cache=False).logits
    return logits


def test_a_packed_model_holds_its_weights_once_and_says_the_same(llama: Path) -> None:
    plain, packed = load_model(llama, CPU).model, load_model(llama, CPU).model
    pack(packed)
    pack(packed)  # a second engine on the same model
    layers = _linear(packed)
    assert all(type(each) is PackedLinear for each in layers.values())
    assert all(each.weight.is_mkldnn for name, each in layers.items() if name != "lm_head")
    assert all(torch.equal(each.weight.to_dense(), _linear(plain)[name].weight) for name, each in layers.items())
    assert sum(each.numel() for each in packed.parameters()) == sum(each.numel() for each in plain.parameters())
    assert torch.allclose(_logits(packed), _logits(plain), atol=1e-5)


def test_an_output_layer_that_shares_its_weight_with_the_embedding_goes_on_sharing_it(llama: Path) -> None:
    model = load_model(llama, CPU).model
    model.lm_head.weight = model.model.embed_tokens.weight
    before = _logits(model)
    pack(model)
    assert type(model.lm_head) is PackedLinear and model.lm_head.weight is model.model.embed_tokens.weight
    assert torch.allclose(_logits(model), before, atol=1e-5)


def test_a_model_that_uses_a_weight_by_other_means_gets_its_weights_back(llama: Path) -> None:
    model = load_model(llama, CPU).model
    before = {name: each.weight for name, each in _linear(model).items()}
    mlp = model.model.layers[1].mlp
    mlp.forward = lambda hidden: mlp.down_proj(
        mlp.up_proj(hidden) * (hidden @ mlp.gate_proj.weight.T @ mlp.gate_proj.weight @ mlp.up_proj.weight.T)
    )
    said = _logits(model)
    pack(model)
    assert all(type(each) is Linear for each in _linear(model).values())
    assert all(torch.equal(each.weight, before[name]) for name, each in _linear(model).items())
    assert torch.equal(_logits(model), said)


def test_a_model_in_16_bits_stays_as_it_is(llama: Path) -> None:
    model = HarnessModel(load_model(llama, Placement("cpu", "bfloat16")))._model
    assert all(type(each) is Linear for each in _linear(model).values())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux says what a process has mapped")
def test_the_weight_files_are_let_go_of(llama: Path) -> None:
    model = load_model(llama, CPU).model
    weights = str(llama / "model.safetensors")
    mapped = Path("/proc/self/maps").read_text().count(weights)
    pack(model)
    assert Path("/proc/self/maps").read_text().count(weights) == max(0, mapped - 1)


def test_fewer_texts_are_written_at_a_time_where_memory_is_little(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lm_eval.api.instance import Instance

    settings = {"until": ["\n"], "do_sample": False, "max_gen_toks": 10}
    requests = [
        Instance("generate_until", {}, (text, settings), 0, ("t", 0, 1))
        for text in ("one two", "3+4", "바다", "A. 하나")
    ]
    expected = HarnessModel(load_model(llama, CPU)).generate_until(requests)
    model = HarnessModel(load_model(llama, CPU))
    model.generate_until(requests[:1])
    monkeypatch.setattr(generation, "texts_memory", lambda _: 1)
    rows: list[int] = []
    model._model.lm_head.register_forward_pre_hook(lambda _, given: rows.append(given[0].shape[1]))
    assert model.generate_until(requests) == expected
    assert set(rows) == {1}, "one text at a time"
