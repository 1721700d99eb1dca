"""Which items stand or fall together, as the suite's `groups` table says, held against the items that there are."""

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark.harness_tasks import LoadedTask


def groups_of(suite: LoadedSuite, task: LoadedTask) -> dict[int, str]:
    """Item → group; empty where each item stands by itself. Raises InputFault unless every item has a row, and every row
    an item."""
    path = suite.groups_file(task.setting)
    if path is None:
        return {}
    groups = suite.groups(task.setting)
    items = sum(len(part.harness.eval_docs) for part in task.parts)
    absent = next((item for item in range(items) if item not in groups), None)
    if absent is not None:
        raise InputFault(path, "item", f"no row for item {absent} of {task.id}", "a group for every item")
    beyond = next((item for item in sorted(groups) if item >= items), None)
    if beyond is not None:
        raise InputFault(path, "item", f"item {beyond}", f"0 to {items - 1}, the items of {task.id}")
    return groups
