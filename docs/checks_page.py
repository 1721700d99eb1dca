"""docs/checks.md: every data-quality check and every threshold, from the suites that declare them."""

from checks.expectations.check import Check
from checks.expectations.suites import ALL_CHECKS
from checks.expectations.thresholds import DEFAULT_THRESHOLDS, THRESHOLDS
from docs.markdown import table

_HEAD = """# Checks of data quality

A hard check that does not hold, or never ran, is `fail`; a soft one is `conditional`. Evidence that was not handed in is
`conditional` whatever the check: not proven, and no pass. What each result does to a team is said by the policy and the gate.
A bound of ≤ 0 without a threshold's name counts offenders: there may be none. What each check sees, proves and cannot prove:
[evidence.md](evidence.md).
"""
_SUITES = {
    "manifest": "What the submission says of its model, against the tensors that are there",
    "inventory": "The table of the training corpus, source by source",
    "sample": "The corpus sample",
    "training_log": "The training log",
    "checkpoints": "Step 0 and the checkpoints",
    "items": "The benchmark's items",
    "results": "The benchmark's results",
}
_CHANGED = "A policy changes any of them under `data_quality.thresholds`; nothing is measured again for it."


def checks_page() -> str:
    """The page."""
    parts = [_HEAD]
    for suite, title in _SUITES.items():
        rows: list[tuple[str, ...]] = [
            (f"`{check.id}`", check.severity, _words(check), _bound(check), check.source)
            for check in ALL_CHECKS
            if check.suite == suite
        ]
        parts.append(
            f"## {suite}\n\n{title}.\n\n{table(['Check', 'Severity', 'What must hold', 'Bound', 'From'], rows)}"
        )
    rows = [(f"`{each.name}`", f"{each.value:g}", each.meaning, each.source) for each in THRESHOLDS]
    parts.append(f"## Thresholds\n\n{_CHANGED}\n\n{table(['Threshold', 'Shipped', 'What it bounds', 'From'], rows)}")
    return "\n".join(parts)


def _words(check: Check) -> str:
    note = f" ({check.note.en}.)" if check.note else ""
    return f"{check.title.en}.{note}<br>{check.title.ko}."


def _bound(check: Check) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(check.threshold_names()))
    return check.expected(DEFAULT_THRESHOLDS) + (f" ({names})" if names else "")
