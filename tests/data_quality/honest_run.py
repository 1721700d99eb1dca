"""An honest submission, really trained: a tiny vision-language model with AdamW, its log, checkpoints, inventory and sample.

Everything is made once a session; a test copies the folder and changes one thing.
"""

import csv
import hashlib
import json
import math
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import load_file, save_file

from tasks.data_quality.benchmark_item import BenchmarkItem
from tests.data_quality.sentences import sentence
from tests.data_quality.training import (
    CHECKPOINTS,
    LENGTH,
    PEAK_RATE,
    ROWS,
    SEED,
    STD,
    STEPS,
    WARM_UP,
    model,
    tokenizer,
    trained,
)


@dataclass(frozen=True)
class HonestRun:
    """The folder of a complete submission, and the benchmark items that it is tested against."""

    folder: Path
    items: list[BenchmarkItem]

    @property
    def manifest(self) -> Path:
        """The submission file."""
        return self.folder / "submission.yaml"

    def copy(self, folder: Path) -> "HonestRun":
        """The same in another folder, free to be changed."""
        shutil.copytree(self.folder, folder)
        return HonestRun(folder, list(self.items))

    def change_manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Rewrites submission.yaml."""
        data = yaml.safe_load(self.manifest.read_text(encoding="utf-8"))
        change(data)
        self.manifest.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")

    def change_inventory(self, change: Callable[[list[dict[str, str]]], None]) -> None:
        """Rewrites the corpus inventory."""
        path = self.folder / "evidence/corpus.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        change(rows)
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)

    def change_log(self, change: Callable[[list[dict[str, Any]]], None], chained: bool = True) -> None:
        """Rewrites the log's lines; with `chained` every hash is made to fit again, as a forger would before anchoring it."""
        path = self.folder / "evidence/train.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        change(lines)
        write_log(path, lines, chained)
        if chained:
            write_anchors(self.folder)

    def seal(self) -> None:
        """Declares the hashes of the weights as they are now."""
        files = sorted(self.folder.rglob("*.safetensors"))
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(self.folder)}" for file in files]
        (self.folder / "evidence/SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def change_sample(self, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """Rewrites the corpus sample."""
        import zstandard

        path = self.folder / "evidence/sample.jsonl.zst"
        text = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes()).decode()
        documents = [json.loads(line) for line in text.splitlines()]
        change(documents)
        write_sample(path, documents)

    def add_to_weights(
        self, name: str, difference: Any, steps: tuple[int, ...] = CHECKPOINTS, final: bool = True
    ) -> None:
        """Adds the same difference to one tensor in the checkpoints named and, with `final`, in the submission."""
        folders = [self.folder / f"evidence/step-{step}" for step in steps] + [self.folder / "model"] * final
        for folder in folders:
            change_tensors(
                folder, lambda tensors: tensors.update({name: tensors[name] + difference.astype(np.float32)})
            )


def change_tensors(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrites the tensors of a checkpoint."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path, metadata={"format": "pt"})


def write_log(path: Path, lines: list[dict[str, Any]], chained: bool = True) -> None:
    """JSON lines, each with the hash of the line before; without `chained` the hashes are left as they are."""
    link, written = "0" * 64, []
    for line in lines:
        text = json.dumps(line | {"prev_sha256": link} if chained else line)
        link = hashlib.sha256(text.encode()).hexdigest()
        written.append(text + "\n")
    path.write_text("".join(written), encoding="utf-8", newline="\n")


def write_anchors(folder: Path, delay: float = 0.0) -> None:
    """Leaves the hashes of the middle and the last line with an evaluator; the first one `delay` days late."""
    lines = (folder / "evidence/train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = ["time,step,sha256,recorded_by"]
    for line in (lines[len(lines) // 2], lines[-1]):
        read = json.loads(line)
        moment = datetime.fromtimestamp(read.get("time", 0.0) + 86_400 * delay, UTC).isoformat()
        rows.append(f"{moment},{read['step']},{hashlib.sha256(line.encode()).hexdigest()},agency")
        delay = 0.0
    (folder / "evidence/anchors.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_sample(path: Path, documents: list[dict[str, Any]]) -> None:
    """JSON lines, compressed."""
    import zstandard

    text = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    path.write_bytes(zstandard.ZstdCompressor().compress(text.encode()))


def make_honest_run(folder: Path, init: Mapping[str, Any] | None = None) -> HonestRun:
    """Trains for STEPS steps and writes everything down as it happens."""
    rng = random.Random(7)
    documents = [
        {"id": f"doc-{n}", "source": "news" if n % 2 else "wiki", "text": " ".join(sentence(rng) for _ in range(3))}
        for n in range(300)
    ]
    held_out = [{"id": f"held-{n}", "source": "wiki", "text": sentence(rng)} for n in range(60)]
    text = "\n".join(document["text"] for document in documents).encode()

    def save(weights: Any, step: int) -> None:
        if step in CHECKPOINTS:
            weights.save_pretrained(folder / f"evidence/step-{step}")

    final, lines = trained(model(), text, save, [document["text"] for document in held_out])
    final.save_pretrained(folder / "model")
    tokenizer().save_pretrained(folder / "model")
    write_log(folder / "evidence/train.jsonl", lines)
    _, small = trained(model(layers=1), text[len(text) // 2 :], lambda *_: None, [])
    write_log(folder / "evidence/small.jsonl", small)
    write_anchors(folder)
    write_sample(folder / "evidence/sample.jsonl.zst", documents)
    write_sample(folder / "evidence/validation.jsonl.zst", held_out)
    write_sample(folder / "evidence/segments.jsonl.zst", _read_when(documents))
    _write_inventory(folder / "evidence/corpus.csv", documents, STEPS * ROWS * LENGTH)
    _write_manifest(folder / "submission.yaml", dict(init or {"distribution": "normal", "std": STD}))
    run = HonestRun(folder, _items(random.Random(99)))
    run.seal()
    return run


def _read_when(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The documents with the step in which their last byte was read."""
    ends = np.cumsum([len(document["text"].encode()) + 1 for document in documents])
    steps = [math.ceil(end / (ROWS * LENGTH)) for end in ends.tolist()]
    return [document | {"step": step} for document, step in zip(documents, steps, strict=True) if step <= STEPS]


def _write_inventory(path: Path, documents: list[dict[str, Any]], tokens: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["source", "url", "licence", "language", "documents", "tokens", "epochs", "collected_on", "sha256"]
        )
        for source, share in (("wiki", tokens // 4), ("news", tokens - tokens // 4)):
            own = [document["text"] for document in documents if document["source"] == source]
            digest = hashlib.sha256("\0".join(own).encode()).hexdigest()
            licence = "CC-BY-SA-4.0" if source == "wiki" else "LicenseRef-KOGL-1"
            table.writerow([source, f"urn:test:{source}", licence, "ko", len(own), share, 1, "2026-05-01", digest])


def _write_manifest(path: Path, init: dict[str, Any]) -> None:
    manifest = {
        "version": 1,
        "team": "honest",
        "model": {
            "source": "model/",
            "licence": "Apache-2.0",
            "components": [
                {"id": name, "origin": "from-scratch"} for name in ("language_model", "vision_tower", "projector")
            ],
        },
        "evidence": {
            "training": {
                "init": init,
                "seed": SEED,
                "seed_commitment": {
                    "committed_on": "2025-10-09",
                    "sha256": hashlib.sha256(str(SEED).encode()).hexdigest(),
                    "recorded_by": "agency",
                    "transformers": version("transformers"),
                    "torch": version("torch").split("+")[0],
                },
                "optimiser": {"name": "adamw", "betas": [0.9, 0.95], "weight_decay": 0.1},
                "sequence_length": LENGTH,
                "batch_tokens": ROWS * LENGTH,
                "logging_interval": 1,
                "loss_window": 1,
                "schedule": {
                    "peak": PEAK_RATE,
                    "warm_up_steps": WARM_UP,
                    "shape": "linear",
                    "falls_from": 0,
                    "last_step": STEPS,
                    "last_share": 0.1,
                },
            },
            "validation": "evidence/validation.jsonl.zst",
            "segments": "evidence/segments.jsonl.zst",
            "small_run": "evidence/small.jsonl",
            "anchors": "evidence/anchors.csv",
            "hashes": "evidence/SHA256SUMS",
            "training_log": "evidence/train.jsonl",
            "checkpoints": [{"step": step, "source": f"evidence/step-{step}/"} for step in CHECKPOINTS],
            "corpus": {"inventory": "evidence/corpus.csv", "sample": "evidence/sample.jsonl.zst"},
        },
    }
    path.write_text(yaml.safe_dump(manifest, allow_unicode=True), encoding="utf-8")


def _items(rng: random.Random) -> list[BenchmarkItem]:
    """Forty long items with shuffled choices, and four few-shot examples."""
    items = []
    for number in range(44):
        question = sentence(rng) + " " + sentence(rng)
        choices = tuple(sentence(rng) for _ in range(4))
        answer = number % 4
        split = "test" if number < 40 else "fewshot"
        text = f"{question}\n{choices[answer]}"
        items.append(BenchmarkItem("reading", number % 40, text, split, choices, answer))
    return items
