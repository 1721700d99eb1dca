"""What a round came to without saying which team had how much: what a ministry prints when teams' points stay their own."""

from checks.records.record import Record


class PartSummary(Record):
    """One node of the score tree, `total` for its root: the best and the mean of the teams that have a value."""

    part: str
    points: str
    teams: int
    best: str | None
    mean: str | None


class RoundSummary(Record):
    """Every part, and the totals on either side of the bottom cut; None where nobody is out by it, or the cut is open."""

    parts: list[PartSummary]
    highest_out: str | None
    lowest_kept: str | None
