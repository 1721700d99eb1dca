"""Fingerprints, screening and deep tests of checkpoints of drawn numbers in a decoder's layout, each in a process of its own.

GWANMUN_BENCH_GB sets the size of the checkpoint that is fingerprinted (4 by default); one larger than the machine's memory
shows that its size does not matter.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.performance.figures import Benchmark, Figure

GB = 1_000_000_000
SIZE_GB = float(os.environ.get("GWANMUN_BENCH_GB", "4"))
_PIECE = 1 << 20


@dataclass(frozen=True)
class Decoder:
    """A gated decoder of so many layers in bfloat16."""

    width: int
    units: int
    layers: int
    vocabulary: int = 32_000

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name → shape."""
        found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocabulary, self.width)}
        for layer in range(self.layers):
            stem = f"model.layers.{layer}."
            found |= {f"{stem}self_attn.{each}_proj.weight": (self.width, self.width) for each in "qkvo"}
            found |= {f"{stem}mlp.{each}_proj.weight": (self.units, self.width) for each in ("gate", "up")}
            found |= {f"{stem}mlp.down_proj.weight": (self.width, self.units)}
            found |= {f"{stem}post_attention_layernorm.weight": (self.width,)}
        return found

    @property
    def layer_bytes(self) -> int:
        """Bytes of one layer."""
        return 2 * (4 * self.width**2 + 3 * self.width * self.units)


def write(folder: Path, decoder: Decoder, seed: int | None, shard_bytes: int = GB) -> Path:
    """The checkpoint with drawn numbers by `seed`, or all zeros in a sparse file where that is None."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "hidden_size": decoder.width}))
    tokens = {f"token-{number}": number for number in range(decoder.vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(tokens))
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    size = 0
    for name, shape in decoder.shapes().items():
        if size > shard_bytes:
            shards.append({})
            size = 0
        shards[-1][name] = shape
        size += 2 * int(np.prod(shape))
    weights: dict[str, str] = {}
    for number, shapes in enumerate(shards):
        file = folder / f"model-{number + 1:05d}-of-{len(shards):05d}.safetensors"
        weights |= dict.fromkeys(shapes, file.name)
        _write_shard(file, shapes, None if seed is None else seed * 10_000 + number)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))
    return folder


def _write_shard(file: Path, shapes: dict[str, tuple[int, ...]], seed: int | None) -> None:
    header: dict[str, object] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with file.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        if seed is None:
            out.truncate(8 + len(text) + end)
            return
        rng = np.random.default_rng(seed)
        drawn = (rng.standard_normal(8 * _PIECE, dtype=np.float32) * 0.02).view(np.uint32) >> np.uint32(16)
        numbers = drawn.astype("<u2")
        left = end
        while left:  # the same numbers from another place on, so that no two rows are alike
            piece = np.roll(numbers, int(rng.integers(len(numbers)))).tobytes()[:left]
            out.write(piece)
            left -= len(piece)


def _forget(folder: Path) -> None:
    """Takes the folder's files out of the page cache."""
    for file in folder.glob("*.safetensors"):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _on_all_cores(work: Callable[[Path], None], files: Sequence[Path]) -> float:
    start = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(work, files))
    return time.monotonic() - start


def _read(file: Path) -> None:
    space = bytearray(_PIECE)
    with file.open("rb", buffering=0) as opened:
        while opened.readinto(space):
            pass


def _hash(_: Path) -> None:
    digest, space = hashlib.sha256(), bytes(_PIECE)
    for _ in range(GB // _PIECE):
        digest.update(space)


_CHILD = """
import json, sys, time
from pathlib import Path
from tasks.independence import fingerprint, trace
import tasks.independence.trace, scipy.special, scipy.stats, safetensors.numpy
from tests.performance.figures import peak_memory
before, start = peak_memory(), time.monotonic()
what, *paths = sys.argv[1:]
if what == "fingerprint":
    fingerprint(Path(paths[0]), "one", Path(paths[1]))
else:
    trace(Path(paths[0]), {"reference": Path(paths[1])})
print(json.dumps([time.monotonic() - start, peak_memory() - before]))
"""


def _child(*arguments: object) -> tuple[float, int]:
    """(Seconds, bytes of peak memory over the interpreter and its libraries) in a process of its own."""
    command = [sys.executable, "-c", _CHILD, *(str(each) for each in arguments)]
    seconds, peak = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return float(seconds), int(peak)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("GWANMUN_BENCH_DIR")) as name:
        yield Path(name)


def fingerprint_speed() -> Iterator[Figure]:
    """Against the slower of reading the same files cold and hashing as many bytes, on all cores, in the same run."""
    decoder = Decoder(4_096, 11_008, 1)
    decoder = replace(decoder, layers=max(1, round(SIZE_GB * GB / decoder.layer_bytes)))
    with _folder() as folder:
        model = write(folder / "model", decoder, seed=1)
        files = sorted(model.glob("*.safetensors"))
        size = sum(file.stat().st_size for file in files)
        _forget(model)
        cold = size / _on_all_cores(_read, files)
        hashing = len(files) * (GB // _PIECE * _PIECE) / _on_all_cores(_hash, files)
        _forget(model)
        seconds, peak = _child("fingerprint", model, folder / "known")
        kept = next((folder / "known").iterdir()).stat().st_size
    binds = "cold read" if cold < hashing else "SHA-256"
    note = f"{size / GB:.1f} GB: {size / seconds / GB:.2f} GB/s; cold read {cold / GB:.2f}, SHA-256 {hashing / GB:.2f}"
    share = size / seconds / min(cold, hashing)
    yield Figure("fingerprint, share of what binds", share, "×", 0.6, "higher", f"{note}; {binds} binds")
    yield Figure("fingerprint, peak memory", peak / GB, "GB", 2.147, "lower", "over interpreter and libraries")
    yield Figure("fingerprint, its size", kept / 1e6, "MB", 64, "lower", "")


def memory_whatever_the_size() -> Iterator[Figure]:
    """Traces of 0.4 GB and 40 GB, the larger sparse: as much memory for both."""
    peaks = []
    for layers, sparse in ((1, False), (100, True)):
        with _folder() as folder:
            decoder = Decoder(4_096, 11_008, layers)
            one, other = (
                write(folder / name, decoder, None if sparse else seed) for seed, name in ((1, "a"), (2, "b"))
            )
            peaks.append(_child("trace", one, other)[1])
    yield Figure("trace of 0.4 GB against 0.4 GB, peak memory", peaks[0] / GB, "GB", 2.147, "lower", "drawn numbers")
    yield Figure("trace of 40 GB against 40 GB, peak memory", peaks[1] / GB, "GB", 2.147, "lower", "sparse")


def screening_speed() -> Iterator[Figure]:
    """300 references by what a fingerprint keeps for screening."""
    from tasks.checkpoints import assign_roles, open_checkpoint
    from tasks.independence.catalogue import screened
    from tasks.independence.fingerprint import read_once
    from tasks.independence.fingerprint_file import SUFFIX, write_fingerprint
    from tasks.independence.part import parts, unseen

    with _folder() as folder:
        decoder = Decoder(512, 1_408, 80)
        made = read_once(write(folder / "reference", decoder, seed=1), "reference")
        for number in range(300):
            write_fingerprint(folder / f"{number}{SUFFIX}", replace(made, id=str(number)))
        model = open_checkpoint(write(folder / "subject", decoder, seed=2))
        header = sum(each.nbytes for each in _screen_arrays(folder / f"0{SUFFIX}"))
        held = parts(model, assign_roles(model))
        _ = [part.contents for part in held.values()]
        start = time.monotonic()
        screened(held, folder, set(), unseen)
        seconds = time.monotonic() - start
    yield Figure("screening of 300 references", seconds, "s", 10, "lower", "80 layers each, warm")
    yield Figure("what is read of one", header / 1e6, "MB", 1, "lower", "")


def _screen_arrays(file: Path) -> list[np.ndarray]:
    from safetensors.numpy import load_file

    return [each for name, each in load_file(file).items() if name.startswith("screen/")]


def deep_test() -> Iterator[Figure]:
    """A pair of unrelated models of 1 GB each with a vocabulary in common: nothing is found, so everything is tried."""
    with _folder() as folder:
        decoder = Decoder(1_024, 4_096, 28, 100_000)
        one, other = (write(folder / name, decoder, seed) for seed, name in ((1, "a"), (2, "b")))
        seconds, peak = _child("trace", one, other)
        size = sum(file.stat().st_size for file in one.glob("*.safetensors"))
    yield Figure("deep test of a pair", seconds, "s", 60, "lower", f"{size / GB:.2f} GB each, {os.cpu_count()} cores")
    yield Figure("deep test, peak memory", peak / GB, "GB", 2.147, "lower", "")


BENCHMARKS: list[Benchmark] = [deep_test, screening_speed, memory_whatever_the_size, fingerprint_speed]
