"""Peak memory and start-up of either side, each measured on a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import yaml

from tests.performance.benchmark_shapes import choice_requests, model_folder, words
from tests.performance.figures import Figure, peak_memory

#: The harness holds all logits of a batch: it needs least where a batch is one prompt.
SMALLEST_BATCH = 1
ITEMS = 12


def memory() -> Iterator[Figure]:
    """Most memory that a process held which scored some 5-shot items, libraries and model included."""
    held = {side: _peak(side) for side in ("ours", "theirs")}
    note = f"{held['ours'] / 2**20:.0f} MiB against {held['theirs'] / 2**20:.0f} at batch size {SMALLEST_BATCH}, libraries included"
    yield Figure("peak memory, 5-shot, full text", held["ours"] / held["theirs"], "×", 1, "lower", note)


def _peak(side: str) -> int:
    return int(_run([sys.executable, "-m", __name__, side, str(model_folder())])[0].splitlines()[-1])


def _scored(side: str, folder: Path) -> None:
    """What the child process does."""
    requests = choice_requests(ITEMS, 5, full_text=True)
    if side == "ours":
        from tasks.benchmark.devices import Placement
        from tasks.benchmark.engine import HarnessModel
        from tasks.benchmark.model_loading import load_model

        HarnessModel(load_model(folder, Placement("cpu", "float32"))).loglikelihood(requests)
    else:
        from lm_eval.models.huggingface import HFLM

        theirs = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=SMALLEST_BATCH)
        theirs.loglikelihood(requests, disable_tqdm=True)


def start_up() -> Iterator[Figure]:
    """Either side's command with `--limit 1` on a small task beside it, from its call to its end."""
    with tempfile.TemporaryDirectory(prefix="gwanmun-bench-") as name:
        folder = Path(name)
        _write_task(folder)
        binaries = Path(sys.executable).parent
        ours = [str(binaries / "gwanmun"), "score", str(model_folder()), "--suite", "suite.yaml"]
        theirs = [
            *(
                str(binaries / "lm_eval"),
                "run",
                "--model",
                "hf",
                "--model_args",
                f"pretrained={model_folder()},dtype=float32",
            ),
            *("--tasks", "small", "--include_path", ".", "--batch_size", "1"),
        ]
        taken = {}
        for side, command in (("ours", ours), ("theirs", theirs), ("ours again", ours)):
            taken[side] = _run([*command, "--limit", "1", "--device", "cpu"], folder)[1]
    mean = (taken["ours"] + taken["ours again"]) / 2
    note = f"{mean:.1f} s of processor time against {taken['theirs']:.1f}"
    yield Figure("start-up, command to first item", mean / taken["theirs"], "×", 1, "lower", note)


def _write_task(folder: Path) -> None:
    draw = Random(5)
    rows = [{"question": words(draw, 8), "answer": number % 4} for number in range(8)]
    (folder / "small.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {
        "task": "small",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "small.jsonl")}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}\n정답：",
        "doc_to_choice": list("ABCD"),
        "doc_to_target": "answer",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / "small.yaml").write_text(yaml.safe_dump(task, allow_unicode=True))
    suite = {"version": 1, "suite": "small", "tasks": [{"id": "small", "use": "small.yaml"}]}
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))


def _run(command: Sequence[str], folder: Path | None = None) -> tuple[str, float]:
    """What it printed, and the processor time that it took. Raises with its last words where it fails."""
    before = os.times()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout.strip(), spent


if __name__ == "__main__":
    _scored(sys.argv[1], Path(sys.argv[2]))
    print(peak_memory())
