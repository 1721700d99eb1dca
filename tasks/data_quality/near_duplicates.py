"""Near duplicates among documents: MinHash of runs of letters (rensa), then locality-sensitive hashing of the signatures.

Memory is bounded: beyond MOST_DOCUMENTS only documents whose content falls into a share are kept, the same share whatever the
order of reading, because copies of one text fall into it together. Two documents are near duplicates where the estimated
share of common runs (Jaccard) is LEAST_LIKENESS or more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tasks.data_quality.folding import Folded

#: Runs of five letters, 128 permutations in 16 bands of 8: a pair alike to 0.8 is found with 95 %, one to 0.5 with 6 %.
SHINGLE = 5
PERMUTATIONS, BANDS = 128, 16
#: The estimate of 128 permutations is off by 0.04; pairs at this likeness are the same text, edited (Lee et al. 2022).
LEAST_LIKENESS = 0.8
#: Signatures that are kept: half a kilobyte each.
MOST_DOCUMENTS = 1 << 17
#: A shorter text has too few runs to be told from others.
LEAST_WEIGHT = 50
_SEED = 1
_MOST_EXAMPLES = 20
#: An odd number that spreads a signature's first value over 32 bits.
_SPREAD = np.uint32(0x9E3779B1)

Signatures = npt.NDArray[np.uint32]


@dataclass
class NearDuplicates:
    """Signatures of documents, fed text by text and merged by content; one in `share` documents is kept."""

    share: int = 1
    kept: list[Signatures] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def feed(self, folded: Folded, names: Sequence[str]) -> None:
        """Adds the texts that are long enough; `names[k]` is text k's."""
        from rensa import RMinHash

        from tasks.data_quality.window_loops import shingles

        long = folded.ends - folded.starts >= LEAST_WEIGHT
        starts, ends = folded.starts[long], folded.ends[long]
        if not len(starts):
            return
        hashes = np.empty(len(folded.letters), dtype=np.uint64)
        offsets = np.empty(len(starts) + 1, dtype=np.uint64)
        shingles(folded.letters, starts, ends, SHINGLE, hashes, offsets)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes[: int(offsets[-1])], offsets, PERMUTATIONS, _SEED)
        self._keep(
            np.array(matrix.to_rows(), dtype=np.uint32), [names[place] for place in np.flatnonzero(long).tolist()]
        )

    def merge(self, other: "NearDuplicates") -> None:
        """Adds what was read elsewhere."""
        self.share = max(self.share, other.share)
        both = [(each._together(), each.names) for each in (self, other)]
        self.kept, self.names = [], []
        for signatures, names in both:
            self._keep(signatures, names)

    def counted(self) -> tuple[int, int, list[str]]:
        """(documents looked at, those that nearly repeat another one, some of them with the other)."""
        signatures = self._together()
        repeats = np.zeros(len(signatures), dtype=np.bool_)
        likest = np.zeros((2, len(signatures)))
        for band in np.split(signatures, BANDS, axis=1):
            order = np.lexsort(band.T)
            alike = (band[order[1:]] == band[order[:-1]]).all(axis=1)
            first, second = order[:-1][alike], order[1:][alike]
            likeness = (signatures[first] == signatures[second]).mean(axis=1)
            found = likeness >= LEAST_LIKENESS
            later = np.maximum(first[found], second[found])
            repeats[later] = True
            likest[:, later] = np.minimum(first[found], second[found]), likeness[found]
        shown = np.flatnonzero(repeats)[:_MOST_EXAMPLES]
        pairs = [f"{self.names[each]}: {likest[1, each]:.0%} {self.names[int(likest[0, each])]}" for each in shown]
        return len(signatures), int(repeats.sum()), pairs

    def _together(self) -> Signatures:
        return np.concatenate(self.kept) if self.kept else np.empty((0, PERMUTATIONS), dtype=np.uint32)

    def _keep(self, signatures: Signatures, names: Sequence[str]) -> None:
        inside = self._in_share(signatures)
        self.kept.append(signatures[inside])
        self.names += [names[place] for place in np.flatnonzero(inside).tolist()]
        while len(self.names) > MOST_DOCUMENTS:
            self.share *= 2
            together = self._together()
            inside = self._in_share(together)
            self.kept, self.names = [together[inside]], [self.names[place] for place in np.flatnonzero(inside).tolist()]

    def _in_share(self, signatures: Signatures) -> npt.NDArray[np.bool_]:
        """Those whose first value, which copies have in common with the probability of their likeness, is a multiple."""
        inside: npt.NDArray[np.bool_] = (signatures[:, 0] * _SPREAD >> np.uint32(8)) % np.uint32(self.share) == 0
        return inside
