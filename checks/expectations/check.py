"""The declaration of one check: what it looks at, its bounds, and its words in Korean and English.

>>> Check("training_log", "first-loss", "soft", Text(ko="…", en="…"), high="first_loss_distance", …)
"""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.records.quality import QualitySuite, Severity
from checks.records.record import Text

#: A bound is a number that follows from the check's meaning, or the name of a threshold that a policy may change.
Bound = float | str

#: What the words of `seen` may name: the value, the rows it was computed over, and how many of them offend.
SEEN_BAD_OF_ROWS = Text(ko="{rows:,}건 중 {bad:,}건", en="{bad:,} of {rows:,}")


@dataclass(frozen=True)
class Check:
    """One check of one suite; the same check may be measured for several subjects (components, tasks).

    `title` says what must hold; `seen` is a template over `value`, `rows` and `bad`; `needs` says what was not handed in
    where the evidence is missing; `note` says what the check can and cannot show. `source` says where it comes from.
    A hard check that does not hold fails, a soft one is conditional. At least one of `low` and `high` is given.
    """

    suite: QualitySuite
    id: str
    severity: Severity
    title: Text
    source: str
    low: Bound | None = None
    high: Bound | None = None
    seen: Text = SEEN_BAD_OF_ROWS
    needs: Text | None = None
    note: Text | None = None

    @property
    def key(self) -> str:
        """`suite.id`, unique over all suites."""
        return f"{self.suite}.{self.id}"

    def bounds(self, thresholds: Mapping[str, float]) -> tuple[float | None, float | None]:
        """The least and the greatest value allowed, None where there is no such bound."""
        return _number(self.low, thresholds), _number(self.high, thresholds)

    def threshold_names(self) -> set[str]:
        """The thresholds that its bounds name."""
        return {bound for bound in (self.low, self.high) if isinstance(bound, str)}

    def expected(self, thresholds: Mapping[str, float]) -> str:
        """The bounds as signs that need no language: `≤ 0.5`, `0.8 – 1.3`, `= 0`."""
        low, high = self.bounds(thresholds)
        if low is not None and high is not None:
            return f"= {low:g}" if low == high else f"{low:g} – {high:g}"
        return f"≥ {low:g}" if low is not None else f"≤ {high:g}"


def _number(bound: Bound | None, thresholds: Mapping[str, float]) -> float | None:
    return thresholds[bound] if isinstance(bound, str) else bound
