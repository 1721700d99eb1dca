"""`gwanmun score`: the benchmark on one model, no programme needed."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checks.contracts.errors import InputFault
from flows.cli.answers import console, only_the_answer, print_json
from flows.cli.options import JsonOption
from flows.cli.progress import Progress, progress_shown
from flows.cli.score_table import print_scores, task_document

if TYPE_CHECKING:
    from checks.records.scores import SuiteScores
    from tasks.benchmark import Endpoint


def score(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A folder: config.json, tokenizer, safetensors.")],
    suite: Annotated[Path, typer.Option(metavar="SUITE.yaml", help="What is asked.")],
    items: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Write every item's result, one JSON line each, as it is scored."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Take FILE.jsonl up where it ends.")] = False,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Only the first N items of each task.")] = None,
    device: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="cpu, cuda, cuda:1, mps. Without it: CUDA where it is there.")
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option(
            metavar="DTYPE", help="float32, bfloat16, float16. Without it: bfloat16 on a GPU that has it, else float32."
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Ask an OpenAI-compatible server; MODEL then holds its tokenizer, and weights if any."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score one model on a suite of benchmark tasks.

    No programme is needed. Suites name tasks of lm-evaluation-harness or task files in its format; prompts, filters and
    metrics are that library's own. Values are the metric as it is (accuracies in [0, 1]), with standard error and 95 %
    interval (by clusters where the suite names `groups`), beside what guessing comes to. Outputs without an answer and outputs
    at their limit are counted apart. Where a task is asked in several ways (`templates`, `shuffle_choices`, `repeats`), the value
    is their mean, and a second table says how they differ.
    How the model was computed with (along the prefix tree or in full, in slots or in batches, and why) is printed,
    and stands under `engine` in JSON.

    The only state is FILE.jsonl. It must not exist, unless --resume takes it up: then what it holds is not asked again, and
    the finished file has the bytes of an uninterrupted run. How long items took, which is never the same twice, stands beside it
    in FILE.jsonl.times. `items_per_second` counts the items asked by this call over
    the time from the first task on, loading the model included; it is null where nothing was asked.

    With --endpoint a server (vLLM, SGLang) answers. What it offers is found out first, and where MODEL holds the weights and they
    fit this machine, both must answer alike; else the served weights are "not verified", which is printed. A key that the
    server asks for stands in GWANMUN_ENDPOINT_KEY. A server that stops answering ends the command with 3.
    """
    from checks.contracts.loading import load_suite
    from tasks.benchmark import connect, score_suite

    if endpoint is not None and (device or dtype):
        raise InputFault("command line", "--endpoint", "--device or --dtype", "neither: the server decides both")
    if resume and items is None:
        raise InputFault("command line", "--resume", "no --items", "--items FILE.jsonl, the file to take up")
    with only_the_answer(), progress_shown() as progress:
        loaded = load_suite(suite)
        held = _lines(items)
        clock = _Clock(progress)
        with nullcontext() if endpoint is None else connect(endpoint, model) as server:
            scores = score_suite(
                model,
                loaded,
                limit=limit,
                device=device,
                dtype=dtype,
                endpoint=server,
                ledger=items,
                resume=resume,
                progress=clock,
            )
        speed = clock.items_per_second(len(scores.items) - held)
    if as_json:
        print_json(_document(model, scores, speed, server))
    else:
        _print(model, scores, speed, server)


@dataclass
class _Clock:
    """Passes progress on, and knows when the first task began."""

    progress: Progress
    began: float | None = None

    def __call__(self, label: str, done: int, total: int) -> None:
        self.began = self.began or time.monotonic()
        self.progress(label, done, total)

    def items_per_second(self, asked: int) -> float | None:
        """None where nothing was asked."""
        if asked <= 0 or self.began is None:
            return None
        return asked / (time.monotonic() - self.began)


def _lines(items: Path | None) -> int:
    """How many items the file holds already."""
    if items is None or not items.is_file():
        return 0
    with items.open("rb") as file:
        return sum(line.endswith(b"\n") for line in file)


def _document(model: Path, scores: SuiteScores, speed: float | None, server: Endpoint | None) -> dict[str, Any]:
    return {
        "model": str(model),
        "suite": scores.suite,
        "tasks": {task.task: task_document(task) for task in scores.tasks},
        "items_per_second": speed,
        "settings": scores.settings,
        "engine": scores.engine,
        **({} if server is None else {"endpoint": server.environment()}),
    }


def _print(model: Path, scores: SuiteScores, speed: float | None, server: Endpoint | None) -> None:
    terminal = console()
    print_scores(terminal, f"{model} on {scores.suite}", scores)
    for kind, way in scores.engine.get("ways", {}).items():
        terminal.print(f"{kind}: {way}", markup=False)
    if server is not None:
        terminal.print(
            f"{server.offer.model} of {server.caller.base}; its weights {server.weights.words}", markup=False
        )
    terminal.print("nothing was asked again" if speed is None else f"{speed:.1f} items a second")
