"""Finds a layer of one model in another after its units were renumbered and its residual stream turned.

Both disguises leave the model's answers as they are and defeat every comparison place by place. A turn is found from one part
of the units and tested on the others, which took no part: whether a unit's nearest neighbour by what it reads is also its
nearest neighbour by what it writes. Two starts: tokens that both vocabularies have (Procrustes on their embeddings), or
numbers of each unit that neither disguise changes (quadratic forms in the layer's own Gram matrices).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.independence.device import product
from tasks.independence.permutation_test import Matrix, binomial_log10, mutual_nearest
from tasks.independence.procrustes import MOST_PAIRS, WIDEST_WHOLE, Pair, Turned, procrustes
from tasks.independence.unit_rows import UnitRows

Places = npt.NDArray[np.int_]
#: (unit of the subject, unit of the reference)
Matches = list[tuple[int, int]]

#: Share of held-out units that two models trained apart may agree on: above the most that any layer of 3,290 pairs of small
#: models came to (9.1 %); of 766 remainders one layer of 88 units came to 12.5 %, as one of so many may. In the first layer once
#: embeddings are aligned it was 17 of 352 (token detectors that every model of a language learns). P-values are computed under it.
CHANCE_AGREEMENT = 0.10
#: Most rounds of matching and turning, and how many a start may take in which hardly a match is right; most settle in three.
_ROUNDS, _LEAST_ROUNDS = 12, 3
#: Parts of the units, each matched under a turn that the others show (docs/notes/weights.md has two to eight).
_FOLDS = 4
#: Matches needed to begin with.
_LEAST_MATCHES = 8
#: Decimal places to which cosines of a unit and of its copy are the same.
_SAME_COSINE = 5
#: Most pairs of rows that turn a wide stream in one round: half as many as at the end settle on the same matches.
_PAIRS_A_ROUND = MOST_PAIRS // 2


@dataclass(frozen=True)
class Agreement:
    """Held-out units: how many, and how many agree; the two halves are disjoint. `log10_p` values are not corrected."""

    tested: int
    agreed: int
    halves: tuple[tuple[int, int], tuple[int, int]]

    @classmethod
    def of(cls, agree: "npt.NDArray[np.bool_]") -> "Agreement":
        """By which units agree; every second one is in the other half."""
        halves = ((len(agree[0::2]), int(agree[0::2].sum())), (len(agree[1::2]), int(agree[1::2].sum())))
        return cls(len(agree), int(agree.sum()), halves)

    @property
    def share(self) -> float:
        """Agreeing units of those tested."""
        return self.agreed / self.tested if self.tested else 0.0

    @property
    def log10_p(self) -> float:
        """Against the null that one unit in ten agrees."""
        return binomial_log10(self.tested, self.agreed, CHANCE_AGREEMENT)

    @property
    def log10_halves(self) -> tuple[float, float]:
        """The same for the two disjoint halves."""
        first, second = (binomial_log10(tested, agreed, CHANCE_AGREEMENT) for tested, agreed in self.halves)
        return first, second


@dataclass(frozen=True)
class Turn:
    """What the reference's rows are multiplied with to lie in the subject's space, for what units read and what they write.
    The two are one inside a residual stream, and differ in a projector."""

    reads: "Turned"
    writes: "Turned"


def aligned_by_units(subject: UnitRows, reference: UnitRows, seed: int) -> Agreement | None:
    """The turn found from half of the subject's units and tested on the other half; None where none is found."""
    found = aligned_together([subject], [reference], [(subject.features, reference.features)], seed)
    return found[0] if found else None


def aligned_together(
    subject: Sequence[UnitRows],
    reference: Sequence[UnitRows],
    features: Sequence[tuple[Matrix, Matrix]],
    seed: int,
) -> list[Agreement]:
    """One turn for layers that stand beside each other, found from half of the units of each and tested on the other half.

    `features` are the numbers of units that no disguise changes, of the subject and of the reference, to begin with. Empty
    where no turn is found.
    """
    if not all(_comparable(mine, theirs) for mine, theirs in zip(subject, reference, strict=True)):
        return []
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(each.writes)) for each in subject]
    fitted = [order[: len(order) // 2] for order in orders]
    matches = [
        _by_place(chosen, _alike(mine[chosen], theirs)) for chosen, (mine, theirs) in zip(fitted, features, strict=True)
    ]
    settled = _settled(subject, reference, matches, fitted)
    if settled is None:
        return []
    return [
        _agreement(mine, theirs, settled[0], order[len(order) // 2 :])
        for mine, theirs, order in zip(subject, reference, orders, strict=True)
    ]


def counterparts(subject: UnitRows, reference: UnitRows, in_place: bool) -> tuple[Turn, Matches] | None:
    """The turn that all units settle on and the units that are each other's nearest under it, beginning with those at the same
    place or with the numbers that no disguise changes; None where none is found. For layers known to derive: nothing is tested."""
    if not _comparable(subject, reference):
        return None
    every = np.arange(len(subject.writes))
    if in_place:
        beginning = [(unit, unit) for unit in range(min(len(subject.writes), len(reference.writes)))]
    else:
        beginning = _alike(subject.features, reference.features)
    settled = _settled([subject], [reference], [beginning], [every])
    return None if settled is None else (settled[0], settled[1][0])


def _settled(
    subject: Sequence[UnitRows], reference: Sequence[UnitRows], matches: Sequence[Matches], fitted: Sequence[Places]
) -> tuple[Turn, Sequence[Matches]] | None:
    """Turning and matching by turns, from the matches given, until no more of the subject's `fitted` units keep theirs; models
    trained apart never begin to."""
    turn: Turn | None = None
    kept = 0
    for done in range(_ROUNDS):
        if sum(len(each) for each in matches) < _LEAST_MATCHES * len(matches):
            return None
        found = _matched_anew(subject, reference, matches, fitted, turn)
        if found is None:
            return None
        turn, matched = found
        before, kept = kept, sum(len({*one} & {*other}) for one, other in zip(matches, matched, strict=True))
        matches = matched
        if done >= _LEAST_ROUNDS and kept <= before:
            break
    if not any(matches):
        return None
    return _turn(subject, reference, matches, turn, MOST_PAIRS), matches


def _matched_anew(
    subject: Sequence[UnitRows],
    reference: Sequence[UnitRows],
    matches: Sequence[Matches],
    fitted: Sequence[Places],
    former: Turn | None,
) -> tuple[Turn, list[Matches]] | None:
    """One of the turns found, and the units that are each other's nearest where each is turned by the matches of other units
    alone: a turn of a wide stream brings any pair together that it was found from. None where others have no match."""
    alike = [
        np.empty((len(each), len(theirs.writes)), np.float32) for each, theirs in zip(fitted, reference, strict=True)
    ]
    for fold in range(_FOLDS):
        left_out = [{*each[fold::_FOLDS].tolist()} for each in fitted]
        others = [[pair for pair in each if pair[0] not in out] for each, out in zip(matches, left_out, strict=True)]
        if not any(others):
            return None
        turn = _turn(subject, reference, others, former, _PAIRS_A_ROUND)
        for whole, mine, theirs, chosen in zip(alike, subject, reference, fitted, strict=True):
            whole[fold::_FOLDS] = _both(mine, theirs, turn, chosen[fold::_FOLDS])
    return turn, [_by_place(chosen, mutual_nearest(whole)) for chosen, whole in zip(fitted, alike, strict=True)]


def _by_place(chosen: Places, pairs: Matches) -> Matches:
    return [(int(chosen[i]), j) for i, j in pairs]


def _both(subject: UnitRows, reference: UnitRows, turn: Turn, rows: Places) -> Matrix:
    first, rest = _cosines(subject, reference, turn, rows)
    return first + _unsigned(rest, subject)


def aligned_by_turn(subject: Sequence[Matrix], reference: Sequence[Matrix]) -> Agreement:
    """Every unit of the subject tested under a turn that was found without them. Both sides are units of length one along its
    directions, (units, k) for each matrix, reads before writes; a gated layer is held by its up matrix against a plain one."""
    fewest = min(len(subject), len(reference))
    sides = zip(subject[-fewest:], reference[-fewest:], strict=True)
    first, *others = (product(own, other.T) for own, other in sides)
    rest = np.asarray(np.sum(others, axis=0))
    return agreement(first, np.abs(rest) if fewest > 2 else rest)


def _comparable(subject: UnitRows, reference: UnitRows) -> bool:
    """Gated with gated and plain with plain, and what is one stream in one is one stream in the other."""
    one_stream = [each.reads[0].shape[1] == each.writes.shape[1] for each in (subject, reference)]
    return len(subject.reads) == len(reference.reads) and one_stream[0] == one_stream[1]


def agreement(first: Matrix, rest: Matrix) -> Agreement:
    """Of units by their likeness to the reference's, (units, reference units), in two groups of numbers: one agrees where its
    nearest in the first is its nearest in the rest.

    A unit that is as near to all (zeros, as pruning and padding leave them) says nothing, and units that are copies of each
    other say once what they say: neither would be one more chance among many.
    """
    says = (first.max(axis=1) > first.min(axis=1)) & (rest.max(axis=1) > rest.min(axis=1))
    places = np.stack([first.argmax(axis=1), rest.argmax(axis=1)], axis=1)
    looks = np.stack([first.max(axis=1), rest.max(axis=1)], axis=1).round(_SAME_COSINE)
    _, different = np.unique(np.hstack([places, looks])[says], axis=0, return_index=True)
    agree = places[:, 0] == places[:, 1]
    return Agreement.of(agree[says][np.sort(different)])


def _agreement(subject: UnitRows, reference: UnitRows, turn: Turn, tested: Places) -> Agreement:
    """A unit agrees where its nearest by the first matrix it reads is its nearest by all others."""
    first, rest = _cosines(subject, reference, turn, tested)
    return agreement(first, _unsigned(rest, subject))


def _cosines(subject: UnitRows, reference: UnitRows, turn: Turn, rows: Places) -> tuple[Matrix, Matrix]:
    """(rows, reference units): cosines by the first matrix that units read, and summed over all others."""
    first = turn.reads.products(subject.reads[0][rows], reference.reads[0])
    rest = turn.writes.products(subject.writes[rows], reference.writes)
    for mine, theirs in zip(subject.reads[1:], reference.reads[1:], strict=True):
        rest += turn.reads.products(mine[rows], theirs)
    return first, rest


def _unsigned(rest: Matrix, subject: UnitRows) -> Matrix:
    """A gated unit is the same when both its up and its down row change their sign."""
    return np.abs(rest) if len(subject.reads) > 1 else rest


def _turn(
    subject: Sequence[UnitRows],
    reference: Sequence[UnitRows],
    matches: Sequence[Matches],
    former: Turn | None,
    most_rows: int,
) -> Turn:
    """The best turn for these pairs of units, over all layers given: from the first matrix alone at the start, whose signs no
    disguise changes."""
    pairs = [_pairs(*each, former) for each in zip(subject, reference, matches, strict=True) if each[2]]
    reads = [pair for each in pairs for pair in each[0]]
    writes = [pair for each in pairs for pair in each[1]]
    if subject[0].reads[0].shape[1] == subject[0].writes.shape[1]:  # one stream, so one turn
        both = procrustes(reads if former is None else reads + writes, most_rows)
        return Turn(both, both)
    return Turn(procrustes(reads, most_rows), procrustes(writes, most_rows))


def _pairs(
    subject: UnitRows, reference: UnitRows, matches: Matches, former: Turn | None
) -> tuple[list[Pair], list[Pair]]:
    """Rows of matched units, the reference's beside the subject's: what they read, and what they write."""
    mine, theirs = (np.array(side) for side in zip(*matches, strict=True))
    reads = [(reference.reads[0][theirs], subject.reads[0][mine])]
    if former is None:
        return reads, [(reference.writes[theirs], subject.writes[mine])]
    signs = _signs(subject, reference, former, mine, theirs)
    sides = zip(reference.reads[1:], subject.reads[1:], strict=True)
    reads += [(other[theirs] * signs, own[mine]) for other, own in sides]
    return reads, [(reference.writes[theirs] * signs, subject.writes[mine])]


def _signs(subject: UnitRows, reference: UnitRows, turn: Turn, mine: Places, theirs: Places) -> Matrix:
    cosines = turn.writes.paired(subject.writes[mine], reference.writes[theirs])
    for own, other in zip(subject.reads[1:], reference.reads[1:], strict=True):
        cosines = cosines + turn.reads.paired(own[mine], other[theirs])
    flipped = (cosines < 0) & (len(subject.reads) > 1)
    return np.asarray(np.where(flipped, np.float32(-1), np.float32(1))[:, None], dtype=np.float32)


def turn_multiplications(width: int) -> float:
    """About how many multiplications all rounds of turning one pair of layers take."""
    if width <= WIDEST_WHOLE:
        return 200.0 * width**3
    return _ROUNDS * (8.0 * width * MOST_PAIRS**2 + 20.0 * MOST_PAIRS**3)


def _alike(left: Matrix, right: Matrix) -> Matches:
    """Units whose features are each other's nearest; none where these are not as many, as in layers of a dozen units."""
    if left.shape[1] != right.shape[1]:
        return []
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :]
    return mutual_nearest(np.asarray(2 * product(left, right.T) - squares, dtype=np.float32))
