"""All checks of all suites, by key."""

from checks.expectations import checkpoints, inventory, items, manifest, results, sample, training_log
from checks.expectations.check import Check

ALL_CHECKS: tuple[Check, ...] = (
    *manifest.CHECKS,
    *inventory.CHECKS,
    *sample.CHECKS,
    *training_log.CHECKS,
    *checkpoints.CHECKS,
    *items.CHECKS,
    *results.CHECKS,
)
CHECK_BY_KEY: dict[str, Check] = {check.key: check for check in ALL_CHECKS}
