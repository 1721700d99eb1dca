"""The scoring engine against lm-evaluation-harness's own `hf` model at its best batch size: processor time, one thread, float32.

Both sides answer the same requests in this run, and must give the same answers. Memory and start-up are those of processes
of their own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random
from typing import Any

from tests.performance.benchmark_processes import memory, start_up
from tests.performance.benchmark_shapes import CHOICES, choice_requests, model_folder, words
from tests.performance.figures import Benchmark, Figure

#: As in the parity suite: log-likelihoods may differ by rounding.
TOLERANCE = 1e-3
#: Where a text ends: syllables that the random model writes every twenty tokens or so.
STOPS = ("핖", "날", "쎏")


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    before = time.process_time()
    result = work()
    return time.process_time() - before, result


@cache
def _ours() -> Any:
    from tasks.benchmark.devices import Placement
    from tasks.benchmark.engine import HarnessModel
    from tasks.benchmark.model_loading import load_model

    return HarnessModel(load_model(model_folder(), Placement("cpu", "float32")))


@cache
def _theirs() -> Any:
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=str(model_folder()), device="cpu", dtype="float32", batch_size=1)


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
    yield from _compared("0-shot, letters", 1.2, choice_requests(60, 0, full_text=False), theirs=60, tried=16)
    yield from _compared(
        "5-shot, letters, fixed examples", 11, choice_requests(96, 5, full_text=False), theirs=16, tried=4
    )
    yield from _compared("5-shot, full text", 30, choice_requests(96, 5, full_text=True), theirs=8, tried=1)
    yield from _compared("0-shot, full text", 4, choice_requests(48, 0, full_text=True), theirs=24, tried=4)
    examples = choice_requests(12, 5, full_text=False, random_examples=True)
    yield from _compared("5-shot, random examples", 1.2, examples, theirs=12, tried=4)


def writing() -> Iterator[Figure]:
    """Greedy texts after short prompts, which end at stop strings after 1 to 64 tokens."""
    from lm_eval.api.instance import Instance

    draw = Random(3)
    settings = {"until": list(STOPS), "do_sample": False, "max_gen_toks": 64}
    prompts = [words(draw, draw.randint(4, 20)) for _ in range(200)]
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
    """Arithmetic needed on unique tokens over time, against matrix products of the same run, in turns: torch's own, and those
    with packed weights, whichever are quicker."""
    import torch

    torch.set_num_threads(1)
    left, right = torch.randn(2, 2048, 2048)
    arranged = torch.ops.mkldnn._reorder_linear_weight(right, len(left))
    ways: list[Callable[[], Any]] = [
        lambda: left @ right,
        lambda: torch.ops.mkldnn._linear_pointwise(left, arranged, None, "none", [], ""),
    ]
    requests = choice_requests(48, 5, full_text=False)
    _ours().loglikelihood(requests[: 2 * CHOICES])
    taken: list[float] = []
    products: list[list[float]] = [[] for _ in ways]
    for _ in range(8):
        for way, seconds in zip(ways, products, strict=True):
            seconds.append(_seconds(way)[0])
        taken.append(_seconds(lambda: _ours().loglikelihood(requests))[0])
    peak = 2 * 2048**3 / min(sum(seconds) / len(seconds) for seconds in products)
    done = _arithmetic(requests) / (sum(taken) / len(taken))
    note = f"{done / 1e9:.0f} of {peak / 1e9:.0f} GFLOP a second of processor time, texts encoded included"
    yield Figure("share of the matrix product's speed", done / peak, "", 0.8, note=note)


def _arithmetic(requests: Sequence[Any]) -> float:
    """Multiplications and additions that are needed: each distinct beginning once, and of the last layer keys and values of
    each token, all else at the scored one of a row; logits of that one."""
    model, config = _ours(), _ours()._model.config
    rows = sorted({tuple(model.tok_encode(request.args[0])) for request in requests})
    layer = model._model.model.layers[0]
    linear = sum(each.weight.numel() for each in layer.modules() if hasattr(each, "in_features"))
    keys = layer.self_attn.k_proj.weight.numel() + layer.self_attn.v_proj.weight.numel()
    whole, before = config.num_hidden_layers - 1, ()
    total = 2.0 * len(rows) * (config.vocab_size * config.hidden_size + linear - keys)
    for row in rows:
        shared = next((i for i, (a, b) in enumerate(zip(row, before, strict=False)) if a != b), 0)
        pairs = whole * sum(range(shared + 1, len(row) + 1)) + len(row)
        total += 2 * (whole * linear + keys) * (len(row) - shared) + 4 * config.hidden_size * pairs
        before = row
    return total


BENCHMARKS: list[Benchmark] = [scoring, writing, matrix_share, memory, start_up]
