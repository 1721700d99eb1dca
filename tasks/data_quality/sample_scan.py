"""One pass over a corpus sample, shard by shard: what it leaves can be merged, whatever was read where and in which order.

>>> scans = [scan_shard(shard, items, name=name) for name, shard in named_shards(path)]
>>> measure_sample(merged(scans), inventory, items)
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.contamination import ContaminationScan, Found
from tasks.data_quality.folding import Folded, Hashes, Room, fold_all
from tasks.data_quality.near_duplicates import LEAST_WEIGHT, NearDuplicates
from tasks.data_quality.personal_data import PersonalDataCount
from tasks.data_quality.progress import Progress, silent
from tasks.data_quality.sample_reader import MOST_EXAMPLES, Document, LineCounts, read_shard, sample_shards
from tasks.data_quality.window_index import hashes_of

KindCounts = npt.NDArray[np.int64]
Lines = npt.NDArray[np.uint32]


@dataclass
class SampleScan:
    """What one pass over the documents leaves: sums, examples, and 20 bytes a document.

    `ids` and `texts` are hashes, document by document (0 of a text that is too short to count as repeated), `places` their
    lines, `shards` the names of the files and how many documents each holds.
    """

    lines: LineCounts = field(default_factory=LineCounts)
    documents: int = 0
    characters: int = 0
    empty: list[str] = field(default_factory=list)
    empty_count: int = 0
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0
    ids: list[Hashes] = field(default_factory=list)
    texts: list[Hashes] = field(default_factory=list)
    places: list[Lines] = field(default_factory=list)
    shards: list[tuple[str, int]] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    scripts: dict[str, KindCounts] = field(default_factory=dict)
    near: NearDuplicates = field(default_factory=NearDuplicates)
    personal: PersonalDataCount = field(default_factory=PersonalDataCount)
    found: Found = field(default_factory=Found)

    def add(self, batch: Sequence[Document], folded: Folded) -> None:
        """One batch of documents and the same texts folded."""
        self.documents += len(batch)
        self.characters += sum(len(document.text) for document in batch)
        self.ids.append(np.array([_hash64(document.id) for document in batch], dtype=np.uint64))
        texts = hashes_of(folded, np.stack((folded.starts, folded.ends), axis=1))
        self.texts.append(np.where(folded.ends - folded.starts >= LEAST_WEIGHT, texts, np.uint64(0)))
        self.places.append(np.array([document.line for document in batch], dtype=np.uint32))
        names = [document.source for document in batch]
        self.sources.update(names)
        kinds = folded.kinds
        for source in set(names):
            own = kinds[[name == source for name in names]].sum(axis=0)
            self.scripts[source] = self.scripts.get(source, 0) + own
        empty, broken = np.flatnonzero(folded.ends == folded.starts), np.flatnonzero(folded.replaced)
        self.empty_count += len(empty)
        self.broken_count += len(broken)
        self.empty = [*self.empty, *(batch[number].id for number in empty[:MOST_EXAMPLES])][:MOST_EXAMPLES]
        self.broken = [*self.broken, *(batch[number].id for number in broken[:MOST_EXAMPLES])][:MOST_EXAMPLES]
        self.near.feed(folded, [document.id for document in batch])
        self.personal.feed(folded.numbers, folded.addresses)

    def repeated(self, hashes: Sequence[Hashes]) -> tuple[int, int, list[str]]:
        """How many of `ids` or `texts` there are, how many repeat an earlier one, and where some of these stand."""
        every = np.concatenate(hashes) if hashes else np.empty(0, dtype=np.uint64)
        order = np.argsort(every, kind="stable")
        order = order[every[order] != 0]
        same = np.concatenate(([False], every[order[1:]] == every[order[:-1]]))[: len(order)]
        firsts = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
        later = np.flatnonzero(same)
        shown = later[np.argsort(order[later], kind="stable")[:MOST_EXAMPLES]]
        lines = [f"{self._place(order[place])} repeats {self._place(order[firsts[place]])}" for place in shown]
        return len(order), len(later), lines

    def _place(self, document: np.int64) -> str:
        """Where a document stands: the line of its file."""
        line = np.concatenate(self.places)[document]
        ends = np.cumsum([count for _, count in self.shards])
        shard = int(np.searchsorted(ends, document, side="right"))
        return f"{self.shards[shard][0] if shard < len(ends) else ''}line {line}"

    def merge(self, other: "SampleScan") -> None:
        """Adds what another pass left, over other documents and for the same items."""
        self.lines.merge(other.lines)
        self.documents += other.documents
        self.characters += other.characters
        self.empty_count += other.empty_count
        self.broken_count += other.broken_count
        self.empty = [*self.empty, *other.empty][:MOST_EXAMPLES]
        self.broken = [*self.broken, *other.broken][:MOST_EXAMPLES]
        self.ids += other.ids
        self.texts += other.texts
        self.places += other.places
        self.shards += other.shards
        self.sources += other.sources
        for source, own in other.scripts.items():
            self.scripts[source] = self.scripts.get(source, 0) + own
        self.near.merge(other.near)
        self.personal.merge(other.personal)
        self.found.merge(other.found)


def scan_shard(path: Path, items: Sequence[BenchmarkItem], progress: Progress = silent, name: str = "") -> SampleScan:
    """Reads one file of a sample; `name` is put before the numbers of broken lines.

    Raises InputFault where the file cannot be read; broken lines are counted.
    """
    scan, room = SampleScan(LineCounts(shard=name)), Room()
    contamination = ContaminationScan(items)
    for batch in read_shard(path, scan.lines):
        folded = fold_all([document.text for document in batch], room)
        scan.add(batch, folded)
        contamination.feed(folded, [document.id for document in batch])
        progress("corpus sample", scan.documents, 0)
    scan.found = contamination.found
    scan.shards = [(name, scan.documents)]
    return scan


def scan_sample(path: Path, items: Sequence[BenchmarkItem], progress: Progress = silent) -> SampleScan:
    """Reads a sample, file after file."""
    return merged(scan_shard(shard, items, progress, name) for name, shard in named_shards(path))


def named_shards(path: Path) -> list[tuple[str, Path]]:
    """The files of a sample, each with what its broken lines are named by: nothing where there is one file."""
    shards = sample_shards(path)
    return [("" if shard == path else f"{shard.relative_to(path)}, ", shard) for shard in shards]


def merged(scans: Iterable[SampleScan]) -> SampleScan:
    """One scan of all shards, put together one by one: the store of signatures is as large as one shard's."""
    whole = SampleScan()
    for scan in scans:
        whole.merge(scan)
    return whole


def _hash64(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
