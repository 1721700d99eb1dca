"""Raters far from the rest: noted for a person to look at, never left out by themselves.

A value's distance from its team's median, over all teams of a panel, by the modified z-score of Iglewicz and Hoaglin (1993):
0.6745 × distance ÷ median distance, or distance ÷ (1.2533 × mean distance) where more than half of the values agree.
"""

from statistics import mean, median

from checks.contracts.panels import RaterSheets
from checks.records.record import Text

#: Their recommended bound.
FAR = 3.5
_MEDIAN_FACTOR, _MEAN_FACTOR = 0.6745, 1.253314


def outlying_raters(leaf: str, sheets: RaterSheets) -> list[Text]:
    """One sentence for each value of a panel that lies far from what its team got from the others."""
    distances = {
        (team, rater): float(value) - float(median(given.values()))
        for team, given in sheets.values.items()
        for rater, value in sheets.counted(team).items()
    }
    sizes = [abs(each) for each in distances.values()]
    if not any(sizes):
        return []
    typical = median(sizes)
    scale = typical / _MEDIAN_FACTOR if typical else _MEAN_FACTOR * mean(sizes)
    return [
        Text(
            ko=f"{leaf}: 평가위원 {rater}이(가) {team}에 준 {sheets.values[team][rater]}점은 그 팀의 중앙값과 크게 다릅니다"
            f"({distance:+g}).",
            en=f"{leaf}: rater {rater} gave {team} {sheets.values[team][rater]}, far from the team's median ({distance:+g}).",
        )
        for (team, rater), distance in sorted(distances.items())
        if abs(distance) > FAR * scale
    ]
