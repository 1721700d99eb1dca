"""Which settings of two measurements differ: scores compare only where none does, but for what a round lets differ.

>>> differing({"dtype": "float32", "tasks": {"t": {"fewshot": 5}}}, {"dtype": "float32", "tasks": {"t": {"fewshot": 0}}})
['tasks.t.fewshot']
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any


def differing(one: Mapping[str, Any], other: Mapping[str, Any], may_differ: Collection[str] = ()) -> list[str]:
    """The names of settings that are not equal, sorted. `prompts` in `may_differ` stands for the hashes of the prompts."""
    left_out = {*may_differ, "sha256", *(["prompts_sha256"] if "prompts" in may_differ else [])}
    mine, theirs = dict(_flat(one, left_out)), dict(_flat(other, left_out))
    return sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))


def _flat(settings: Mapping[str, Any], left_out: Collection[str], above: str = "") -> Iterator[tuple[str, Any]]:
    """`tasks.kmmlu.fewshot` → 5 and so on; a task's own hash is left out, as it is of the others, which say more."""
    for name, value in settings.items():
        if name in left_out:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, left_out, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
