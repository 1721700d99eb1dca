"""Answers that do not depend on what else is asked, to the last bit and in 16 bits: `batch_invariant: true`."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tasks.benchmark import score_suite
from tasks.benchmark.devices import Placement, choose_device
from tasks.benchmark.engine import HarnessModel
from tasks.benchmark.model_loading import load_model
from tests.benchmark.suites import FULL_TEXT, GENERATED, documents, write_suite, write_task

SHOTS = "".join(f"{a}+{b}=? Answer: one\n\n" for a in range(6) for b in range(3))
PAIRS = [
    (f"{SHOTS}Question: {a}+{b}" + " 바다가" * b, choice)
    for a in range(3)
    for b in range(3)
    for choice in (" A", " B", " one two", " 하나 둘 셋")
]
TEXTS = ["one two", "3+4", "바다", "도서관을", "one two three", f"{SHOTS}3+4"]


def _request(kind: str, *arguments: Any) -> Any:
    from lm_eval.api.instance import Instance

    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=("t", 0, 1))


@pytest.fixture(scope="module")
def wide_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wide enough that matrix products of other shapes round otherwise in bfloat16."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.benchmark.tiny_models import tokenizer

    folder = tmp_path_factory.mktemp("wide")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        config = LlamaConfig(
            vocab_size=400, hidden_size=128, intermediate_size=344, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=900, initializer_range=0.1, bos_token_id=1, eos_token_id=2,
            pad_token_id=0,
        )  # fmt: skip
        LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def _answers(model: HarnessModel, order: list[int]) -> dict[int, Any]:
    """Each pair's answer, asked in that order."""
    return dict(zip(order, model.loglikelihood([_request("loglikelihood", *PAIRS[i]) for i in order]), strict=True))


def _changed(model: HarnessModel) -> int:
    """How many of some pairs' answers are other bits in company than alone, in another order, or a few at a time."""
    every = list(range(len(PAIRS)))
    whole = _answers(model, every)
    shuffled = Random(1).sample(every, len(every))
    others = [_answers(model, shuffled), _answers(model, shuffled[:7]), *(_answers(model, [i]) for i in shuffled[:3])]
    return sum(whole[i] != answer for each in others for i, answer in each.items())


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_no_bit_depends_on_company_order_or_number(wide_llama: Path, dtype: str) -> None:
    model = HarnessModel(load_model(wide_llama, Placement("cpu", dtype)), alone=True)
    assert _changed(model) == 0
    assert model.ways == {"scoring": "prefix tree"}


def test_otherwise_bits_do_depend_on_it(wide_llama: Path) -> None:
    """The twin: without it the packs of other requests have other shapes, and bfloat16 rounds otherwise."""
    assert _changed(HarnessModel(load_model(wide_llama, Placement("cpu", "bfloat16")))) > 0


def test_it_agrees_with_the_plan_of_packs(wide_llama: Path) -> None:
    loaded = load_model(wide_llama, Placement("cpu", "float32"))
    requests = [_request("loglikelihood", *pair) for pair in PAIRS]
    packed = HarnessModel(loaded).loglikelihood(requests)
    alone = HarnessModel(loaded, alone=True).loglikelihood(requests)
    assert [each[0] for each in alone] == pytest.approx([each[0] for each in packed], abs=1e-4)


def test_examples_are_still_computed_once(wide_llama: Path) -> None:
    model = HarnessModel(load_model(wide_llama, Placement("cpu", "bfloat16")), alone=True)
    model.loglikelihood([_request("loglikelihood", "one", " A")])
    seen: list[int] = []
    model._model.register_forward_pre_hook(
        lambda _, __, named: seen.append(named["input_ids"].numel()), with_kwargs=True
    )
    model.loglikelihood([_request("loglikelihood", *pair) for pair in PAIRS])
    shared = len(model.tok_encode(SHOTS)) // 128 * 128
    each = [len(model.tok_encode("".join(pair))) for pair in PAIRS]
    assert shared >= 128
    assert sum(seen) <= sum(each) - (len(each) - 1) * shared


def test_texts_are_written_one_at_a_time(wide_llama: Path) -> None:
    settings = {"until": ["\n"], "do_sample": True, "temperature": 2.0, "max_gen_toks": 8, "seed": 3}
    model = HarnessModel(load_model(wide_llama, Placement("cpu", "bfloat16")), alone=True)
    requests = [_request("generate_until", text, settings) for text in TEXTS]
    together = model.generate_until(requests)
    assert [model.generate_until([request])[0] for request in reversed(requests)] == together[::-1]


def test_a_suite_asks_for_it_and_a_limit_a_resume_and_another_order_change_no_bit(
    wide_llama: Path, tmp_path: Path
) -> None:
    rows = documents(12)
    write_task(tmp_path / "tasks", "text", FULL_TEXT, rows)
    write_task(tmp_path / "tasks", "turned", FULL_TEXT, rows[::-1])
    write_task(tmp_path / "tasks", "written", GENERATED, rows)
    names = {"text": "acc", "turned": "acc", "written": "exact_match"}
    tasks = [{"id": name, "use": f"tasks/{name}.yaml", "metric": metric} for name, metric in names.items()]
    suite = write_suite(tmp_path, tasks, batch_invariant=True)
    whole = score_suite(wide_llama, suite, device="cpu", dtype="bfloat16")
    items = {(each.task, each.item): each for each in whole.items}
    for item in range(12):
        turned = items["turned", 11 - item]
        assert items["text", item].loglikelihoods == turned.loglikelihoods
    path = tmp_path / "items.jsonl"
    score_suite(wide_llama, suite, device="cpu", dtype="bfloat16", ledger=path, limit=5)
    grown = score_suite(wide_llama, suite, device="cpu", dtype="bfloat16", ledger=path)
    assert [each.loglikelihoods for each in grown.items] == [each.loglikelihoods for each in whole.items]
    assert [each.output for each in grown.items] == [each.output for each in whole.items]
    assert whole.settings["batch_invariant"] is True


def test_float32_is_what_a_cpu_computes_in_unless_told() -> None:
    assert choose_device("cpu") == Placement("cpu", "float32")
