"""Whether a server serves the weights that were handed in: what can honestly be checked, and what was.

The weights on this machine answer the same sample texts, and the log-probabilities are compared token by token. Where they
cannot (no weights in the folder, too large for this machine, no log-probabilities from the server) the weights are `not
verified`, which is said wherever the run stands; it is never a pass. A hash that a server states about itself is a claim:
one that differs is refused, one that is equal proves nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_sha256
from tasks.benchmark.endpoint.offer import Offer

#: Mean difference of a token's log-probability, in nats, up to which two computations of one model may differ: bfloat16
#: against float32 is some 0.02 (measured between batch shapes: 0.055 at most), a model trained further is beyond it.
SAME_WEIGHTS = 0.05

#: A model takes this share of the free memory at most.
_SHARE_OF_MEMORY = 0.5

#: Contexts with their continuations, in the languages of the programme and in code.
SAMPLES = (
    ("대한민국의 수도는", " 서울이며, 한강이 도시를 가로질러 흐른다."),
    ("The capital of France is", " Paris, and the river that crosses it is the Seine."),
    ("물은 섭씨 0도에서 얼고", " 100도에서 끓는다. 따라서 얼음은 물보다 차갑다."),
    ("def add(a, b):\n", "    return a + b\n"),
    ("1 + 1 = 2\n2 + 2 = 4\n3 + 3 =", " 6\n4 + 4 = 8"),
    ("질문: 다음 중 포유류는?\nA. 상어\nB. 고래\nC. 독수리\n정답:", " B"),
)


@dataclass(frozen=True)
class ServedWeights:
    """`agree`: the same answers from the weights handed in, within `difference` (mean, in nats a token, over `tokens`)."""

    state: Literal["agree", "not verified"]
    why: str
    difference: float | None = None
    tokens: int = 0

    @property
    def words(self) -> str:
        """In one phrase."""
        if self.state == "agree":
            return f"agree with the folder's: {self.difference:.2g} nats a token apart over {self.tokens} tokens"
        return f"not verified: {self.why}"


def weights_sha256(folder: Path) -> str | None:
    """SHA-256 over the safetensors files by name and content, which a server may state as `weights_sha256`."""
    from tasks.benchmark.model_loading import file_sha256

    files = {path.name: file_sha256(path) for path in sorted(folder.glob("*.safetensors"))}
    return canonical_sha256(files) if files else None


def check_weights(base: str, offer: Offer, folder: Path, served: Any) -> ServedWeights:
    """Compares `served` with the weights in the folder. Raises InputFault where they are others."""
    stated = offer.weights_sha256
    if stated is not None and stated != weights_sha256(folder):
        raise InputFault(base, "weights_sha256", f"a server of other weights ({stated[:12]})", f"those of {folder}")
    why = _unverifiable(offer, folder)
    if why:
        return ServedWeights("not verified", why)
    difference, tokens = _difference(served, folder)
    if difference > SAME_WEIGHTS:
        found = f"answers {difference:.3g} nats a token apart from those of the weights in {folder}"
        raise InputFault(base, offer.model, found, f"the same weights, {SAME_WEIGHTS} at most")
    return ServedWeights("agree", "", difference, tokens)


def _unverifiable(offer: Offer, folder: Path) -> str:
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if not weights:
        return "the folder holds no weights to compare with"
    if offer.prompt_way is None:
        return "the server gives no log-probabilities of prompts"
    if weights > _SHARE_OF_MEMORY * _free_memory():
        return f"the weights ({weights / 2**30:.0f} GiB) do not fit this machine"
    return ""


def _free_memory() -> int:
    """Bytes free on the GPU that a model would be put on, else in main memory."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    meminfo = Path("/proc/meminfo")
    if not meminfo.is_file():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1024


def _difference(served: Any, folder: Path) -> tuple[float, int]:
    """Mean absolute difference a token over the samples, and how many tokens that are."""
    from tasks.benchmark.devices import choose_device
    from tasks.benchmark.engine import HarnessModel
    from tasks.benchmark.model_loading import load_model

    here = HarnessModel(load_model(folder, choose_device()))
    longest = min(served.max_length, here.max_length)
    there: list[float] = []
    asked: list[tuple[list[int], list[int]]] = []
    for text in SAMPLES:
        before, after = served._encode_pair(*text)
        ids = [*before, *after][:longest]
        there += served.token_logprobs(ids, len(ids) - len(before))
        asked += [(ids[:end], [ids[end]]) for end in range(len(before), len(ids))]
    own = [value for value, _ in here.token_scores(asked)]
    return sum(abs(first - second) for first, second in zip(there, own, strict=True)) / len(own), len(own)
