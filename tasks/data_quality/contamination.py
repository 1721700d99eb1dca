"""Benchmark items in a corpus sample, exact and near, by weighted character n-grams; every hit is verified by text.

What can be claimed depends on how much text an item is. Weights count a Hangul syllable or Han character 2, other letters 1:

- 100 and more: seeds are windows of 50 (25 syllables, 50 letters of an alphabet);
- 24 to 99: seeds are windows of 24; below 50 only the whole item counts;
- 8 to 23: only a whole line (or document) that says the item and nothing else; below 16 such a line may still be chance;
- below 8, and items that show a picture: not looked for, and counted as such.

A window that stands in several different items is a phrase of the benchmark, not an item's, and is no seed.
An item found whole is `exact`; in part, `near`. Paraphrases and translations are not found.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from checks.records.quality import ContaminatedItem
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.folding import (
    DIGIT,
    LETTER,
    Folded,
    Hashes,
    Places,
    RollingHash,
    fold,
    fold_all,
    weight,
    window_ends,
)

#: 25 syllables or 50 letters: shorter windows fire on long English words (own measurement, 0 false items at 50).
LONG_WINDOW = 50
SHORT_WINDOW = 24
LEAST_LONG = 100
#: Less than this may be a whole line by chance.
LEAST_CERTAIN_LINE = 16
LEAST_LINE = 8
#: Of an item found in part, this share must be covered, so that half of an item, cut at a word, is found …
LEAST_COVERAGE = 0.45
#: … or this much of it, however long the item is.
LEAST_WEIGHT_ANYWAY = 100
#: A window in this many different items is a phrase of the benchmark.
PHRASE = 4
#: Places in one document at which one item is verified.
MOST_PLACES = 50
_FILTER_BITS = 22


@dataclass(frozen=True)
class _Target:
    """An item that is looked for: its folded text, its weight, and every (task, item) that says the same."""

    text: str
    weight: int
    items: tuple[tuple[str, int], ...]


@dataclass
class _Index:
    """Windows of one size, sorted by hash; `targets[k]` is whose window `hashes[k]` is."""

    least: int
    hashes: Hashes
    targets: Places
    filter: np.ndarray = field(repr=False)

    def found(self, hashes: Hashes) -> tuple[Places, Places]:
        """(index into `hashes`, index of the target) for every hash that is a target's."""
        candidates = np.flatnonzero(self.filter[(hashes >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)])
        first = np.searchsorted(self.hashes, hashes[candidates], side="left")
        last = np.searchsorted(self.hashes, hashes[candidates], side="right")
        counts = last - first
        places = np.repeat(candidates, counts)
        offsets = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        return places, self.targets[np.repeat(first, counts) + offsets]


@dataclass(frozen=True)
class _Hit:
    """How an item stands in a document."""

    kind: str
    longest_run: int
    coverage: float
    document: str


class ContaminationScan:
    """Looks for items in documents that are fed to it batch by batch; memory does not grow with the documents.

    >>> scan = ContaminationScan(items)
    >>> scan.feed(fold_all([document.text]), [document.id])
    >>> scan.result()
    [ContaminatedItem(task='kmmlu', item=12, document='wiki-31', kind='exact', longest_run=210, coverage=1.0)]
    """

    def __init__(self, items: Sequence[BenchmarkItem]) -> None:
        self._targets: list[_Target] = _targets(items)
        weights = [target.weight for target in self._targets]
        self.long = _index(self._targets, [w >= LEAST_LONG for w in weights], LONG_WINDOW)
        self.short = _index(self._targets, [SHORT_WINDOW <= w < LEAST_LONG for w in weights], SHORT_WINDOW)
        self._lines = {
            target.text: number for number, target in enumerate(self._targets) if target.weight < SHORT_WINDOW
        }
        self._line_index = _line_index(self._targets)
        self._best: dict[int, _Hit] = {}

    @property
    def looked_for(self) -> int:
        """Items that are looked for and certain where they are found whole."""
        return sum(len(each.items) for each in self._targets if each.weight >= LEAST_CERTAIN_LINE)

    @property
    def looked_for_as_lines(self) -> int:
        """Items so short that even a whole line may be chance."""
        return sum(len(each.items) for each in self._targets if each.weight < LEAST_CERTAIN_LINE)

    def feed(self, folded: Folded, ids: Sequence[str]) -> None:
        """Looks through some documents; `ids[k]` names text k of `folded`."""
        if not self._targets:
            return
        hashes = RollingHash(folded.codes)
        for index in (self.long, self.short):
            if index is not None:
                self._feed_windows(folded, ids, hashes, index)
        if self._line_index is not None:
            self._feed_lines(folded, ids, hashes, self._line_index)

    def result(self) -> list[ContaminatedItem]:
        """Every item found, once, where it stands most completely; ordered by task and item."""
        return sorted(
            (
                ContaminatedItem(
                    task=task,
                    item=item,
                    document=hit.document,
                    kind="exact" if hit.kind == "exact" else "near",
                    longest_run=hit.longest_run,
                    coverage=hit.coverage,
                )
                for number, hit in self._best.items()
                for task, item in self._targets[number].items
            ),
            key=lambda found: (found.task, found.item),
        )

    def _feed_windows(self, folded: Folded, ids: Sequence[str], hashes: RollingHash, index: _Index) -> None:
        ends = window_ends(folded.weights, index.least)
        places, targets = index.found(hashes.windows(np.arange(len(ends)), ends))
        documents = np.searchsorted(folded.ends, places, side="right")
        by_pair: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, target, document in zip(places.tolist(), targets.tolist(), documents.tolist(), strict=True):
            by_pair[target, document].append(place)
        for (target, document), found in by_pair.items():
            best = self._best.get(target)
            if best is not None and best.kind == "exact":
                continue
            start, end = int(folded.starts[document]), int(folded.ends[document])
            for region_start, region_end in _regions(found, len(self._targets[target].text), start, end):
                hit = _verify(folded, region_start, region_end, self._targets[target], index.least, ids[document])
                if hit is not None:
                    self._keep(target, hit)

    def _feed_lines(self, folded: Folded, ids: Sequence[str], hashes: RollingHash, index: _Index) -> None:
        starts, ends = folded.line_starts, folded.line_ends
        weights = folded.weights[ends] - folded.weights[starts]
        fits = (weights >= LEAST_LINE) & (weights < SHORT_WINDOW)
        starts, ends = starts[fits], ends[fits]
        lines, _ = index.found(hashes.windows(starts, ends))
        for line in np.unique(lines).tolist():
            start, end = int(starts[line]), int(ends[line])
            number = self._lines.get(folded.text(start, end))
            if number is not None:
                document = int(np.searchsorted(folded.ends, start, side="right"))
                self._keep(number, _Hit("exact", self._targets[number].weight, 1.0, ids[document]))

    def _keep(self, target: int, hit: _Hit) -> None:
        known = self._best.get(target)
        if known is None or (hit.kind == "exact", hit.coverage, hit.longest_run) > (
            known.kind == "exact",
            known.coverage,
            known.longest_run,
        ):
            self._best[target] = hit


def is_certain(found: ContaminatedItem) -> bool:
    """Whether an item found whole is too much text to be there by chance."""
    return found.kind == "exact" and found.longest_run >= LEAST_CERTAIN_LINE


def _targets(items: Sequence[BenchmarkItem]) -> list[_Target]:
    """Test items by folded text; pictures and texts that are too short are left out."""
    by_text: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for item in items:
        if item.split == "test" and not item.picture:
            by_text[fold(item.text)].append((item.task, item.item))
    weighed = ((text, weight(text), tuple(same)) for text, same in by_text.items())
    return [_Target(text, heavy, same) for text, heavy, same in weighed if heavy >= LEAST_LINE]


def _index(targets: Sequence[_Target], wanted: Sequence[bool], least: int) -> _Index | None:
    """The windows of the wanted targets, without the benchmark's own phrases."""
    numbers = np.flatnonzero(wanted)
    if len(numbers) == 0:
        return None
    folded = fold_all([targets[number].text for number in numbers.tolist()])
    ends = window_ends(folded.weights, least)
    starts = np.arange(len(ends))
    owner = np.searchsorted(folded.ends, starts, side="right")
    inside = ends <= folded.ends[owner]
    starts, ends, owner = starts[inside], ends[inside], owner[inside]
    hashes = RollingHash(folded.codes).windows(starts, ends)
    pairs = np.unique(np.stack([hashes, owner.astype(np.uint64)], axis=1), axis=0)
    _, inverse, counts = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    # An item all of whose windows are phrases keeps them: it would not be looked for at all.
    phrase = counts[inverse] >= PHRASE
    owners = pairs[:, 1].astype(np.int64)
    own = np.bincount(owners[~phrase], minlength=len(numbers)) > 0
    keep = ~phrase | ~own[owners]
    return _sorted_index(least, pairs[keep, 0], numbers[owners[keep]])


def _line_index(targets: Sequence[_Target]) -> _Index | None:
    numbers = np.array([n for n, target in enumerate(targets) if target.weight < SHORT_WINDOW], dtype=np.int64)
    if len(numbers) == 0:
        return None
    folded = fold_all([targets[number].text for number in numbers.tolist()])
    return _sorted_index(LEAST_LINE, RollingHash(folded.codes).windows(folded.starts, folded.ends), numbers)


def _sorted_index(least: int, hashes: Hashes, targets: Places) -> _Index:
    order = np.argsort(hashes, kind="stable")
    there = np.zeros(1 << _FILTER_BITS, dtype=np.bool_)
    there[(hashes >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)] = True
    return _Index(least, hashes[order], targets[order], there)


def _regions(places: list[int], length: int, start: int, end: int) -> list[tuple[int, int]]:
    """Stretches of the document around the hits, wide enough to hold the item; hits near each other share one."""
    regions: list[tuple[int, int]] = []
    for place in sorted(places):
        first, last = max(start, place - length), min(end, place + 2 * length)
        if regions and first <= regions[-1][1]:
            regions[-1] = (regions[-1][0], last)
        elif len(regions) < MOST_PLACES:
            regions.append((first, last))
    return regions


def _verify(folded: Folded, start: int, end: int, target: _Target, seed: int, document: str) -> _Hit | None:
    """Compares the texts themselves: the item whole, else its longest run and how much of it runs cover."""
    region = folded.text(start, end)
    at = region.find(target.text)
    while at >= 0:
        if target.weight >= LONG_WINDOW or _stands_alone(folded, start + at, start + at + len(target.text)):
            return _Hit("exact", target.weight, 1.0, document)
        at = region.find(target.text, at + 1)
    if target.weight < LONG_WINDOW:
        return None
    longest, covered = _runs(region, target.text)
    coverage = covered / target.weight
    if longest < seed or (coverage < LEAST_COVERAGE and covered < LEAST_WEIGHT_ANYWAY):
        return None
    return _Hit("near", longest, coverage, document)


def _stands_alone(folded: Folded, start: int, end: int) -> bool:
    """Whether the match is no part of a longer number or word: 12 in 312 is another number."""
    for inside, outside in ((start, start - 1), (end - 1, end)):
        if 0 <= outside < len(folded.codes):
            same = folded.kinds[inside] == folded.kinds[outside] and folded.kinds[inside] in (DIGIT, LETTER)
            if same and abs(int(folded.origin[inside]) - int(folded.origin[outside])) == 1:
                return False
    return True


def _runs(region: str, item: str) -> tuple[int, int]:
    """The weight of the longest run of `item` in `region`, and of all its letters that stand in runs of SHORT_WINDOW or more."""
    weights = fold_all([item]).weights
    longest, covered, counted_to = 0, 0, 0
    start, end = 0, 0
    while start < len(item):
        end = max(end, start)
        while end < len(item) and item[start : end + 1] in region:
            end += 1
        run = int(weights[end] - weights[start])
        longest = max(longest, run)
        if run >= SHORT_WINDOW and end > counted_to:
            covered += int(weights[end] - weights[max(start, counted_to)])
            counted_to = end
        if end == len(item):
            break
        start += 1
    return longest, covered
