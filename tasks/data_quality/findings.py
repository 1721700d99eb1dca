"""Collects one suite's measurements.

>>> found = Findings("inventory")
>>> found.counted("sources-distinct", ["wiki", "wiki", "news"], bad=["wiki"])
"""

import math
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, field

from checks.records.quality import Measurement, QualitySuite

#: As many examples as Great Expectations' own summaries keep.
MAX_EXAMPLES = 20
#: An example longer than this is cut: it is there to find the place, not to be read whole.
MAX_EXAMPLE_LETTERS = 200


@dataclass
class Findings:
    """The measurements of one suite, in the order in which they were made."""

    suite: QualitySuite
    rows: list[Measurement] = field(default_factory=list)

    def measured(
        self,
        check: str,
        value: float,
        rows: int,
        *,
        subject: str = "",
        bad: int = 0,
        observed: str = "",
        examples: Iterable[str] = (),
    ) -> None:
        """A number, the rows behind it, how many offend, and up to MAX_EXAMPLES of them; NaN and infinity are no value."""
        shown = [str(each)[:MAX_EXAMPLE_LETTERS] for each, _ in zip(examples, range(MAX_EXAMPLES), strict=False)]
        self.rows.append(
            Measurement(
                suite=self.suite,
                check=check,
                subject=subject,
                value=float(value) if math.isfinite(value) else None,
                rows=int(rows),
                bad=int(bad),
                observed=observed,
                examples=shown,
            )
        )

    def counted(
        self, check: str, rows: Sized | int, bad: Sequence[str], *, subject: str = "", share: bool = False
    ) -> None:
        """How many offend (or which share, with `share`); of no rows at all the check does not apply."""
        total = rows if isinstance(rows, int) else len(rows)
        if total == 0:
            self.not_applicable(check, subject=subject)
            return
        value = len(bad) / total if share else float(len(bad))
        self.measured(check, value, total, subject=subject, bad=len(bad), examples=bad)

    def missing(self, *checks: str, subject: str = "", observed: str = "") -> None:
        """The evidence or declaration that these checks need is not there."""
        for check in checks:
            self.rows.append(
                Measurement(suite=self.suite, check=check, subject=subject, state="missing", observed=observed)
            )

    def not_applicable(self, *checks: str, subject: str = "", observed: str = "") -> None:
        """These checks have no object here."""
        for check in checks:
            self.rows.append(
                Measurement(suite=self.suite, check=check, subject=subject, state="not_applicable", observed=observed)
            )
