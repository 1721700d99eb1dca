"""Random draws for resampling: weights of items, raters, errors that were given. Ten thousand draws at once, none in a Python loop.

Each item's weight is drawn by itself, Poisson with mean one, and a score is the weighted mean (Hanley and MacGibbon 2006;
Chamandy and others 2012): the multinomial bootstrap without its one constraint, which makes it one matrix product.
"""

import numpy as np
from numpy.typing import NDArray

from checks.rules.item_tables import ItemTable

Replicates = NDArray[np.float64]

#: How many of 256 equally likely bytes stand for the weights 0, 1, 2, …: Poisson with mean one to within 2 in 256, and with
#: its mean and variance exactly (1 and 1), its third and fourth moment to 0.2 % (5.008 and 14.984 for 5 and 15).
WEIGHT_OF_BYTES = (94, 94, 49, 13, 5, 1)
_WEIGHTS = np.repeat(np.arange(len(WEIGHT_OF_BYTES), dtype=np.float32), WEIGHT_OF_BYTES)
#: Two bytes of randomness → two weights, looked up at once as one complex number.
_PAIRS = np.stack(np.broadcast_arrays(_WEIGHTS[None, :], _WEIGHTS[:, None]), axis=-1).reshape(-1).view(np.complex64)
#: Rows multiplied at once: with 10,000 draws 1.3 MB of weights, which a processor keeps at hand.
ROWS_AT_ONCE = 32
#: Whole numbers up to here are exact in single precision.
MOST_EXACT = 2**24


def new_draw(seed: int) -> np.random.Generator:
    """The stream of random numbers, the same on every machine."""
    return np.random.Generator(np.random.SFC64(seed))


def weights(draw: np.random.Generator, into: NDArray[np.complex64], size: int) -> NDArray[np.float32]:
    """`size` independent weights, written into a buffer of at least `_pairs_of(size)` pairs that is used again and again."""
    pairs = into[: _pairs_of(size)]
    bits = np.asarray(draw.bit_generator.random_raw(len(pairs) // 4), dtype="<u8").view("<u2")
    np.take(_PAIRS, bits, out=pairs, mode="clip")  # nothing is clipped; the other modes copy the indices first
    return pairs.view(np.float32)[:size]


def _pairs_of(size: int) -> int:
    """Pairs of weights for `size` weights: two a pair, and eight bytes of randomness make four pairs."""
    return 4 * -(-size // 8)


def resampled_scores(table: ItemTable, draw: np.random.Generator, resamples: int) -> dict[str, Replicates]:
    """Team → the task's score in every resample; a draw of nothing at all leaves the score as it was measured."""
    fixed = {team: np.full(resamples, score) for team, score in table.fixed.items()}
    if not table.teams:
        return fixed
    columns = np.ascontiguousarray(np.column_stack([table.sums, table.sizes]), dtype=np.float32)
    most = float(np.abs(columns).max()) * (len(WEIGHT_OF_BYTES) - 1)
    exact = max(1, int(MOST_EXACT // max(most, 1.0)))
    total = np.zeros((resamples, columns.shape[1]))
    for start in range(0, len(columns), exact):
        total += _weighted_sums(columns[start : start + exact], draw, resamples)
    drawn, observed = total[:, -1:], columns.sum(axis=0, dtype=np.float64)
    nothing = drawn == 0
    means = np.where(nothing, observed[:-1] / observed[-1], total[:, :-1] / np.where(nothing, 1.0, drawn))
    return fixed | {team: table.unit * means[:, index] for index, team in enumerate(table.teams)}


def _weighted_sums(columns: NDArray[np.float32], draw: np.random.Generator, resamples: int) -> NDArray[np.float32]:
    """Weights × columns, shape (resamples, columns); the caller sees to it that every sum is exact."""
    sums = np.zeros((resamples, columns.shape[1]), dtype=np.float32)
    product, buffer = np.empty_like(sums), np.empty(_pairs_of(resamples * ROWS_AT_ONCE), dtype=np.complex64)
    for start in range(0, len(columns), ROWS_AT_ONCE):
        part = columns[start : start + ROWS_AT_ONCE]
        drawn = weights(draw, buffer, resamples * len(part)).reshape(resamples, len(part))
        sums += np.matmul(drawn, part, out=product)
    return sums
