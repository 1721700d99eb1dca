"""Which tensors of the same numbers tell of a derivation, and which two models may hold without one.

Weights do, by the part that they play. A tensor whose part is not known may be a table that code makes anew in every model (a
codebook, a projection drawn from a fixed seed) or one that follows from the tokenizer (hash buckets, merges). Such tables are
small beside a model, so tensors of unknown part tell only beside others that do, or where they are a real share of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.independence.copies import Content, copied
from tasks.independence.formula_tables import made_by_a_formula
from tasks.independence.part import Part

#: Identical numbers that no chance explains.
LEAST_COPIED = 1_024
#: Share of a component that makes copies of unknown part tell by themselves.
LEAST_UNPLACED = 0.05
#: Plain integers: indices, counters and hashes where they are not packed weights, which are no small share.
_INTEGERS = frozenset({"I8", "U8", "I16", "U16", "I32", "U32"})


@dataclass(frozen=True)
class Copies:
    """`pairs` tell, the subject's tensor first; `unplaced` counts the numbers, other than plain integers, of those that are of
    unknown part and too few to tell."""

    pairs: list[tuple[Content, Content]]
    unplaced: int = 0


def telling_copies(subject: Part, known: Sequence[Content]) -> Copies:
    """What of the subject stands among these contents of a reference, but for tables that any model of the family may hold."""
    same = copied(subject.contents, known)
    pairs = [pair for pair in same if not made_by_a_formula(subject.checkpoint, pair[0].name)]
    unknown = {role.name for role in subject.roles if role.role == "other"}
    placed = [pair for pair in pairs if pair[0].name not in unknown]
    # One table that every layer holds again counts once.
    tables = {mine.exact: mine for mine, _ in pairs if mine.name in unknown}.values()
    if numbers_in(placed) >= LEAST_COPIED or _numbers(tables) >= LEAST_UNPLACED * subject.parameters:
        return Copies(pairs)
    return Copies(placed, _numbers([each for each in tables if each.stored not in _INTEGERS]))


def numbers_in(pairs: Sequence[tuple[Content, Content]]) -> int:
    """How many numbers of the subject are copied."""
    return _numbers([mine for mine, _ in pairs])


def _numbers(contents: Iterable[Content]) -> int:
    return sum(each.parameters for each in contents)
