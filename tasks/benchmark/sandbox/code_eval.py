"""What stands in the place of `evaluate.load("code_eval")` for the harness's code tasks: the same answers, out of the sandbox.

HumanEval and MBPP ask `evaluate` for its `code_eval`, which is fetched from a hub and runs programs in this process's own rights.
While a task is loaded here, they are given `SandboxedCodeEval`; a code task that did not ask for it is refused.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from math import comb
from types import ModuleType
from typing import Any

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
    coming = _EvaluateSandboxed()
    sys.meta_path.insert(0, coming)
    if "evaluate" in sys.modules:
        coming.change(sys.modules["evaluate"])
    try:
        yield
    finally:
        sys.meta_path.remove(coming)
        coming.change_back()


class _EvaluateSandboxed(MetaPathFinder):
    """Finds `evaluate` where it is, and puts the sandboxed `code_eval` into it."""

    def __init__(self) -> None:
        self._changed: tuple[ModuleType, Callable[..., Any]] | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "evaluate":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self.change(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def change(self, evaluate: ModuleType) -> None:
        real = evaluate.load

        def load(path: str, *others: Any, **more: Any) -> Any:
            return SandboxedCodeEval() if path == "code_eval" else real(path, *others, **more)

        self._changed = evaluate, real
        evaluate.load = load  # type: ignore[attr-defined]

    def change_back(self) -> None:
        if self._changed is not None:
            evaluate, real = self._changed
            evaluate.load = real  # type: ignore[attr-defined]


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
