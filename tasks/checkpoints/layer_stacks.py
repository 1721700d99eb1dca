"""Which list of layers of a component a tensor belongs to, and beside what it stands inside its layer.

One component may hold several lists of layers (encoder and decoder, two towers, a talker beside a thinker), and one layer
several feed-forward layers (a mixture's shared expert, an adapter). Those that are not told apart would hide each other. Where
there is one of them it has no name, so that models that call it differently correspond.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile

#: Stands before each word for what is beside another in a layer; the list's own name stands before the first.
_BESIDE = "/"
#: The roles of what hidden units read, one of which every feed-forward layer has: it tells how the layer is laid out.
FIRST_READS = ("gate_up", "up_gate", "up_ungated", "up")


def layer_list(stack: str) -> str:
    """The list of layers that a stack belongs to, whatever stands beside what in one layer: its norms are keyed so."""
    return stack.partition(_BESIDE)[0]


def beside(stack: str, words: Iterable[str]) -> str:
    """The stack of what stands, by these words, beside others in a layer of it."""
    return "".join([stack, *(f"{_BESIDE}{word}" for word in words)])


class LayerLists:
    """The lists of layers of one component by the paths of their names (`model.encoder.layers`)."""

    def __init__(self, paths: Collection[str]) -> None:
        split = {path: path.split(".") for path in sorted(set(paths))}
        after = _shared([words[::-1] for words in split.values()])
        owned = {path: words[: len(words) - after] for path, words in split.items()}
        before = _shared(list(owned.values()))
        self._names = {path: ".".join(words[before:]) for path, words in owned.items()}
        owners = ((".".join([*words, ""]).lstrip("."), self._names[path]) for path, words in owned.items())
        self._owners = sorted(owners, key=lambda each: -len(each[0]))

    def of(self, path: str | None, name: str) -> str:
        """The name of the list at this path; of a tensor outside all lists (None) that of the list that stands beside it."""
        if path is not None:
            return self._names[path]
        return next((found for start, found in self._owners if name.startswith(start)), "")


def _shared(several: Sequence[Sequence[str]]) -> int:
    """How many words all of them begin with: of one alone all, so that it has no name."""
    return sum(1 for _ in takewhile(lambda words: len(set(words)) == 1, zip(*several, strict=False)))


def units_beside(names: Iterable[tuple[str, object, str]]) -> dict[str, str]:
    """Name → the word for its feed-forward layer, for one list of layers of which a layer has several; empty where each has one.

    Each tensor comes with its layer, expert and whatever else tells layers apart, and its role. A feed-forward layer is what
    has the same path inside its layer and both sides, as far as one word of the role's own or two (`output.dense`) are left off.
    """
    known = list(names)
    seen = [(key, role) for _, key, role in known]
    if len(set(seen)) == len(seen):
        return {}
    found: dict[str, str] = {}
    for left_off in (1, 2):
        groups: dict[tuple[object, str], dict[str, str]] = {}
        for name, key, role in known:
            if name not in found:
                groups.setdefault((key, _inside(name, left_off)), {})[role] = name
        for (_, path), roles in groups.items():
            if "down" in roles and not roles.keys().isdisjoint(FIRST_READS):
                found |= dict.fromkeys(roles.values(), path)
    return found


_NUMBERED = re.compile(r"^.*?(?:^|\.)[a-z_]+\.\d+\.")


def _inside(name: str, left_off: int) -> str:
    """The path inside the layer, without the tensor's own last words and the number of an expert."""
    words = re.sub(r"experts\.\d+\.", "", _NUMBERED.sub("", name, count=1)).removesuffix(".weight").split(".")
    return ".".join(words[: max(0, len(words) - left_off)])
