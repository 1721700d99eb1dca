"""Tables with a row for each token, the embedding and the output head, matched by the tokens that both vocabularies have: rows
may stand elsewhere in one of them, and others may have been added.

>>> copied_rows(subject, reference)[0][0].name
'model.embed_tokens.weight'
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from tasks.checkpoints import Checkpoint
from tasks.independence.copies import Content
from tasks.independence.correlation import Correlation, pearson
from tasks.independence.norm_gain import gain_of
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix

EMBEDDING, HEAD = "token_embedding", "head"
#: Tokens that both vocabularies must have before their rows are compared.
LEAST_TOKENS = 200
#: Tokens whose rows are compared one by one, and the share of them that makes a copy.
_COMPARED = 2_048
_ALL = 0.99
#: Rounding to bfloat16, the coarsest format that is compared with another.
_ROUNDING = 2.0**-8
#: Names of the norm before the output head.
_LAST_NORMS = ("norm", "ln_f", "final_layernorm", "final_layer_norm", "final_norm", "norm_f")

#: Rows of one token in the subject's and in the reference's vocabulary.
Rows = list[tuple[int, int]]


@dataclass(frozen=True)
class Table:
    """A matrix of a row a token, and the gain (width,) that stands before it, None before an embedding."""

    checkpoint: Checkpoint
    name: str
    gain: Matrix | None

    @property
    def shape(self) -> tuple[int, int]:
        """(tokens, width)."""
        height, width = self.checkpoint.tensors[self.name].shape
        return height, width

    def rows(self, numbers: Sequence[int]) -> Matrix:
        """(rows, width), as they are stored."""
        return np.concatenate([self.checkpoint.read_matrix(self.name, slice(row, row + 1)) for row in numbers])


def tables(part: Part) -> dict[str, Table]:
    """The token embedding and the output head, where each is one matrix."""
    norms = [role.name for role in part.roles if role.role == "norm" and role.layer is None and not role.bias]
    found: dict[str, Table] = {}
    for role in part.roles:
        shape = part.checkpoint.tensors[role.name].shape
        if role.role not in (EMBEDDING, HEAD) or role.bias or len(shape) != 2 or role.role in found:
            continue
        gain = gain_of(part.checkpoint, part.component, norms, _LAST_NORMS) if role.role == HEAD else None
        fits = gain is not None and len(gain) == shape[1]
        found[role.role] = Table(part.checkpoint, role.name, gain if fits else None)
    return found


def shared_rows(mine: Table, theirs: Table, most: int) -> Rows:
    """Of tokens that both have, at most so many, spread evenly over them; empty where there are fewer than LEAST_TOKENS."""
    own, other = (vocabulary(table.checkpoint.folder) for table in (mine, theirs))
    rows = [(own[token], other[token]) for token in sorted(own.keys() & other.keys())]
    rows = [(a, b) for a, b in rows if a < mine.shape[0] and b < theirs.shape[0]]
    return [] if len(rows) < LEAST_TOKENS else sorted(rows[:: -(-len(rows) // most)])


def alike_rows(subject: Part, reference: Part) -> tuple[list[Correlation], list[tuple[Content, Content]]]:
    """Of every table that both have in one width: the correlation of shared tokens' rows, and the pair of contents where the
    rows are the same numbers, of as many parameters as these hold."""
    mine, theirs = tables(subject), tables(reference)
    contents = [{each.name: each for each in part.contents} for part in (subject, reference)]
    correlations, copies = [], []
    for role in mine.keys() & theirs.keys():
        own, other = mine[role], theirs[role]
        every = _rows_beside(own, other) if own.shape[1] == other.shape[1] else []
        if not every:
            continue
        rows = every[:: -(-len(every) // _COMPARED)]
        left, right = (
            table.rows(numbers) for table, numbers in zip((own, other), zip(*rows, strict=True), strict=True)
        )
        r = pearson(left, right)
        if r is not None:
            size = subject.checkpoint.tensors[own.name].parameters
            correlations.append(Correlation(own.name, role, None, size, r))
        found = contents[0].get(own.name), contents[1].get(other.name)
        if found[0] is not None and found[1] is not None and _same(left, right, found[0].stored == found[1].stored):
            copies.append((replace(found[0], parameters=len(every) * own.shape[1]), found[1]))
    return correlations, copies


def _rows_beside(mine: Table, theirs: Table) -> Rows:
    """By token, or by number where one of the two has no vocabulary beside it: tokens are mostly added at the end."""
    if all(vocabulary(table.checkpoint.folder) for table in (mine, theirs)):
        return shared_rows(mine, theirs, mine.shape[0])
    height = min(mine.shape[0], theirs.shape[0])
    return [(row, row) for row in range(height)] if height >= LEAST_TOKENS else []


def _same(left: Matrix, right: Matrix, exactly: bool) -> bool:
    """Whether nearly all rows that say anything are the same numbers, to within rounding where they are stored in two formats."""
    says = right.std(axis=1) > 0
    apart = np.abs(left - right) > (0.0 if exactly else _ROUNDING) * np.abs(right)
    return bool(says.sum() >= LEAST_TOKENS and (~apart.any(axis=1))[says].mean() >= _ALL)


def vocabulary(folder: Path) -> Mapping[str, int]:
    """Token → row, from tokenizer.json or vocab.json; empty where neither can be read."""
    for path in (folder / "tokenizer.json", folder / "vocab.json"):
        try:
            written = path.stat()
            return _read_vocabulary(path, written.st_mtime_ns, written.st_size)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
            continue
    return {}


@lru_cache(maxsize=4)
def _read_vocabulary(path: Path, written: int, size: int) -> Mapping[str, int]:
    """Kept for a subject and a reference, which are asked for often; a file that was written since is read anew."""
    content = json.loads(path.read_text(encoding="utf-8"))
    table = content["model"]["vocab"] if path.name == "tokenizer.json" else content
    if isinstance(table, list):  # unigram models list [token, score]
        return {entry[0]: row for row, entry in enumerate(table)}
    return {str(token): int(row) for token, row in table.items()}
