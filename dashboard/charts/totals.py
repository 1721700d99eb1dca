"""The total of each team as a bar of its parts: who has how many points, and from where.

>>> totals_chart(rows, order=["A 팀"], parts=["벤치마크"], limit=100)        # doctest: +SKIP
"""

from dataclasses import asdict, dataclass

import altair as alt
import pandas as pd

from dashboard.look import FONT, INK, PART_COLOURS

ROW_HEIGHT = 42
#: For the legend above the bars and the axis under them.
AROUND = 90


@dataclass(frozen=True)
class Slice:
    """One part of one team's total, in points."""

    team: str
    part: str
    points: float
    out_of: float


def totals_chart(slices: list[Slice], order: list[str], parts: list[str], limit: float, total: str) -> alt.Chart:
    """Stacked bars, one a team, in the order given (best first); `limit` is the most that anybody can have."""
    frame = pd.DataFrame([asdict(each) for each in slices], columns=["team", "part", "points", "out_of"])
    frame["place"] = frame["part"].map(parts.index)
    sums = frame.groupby("team", as_index=False)["points"].sum()
    sums["label"] = sums["points"].map(lambda points: f"{points:.1f}")
    rows = alt.Y("team:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelFontSize=14, labelColor=INK))
    bars = (
        alt.Chart(frame)
        .mark_bar(stroke="white", strokeWidth=1.5, height={"band": 0.7})
        .encode(
            y=rows,
            x=alt.X("points:Q", stack="zero", title=total, scale=alt.Scale(domain=[0, limit])),
            color=alt.Color(
                "part:N",
                sort=parts,
                scale=alt.Scale(domain=parts, range=PART_COLOURS),
                legend=alt.Legend(title=None, orient="top", labelFontSize=14, labelLimit=300),
            ),
            order=alt.Order("place:Q"),
            tooltip=["team:N", "part:N", alt.Tooltip("points:Q", format=".2f"), alt.Tooltip("out_of:Q", format=".0f")],
        )
    )
    labels = alt.Chart(sums).mark_text(align="left", dx=6, fontSize=14, fontWeight="bold", color=INK)
    return with_font(
        (bars + labels.encode(y=rows, x="points:Q", text="label:N")).properties(height=ROW_HEIGHT * len(order) + AROUND)
    )


def with_font(chart: alt.Chart) -> alt.Chart:
    """The page's font on all that a chart writes."""
    return chart.configure(font=FONT)
