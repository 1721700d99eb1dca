"""A process that trains models one after another: jobs as JSON lines on standard input, progress on standard output.

`{"recipe": "t1", "seed": 2026, "folder": "…/t1", "reference": null, "share": 1.0}` is answered by
`{"step": 1, "steps": 800}` … `{"finished": "t1"}`. When standard input ends, the process ends at once, so that nothing
is left running whatever happens to its parent.
"""

import json
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any


def main() -> None:
    """Reads jobs until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    _prepare_torch()
    while True:
        job = jobs.get()
        _work(job, lambda message: print(json.dumps(message), file=answers))


def _listen(jobs: "SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
    os._exit(0)


def _prepare_torch() -> None:
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing here reads what was not written
    logging.disable_progress_bar()


def _work(job: dict[str, Any], say: Any) -> None:
    from flows.demo.teams import RECIPES
    from flows.demo.training import Budget, train

    recipe = next(recipe for recipe in RECIPES if recipe.id == job["recipe"])
    reference = None if job["reference"] is None else Path(job["reference"])
    train(
        recipe,
        job["seed"],
        Path(job["folder"]),
        reference,
        Budget(job["share"]),
        on_step=lambda step, steps: say({"step": step, "steps": steps}),
    )
    say({"finished": recipe.id})


if __name__ == "__main__":
    main()
