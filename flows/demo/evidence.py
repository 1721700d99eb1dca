"""What a team hands in about its training, written while it trains: log, inventory and sample.

A line of the log: `{"step": 3, "tokens": 3072, "loss": 4.1, …, "prev_sha256": "…"}`, where `prev_sha256` is the SHA-256
of the bytes of the line before without its line end (64 zeros for the first).
"""

import csv
import hashlib
import io
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from flows.demo.corpus import PICTURE_SOURCE, TEXT_SOURCES, Corpus, Document

FIRST_LINK = "0" * 64
#: Share of the documents that go into the handed-in sample, drawn at random.
SAMPLE_SHARE = 0.1
#: Steps before a checkpoint whose texts are handed in: what was read last is known best.
KEPT_STEPS = 4


class TrainingLog:
    """Lines chained by hash, one a step."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._link = FIRST_LINK
        self._step = 0

    def add(self, step: int, tokens: int, loss: float, learning_rate: float, grad_norm: float, **more: float) -> None:
        """One optimiser step: `tokens` read since the start, `loss` before the step in nats."""
        line = json.dumps(
            {
                "step": step,
                "tokens": tokens,
                "loss": loss,
                "learning_rate": learning_rate,
                "grad_norm": grad_norm,
                **more,
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "prev_sha256": self._link,
            }
        )
        self._file.write(line + "\n")
        self._link = hashlib.sha256(line.encode()).hexdigest()
        self._step = step

    def close(self) -> None:
        """Ends the file."""
        self._file.close()

    def anchor(self, path: Path) -> None:
        """Leaves the last line's hash with the simulated evaluator: a run of minutes needs no more."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerows([["time", "step", "sha256", "recorded_by"], [now, self._step, self._link, "simulated"]])


class CorpusRecord:
    """Listens to a corpus: a hash of each source's text as it was read, and a random sample of documents.

    `step` is the optimiser step that reads; of the last steps before each of `checkpoints` every text is kept.
    """

    def __init__(self, corpus: Corpus, seed: int, checkpoints: list[int]) -> None:
        self._corpus = corpus
        self._rng = Random(f"sample {seed}")
        self._hashes: dict[str, Any] = defaultdict(hashlib.sha256)
        self._count = 0
        self._sample = io.StringIO()
        self._segments = io.StringIO()
        self._before = {step - back for step in checkpoints for back in range(KEPT_STEPS)}
        self.step = 1
        corpus.on_document = self._read

    def _read(self, document: Document) -> None:
        self._hashes[document.source].update(document.text.encode() + b"\0")
        self._count += 1
        row = {"id": f"{document.source}-{self._count:06d}", "source": document.source, "text": document.text}
        if self._rng.random() < SAMPLE_SHARE:
            self._sample.write(json.dumps(row, ensure_ascii=False) + "\n")
        if self.step in self._before and document.picture is None:
            self._segments.write(json.dumps(row | {"step": self.step}, ensure_ascii=False) + "\n")

    def write_inventory(self, path: Path) -> None:
        """One row a source; everything is generated and read once, so epochs are 1 and tokens add up to the log's."""
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(
                ["source", "url", "licence", "language", "documents", "tokens", "epochs", "collected_on", "sha256"]
            )
            for source in (*TEXT_SOURCES, PICTURE_SOURCE):
                documents, tokens = self._corpus.documents[source], self._corpus.tokens[source]
                if tokens:
                    digest = self._hashes[source].hexdigest()
                    today = datetime.now(UTC).date().isoformat()
                    url = f"urn:gwanmun:demo:{source}"
                    table.writerow([source, url, "CC0-1.0", "ko", documents, tokens, 1, today, digest])

    def write_sample(self, path: Path) -> None:
        """The sample as JSON lines, compressed with Zstandard."""
        import zstandard

        path.write_bytes(zstandard.ZstdCompressor(level=9).compress(self._sample.getvalue().encode()))

    def write_segments(self, path: Path) -> None:
        """The texts read just before each checkpoint, each with its step, as JSON lines."""
        path.write_text(self._segments.getvalue(), encoding="utf-8")


def write_held_out(path: Path, documents: list[Document]) -> None:
    """Texts that training never reads, as JSON lines."""
    rows = (
        {"id": f"held-out-{number:03d}", "source": document.source, "text": document.text}
        for number, document in enumerate(documents)
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_hashes(path: Path, folder: Path) -> None:
    """The SHA-256 of every file of weights in the folder, as sha256sum writes them."""
    files = sorted(folder.rglob("*.safetensors"))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n" for file in files]
    path.write_text("".join(lines), encoding="utf-8")
