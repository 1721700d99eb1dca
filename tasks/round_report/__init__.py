"""A decided round as one HTML page and one PDF, Korean and English, from one document that both are set from.

    from tasks.round_report import read_report, round_document, write_document
    write_document(Path("round-1.pdf"), round_document(read_report(loaded, None), audience(None, "committee")))

The decision has to be the recorded one; a what-if becomes no report. Measures nothing.
"""

from tasks.round_report.document import Document
from tasks.round_report.sections import round_document
from tasks.round_report.source import ReportSource, read_report
from tasks.round_report.writing import ending_of, write_document, written

__all__ = [
    "Document",
    "ReportSource",
    "ending_of",
    "read_report",
    "round_document",
    "write_document",
    "written",
]
