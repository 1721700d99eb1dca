"""Tests of a component's layers against all of the reference's, whatever their order, numbering, width or turn."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.independence.alignment import (
    Agreement,
    UnitRows,
    aligned_by_tokens,
    aligned_by_units,
    turn_from_tokens,
    unit_rows,
)
from tasks.independence.feed_forward import FeedForward
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.planted import disguised

#: Layer pairs are tried one by one up to this many multiplications; beyond it, only layers at about the same depth are.
MOST_MULTIPLICATIONS = 4e12
#: Tokens that both vocabularies must have before their embeddings say how the stream was turned, and the most that are used.
LEAST_TOKENS = 200
MOST_TOKENS = 4_096
BY_UNITS, BY_TOKENS = "aligned-by-units", "aligned-by-tokens"


@dataclass(frozen=True)
class PairTest:
    """One layer of the subject against one of the reference: by place in the lists of layers."""

    test: str
    subject: int
    reference: int
    agreement: Agreement

    @property
    def log10_p(self) -> float:
        """Both disjoint halves must agree, so the larger p-value of the two counts."""
        return max(self.agreement.log10_halves)


@dataclass(frozen=True)
class AlignedTests:
    """All pairs tried (`tried` counts them, those without an answer too)."""

    pairs: Sequence[PairTest]
    tried: int

    def best(self) -> PairTest | None:
        """The pair with the smallest p-value."""
        return min(self.pairs, key=lambda each: (each.log10_p, -each.agreement.share), default=None)


def aligned_tests(subject: Part, reference: Part, seed: int) -> AlignedTests:
    """Every layer pair by its units, and by shared tokens' embeddings where both vocabularies are there."""
    found: list[PairTest] = []
    tried = 0
    turn = shared_token_turn(subject, reference)
    for i, j in layer_pairs(subject.layers, reference.layers):
        mine, theirs = _alike(subject.unit_rows[i], subject.layers[i], reference.unit_rows[j], reference.layers[j])
        tried += 1
        agreement = aligned_by_units(mine, theirs, seed + 1000 * i + j)
        if agreement is not None:
            found.append(PairTest(BY_UNITS, i, j, agreement))
        if turn is not None:
            tried += 1
            by_tokens = aligned_by_tokens(mine, theirs, turn)
            if by_tokens is not None:
                found.append(PairTest(BY_TOKENS, i, j, by_tokens))
    return AlignedTests(found, tried)


def finds_planted_disguised(subject: Part, reference: Part, seed: int) -> float:
    """log10 p of a planted derivative of one reference layer in the shape of the subject's layer; the best layer counts."""
    best = 0.0
    for i, j in _same_depth(len(subject.layers), len(reference.layers)):
        mine, theirs = subject.layers[i], reference.layers[j]
        planted = disguised(theirs, mine.units, mine.reads[0].shape[1], mine.writes.shape[1], seed + i)
        rows, its = _alike(unit_rows(planted), planted, reference.unit_rows[j], theirs)
        agreement = aligned_by_units(rows, its, seed + 1000 * i + j)
        if agreement is not None:
            best = min(best, max(agreement.log10_halves))
    return best


def layer_pairs(subject: Sequence[FeedForward], reference: Sequence[FeedForward]) -> list[tuple[int, int]]:
    """All pairs where they can be afforded, else pairs of about the same depth."""
    if not subject or not reference:
        return []
    units = max(layer.units for layer in (*subject, *reference))
    width = max(layer.writes.shape[1] for layer in (*subject, *reference))
    every = len(subject) * len(reference)
    if every * (20.0 * units * units * width + 200.0 * width**3) <= MOST_MULTIPLICATIONS:
        return [(i, j) for i in range(len(subject)) for j in range(len(reference))]
    return list(_same_depth(len(subject), len(reference)))


def _same_depth(subject: int, reference: int) -> Iterator[tuple[int, int]]:
    """First, middle and last."""
    if subject and reference:
        depths = sorted({0.0, 0.5, 1.0})
        yield from sorted({(round(depth * (subject - 1)), round(depth * (reference - 1))) for depth in depths})


def _alike(
    mine: UnitRows, my_layer: FeedForward, theirs: UnitRows, their_layer: FeedForward
) -> tuple[UnitRows, UnitRows]:
    """A gated and a plain layer are compared by the up matrix and the one that the plain layer reads."""
    if len(mine.reads) == len(theirs.reads):
        return mine, theirs
    return _ungated(my_layer), _ungated(their_layer)


def _ungated(layer: FeedForward) -> UnitRows:
    return unit_rows(FeedForward(layer.place, layer.reads[-1:], layer.writes, layer.tensors))


def shared_token_turn(subject: Part, reference: Part) -> Matrix | None:
    """The turn of the stream by the embeddings of tokens that both vocabularies have; None where that cannot be said."""
    embeddings = [_embedding(part) for part in (subject, reference)]
    if embeddings[0] is None or embeddings[1] is None:
        return None
    mine, theirs = vocabulary(subject.checkpoint.folder), vocabulary(reference.checkpoint.folder)
    shared = sorted(mine.keys() & theirs.keys())
    rows = [(mine[token], theirs[token]) for token in shared]
    rows = [(a, b) for a, b in rows if a < len(embeddings[0]) and b < len(embeddings[1])]
    if len(rows) < LEAST_TOKENS:
        return None
    rows = rows[:: max(1, len(rows) // MOST_TOKENS)]
    left, right = (np.array(side) for side in zip(*rows, strict=True))
    return turn_from_tokens(embeddings[0][left], embeddings[1][right])


def _embedding(part: Part) -> Matrix | None:
    names = [role.name for role in part.roles if role.role == "token_embedding" and not role.bias]
    return part.checkpoint.read(names[0]) if names else None


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
