"""Which hashes are looked for in a corpus, and whose they are; a filter in front answers for nearly all that are not.

>>> index = WindowIndex(hashes, owners)
>>> hits, owners = index.found(other_hashes)
"""

from collections.abc import Sequence

import numpy as np

from tasks.data_quality.folding import Folded, Hashes, Places

#: Bits of the filter for each hash: three of them are set, so one hash in a thousand passes by chance.
_BITS_A_HASH = 32
#: Words of 64 bits of the smallest filter.
_LEAST_WORDS = 64


class WindowIndex:
    """Hashes with an owner each; the same hash may have several."""

    def __init__(self, hashes: Hashes, owners: Places) -> None:
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners = hashes[order], owners[order]
        words = max(_LEAST_WORDS, 1 << max(0, len(hashes) * _BITS_A_HASH // 64 - 1).bit_length())
        self.shift = np.uint64(64 - (words.bit_length() - 1))
        self.filter = np.zeros(words, dtype=np.uint64)
        for bit in (hashes, hashes >> np.uint64(6), hashes >> np.uint64(12)):
            np.bitwise_or.at(self.filter, hashes >> self.shift, np.uint64(1) << (bit & np.uint64(63)))

    def found(self, hashes: Hashes) -> tuple[Places, Places]:
        """(index into `hashes`, owner) for every hash that is here, once for each owner."""
        if not len(self._hashes):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        first = np.searchsorted(self._hashes, hashes)
        here = np.flatnonzero(self._hashes[np.minimum(first, len(self._hashes) - 1)] == hashes)
        first = first[here]
        counts = np.searchsorted(self._hashes, hashes[here], side="right") - first
        places = np.repeat(here, counts)
        offsets = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        return places, self._owners[np.repeat(first, counts) + offsets]


def windows_found(folded: Folded, size: int, index: WindowIndex) -> tuple[Places, Places, Places]:
    """(text, start, owner) of every window of `size` places of the texts that is in the index."""
    from tasks.data_quality.window_loops import windows

    found = np.empty((len(folded.letters) + 1, 2), dtype=np.int64)
    hashes = np.empty(len(folded.letters) + 1, dtype=np.uint64)
    count = windows(folded.letters, folded.starts, folded.ends, size, index.filter, index.shift, found, hashes)
    hits, owners = index.found(hashes[:count])
    return found[hits, 0], found[hits, 1], owners


def word_runs_found(
    folded: Folded, texts: Places, sizes: tuple[int, int], indexes: Sequence[WindowIndex]
) -> list[Places]:
    """For each size the owners of every run of so many words of these texts that is in its index."""
    bounds = folded.starts[texts], folded.ends[texts]
    _, hashes = _word_runs(folded, *bounds, sizes, [(each.filter, each.shift) for each in indexes])
    return [index.found(own)[1] for index, own in zip(indexes, hashes, strict=True)]


def all_windows(folded: Folded, size: int) -> tuple[Places, Places, Hashes]:
    """(text, start, hash) of every window of `size` places of the texts."""
    from tasks.data_quality.window_loops import windows

    found = np.empty((len(folded.letters) + 1, 2), dtype=np.int64)
    hashes = np.empty(len(folded.letters) + 1, dtype=np.uint64)
    count = windows(folded.letters, folded.starts, folded.ends, size, *_OPEN, found, hashes)
    return found[:count, 0], found[:count, 1], hashes[:count]


def all_word_runs(folded: Folded, sizes: tuple[int, int]) -> list[tuple[Places, Hashes]]:
    """For each size (text, hash) of every run of so many words of the texts."""
    return list(zip(*_word_runs(folded, folded.starts, folded.ends, sizes, [_OPEN, _OPEN]), strict=True))


def _word_runs(
    folded: Folded, starts: Places, ends: Places, sizes: tuple[int, int], filters: Sequence[tuple[Hashes, np.uint64]]
) -> tuple[list[Places], list[Hashes]]:
    from tasks.data_quality.window_loops import word_runs

    found = np.empty((2, len(folded.letters) + 1), dtype=np.int64)
    hashes = np.empty((2, len(folded.letters) + 1), dtype=np.uint64)
    counts = np.zeros(2, dtype=np.int64)
    words, shifts = tuple(each[0] for each in filters), np.array([each[1] for each in filters], dtype=np.uint64)
    word_runs(folded.letters, starts, ends, sizes, words, shifts, found, hashes, counts)
    cut = counts.tolist()
    return [found[kind, : cut[kind]] for kind in range(2)], [hashes[kind, : cut[kind]] for kind in range(2)]


def hashes_of(folded: Folded, stretches: Places) -> Hashes:
    """The hash of each stretch (start, end) of the folded texts."""
    from tasks.data_quality.window_loops import stretches as loop

    hashes = np.empty(len(stretches), dtype=np.uint64)
    loop(folded.letters, np.ascontiguousarray(stretches), hashes)
    return hashes


#: A filter that everything passes, and its shift.
_OPEN = (np.full(2, 0xFFFFFFFFFFFFFFFF, dtype=np.uint64), np.uint64(63))
