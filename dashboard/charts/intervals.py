"""Scores of the tasks with their 95 % intervals: where two teams' lines overlap, the difference is not certain.

>>> intervals_chart([Interval("josa", "A 팀", 91.0, 88.1, 93.2)], ["A 팀"])        # doctest: +SKIP
"""

from dataclasses import asdict, dataclass

import altair as alt
import pandas as pd

from dashboard.charts.totals import with_font
from dashboard.look import ACCENT, INK


@dataclass(frozen=True)
class Interval:
    """One task's score for one team, × 100; `low` and `high` are None where no interval is known."""

    task: str
    team: str
    score: float
    low: float | None
    high: float | None


def intervals_chart(intervals: list[Interval], teams: list[str], score: str) -> alt.Chart:
    """One panel a task, one row a team: a point for the score and a line for its interval."""
    frame = pd.DataFrame([asdict(each) for each in intervals], columns=["task", "team", "score", "low", "high"])
    base = alt.Chart(frame).encode(
        y=alt.Y("team:N", sort=teams, title=None, axis=alt.Axis(labelLimit=220, labelFontSize=13, labelColor=INK))
    )
    scale = alt.Scale(domain=[0, 100])
    lines = base.mark_rule(strokeWidth=3, color="#8FB3D0").encode(
        x=alt.X("low:Q", scale=scale, title=score), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=90, color=ACCENT, opacity=1).encode(
        x=alt.X("score:Q", scale=scale, title=score),
        tooltip=["task:N", "team:N", *(alt.Tooltip(f"{each}:Q", format=".1f") for each in ("score", "low", "high"))],
    )
    panels = (
        (lines + points)
        .properties(width=340, height=alt.Step(26))
        .facet(
            facet=alt.Facet("task:N", title=None, header=alt.Header(labelFontSize=14, labelFontWeight="bold")),
            columns=2,
        )
    )
    return with_font(panels)
