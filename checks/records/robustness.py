"""How firm a decision is: the answer of `gwanmun robustness`. Points are decimal strings, probabilities numbers in [0, 1]."""

from checks.records.record import Record, Text


class TeamRobustness(Record):
    """One team's total and rank with what they may be; `interval` and `ranks` hold at the round's `level`.

    `lowest_probability` is that of being among the lowest that the rules cut; None where the team takes no part in the count.
    """

    team: str
    name: Text
    total: str
    interval: tuple[str, str]
    rank: int
    ranks: tuple[int, int]
    lowest_probability: float | None


class PairRobustness(Record):
    """Two teams on the same draws: `above` has `difference` more points than `below`.

    `told_apart` holds at the level together with all other pairs; `weightings` is the share of all weightings of the top
    parts under which `above` has more points, and `dominates` says that there is none under which it has fewer.
    """

    above: str
    below: str
    difference: str
    interval: tuple[str, str]
    probability: float
    told_apart: bool
    weightings: float | None
    dominates: bool


class TeamWeightings(Record):
    """What a team's standing by points is over a region of weightings: the ranks it takes, and the share in which it is cut.

    `always` says that it is cut, or kept, under every weighting of the region, which follows from dominance and not from draws.
    """

    team: str
    ranks: tuple[int, int]
    cut_share: float
    always: bool


class WeightRegion(Record):
    """All weightings (`within` is None), or those whose parts' points differ from the rules' by at most that share of them."""

    within: float | None
    teams: list[TeamWeightings]


class Cut(Record):
    """The planned cut: the teams it takes, and the probability that these are truly the lowest."""

    planned: int
    teams: list[str]
    probability: float


class Robustness(Record):
    """How firm a round's decision is. `unknown` are leaves whose uncertainty nothing says; they count as certain."""

    programme: str
    round: str
    rules_version: str
    rules_sha256: str
    what_if: bool
    simulated: bool
    level: float
    resamples: int
    seed: int
    cut: Cut | None
    teams: list[TeamRobustness]
    pairs: list[PairRobustness]
    regions: list[WeightRegion]
    unknown: list[str]
    warnings: list[Text]
