"""The layer map: which layer of a submission matches which layer of a reference.

>>> layer_map([LayerMatch(subject_layer=0, reference_layer=0, p_value=1e-20, log10_p=-20.0)], "제출", "참조", "p")  # doctest: +SKIP
"""

import altair as alt
import pandas as pd

from checks.records.lineage import LayerMatch
from dashboard.charts.totals import with_font
from dashboard.look import INK

#: Beyond this power of ten a smaller p-value says nothing more; without it one cell would bleach all others.
FAINTEST, DARKEST = 0.0, 40.0
#: Pixels; a model of a hundred layers still fits the page, one of three does not fill it.
SMALLEST_CELL, LARGEST_CELL, MOST_WIDTH = 12, 46, 900


def layer_map(matches: list[LayerMatch], subject: str, reference: str, strength: str) -> alt.Chart:
    """A heat map of −log10 p, with its value in each cell; an exact copy (no p-value) is the darkest and says `=`."""
    rows = [
        {
            "subject": match.subject_layer,
            "reference": match.reference_layer,
            "strength": DARKEST if match.log10_p is None else max(FAINTEST, -match.log10_p),
            "label": "=" if match.log10_p is None else f"{-match.log10_p:.0f}",
        }
        for match in matches
    ]
    frame = pd.DataFrame(rows, columns=["subject", "reference", "strength", "label"])
    above = alt.Axis(titleAngle=0, titleAlign="left", titleX=-24, titleY=-12)
    base = alt.Chart(frame).encode(
        x=alt.X("reference:O", title=reference, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("subject:O", title=subject, axis=above),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "strength:Q",
            title=strength,
            scale=alt.Scale(scheme="blues", domain=[FAINTEST, DARKEST], clamp=True),
        ),
        tooltip=["subject:O", "reference:O", alt.Tooltip("strength:Q", format=".1f", title=strength)],
    )
    across, down = frame["reference"].nunique(), frame["subject"].nunique()
    cell = max(SMALLEST_CELL, min(LARGEST_CELL, MOST_WIDTH // max(1, across)))
    dark = alt.condition(alt.datum.strength > DARKEST / 2, alt.value("white"), alt.value(INK))
    values = base.mark_text(fontSize=min(13, cell // 2)).encode(text="label:N", color=dark)
    sized = (cells + values).properties(
        width=cell * across, height=cell * down * 3 // 4, autosize=alt.AutoSizeParams(type="pad")
    )
    return with_font(sized)
