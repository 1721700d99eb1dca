"""Measures a scanned corpus sample: documents, duplicates, scripts, personal data, and benchmark items in it."""

from collections.abc import Sequence

from checks.records.quality import ContaminatedItem, Measurement
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.contamination import LEAST_CERTAIN_LINE, WORD_RUNS, ContaminationScan, is_certain
from tasks.data_quality.findings import Findings
from tasks.data_quality.inventory import Inventory
from tasks.data_quality.letters import DIGIT, HANGUL
from tasks.data_quality.personal_data import KINDS
from tasks.data_quality.sample_scan import SampleScan

CONTAMINATION = ("contamination-exact", "contamination-near", "contamination-short")
CHECKS = (
    "documents",
    "lines-readable",
    "ids-distinct",
    "sources-known",
    "empty-documents",
    "broken-documents",
    "duplicates",
    "near-duplicates",
    "korean-sources",
    *KINDS,
)
#: A source with fewer letters in the sample says nothing about its language.
LEAST_LETTERS = 200


def measure_sample(
    scan: SampleScan, inventory: Inventory | None, items: Sequence[BenchmarkItem]
) -> tuple[list[Measurement], list[ContaminatedItem], int]:
    """Suite `sample`, the items found in it, and how many were looked for; `items` are those of the scan."""
    found = Findings("sample")
    _documents(found, scan)
    _sources(found, scan, inventory)
    _personal(found, scan)
    contamination = ContaminationScan(items)
    contamination.found = scan.found
    contaminated = contamination.result()
    _contamination(found, items, contamination, contaminated, scan.documents)
    return found.rows, contaminated, contamination.looked_for + contamination.looked_for_as_lines


def missing_sample(items: Sequence[BenchmarkItem]) -> list[Measurement]:
    """The measurements of a sample that was not handed in."""
    found = Findings("sample")
    found.missing(*CHECKS)
    if items:
        found.missing(*CONTAMINATION)
    else:
        found.not_applicable(*CONTAMINATION, observed="no suite is named")
    return found.rows


def _documents(found: Findings, scan: SampleScan) -> None:
    observed = f"{scan.characters:,} characters"
    found.measured("documents", scan.documents, max(1, scan.lines.lines), observed=observed)
    _share(found, "lines-readable", scan.lines.broken_count, scan.lines.lines, scan.lines.broken)
    total, repeated, examples = scan.repeated(scan.ids)
    found.measured("ids-distinct", repeated, max(1, total), bad=repeated, examples=examples)
    _share(found, "empty-documents", scan.empty_count, scan.documents, scan.empty)
    _share(found, "broken-documents", scan.broken_count, scan.documents, scan.broken)
    total, repeated, examples = scan.repeated(scan.texts)
    looked_at, alike, pairs = scan.near.counted()
    if total == 0:
        found.not_applicable(
            "duplicates", "near-duplicates", observed="every document is shorter than 50 weighted characters"
        )
        return
    _share(found, "duplicates", repeated, total, examples)
    if looked_at == 0:
        found.not_applicable("near-duplicates", observed="no document is in the share that is looked at")
        return
    observed = "" if scan.near.share == 1 else f"one document in {scan.near.share}, chosen by content"
    found.measured("near-duplicates", alike / looked_at, looked_at, bad=alike, observed=observed, examples=pairs)


def _share(found: Findings, check: str, bad: int, rows: int, examples: Sequence[str]) -> None:
    if rows:
        found.measured(check, bad / rows, rows, bad=bad, examples=examples)
    else:
        found.not_applicable(check, observed="the sample is empty")


def _sources(found: Findings, scan: SampleScan, inventory: Inventory | None) -> None:
    if inventory is None:
        found.missing("sources-known", "korean-sources")
        return
    unknown = {source: count for source, count in scan.sources.items() if source not in inventory.languages}
    found.measured(
        "sources-known",
        sum(unknown.values()),
        max(1, scan.documents),
        bad=sum(unknown.values()),
        examples=[f"{source}: {count:,} documents" for source, count in sorted(unknown.items())],
    )
    shares = {}
    for source, scripts in scan.scripts.items():
        letters = int(scripts[DIGIT + 1 :].sum())
        if inventory.languages.get(source, "").split("-")[0] in ("ko", "kor") and letters >= LEAST_LETTERS:
            shares[source] = float(scripts[HANGUL]) / letters
    if not shares:
        found.not_applicable("korean-sources", observed="no source declared Korean has enough letters in the sample")
        return
    least = min(shares, key=lambda source: (shares[source], source))
    low = sorted(shares, key=lambda source: (shares[source], source))
    examples = [f"{source}: {shares[source]:.0%}" for source in low]
    found.measured("korean-sources", shares[least], len(shares), observed=f"the least is {least}'s", examples=examples)


def _personal(found: Findings, scan: SampleScan) -> None:
    for kind, count in scan.personal.counts.items():
        if scan.characters == 0:
            found.not_applicable(kind, observed="the sample is empty")
            continue
        beyond = count.beyond_chance
        observed = f"{count.shaped:,} by shape"
        if count.shaped > count.certain:
            chance = count.expected_by_chance
            observed += f", {count.checked:,} with a right check digit, {chance:.1f} expected by chance"
        found.measured(
            kind,
            beyond * 1e6 / scan.characters,
            scan.documents,
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
            observed=_claim(check, hits, left, documents, scan),
            examples=[f"{hit.task} {hit.item}: {hit.document}, {hit.coverage:.0%}" for hit in hits],
        )


def _claim(check: str, hits: Sequence[ContaminatedItem], left: int, documents: int, scan: ContaminationScan) -> str:
    """What the numbers allow to be said."""
    said = []
    if left and check == "contamination-exact":
        said.append(f"{left:,} further items show a picture or are too short to look for")
    if not hits and check != "contamination-short":
        said.append(
            f"with 95 % confidence fewer than {min(1.0, 3 / documents):.2g} of the corpus's documents hold an item"
        )
    if check == "contamination-near":
        said += [
            f"runs of {size} words, as others count: {scan.found_by_words(size):,} of {scan.with_words[size]:,} items"
            for size in WORD_RUNS
        ]
    if check == "contamination-short":
        said.append(f"items below {LEAST_CERTAIN_LINE} weighted characters")
    return "; ".join(said)
