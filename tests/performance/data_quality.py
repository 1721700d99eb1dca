"""Data quality: speed of the contamination scan against its peers, recall, memory, a whole audit, a million results.

English text is what Python's own packages on this machine say; Korean text is made of invented words. CPU process time.
"""

import json
import random
import re
import sysconfig
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.contamination import ContaminationScan
from tasks.data_quality.folding import Folded, Room, fold_all
from tasks.data_quality.sample_reader import BATCH_LETTERS
from tests.data_quality.perturbations import PERTURBATIONS
from tests.data_quality.sentences import english_sentence, sentence
from tests.performance.figures import Benchmark, Figure, peak_memory

Texts = Sequence[str]

_DOCUMENT = 4000


@cache
def english(letters: int) -> list[str]:
    """Documents of real text."""
    found: list[str] = []
    total = 0
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [text[start : start + _DOCUMENT] for start in range(0, len(text), _DOCUMENT)]
        total += len(text)
        if total > letters:
            break
    return found


@cache
def korean(letters: int) -> list[str]:
    """Documents of invented sentences."""
    rng = random.Random(1)
    return [" ".join(sentence(rng) for _ in range(40)) for _ in range(letters // 1200)]


@cache
def items(count: int) -> list[BenchmarkItem]:
    """Items in both languages, of two sentences each."""
    rng = random.Random(5)
    makers = (sentence, english_sentence)
    return [BenchmarkItem("t", n, f"{makers[n % 2](rng)} {makers[n % 2](rng)}") for n in range(count)]


def scan_speed() -> Iterator[Figure]:
    """Megabytes of UTF-8 a second of one core, on half English and half Korean bytes, with 5,000 items."""
    documents = [*english(6_000_000), *korean(2_500_000)]
    random.Random(2).shuffle(documents)
    scan, room = ContaminationScan(items(5000)), Room()

    def scanned(texts: Texts) -> None:
        for batch in batches(texts):
            scan.feed(fold_all(batch, room), [""] * len(batch))

    few = documents[: len(documents) // 12]
    ours = speed(scanned, documents, 8)
    yield Figure("contamination scan", ours, "MB/s")
    alone = speed(lambda texts: [hash_only(fold_all(batch, room)) for batch in batches(texts)], documents, 8)
    yield Figure("share of decode + fold + rolling hash alone", ours / alone, "", 0.6, note=f"{alone:.0f} MB/s alone")
    sets = speed(word_set_scan(), few, 2)
    yield Figure("times a Python-set scan", ours / sets, "×", 20, note=f"13-word runs in a set, {sets:.1f} MB/s")
    letters = speed(letter_set_scan(), few, 2)
    yield Figure("times a set of windows of 24", ours / letters, "×", 20, note=f"{letters:.1f} MB/s")
    janitor = speed(janitor_scan(), few, 2)
    yield Figure("times lm-eval's Janitor", ours / janitor, "×", 60, note=f"13-word runs, {janitor:.1f} MB/s")
    try:
        datatrove = speed(datatrove_scan(), few, 2)
    except ImportError:
        return
    yield Figure("times datatrove's n-gram decontamination", ours / datatrove, "×", 60, note=f"{datatrove:.1f} MB/s")


def batches(texts: Texts) -> Iterator[list[str]]:
    """As the reader of a sample hands them over."""
    batch: list[str] = []
    letters = 0
    for text in texts:
        batch.append(text)
        letters += len(text)
        if letters >= BATCH_LETTERS:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def speed(scan: Callable[[Texts], object], texts: Texts, times: int = 4) -> float:
    """The best of several runs; the first is not counted, because it compiles."""
    scan(texts[:2])
    seconds = []
    for _ in range(times):
        start = time.process_time()
        scan(texts)
        seconds.append(time.process_time() - start)
    return sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6 / min(seconds)


@cache
def _hash_loop() -> Callable[..., int]:
    from numba import njit

    from tasks.data_quality.letters import CODE_MASK, HALF

    base, mask, size = np.uint64(0x9E3779B97F4A7C15), np.uint32(CODE_MASK | HALF), 24
    out = np.uint64(pow(int(base), size - 1, 2**64))

    def loop(letters, starts, ends):  # type: ignore[no-untyped-def]
        everything = np.uint64(0)
        for text in range(len(starts)):
            own = letters[starts[text] : ends[text]]
            value = np.uint64(0)
            for letter in own[: size - 1]:
                value = value * base + np.uint64(letter & mask)
            last = own[size - 1 :]
            for place in range(len(last)):
                value = value * base + np.uint64(last[place] & mask)
                everything ^= value
                value -= np.uint64(own[place] & mask) * out
        return everything

    return njit(nogil=True)(loop)  # type: ignore[no-any-return]


def hash_only(folded: Folded) -> int:
    """The rolling hash of every window, looked up nowhere."""
    return _hash_loop()(folded.letters, folded.starts, folded.ends)


def word_set_scan() -> Callable[[Texts], object]:
    """Runs of 13 words in a Python set, after the same normalisation."""

    def words(text: str) -> list[str]:
        return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())

    def runs(text: str) -> Iterator[str]:
        found = words(text)
        return (" ".join(found[start : start + 13]) for start in range(len(found) - 12))

    wanted = {run for item in items(5000) for run in runs(item.text)}
    return lambda texts: [any(run in wanted for run in runs(text)) for text in texts]


def letter_set_scan() -> Callable[[Texts], object]:
    """Windows of 24 letters in a Python set, after the same normalisation."""

    def windows(text: str) -> Iterator[str]:
        folded = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
        return (folded[start : start + 24] for start in range(len(folded) - 23))

    wanted = {window for item in items(5000) for window in windows(item.text)}
    return lambda texts: [any(window in wanted for window in windows(text)) for text in texts]


def janitor_scan() -> Callable[[Texts], object]:
    """lm-evaluation-harness's own decontamination."""
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        from lm_eval.decontamination.janitor import Janitor

    janitor = Janitor()
    for item in items(5000):
        janitor.register_contaminant_python(item.text)
    return lambda texts: [janitor.clean_python(text) for text in texts]


def datatrove_scan() -> Callable[[Texts], object]:
    """datatrove's filter with words parted at spaces, where datatrove is installed (it is no dependency)."""
    from datatrove.data import Document
    from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
    from datatrove.utils.text import simplify_text
    from xxhash import xxh64_intdigest

    class AtSpaces:
        def word_tokenize(self, text: str) -> list[str]:
            return text.split()

    filter_ = NGramsDecontFilter.__new__(NGramsDecontFilter)
    filter_.config = NGramsDecontConfig()
    filter_.tokenizer = AtSpaces()
    filter_.hash_func = lambda text: xxh64_intdigest(text.encode())  # its own gives strings, which xxhash 4 refuses
    size = filter_.config.n_grams
    words = (simplify_text(item.text, filter_.config.norm_config).split() for item in items(5000))
    runs = (" ".join(each[start : start + size]) for each in words for start in range(len(each) - size + 1))
    filter_._index_hashes = dict.fromkeys(map(filter_.hash_func, runs), "t")
    return lambda texts: [filter_.filter(Document(text=text, id="")) for text in texts]


def recall() -> Iterator[Figure]:
    """200 of each perturbation in each language among as many items that are nowhere; then 100 MB without any."""
    for language, make in (("ko", sentence), ("en", english_sentence)):
        rng = random.Random(11)
        texts = [" ".join(make(rng) for _ in range(4)) for _ in range(400)]
        scan = ContaminationScan([BenchmarkItem("t", n, text) for n, text in enumerate(texts)])
        for name, change in PERTURBATIONS.items():
            scan.found = type(scan.found)()
            documents = [f"{make(rng)} {change(text)} {make(rng)}" for text in texts[:200]]
            scan.feed(fold_all(documents), [str(n) for n in range(200)])
            found = {each.item for each in scan.result()}
            share = len(found & set(range(200))) / 200
            yield Figure(f"recall, {language}, {name}", share, "", 0.97 if name == "particles" else 1.0)
            assert not found - set(range(200)), name
    scan = ContaminationScan(items(5000))
    read, room = 0, Room()
    for batch in batches([*english(50_000_000), *korean(20_000_000)]):
        scan.feed(fold_all(batch, room), [""] * len(batch))
        read += sum(len(text.encode("utf-8", "replace")) for text in batch)
    yield Figure("false items in unrelated text", len(scan.result()), "items", 0, "lower", f"{read / 1e6:.0f} MB")


def audit_of_a_submission() -> Iterator[Figure]:
    """A complete submission with a sample of 0.1 GB and of 1 GB, each in a process of its own, with 5,000 items."""
    from tests.data_quality.honest_run import make_honest_run

    with tempfile.TemporaryDirectory() as folder:
        run = make_honest_run(Path(folder) / "run")
        peaks = []
        for size in (100_000_000, 1_000_000_000):
            write_sample(run.folder / "evidence/sample.jsonl", size)
            run.change_manifest(lambda data: data["evidence"]["corpus"].update(sample="evidence/sample.jsonl"))
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                cpu, wall, peak = pool.submit(audited, run.manifest).result()
            peaks.append(peak)
            name, note = (
                f"audit with a sample of {size / 1e9:g} GB",
                f"{wall:.0f} s by the clock of a machine that others use too",
            )
            yield Figure(name, cpu, "s of CPU", 60 if size == 1_000_000_000 else None, "lower", note)
            yield Figure("its peak memory", peak / 2**30, "GiB", 1.0, "lower")
        yield Figure(
            "memory, tenfold the sample", peaks[1] / peaks[0], "×", note="a bounded store of signatures fills up"
        )


def audited(manifest: Path) -> tuple[float, float, int]:
    """(CPU seconds, seconds, peak bytes) of one audit."""
    from checks.contracts.loading import load_submission
    from tasks.data_quality.audit import audit

    start, wall = time.process_time(), time.perf_counter()
    audit(load_submission(manifest), items(5000))
    return time.process_time() - start, time.perf_counter() - wall, peak_memory()


def write_sample(path: Path, size: int) -> None:
    """JSON lines of that many bytes; every document is two pieces of text that no other document has together."""
    rng = random.Random(3)
    pieces = [json.dumps(text[:2000], ensure_ascii=False)[1:-1] for text in [*english(12_000_000), *korean(4_000_000)]]
    written = number = 0
    with path.open("w", encoding="utf-8") as file:
        while written < size:
            first, second = rng.choice(pieces), rng.choice(pieces)
            line = f'{{"id": "d{number}", "source": "wiki", "text": "{first} {second}"}}\n'
            written += len(line.encode("utf-8", "replace"))
            number += 1
            file.write(line)


def a_million_results() -> Iterator[Figure]:
    """Read from a warehouse, measured beside another team's, and judged."""
    from checks.expectations.canary import canary
    from checks.expectations.decide import decide_quality
    from checks.expectations.thresholds import DEFAULT_THRESHOLDS
    from tasks.data_quality.results import Results, measure_results
    from tests.warehouse.processes import scores
    from tests.warehouse.records import run
    from warehouse.item_columns import load_results
    from warehouse.store import Warehouse
    from warehouse.writer import record_scores

    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        names = []
        for team in ("t1", "t2"):
            measured = run("benchmark", team * 16, team=team, subject="common")
            record_scores(warehouse, measured, scores())
            names.append(measured.run_id)
        with warehouse.writing() as connection:
            connection.execute("delete from items")
            for number, name in enumerate(names):
                connection.execute(_MANY, [name, number])
            connection.execute("update task_scores set task = 'many', metric = 'acc', value = 0.5, n = 1000000")
        canary()  # as before every stage: Great Expectations is imported
        start, wall = time.process_time(), time.perf_counter()
        own, other = (load_results(warehouse, name) for name in names)
        measured_rows = measure_results(Results({"common": own}, {"common": {"t2": other}}), [])
        decide_quality(measured_rows, DEFAULT_THRESHOLDS)
        note = f"{time.perf_counter() - wall:.1f} s by the clock; another team's million are read too"
        yield Figure("a million item results", time.process_time() - start, "s of CPU", 5, "lower", note)


_MANY = """
insert into items by name
select ? as run_id, i as item_no, 'many' as task, i as item, 0 as repeat, sha256(i::varchar) as prompt_sha256,
       [-1.0 - ?, -2.0, -3.0, -4.0] as loglikelihoods, i % 4 as prediction, '' as output, (i % 2)::double as correct, 9 as tokens
from range(1000000) as r(i)
"""

BENCHMARKS: list[Benchmark] = [scan_speed, recall, a_million_results, audit_of_a_submission]
