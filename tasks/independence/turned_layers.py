"""Which layers of a deep model to align, asked of a few units under a turn of the stream that is known already: layers dropped,
added or moved in models too large for every pair of layers to be aligned.

>>> pairs_under(turn, subject, reference)
[(3, 5), (4, 6), (5, 7)]
"""

from tasks.independence.alignment import aligned_by_turn
from tasks.independence.device import product
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.procrustes import Turned
from tasks.independence.unit_rows import of_length_one

#: Leading units of each of the subject's layers that are asked, along how many of the turn's directions.
ASKED_UNITS, ASKED_DIRECTIONS = 64, 128
#: Multiplications that all may take, and most pairs of layers: a mixture's many experts are paired by other means.
MOST_MULTIPLICATIONS = 1e12
MOST_PAIRS = 6_400
#: Pairs that are aligned then, those whose units agree most.
CHOSEN = 3


def pairs_under(turn: Turned, subject: Part, reference: Part) -> list[tuple[int, int]]:
    """Pairs of places in the two lists of layers; empty where there are none in that stream or too many."""
    own = [place for place, layer in enumerate(subject.layers) if _widths(layer.shapes) == {turn.shape[1]}]
    other = [place for place, layer in enumerate(reference.layers) if _widths(layer.shapes) == {turn.shape[0]}]
    if not own or not other or len(own) * len(other) > MOST_PAIRS:
        return []
    some = Turned(turn.left[:, :ASKED_DIRECTIONS], turn.right[:ASKED_DIRECTIONS])
    asked = {place: _asked(subject, place, some) for place in own}
    units = _affordable(turn.shape[0], len(own), len(other))
    shares: list[tuple[float, int, int]] = []
    for j in other:
        theirs = reference.layers[j].projected(some.left, units)
        for i in own:
            found = aligned_by_turn(asked[i], theirs)
            shares.append((found.share, i, j))
    return [(i, j) for _, i, j in sorted(shares, reverse=True)[:CHOSEN]]


def _widths(shapes: tuple[tuple[int, ...], ...]) -> set[int]:
    return {width for _, width in shapes}


def _asked(subject: Part, place: int, turn: Turned) -> list[Matrix]:
    layer = subject.layers[place].leading(ASKED_UNITS)
    return [product(of_length_one(each), turn.right.T) for each in (*layer.reads, layer.writes)]


def _affordable(width: int, own: int, other: int) -> int:
    """Units of each of the reference's layers, whose projection and comparison cost the same for each."""
    return int(MOST_MULTIPLICATIONS / (3 * ASKED_DIRECTIONS * (width * other + ASKED_UNITS * own * other)))
