"""A derivative of the reference that the tool plants itself: where the tests cannot find this one, not finding anything means
nothing, and the answer is `indeterminate`.

The planted layer is the reference's own, brought to the subject's number of units and width, then disguised and disturbed.
"""

import numpy as np

from tasks.independence.feed_forward import FeedForward
from tasks.independence.permutation_test import Matrix

#: Correlation of the weights planted in place with the reference's: less than continued training leaves (0.78 measured after
#: twice the parent's budget, docs/evidence.md).
R_IN_PLACE = 0.7
#: Correlation of those planted under a disguise, where only what no turn changes is left to begin with: light training.
R_DISGUISED = 0.95


def in_place(layer: FeedForward, seed: int) -> FeedForward:
    """The layer with its numbers disturbed and nothing moved."""
    generator = np.random.default_rng(seed)
    reads = tuple(_disturbed(each, R_IN_PLACE, generator) for each in layer.reads)
    return FeedForward.of(layer.place, reads, _disturbed(layer.writes, R_IN_PLACE, generator))


def disguised(layer: FeedForward, units: int, reads_width: int, writes_width: int, seed: int) -> FeedForward:
    """The layer pruned or expanded to `units`, renumbered, turned into other widths, and disturbed."""
    generator = np.random.default_rng(seed)
    kept = generator.permutation(len(layer.writes))
    chosen = np.resize(kept, units) if units > len(kept) else kept[:units]
    read_turn = _random_turn(layer.reads[0].shape[1], reads_width, generator)
    one_stream = layer.reads[0].shape[1] == layer.writes.shape[1] and reads_width == writes_width
    write_turn = read_turn if one_stream else _random_turn(layer.writes.shape[1], writes_width, generator)
    reads = tuple(_disturbed(each[chosen] @ read_turn, R_DISGUISED, generator) for each in layer.reads)
    writes = _disturbed(layer.writes[chosen] @ write_turn, R_DISGUISED, generator)
    return FeedForward.of(layer.place, reads, writes)


def _disturbed(matrix: Matrix, r: float, generator: np.random.Generator) -> Matrix:
    noise = generator.standard_normal(matrix.shape, dtype=np.float32)
    size = np.float32(matrix.std() * np.sqrt(1 / r**2 - 1))
    return np.asarray(matrix + size * noise, dtype=np.float32)


def _random_turn(rows: int, columns: int, generator: np.random.Generator) -> Matrix:
    """(rows, columns) with orthonormal rows or columns, uniform (QR of a Gaussian matrix)."""
    wide = max(rows, columns)
    square, _ = np.linalg.qr(generator.standard_normal((wide, min(rows, columns)), dtype=np.float32))
    return np.asarray(square if rows >= columns else square.T, dtype=np.float32)
