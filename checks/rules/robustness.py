"""How firm a round's decision is, put together: intervals, sets of ranks, pairs, the cut, other weightings, warnings.

>>> firm = robustness(inputs, Fraction(1, 4))
>>> firm.cut.probability
0.93
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from checks.records.robustness import (
    Cut,
    PairRobustness,
    Robustness,
    TeamRobustness,
    TeamWeightings,
    WeightRegion,
)
from checks.rules.decision import Outcome, eligible_teams, work_out
from checks.rules.drawing import Replicates
from checks.rules.inputs import RoundInputs
from checks.rules.numbers import decimal_text
from checks.rules.resampling import RESAMPLES, SEED, resampled_totals, unknown_leaves
from checks.rules.selection import Cutting
from checks.rules.uncertainty import LEVEL, Pair, chances_of_bottom, compare_pairs, interval, rank_sets
from checks.rules.warnings import warnings
from checks.rules.weightings import (
    PartShares,
    Region,
    always_cut_or_kept,
    cut_share,
    dominates,
    drawn_totals,
    part_shares,
)

#: Places of an estimate in points: resampling knows no more.
ESTIMATE_PLACES = 4


def robustness(inputs: RoundInputs, within: Fraction) -> Robustness:
    """Everything at once. `within` bounds the second region of weightings: each top part keeps its points to that share.

    Raises NotMeasured as `decide` does.
    """
    outcome = work_out(inputs)
    names = {team.id: team.name for team in inputs.round.teams}
    exact = {team: total for team, total in outcome.points.totals.items() if total is not None}
    totals = resampled_totals(inputs, outcome.points, eligible_teams(inputs, outcome.gates))
    pairs = compare_pairs(totals, {team: float(total) for team, total in exact.items()})
    ranks = rank_sets(list(exact), pairs)
    chances = _chances(totals, outcome.cutting)
    shares = part_shares(outcome.points, inputs.round.score)
    order = sorted(exact, key=lambda team: (outcome.ranks[team], team))
    return Robustness(
        programme=inputs.programme,
        round=inputs.round.id,
        rules_version=inputs.round.rules_version,
        rules_sha256=inputs.rules_sha256,
        what_if=inputs.what_if,
        simulated=inputs.simulated,
        level=LEVEL,
        resamples=RESAMPLES,
        seed=SEED,
        cut=_cut(totals, outcome.cutting),
        teams=[
            TeamRobustness(
                team=team,
                name=names[team],
                total=decimal_text(exact[team]),
                interval=_estimates(interval(totals[team])),
                rank=outcome.ranks[team],
                ranks=ranks[team],
                lowest_probability=chances.get(team),
            )
            for team in order
        ],
        pairs=_pairs(pairs, exact, shares),
        regions=_regions(shares, outcome, within),
        unknown=unknown_leaves(inputs, outcome.points),
        warnings=warnings(inputs),
    )


def _chances(totals: Mapping[str, Replicates], cutting: Cutting) -> dict[str, float]:
    if not cutting.counted or not cutting.planned:
        return {}
    return chances_of_bottom(totals, cutting.counted, cutting.planned)


def _cut(totals: Mapping[str, Replicates], cutting: Cutting) -> Cut | None:
    """The teams whose cut is planned, and in what share of the draws they are the lowest; None where nobody is cut."""
    lowest = sorted(cutting.counted, key=lambda team: cutting.above[team], reverse=True)[: cutting.planned]
    others = [team for team in cutting.counted if team not in lowest]
    if not lowest or not others:
        return None
    highest_cut = np.max([totals[team] for team in lowest], axis=0)
    lowest_kept = np.min([totals[team] for team in others], axis=0)
    return Cut(planned=cutting.planned, teams=sorted(lowest), probability=float((highest_cut < lowest_kept).mean()))


def _estimates(bounds: tuple[float, float]) -> tuple[str, str]:
    low, high = (decimal_text(round(Fraction(bound), ESTIMATE_PLACES)) for bound in bounds)
    return low, high


def _pairs(pairs: Sequence[Pair], exact: Mapping[str, Fraction], found: PartShares | None) -> list[PairRobustness]:
    everything = found.region(None) if found is not None else None
    drawn = drawn_totals(found, everything) if found is not None and everything is not None else {}
    told = []
    for pair in pairs:
        over, dominated = None, False
        if found is not None and everything is not None:
            over = float((drawn[pair.first] > drawn[pair.second]).mean())
            dominated = dominates(found.shares[pair.first], found.shares[pair.second], everything)
        told.append(
            PairRobustness(
                above=pair.first,
                below=pair.second,
                difference=decimal_text(exact[pair.first] - exact[pair.second]),
                interval=_estimates(pair.interval),
                probability=pair.probability,
                told_apart=pair.sure,
                weightings=over,
                dominates=dominated,
            )
        )
    return told


def _regions(found: PartShares | None, outcome: Outcome, within: Fraction) -> list[WeightRegion]:
    if found is None:
        return []
    return [
        WeightRegion(within=None if share is None else float(share), teams=_over(found, found.region(share), outcome))
        for share in (None, within)
    ]


def _over(found: PartShares, region: Region, outcome: Outcome) -> list[TeamWeightings]:
    """Every team's ranks and cuts over the region; gates stay as they are judged."""
    drawn = drawn_totals(found, region)
    counted, planned = outcome.cutting.counted, outcome.cutting.planned
    order = sorted(found.shares, key=lambda team: (outcome.ranks[team], team))
    return [
        TeamWeightings(
            team=team,
            ranks=_ranks_taken(team, drawn),
            cut_share=cut_share(team, drawn, counted, planned),
            always=team not in counted or always_cut_or_kept(found, region, team, counted, planned),
        )
        for team in order
    ]


def _ranks_taken(team: str, drawn: Mapping[str, NDArray[np.float64]]) -> tuple[int, int]:
    taken = 1 + np.sum([values > drawn[team] for values in drawn.values()], axis=0)
    return int(taken.min()), int(taken.max())
