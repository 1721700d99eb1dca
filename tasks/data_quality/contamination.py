"""Benchmark items in a corpus sample, exact and near, by weighted character n-grams; every hit is verified by text.

What can be claimed depends on how much text an item is. Weights count a Hangul syllable or Han character 2, other letters 1:

- 100 and more: found where a run of 50 (25 syllables, 50 letters of an alphabet) is equal;
- 24 to 99: where a run of 24 is; below 50 only the whole item counts;
- 8 to 23: only a whole line (or document) that says the item and nothing else; below 16 such a line may still be chance;
- below 8, and items that show a picture: not looked for, and counted as such.

Windows of 24 are looked up. Of a long item only so many are, that every run of 36 holds one: the filter then stays in the
processor's nearest memory. A window that stands in several different items is a phrase of the benchmark, not an item's.
An item found whole is `exact`; in part, `near`. Paraphrases and translations are not found.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from checks.records.quality import ContaminatedItem
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.folding import Folded, Hashes, Letters, Places, fold_all
from tasks.data_quality.letters import APART, DIGIT, HALF, KIND_MASK, KIND_SHIFT, LETTER
from tasks.data_quality.window_index import (
    WindowIndex,
    all_windows,
    all_word_runs,
    hashes_of,
    windows_found,
    word_runs_found,
)

#: 25 syllables or 50 letters: shorter runs fire on long English words (own measurement, 0 false items at 50).
LONG_RUN = 50
#: The windows that are looked up, and the run that an item below LEAST_LONG needs.
WINDOW = 24
LEAST_LONG = 100
#: Every run of WINDOW + _STRIDE places holds a window that is looked up, so eight English words mostly do.
_STRIDE = 12
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
#: Runs of words that others look for: GPT-3 and PaLM's 13 and 8 (Brown et al. 2020, Chowdhery et al. 2022).
WORD_RUNS = (8, 13)


Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Target:
    """An item that is looked for: its folded text, and every (task, item) that says the same. Its text is `start … end` of all."""

    text: str
    start: int
    end: int
    items: tuple[tuple[str, int], ...]

    @property
    def weight(self) -> int:
        """How much text it is."""
        return self.end - self.start

    @property
    def least_run(self) -> int:
        """The run that must be equal before it is looked at closely."""
        return LONG_RUN if self.weight >= LEAST_LONG else WINDOW


@dataclass(frozen=True)
class _Hit:
    """How an item stands in a document."""

    kind: str
    longest_run: int
    coverage: float
    document: str

    def is_better_than(self, other: "_Hit | None") -> bool:
        """More complete, or as complete in a document of a lower name, so that the order of reading decides nothing."""
        if other is None:
            return True
        mine, others = ((each.kind == "exact", each.coverage, each.longest_run) for each in (self, other))
        return mine > others or (mine == others and self.document < other.document)


@dataclass
class Found:
    """What was found: the best place of each item, and the items that runs of words hit. Two of them merge into one."""

    best: dict[int, _Hit] = field(default_factory=dict)
    words: dict[int, set[int]] = field(default_factory=lambda: {size: set() for size in WORD_RUNS})

    def keep(self, target: int, hit: _Hit) -> None:
        """Keeps the hit where it is better than what is known."""
        if hit.is_better_than(self.best.get(target)):
            self.best[target] = hit

    def merge(self, other: "Found") -> None:
        """Adds what was found elsewhere, by the same scan in other documents."""
        for target, hit in other.best.items():
            self.keep(target, hit)
        for size, targets in other.words.items():
            self.words[size] |= targets


class ContaminationScan:
    """Looks for items in documents that are fed to it batch by batch; memory does not grow with the documents.

    >>> scan = ContaminationScan(items)
    >>> scan.feed(fold_all([document.text]), [document.id])
    >>> scan.result()
    [ContaminatedItem(task='kmmlu', item=12, document='wiki-31', kind='exact', longest_run=210, coverage=1.0)]
    """

    def __init__(self, items: Sequence[BenchmarkItem]) -> None:
        self._items, self._targets = _targets(items)
        self.found = Found()
        self._lines = {each.text: number for number, each in enumerate(self._targets) if each.weight < WINDOW}
        self._line_index = self._index_of_lines()
        self._seeds = _seeds(self._items, self._targets)
        self._window_index = (
            WindowIndex(self._seeds[2], np.arange(len(self._seeds[2]))) if len(self._seeds[2]) else None
        )
        self._starts = np.array([each.start for each in self._targets], dtype=np.int64)
        self._ends = np.array([each.end for each in self._targets], dtype=np.int64)
        self._needed = np.array([each.least_run for each in self._targets], dtype=np.int64)
        runs = all_word_runs(self._items, WORD_RUNS)
        self._word_indexes = [WindowIndex(hashes, owners) for owners, hashes in runs]
        #: How many items have as many words as each run.
        self.with_words = {
            size: self._named(set(owners.tolist())) for size, (owners, _) in zip(WORD_RUNS, runs, strict=True)
        }

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
        if self._window_index is not None:
            self._feed_windows(folded, ids, self._window_index)
        if self._line_index is not None:
            self._feed_lines(folded, ids, self._line_index)

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
                for number, hit in self.found.best.items()
                for task, item in self._targets[number].items
            ),
            key=lambda found: (found.task, found.item),
        )

    def found_by_words(self, size: int) -> int:
        """How many items share a run of `size` words with a document, as other harnesses count; not verified by text."""
        return self._named(self.found.words[size])

    def _named(self, targets: set[int]) -> int:
        return sum(len(self._targets[target].items) for target in targets)

    def _index_of_lines(self) -> WindowIndex | None:
        short = [number for number, each in enumerate(self._targets) if each.weight < WINDOW]
        stretches = np.array([(self._targets[number].start, self._targets[number].end) for number in short])
        return WindowIndex(hashes_of(self._items, stretches), np.array(short)) if short else None

    def _feed_windows(self, folded: Folded, ids: Sequence[str], index: WindowIndex) -> None:
        from tasks.data_quality.window_loops import runs

        documents, places, seeds = windows_found(folded, WINDOW, index)
        self._feed_words(folded, np.unique(documents))
        owners, offsets = self._seeds[0][seeds], self._seeds[1][seeds]
        lengths = np.zeros(len(places), dtype=np.int64)
        bounds = (folded.starts[documents], folded.ends[documents])
        items = self._items.letters
        runs(folded.letters, places, *bounds, items, offsets, self._starts[owners], self._ends[owners], lengths)
        by_pair: dict[tuple[int, int], list[int]] = defaultdict(list)
        for hit in np.flatnonzero(lengths >= self._needed[owners]).tolist():
            by_pair[int(owners[hit]), int(documents[hit])].append(int(places[hit]))
        for (target, document), found in by_pair.items():
            best = self.found.best.get(target)
            if best is not None and best.kind == "exact" and best.document <= ids[document]:
                continue
            start, end = int(folded.starts[document]), int(folded.ends[document])
            for region_start, region_end in _regions(found, self._targets[target].weight, start, end):
                hit_there = self._verified(folded, (region_start, region_end), target, (start, end), ids[document])
                if hit_there is not None:
                    self.found.keep(target, hit_there)

    def _feed_words(self, folded: Folded, documents: Places) -> None:
        """Runs of words are looked for where windows were found: a run of 36 places or more that is no phrase holds one."""
        if len(documents):
            runs = word_runs_found(folded, documents, WORD_RUNS, self._word_indexes)
            for size, owners in zip(WORD_RUNS, runs, strict=True):
                self.found.words[size].update(owners.tolist())

    def _verified(
        self, folded: Folded, region: tuple[int, int], number: int, document: tuple[int, int], name: str
    ) -> _Hit | None:
        """Compares the texts themselves: the item whole, else its longest run and how much of it runs cover."""
        target, text = self._targets[number], folded.text(*region)
        at = text.find(target.text)
        letters = _letter_places(folded.letters[slice(*region)]) if at >= 0 else []
        while at >= 0:
            first = region[0] + letters[at]
            if target.weight >= LONG_RUN or _stands_alone(folded, first, first + target.weight, document):
                return _Hit("exact", target.weight, 1.0, name)
            at = text.find(target.text, at + 1)
        if target.weight < LONG_RUN:
            return None
        longest, covered = _runs(text, target.text, _letter_places(self._items.letters[target.start : target.end]))
        coverage = covered / target.weight
        if longest < target.least_run or (coverage < LEAST_COVERAGE and covered < LEAST_WEIGHT_ANYWAY):
            return None
        return _Hit("near", longest, coverage, name)

    def _feed_lines(self, folded: Folded, ids: Sequence[str], index: WindowIndex) -> None:
        weights = folded.lines[:, 1] - folded.lines[:, 0]
        lines = folded.lines[(weights >= LEAST_LINE) & (weights < WINDOW)]
        found, _ = index.found(hashes_of(folded, lines))
        for start, end in lines[np.unique(found)].tolist():
            number = self._lines.get(folded.text(start, end))
            if number is not None:
                document = int(np.flatnonzero((folded.starts <= start) & (start < folded.ends))[0])
                self.found.keep(number, _Hit("exact", self._targets[number].weight, 1.0, ids[document]))


def is_certain(found: ContaminatedItem) -> bool:
    """Whether an item found whole is too much text to be there by chance."""
    return found.kind == "exact" and found.longest_run >= LEAST_CERTAIN_LINE


def _targets(items: Sequence[BenchmarkItem]) -> tuple[Folded, list[_Target]]:
    """Test items by folded text, and all their texts folded; pictures and texts that are too short are left out."""
    wanted = [item for item in items if item.split == "test" and not item.picture]
    folded = fold_all([item.text for item in wanted])
    same: dict[str, list[int]] = defaultdict(list)
    for number, (start, end) in enumerate(zip(folded.starts.tolist(), folded.ends.tolist(), strict=True)):
        if end - start >= LEAST_LINE:
            same[folded.text(start, end)].append(number)
    folded = fold_all([wanted[numbers[0]].text for numbers in same.values()])
    return folded, [
        _Target(text, start, end, tuple((wanted[number].task, wanted[number].item) for number in numbers))
        for (text, numbers), start, end in zip(same.items(), folded.starts.tolist(), folded.ends.tolist(), strict=True)
    ]


def _seeds(items: Folded, targets: Sequence[_Target]) -> tuple[Places, Places, Hashes]:
    """(target, place in all items, hash) of the windows to look up: of each item its own ones, as many as it needs."""
    owners, places, hashes = all_windows(items, WINDOW)
    pairs = np.unique(np.stack([hashes, owners.astype(np.uint64)], axis=1), axis=0)
    different, counts = np.unique(pairs[:, 0], return_counts=True)
    phrase = counts[np.searchsorted(different, hashes)] >= PHRASE
    # An item all of whose windows are phrases keeps them: it would not be looked for at all.
    own = np.bincount(owners[~phrase], minlength=len(targets)) > 0
    usable = ~phrase | ~own[owners]
    keep = np.zeros(len(owners), dtype=np.bool_)
    firsts = np.searchsorted(owners, np.arange(len(targets) + 1))
    for number, target in enumerate(targets):
        mine = slice(int(firsts[number]), int(firsts[number + 1]))
        keep[mine] = _chosen(usable[mine], target.weight)
    return owners[keep], places[keep], hashes[keep]


def _chosen(usable: Flags, weight: int) -> Flags:
    """Which of an item's windows are looked up."""
    chosen = np.zeros_like(usable)
    if weight < LONG_RUN:  # only the whole item counts, so that any one window finds it
        chosen[np.flatnonzero(usable)[:1]] = True
        return chosen
    if weight < LEAST_LONG:
        return usable
    # The first, the last and every _STRIDE-th of each stretch: a run that touches it with a whole window holds one of them.
    edges = np.flatnonzero(np.diff(np.concatenate(([0], usable.view(np.int8), [0]))))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        chosen[first:end:_STRIDE] = True
        chosen[end - 1] = True
    return chosen


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


def _stands_alone(folded: Folded, start: int, end: int, document: tuple[int, int]) -> bool:
    """Whether the match is no part of a longer number or word: 12 in 312 is another number."""
    kinds = folded.letters[max(document[0], start - 1) : end + 1] >> KIND_SHIFT & KIND_MASK
    for right in (start, end):  # the first letter after a border
        if document[0] < right < document[1] and not folded.letters[right] & APART:
            at = right - max(document[0], start - 1)
            if kinds[at] == kinds[at - 1] and kinds[at] in (DIGIT, LETTER):
                return False
    return True


def _runs(region: str, item: str, weights: Sequence[int]) -> tuple[int, int]:
    """The weight of the longest run of `item` in `region`, and of all its letters that stand in runs of WINDOW or more.

    `weights[i]` is the weight of the item's first i letters.
    """
    longest, covered, counted_to = 0, 0, 0
    start, end = 0, 0
    while start < len(item):
        end = max(end, start)
        while end < len(item) and item[start : end + 1] in region:
            end += 1
        run = weights[end] - weights[start]
        longest = max(longest, run)
        if run >= WINDOW and end > counted_to:
            covered += weights[end] - weights[max(start, counted_to)]
            counted_to = end
        if end == len(item):
            break
        start += 1
    return longest, covered


def _letter_places(places: Letters) -> list[int]:
    """Where each letter begins, and the end."""
    return [*np.flatnonzero(places & np.uint32(HALF) == 0).tolist(), len(places)]
