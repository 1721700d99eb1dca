"""How one model's residual stream was turned into another's, by the tokens that both vocabularies have.

A token's embedding and its row of the output head lie in the stream, and a disguise turns them with it. Thousands of tokens
say how even where a derivative holds a small share of its parent only: what they have in common adds up over all of them, the
rest cancels.

>>> shared_token_turn(subject, reference).shape
(4096, 4096)
"""

import numpy as np

from tasks.independence.device import product
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.procrustes import Turned
from tasks.independence.token_tables import EMBEDDING, LEAST_TOKENS, Table, shared_rows, tables
from tasks.independence.unit_rows import of_length_one

#: Most shared tokens that are used.
MOST_TOKENS = 32_768
#: Directions of the reference's stream that are turned: all of them up to this width, of a wider one those that its tokens fill
#: most, so that no step costs the cube of the width. Cosines of units that have nothing in common vary by 1 / √directions.
MOST_DIRECTIONS = 1_024
#: Bytes of float32 of the rows that are read and centred together, LEAST_TOKENS of them or more.
_ROWS_BYTES = 1 << 25
#: Rounds of subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4) by which those directions are found.
_ROUNDS = 2


def shared_token_turn(subject: Part, reference: Part) -> Turned | None:
    """The turn by which shared tokens' rows agree best (Procrustes, Schönemann 1966); None where that cannot be said."""
    mine, theirs = tables(subject), tables(reference)
    if EMBEDDING not in mine or EMBEDDING not in theirs:
        return None
    shapes = mine[EMBEDDING].shape, theirs[EMBEDDING].shape
    widths = [shape[1] for shape in shapes]
    rows = shared_rows(mine[EMBEDDING], theirs[EMBEDDING], MOST_TOKENS)
    if not rows:
        return None
    chunks = -(-len(rows) // max(LEAST_TOKENS, _ROWS_BYTES // (4 * max(widths))))
    directions = np.eye(widths[1], dtype=np.float32)
    if min(widths) > MOST_DIRECTIONS:
        directions = _leading(_centred(theirs[EMBEDDING], [row for _, row in rows[::chunks]]))
    summed = np.zeros((directions.shape[1], widths[0]), dtype=np.float32)
    for role, table in mine.items():
        if role not in theirs or (table.shape, theirs[role].shape) != shapes:
            continue
        for first in range(chunks):  # each is spread over the whole vocabulary, so that its mean is that of all
            own, other = (list(each) for each in zip(*rows[first::chunks], strict=True))
            summed += product(product(_centred(theirs[role], other), directions).T, _centred(table, own))
    left, _, right = np.linalg.svd(summed, full_matrices=False)
    return Turned(product(directions, left), right)


def _centred(table: Table, rows: list[int]) -> Matrix:
    """(rows, width), the gain folded in, without their mean, of length one."""
    read = table.rows(rows) if table.gain is None else table.rows(rows) * table.gain
    return of_length_one(read - read.mean(axis=0, keepdims=True))


def _leading(rows: Matrix) -> Matrix:
    """(width, MOST_DIRECTIONS), orthonormal: about where the rows' leading singular vectors lie."""
    width = rows.shape[1]
    found = np.random.default_rng(width).standard_normal((width, MOST_DIRECTIONS), dtype=np.float32)
    for _ in range(_ROUNDS):
        found = np.linalg.qr(product(rows.T, product(rows, found)))[0]
    return found
