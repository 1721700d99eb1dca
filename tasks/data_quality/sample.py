"""Measures the corpus sample in one pass: documents, duplicates, scripts, personal data, and benchmark items in it."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from unicodedata import is_normalized, normalize

import numpy as np

from checks.records.quality import ContaminatedItem, Measurement
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.contamination import LEAST_CERTAIN_LINE, ContaminationScan, is_certain
from tasks.data_quality.findings import Findings
from tasks.data_quality.folding import DIGIT, DROPPED, HANGUL, SEPARATOR, Folded, RollingHash, fold_all
from tasks.data_quality.inventory import Inventory
from tasks.data_quality.personal_data import KINDS, PersonalDataCount
from tasks.data_quality.progress import Progress
from tasks.data_quality.sample_reader import Document, LineCounts, read_sample

CONTAMINATION = ("contamination-exact", "contamination-near", "contamination-short")
CHECKS = (
    "documents",
    "lines-readable",
    "ids-distinct",
    "sources-known",
    "empty-documents",
    "broken-documents",
    "duplicates",
    "korean-sources",
    *KINDS,
)
#: A shorter text is a line that honest documents share, no document of its own.
LEAST_DUPLICATE_WEIGHT = 50
#: A source with fewer letters in the sample says nothing about its language.
LEAST_LETTERS = 200
_EXAMPLES = 20


class _Tally:
    """What one pass over the documents leaves: sums, and two 64-bit hashes a document."""

    def __init__(self) -> None:
        self.documents = 0
        self.letters = 0
        self.empty: list[str] = []
        self.broken: list[str] = []
        self.empty_count = 0
        self.broken_count = 0
        self.ids: list[np.ndarray] = []
        self.texts: list[np.ndarray] = []
        self.sources: dict[str, int] = defaultdict(int)
        self.scripts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(5, dtype=np.int64))

    def add(self, batch: Sequence[Document], folded: Folded) -> None:
        """One batch of documents and the same texts folded."""
        self.documents += len(batch)
        self.letters += sum(len(document.text) for document in batch)
        self.ids.append(np.array([_hash64(document.id) for document in batch], dtype=np.uint64))
        heavy = folded.weights[folded.ends] - folded.weights[folded.starts] >= LEAST_DUPLICATE_WEIGHT
        self.texts.append(RollingHash(folded.codes).windows(folded.starts[heavy], folded.ends[heavy]))
        counts = np.stack([_count_by_text(folded, kind) for kind in range(5)], axis=1)
        for document, scripts in zip(batch, counts, strict=True):
            self.sources[document.source] += 1
            self.scripts[document.source] += scripts
            if scripts[DROPPED + 1 :].sum() == 0:
                self.empty_count += 1
                self.empty = [*self.empty, document.id][:_EXAMPLES]
            if "\ufffd" in document.text:
                self.broken_count += 1
                self.broken = [*self.broken, document.id][:_EXAMPLES]


def measure_sample(
    path: Path, inventory: Inventory | None, items: Sequence[BenchmarkItem], progress: Progress
) -> tuple[list[Measurement], list[ContaminatedItem], int]:
    """Suite `sample`, the items found in it, and how many were looked for.

    Raises InputFault where the file cannot be read; broken lines are counted.
    """
    counts, tally, personal = LineCounts(), _Tally(), PersonalDataCount()
    scan = ContaminationScan(items)
    for batch in read_sample(path, counts):
        folded = fold_all([document.text for document in batch])
        tally.add(batch, folded)
        scan.feed(folded, [document.id for document in batch])
        personal.feed(_joined(batch))
        progress("corpus sample", tally.documents, 0)
    found = Findings("sample")
    _documents(found, counts, tally)
    _sources(found, tally, inventory)
    _personal(found, tally, personal)
    contaminated = scan.result()
    _contamination(found, items, scan, contaminated, tally.documents)
    return found.rows, contaminated, scan.looked_for + scan.looked_for_as_lines


def missing_sample(items: Sequence[BenchmarkItem]) -> list[Measurement]:
    """The measurements of a sample that was not handed in."""
    found = Findings("sample")
    found.missing(*CHECKS)
    if items:
        found.missing(*CONTAMINATION)
    else:
        found.not_applicable(*CONTAMINATION, observed="no suite is named")
    return found.rows


def _hash64(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _count_by_text(folded: Folded, kind: int) -> np.ndarray:
    sums = np.concatenate(([0], np.cumsum(folded.kinds == kind)))
    return np.asarray(sums[folded.ends] - sums[folded.starts])


def _joined(batch: Sequence[Document]) -> str:
    joined = SEPARATOR.join(document.text for document in batch)
    return joined if is_normalized("NFKC", joined) else normalize("NFKC", joined)


def _repeated(hashes: Sequence[np.ndarray]) -> tuple[int, int]:
    """How many hashes there are, and how many of them repeat an earlier one."""
    together = np.concatenate(hashes) if hashes else np.empty(0, dtype=np.uint64)
    return len(together), len(together) - len(np.unique(together))


def _documents(found: Findings, counts: LineCounts, tally: _Tally) -> None:
    observed = f"{tally.letters:,} characters"
    found.measured("documents", tally.documents, max(1, counts.lines), observed=observed)
    _share(found, "lines-readable", counts.broken_count, counts.lines, counts.broken)
    total, repeated = _repeated(tally.ids)
    found.measured("ids-distinct", repeated, max(1, total), bad=repeated)
    _share(found, "empty-documents", tally.empty_count, tally.documents, tally.empty)
    _share(found, "broken-documents", tally.broken_count, tally.documents, tally.broken)
    total, repeated = _repeated(tally.texts)
    if total:
        _share(found, "duplicates", repeated, total, [])
    else:
        found.not_applicable("duplicates", observed="every document is shorter than 50 weighted characters")


def _share(found: Findings, check: str, bad: int, rows: int, examples: Sequence[str]) -> None:
    if rows:
        found.measured(check, bad / rows, rows, bad=bad, examples=examples)
    else:
        found.not_applicable(check, observed="the sample is empty")


def _sources(found: Findings, tally: _Tally, inventory: Inventory | None) -> None:
    if inventory is None:
        found.missing("sources-known", "korean-sources")
        return
    unknown = {source: count for source, count in tally.sources.items() if source not in inventory.languages}
    found.measured(
        "sources-known",
        sum(unknown.values()),
        max(1, tally.documents),
        bad=sum(unknown.values()),
        examples=[f"{source}: {count:,} documents" for source, count in sorted(unknown.items())],
    )
    shares = {}
    for source, scripts in tally.scripts.items():
        letters = int(scripts[DIGIT + 1 :].sum())
        if inventory.languages.get(source, "").split("-")[0] in ("ko", "kor") and letters >= LEAST_LETTERS:
            shares[source] = float(scripts[HANGUL]) / letters
    if not shares:
        found.not_applicable("korean-sources", observed="no source declared Korean has enough letters in the sample")
        return
    least = min(shares, key=lambda source: (shares[source], source))
    found.measured("korean-sources", shares[least], len(shares), observed=f"the least is {least}'s")


def _personal(found: Findings, tally: _Tally, personal: PersonalDataCount) -> None:
    for kind, count in personal.counts.items():
        if tally.letters == 0:
            found.not_applicable(kind, observed="the sample is empty")
            continue
        beyond = count.beyond_chance
        observed = f"{count.shaped:,} by shape"
        if count.shaped > count.certain:
            chance = count.expected_by_chance
            observed += f", {count.checked:,} with a right check digit, {chance:.1f} expected by chance"
        found.measured(
            kind,
            beyond * 1e6 / tally.letters,
            tally.documents,
            bad=count.checked + count.certain,
            observed=observed,
            examples=count.examples,
        )


def _contamination(
    found: Findings,
    items: Sequence[BenchmarkItem],
    scan: ContaminationScan,
    contaminated: Sequence[ContaminatedItem],
    documents: int,
) -> None:
    if not items:
        found.not_applicable(*CONTAMINATION, observed="no suite is named")
        return
    groups = {
        "contamination-exact": ([each for each in contaminated if is_certain(each)], scan.looked_for),
        "contamination-near": ([each for each in contaminated if each.kind == "near"], scan.looked_for),
        "contamination-short": (
            [each for each in contaminated if each.kind == "exact" and not is_certain(each)],
            scan.looked_for_as_lines,
        ),
    }
    tested = sum(item.split == "test" for item in items)
    left = tested - scan.looked_for - scan.looked_for_as_lines
    for check, (hits, looked_for) in groups.items():
        if looked_for == 0 or documents == 0:
            found.not_applicable(check, observed=f"none of {tested:,} items can be looked for so")
            continue
        found.measured(
            check,
            len(hits),
            looked_for,
            bad=len(hits),
            observed=_claim(check, hits, left, documents),
            examples=[f"{hit.task} {hit.item}: {hit.document}, {hit.coverage:.0%}" for hit in hits],
        )


def _claim(check: str, hits: Sequence[ContaminatedItem], left: int, documents: int) -> str:
    """What the numbers allow to be said."""
    said = []
    if left and check == "contamination-exact":
        said.append(f"{left:,} further items show a picture or are too short to look for")
    if not hits and check != "contamination-short":
        said.append(
            f"with 95 % confidence fewer than {min(1.0, 3 / documents):.2g} of the corpus's documents hold an item"
        )
    if check == "contamination-short":
        said.append(f"items below {LEAST_CERTAIN_LINE} weighted characters")
    return "; ".join(said)
