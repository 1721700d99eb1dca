"""A trace as one HTML page that a committee can read, and its two pictures.

    from tasks.independence.report import Provenance, write_report
    write_report(Path("report.html"), trace(...), Provenance(...))

Draws records and measures nothing. The page asks nothing of any network, and needs no script.
"""

from tasks.independence.report.layer_map import draw_layer_map
from tasks.independence.report.null_picture import draw_nulls
from tasks.independence.report.page import Provenance, effects_of, writable_target, write_report
from tasks.independence.report.svg import as_image

__all__ = ["Provenance", "as_image", "draw_layer_map", "draw_nulls", "effects_of", "writable_target", "write_report"]
