"""What stands in the place of `evaluate.load("code_eval")` for the harness's code tasks: the same answers, out of the sandbox.

HumanEval and MBPP ask `evaluate` for its `code_eval`, which is fetched from a hub and runs programs in this process's own rights.
While a task is loaded here, they are given `SandboxedCodeEval`; a code task that did not ask for it is refused.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import comb
from typing import Any

from tasks.benchmark.changed_imports import ChangedImport
from tasks.benchmark.sandbox.isolation import passes


class SandboxedCodeEval:
    """`compute` as Hugging Face's metric has it."""

    def compute(
        self, references: Sequence[str], predictions: Sequence[Sequence[str]], k: Sequence[int] = (1, 10, 100), **_: Any
    ) -> tuple[dict[str, float], dict[int, list[bool]]]:
        """pass@k over the tasks, for those k of which each task has as many programs, and which programs passed.

        Unbiased: 1 - C(n - c, k) / C(n, k) for c of n programs that pass (Chen et al. 2021, section 2.1).
        """
        found = {
            index: [passes(program, test) for program in programs]
            for index, (test, programs) in enumerate(zip(references, predictions, strict=True))
        }
        least = min(len(each) for each in found.values())
        return {
            f"pass@{each}": sum(_pass_at(len(passed), sum(passed), each) for passed in found.values()) / len(found)
            for each in k
            if each <= least
        }, found


@contextmanager
def code_eval_sandboxed() -> Iterator[None]:
    """While the block runs, whoever loads `code_eval` gets the sandboxed one.

    `evaluate` takes seconds to import and most tasks never ask for it: where it is not there yet, it is changed as it comes.
    """
    evaluate = ChangedImport("evaluate", "load", _sandboxed)
    evaluate.begin()
    try:
        yield
    finally:
        evaluate.end()


def _sandboxed(real: Callable[..., Any]) -> Callable[..., Any]:
    def load(path: str, *others: Any, **more: Any) -> Any:
        return SandboxedCodeEval() if path == "code_eval" else real(path, *others, **more)

    return load


def runs_in_sandbox(harness: Any) -> bool:
    """Whether a task that runs programs runs them by the sandboxed `code_eval`: each of its metrics' functions holds it."""
    metrics = [each.get("metric") for each in harness.config.metric_list or []]
    return bool(metrics) and all(
        any(isinstance(each, SandboxedCodeEval) for each in getattr(metric, "__globals__", {}).values())
        for metric in metrics
    )


def score_pass_at(harness: Any) -> None:
    """Names pass@k among the metrics of a task that states only the function they come from; its mean, as in the harness."""
    from lm_eval.api.metrics import mean

    for each in harness.config.metric_list:
        for k in each.get("k") or ():
            harness._aggregation_list.setdefault(f"pass@{k}", mean)


def _pass_at(programs: int, passed: int, k: int) -> float:
    return 1.0 - comb(programs - passed, k) / comb(programs, k)
