"""How one model's residual stream was turned into another's, by the tokens that both vocabularies have.

A token's embedding and its row of the output head lie in the stream, and a disguise turns them with it. Thousands of tokens
say how even where a derivative holds a small share of its parent only: what they have in common adds up over all of them, the
rest cancels.

>>> shared_token_turn(subject, reference).shape
(4096, 4096)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.checkpoints import Checkpoint
from tasks.independence.alignment import Turned
from tasks.independence.device import product
from tasks.independence.norm_gain import gain_of
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.unit_rows import of_length_one

#: Tokens that both vocabularies must have before their rows say how the stream was turned, and the most that are used.
LEAST_TOKENS = 200
MOST_TOKENS = 32_768
#: Directions of the reference's stream that are turned: all of them up to this width, of a wider one those that its tokens fill
#: most, so that no step costs the cube of the width. Cosines of units that have nothing in common vary by 1 / √directions.
MOST_DIRECTIONS = 1_024
#: Bytes of float32 of the rows that are read and centred together, LEAST_TOKENS of them or more.
_ROWS_BYTES = 1 << 25
#: Rounds of subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4) by which those directions are found.
_ROUNDS = 2
#: Names of the norm before the output head.
_LAST_NORMS = ("norm", "ln_f", "final_layernorm", "final_layer_norm", "final_norm", "norm_f")

#: Rows of one token in the subject's and in the reference's vocabulary.
Rows = list[tuple[int, int]]


@dataclass(frozen=True)
class _Table:
    """A matrix of a row a token, and the gain (width,) that stands before it, None before an embedding."""

    checkpoint: Checkpoint
    name: str
    gain: Matrix | None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.checkpoint.tensors[self.name].shape

    def centred(self, rows: list[int]) -> Matrix:
        """(rows, width), without their mean, of length one."""
        read = np.concatenate([self.checkpoint.read_matrix(self.name, slice(row, row + 1)) for row in rows])
        read = read if self.gain is None else read * self.gain
        return of_length_one(read - read.mean(axis=0, keepdims=True))


def shared_token_turn(subject: Part, reference: Part) -> Turned | None:
    """The turn by which shared tokens' rows agree best (Procrustes, Schönemann 1966); None where that cannot be said."""
    mine, theirs = _tables(subject), _tables(reference)
    if "token_embedding" not in mine or "token_embedding" not in theirs:
        return None
    height, width = mine["token_embedding"].shape
    other_height, other_width = theirs["token_embedding"].shape
    rows = _shared_rows(subject, reference, height, other_height)
    if len(rows) < LEAST_TOKENS:
        return None
    at_once = max(LEAST_TOKENS, _ROWS_BYTES // (4 * max(width, other_width)))
    chunks = -(-len(rows) // at_once)
    directions = np.eye(other_width, dtype=np.float32)
    if min(width, other_width) > MOST_DIRECTIONS:
        directions = _leading(theirs["token_embedding"].centred([row for _, row in rows[::chunks]]))
    summed = np.zeros((directions.shape[1], width), dtype=np.float32)
    for role, table in mine.items():
        if role not in theirs or (table.shape, theirs[role].shape) != ((height, width), (other_height, other_width)):
            continue
        for first in range(chunks):  # each is spread over the whole vocabulary, so that its mean is that of all
            own, other = (list(each) for each in zip(*rows[first::chunks], strict=True))
            summed += product(product(theirs[role].centred(other), directions).T, table.centred(own))
    left, _, right = np.linalg.svd(summed, full_matrices=False)
    return Turned(product(directions, left), right)


def _leading(rows: Matrix) -> Matrix:
    """(width, MOST_DIRECTIONS), orthonormal: about where the rows' leading singular vectors lie."""
    width = rows.shape[1]
    found = np.random.default_rng(width).standard_normal((width, MOST_DIRECTIONS), dtype=np.float32)
    for _ in range(_ROUNDS):
        found = np.linalg.qr(product(rows.T, product(rows, found)))[0]
    return found


def _tables(part: Part) -> dict[str, _Table]:
    """The token embedding and the output head, where each is one matrix."""
    norms = [role.name for role in part.roles if role.role == "norm" and role.layer is None and not role.bias]
    found: dict[str, _Table] = {}
    for role in part.roles:
        shape = part.checkpoint.tensors[role.name].shape
        if role.role not in ("token_embedding", "head") or role.bias or len(shape) != 2 or role.role in found:
            continue
        gain = gain_of(part.checkpoint, part.component, norms, _LAST_NORMS) if role.role == "head" else None
        fits = gain is not None and len(gain) == shape[1]
        found[role.role] = _Table(part.checkpoint, role.name, gain if fits else None)
    return found


def _shared_rows(subject: Part, reference: Part, height: int, other_height: int) -> Rows:
    """Of tokens that both have, in their order, at most MOST_TOKENS spread evenly."""
    mine, theirs = (vocabulary(part.checkpoint.folder) for part in (subject, reference))
    rows = [(mine[token], theirs[token]) for token in sorted(mine.keys() & theirs.keys())]
    rows = [(a, b) for a, b in rows if a < height and b < other_height]
    return sorted(rows[:: -(-len(rows) // MOST_TOKENS) or 1])


def vocabulary(folder: Path) -> Mapping[str, int]:
    """Token → row, from tokenizer.json or vocab.json; empty where neither can be read."""
    for name in ("tokenizer.json", "vocab.json"):
        try:
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            table = content["model"]["vocab"] if name == "tokenizer.json" else content
            if isinstance(table, list):  # unigram models list [token, score]
                return {entry[0]: row for row, entry in enumerate(table)}
            return {str(token): int(row) for token, row in table.items()}
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            continue
    return {}
