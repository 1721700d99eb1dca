"""An honest submission, really trained: a tiny vision-language model with AdamW, its log, checkpoints, inventory and sample.

Everything is made once a session; a test copies the folder and changes one thing.
"""

import csv
import hashlib
import json
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import load_file, save_file

from tasks.data_quality.benchmark_item import BenchmarkItem
from tests.data_quality.sentences import sentence

STD = 0.02
STEPS = 48
ROWS, LENGTH = 4, 64
PICTURE_TOKENS = 4
IMAGE_TOKEN = 257
VOCABULARY = 260
CHECKPOINTS = (0, 1, 2, 4, 8, 16, 32)
PEAK_RATE, WARM_UP = 1e-3, 8


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
        """Rewrites the log's lines; with `chained` every hash is made to fit again, as a forger would."""
        path = self.folder / "evidence/train.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        change(lines)
        write_log(path, lines, chained)

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


def write_sample(path: Path, documents: list[dict[str, Any]]) -> None:
    """JSON lines, compressed."""
    import zstandard

    text = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    path.write_bytes(zstandard.ZstdCompressor().compress(text.encode()))


def make_honest_run(folder: Path, init: Mapping[str, Any] | None = None) -> HonestRun:
    """Trains for STEPS steps and writes everything down as it happens."""
    import torch

    torch.set_num_threads(1)
    rng = random.Random(7)
    documents = [
        {"id": f"doc-{n}", "source": "news" if n % 2 else "wiki", "text": " ".join(sentence(rng) for _ in range(3))}
        for n in range(300)
    ]
    model = _model()
    _initialise(model, torch.Generator().manual_seed(11))
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.95))
    stream = np.frombuffer("\n".join(document["text"] for document in documents).encode(), dtype=np.uint8)
    lines, read = [], 0
    model.save_pretrained(folder / "evidence/step-0")
    for step in range(1, STEPS + 1):
        rate = PEAK_RATE * min(1.0, step / WARM_UP) * (1 - 0.9 * step / STEPS)
        for group in optimiser.param_groups:
            group["lr"] = rate
        text = torch.from_numpy(stream[read : read + ROWS * LENGTH].astype(np.int64)).reshape(ROWS, LENGTH)
        read += ROWS * LENGTH
        ids = torch.cat([torch.full((ROWS, PICTURE_TOKENS), IMAGE_TOKEN), text], dim=1)
        pictures = torch.randn(ROWS, 3, 16, 16, generator=torch.Generator().manual_seed(step))
        labels = ids.masked_fill(ids == IMAGE_TOKEN, -100)
        loss = model(input_ids=ids, pixel_values=pictures, labels=labels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        lines.append(
            {
                "step": step,
                "tokens": step * ROWS * LENGTH,
                "loss": loss.item(),
                "learning_rate": rate,
                "grad_norm": norm.item(),
                "time": 1_760_000_000.0 + 2.5 * step,
            }
        )
        if step in CHECKPOINTS:
            model.save_pretrained(folder / f"evidence/step-{step}")
    model.save_pretrained(folder / "model")
    write_log(folder / "evidence/train.jsonl", lines)
    write_sample(folder / "evidence/sample.jsonl.zst", documents)
    _write_inventory(folder / "evidence/corpus.csv", documents, read)
    _write_manifest(folder / "submission.yaml", dict(init or {"distribution": "normal", "std": STD}))
    return HonestRun(folder, _items(random.Random(99)))


def _model() -> Any:
    from transformers import AutoConfig, AutoModelForImageTextToText

    text = AutoConfig.for_model(
        "llama",
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=128,
        tie_word_embeddings=False,
    )
    vision = AutoConfig.for_model(
        "siglip_vision_model",
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        vision_use_head=False,
    )
    config = AutoConfig.for_model(
        "llava",
        text_config=text,
        vision_config=vision,
        image_token_index=IMAGE_TOKEN,
        image_seq_length=PICTURE_TOKENS,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        tie_word_embeddings=False,
    )
    return AutoModelForImageTextToText.from_config(config)


def _initialise(model: Any, generator: Any) -> None:
    import torch

    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if parameter.ndim >= 2:
                parameter.normal_(0.0, STD, generator=generator)
            else:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)


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
                "seed": 11,
                "optimiser": {"name": "adamw", "betas": [0.9, 0.95], "weight_decay": 0.1},
                "sequence_length": LENGTH,
                "batch_tokens": ROWS * LENGTH,
            },
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
