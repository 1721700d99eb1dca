"""The scoring engine against lm-evaluation-harness's own `hf` model at its best batch size: processor time, one thread, float32.

A Llama of 32 M random weights (8 layers, hidden size 512) and a byte-level BPE made here. Prompts of some 1,000 tokens, of
which nine tenths are five examples. Both sides answer the same requests in this run, and must give the same answers.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.performance.figures import Benchmark, Figure

#: As in the parity suite: log-likelihoods may differ by rounding.
TOLERANCE = 1e-3
CHOICES = 4
#: Where a text ends: syllables that the random model writes every twenty tokens or so.
STOPS = ("핖", "날", "쎏")
#: Words of a question and (least, most) of a choice; of an example.
QUESTION = (16, (4, 6))
EXAMPLE = (50, (4, 6))
SYLLABLES = [chr(0xAC00 + 37 * step) for step in range(300)]


@cache
def _model_folder() -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=8192, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    draw = Random(1)
    inner.train_from_iterator([f"{_words(draw, 40)}\n정답： {draw.choice('ABCD')}" for _ in range(2000)], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=8192, hidden_size=512, intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=4, max_position_embeddings=2048, initializer_range=0.05, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="gwanmun-bench-"))
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _words(draw: Random, count: int) -> str:
    return " ".join("".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(count))


def _question(draw: Random, words: int, choice_words: tuple[int, int]) -> tuple[str, list[str]]:
    """A question with its four choices."""
    choices = [_words(draw, draw.randint(*choice_words)) for _ in range(4)]
    return _words(draw, words) + "\n" + "\n".join(f"{x}. {c}" for x, c in zip("ABCD", choices, strict=True)), choices


def _examples(draw: Random, shots: int) -> str:
    """Examples of some 190 tokens each: five of them are nine tenths of a prompt."""
    return "".join(f"{_question(draw, *EXAMPLE)[0]}\n정답： {draw.choice('ABCD')}\n\n" for _ in range(shots))


def _requests(items: int, shots: int, full_text: bool, random_examples: bool = False) -> list[Any]:
    from lm_eval.api.instance import Instance

    draw = Random(7)
    examples = _examples(draw, shots)
    requests = []
    for item in range(items):
        if random_examples:
            examples = _examples(Random(item), shots)
        question, choices = _question(draw, *QUESTION)
        context = f"{examples}{question}\n정답："
        for index, answer in enumerate(choices if full_text else "ABCD"):
            requests.append(Instance("loglikelihood", {}, (context, f" {answer}"), index, ("bench", item, 1)))
    return requests


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    before = time.process_time()
    result = work()
    return time.process_time() - before, result


@cache
def _ours() -> Any:
    from tasks.benchmark.devices import Placement
    from tasks.benchmark.engine import HarnessModel
    from tasks.benchmark.model_loading import load_model

    return HarnessModel(load_model(_model_folder(), Placement("cpu", "float32")))


@cache
def _theirs() -> Any:
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=str(_model_folder()), device="cpu", dtype="float32", batch_size=1)


def _at_best_size(work: Callable[[Any], Any], sizes: Sequence[int]) -> int:
    """The harness's batch size that is quickest on some of the requests."""
    tried = {}
    for size in sizes:
        _theirs().batch_size_per_gpu = size
        tried[size] = _seconds(lambda: work(_theirs()))[0]
    best = min(tried, key=lambda size: tried[size])
    _theirs().batch_size_per_gpu = best
    return best


def _in_turns(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, Any, float, Any]:
    """Seconds and answers of ours (the mean of a run before and one after) and theirs: a busy machine slows both alike.

    The engine's own look at two items is taken beforehand, as it comes once a run: it is part of the start-up figure.
    """
    before, answers = _seconds(ours)
    taken, expected = _seconds(theirs)
    after, _ = _seconds(ours)
    return (before + after) / 2, answers, taken, expected


def _compared(name: str, target: float, requests: list[Any], theirs: int, tried: int) -> Iterator[Figure]:
    """Ours on all requests, the harness on the first `theirs` items: it shares nothing between items, so its time is theirs
    times as many."""

    def ask(some: Sequence[Any]) -> Callable[[Any], Any]:
        return lambda model: model.loglikelihood(some, disable_tqdm=True)

    size = _at_best_size(ask(requests[: tried * CHOICES]), (1, 4, 8))
    ask(requests[: 2 * CHOICES])(_ours())
    asked = requests[: theirs * CHOICES]
    ours, answers, taken, expected = _in_turns(lambda: ask(requests)(_ours()), lambda: ask(asked)(_theirs()))
    off = max(abs(a[0] - b[0]) for a, b in zip(answers, expected, strict=False))
    if off > TOLERANCE or _ours().ways["scoring"] != "prefix tree":
        raise AssertionError(f"{name}: answers differ by {off}; {_ours().ways}")
    items = len(requests) // CHOICES
    each = ours / items, taken / theirs
    note = f"{each[0]:.3f} s an item ({items}) against {each[1]:.3f} ({theirs}, batch size {size}); within {off:.1g}"
    yield Figure(name, each[1] / each[0], "×", target, note=note)


def scoring() -> Iterator[Figure]:
    """Log-likelihoods in the shapes that tasks have."""
    yield from _compared("0-shot, letters", 1.2, _requests(60, 0, full_text=False), theirs=60, tried=16)
    yield from _compared("5-shot, letters, fixed examples", 11, _requests(96, 5, full_text=False), theirs=16, tried=4)
    yield from _compared("5-shot, full text", 30, _requests(96, 5, full_text=True), theirs=8, tried=1)
    yield from _compared("0-shot, full text", 4, _requests(48, 0, full_text=True), theirs=24, tried=4)
    examples = _requests(12, 5, full_text=False, random_examples=True)
    yield from _compared("5-shot, random examples", 1.2, examples, theirs=12, tried=4)


def writing() -> Iterator[Figure]:
    """Greedy texts after short prompts, which end at stop strings after 1 to 64 tokens."""
    from lm_eval.api.instance import Instance

    draw = Random(3)
    settings = {"until": list(STOPS), "do_sample": False, "max_gen_toks": 64}
    prompts = [_words(draw, draw.randint(4, 20)) for _ in range(200)]
    requests = [
        Instance("generate_until", {}, (prompt, settings), 0, ("bench", i, 1)) for i, prompt in enumerate(prompts)
    ]

    def ask(some: Sequence[Any]) -> Callable[[Any], Any]:
        return lambda model: model.generate_until(some, disable_tqdm=True)

    size = _at_best_size(ask(requests[:64]), (16, 32, 64))
    ask(requests[:8])(_ours())
    ours, texts, theirs, expected = _in_turns(lambda: ask(requests)(_ours()), lambda: ask(requests)(_theirs()))
    if _ours().ways["writing"] != "slots":
        raise AssertionError(_ours().ways)
    alike = sum(a == b for a, b in zip(texts, expected, strict=True))
    lengths = sorted(len(_ours().tok_encode(text)) for text in texts)
    spread = f"{lengths[20]} to {lengths[180]} tokens (10 to 90 %)"
    note = f"{ours:.1f} s against {theirs:.1f} s at batch size {size}; {alike} of 200 texts equal; {spread}"
    yield Figure("generation, 200 short prompts", theirs / ours, "×", 2, note=note)


def matrix_share() -> Iterator[Figure]:
    """Arithmetic done on unique tokens over time, against matrix products of the same run, in turns."""
    import torch

    torch.set_num_threads(1)
    left, right = torch.randn(2, 2048, 2048)
    requests = _requests(48, 5, full_text=False)
    _ours().loglikelihood(requests[: 2 * CHOICES])
    taken, products = [], []
    for _ in range(8):
        products.append(_seconds(lambda: [left @ right for _ in range(4)])[0] / 4)
        taken.append(_seconds(lambda: _ours().loglikelihood(requests))[0])
    peak = 2 * 2048**3 / (sum(products) / len(products))
    done = _arithmetic(requests) / (sum(taken) / len(taken))
    note = f"{done / 1e9:.0f} of {peak / 1e9:.0f} GFLOP a second of processor time, texts encoded included"
    yield Figure("share of the matrix product's speed", done / peak, "", 0.8, note=note)


def _arithmetic(requests: Sequence[Any]) -> float:
    """Multiplications and additions on each distinct beginning once: linear layers, attention, one row of logits an item."""
    model, config = _ours(), _ours()._model.config
    rows = sorted({tuple(model.tok_encode(request.args[0])) for request in requests})
    linear = sum(layer.weight.numel() for layer in model._model.model.modules() if hasattr(layer, "in_features"))
    total, before = 2.0 * len(rows) * config.vocab_size * config.hidden_size, ()
    for row in rows:
        shared = next((i for i, (a, b) in enumerate(zip(row, before, strict=False)) if a != b), 0)
        pairs = sum(range(shared + 1, len(row) + 1))
        total += 2 * linear * (len(row) - shared)
        total += 4 * config.num_hidden_layers * config.hidden_size * pairs
        before = row
    return total


BENCHMARKS: list[Benchmark] = [scoring, writing, matrix_share]
