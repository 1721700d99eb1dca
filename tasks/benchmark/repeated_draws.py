"""What several draws of an answer come to: right at least once in k draws, or right by the majority of them.

>>> pass_at(10, 3, 5)
0.9166666666666666
"""

import math
from collections import Counter
from collections.abc import Sequence

from checks.records.scores import ItemResult


def pass_at(draws: int, right: int, k: int) -> float:
    """The chance that of k draws out of `draws`, `right` of them right, at least one is: 1 − C(n − c, k) ÷ C(n, k).

    The unbiased estimator of Chen and others (2021), "Evaluating large language models trained on code", section 2.1.
    """
    return 1.0 - math.comb(draws - right, k) / math.comb(draws, k)


def pass_at_each(draws_of_items: Sequence[Sequence[ItemResult]]) -> dict[str, float]:
    """k → the mean over items, for k = 1, 2, 4, … and all draws; empty where answers are not plainly right or wrong."""
    draws = min(map(len, draws_of_items), default=0)
    if draws < 2 or any(each.correct not in (0, 1) for drawn in draws_of_items for each in drawn):
        return {}
    ks = sorted({*(2**power for power in range(draws.bit_length()) if 2**power <= draws), draws})
    right = [(len(drawn), sum(each.correct == 1 for each in drawn)) for drawn in draws_of_items]
    return {str(k): math.fsum(pass_at(n, c, k) for n, c in right) / len(right) for k in ks}


def majority(draws_of_items: Sequence[Sequence[ItemResult]]) -> float | None:
    """The score of each item's most frequent answer, the first met of equally frequent ones (as the harness's own
    `majority_vote`); draws without an answer do not vote. None where nothing was drawn twice."""
    if min(map(len, draws_of_items), default=0) < 2:
        return None
    return math.fsum(_voted(drawn) for drawn in draws_of_items) / len(draws_of_items)


def _voted(drawn: Sequence[ItemResult]) -> float:
    votes = Counter(each.answer for each in drawn if not each.unparsed)
    if not votes:
        return 0.0
    elected = votes.most_common(1)[0][0]
    return next(each.correct for each in drawn if not each.unparsed and each.answer == elected)
