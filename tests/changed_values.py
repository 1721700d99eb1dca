"""Content of another's file with one value changed, wherever that stands and whatever it becomes."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

#: The keys that lead to a value.
Place = tuple[str | int, ...]

_LEAVES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        7,
        2.5,
        -0.5,
        85.3,
        float("nan"),
        float("inf"),
        10**400,
        "",
        "x",
        "N/A",
        "\ud83d",
        "\x00",
    ]
)
VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["x", "value", "sums"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def changed(content: Any, place: Place, value: Any) -> Any:
    """The content with another value there."""
    result = copy.deepcopy(content)
    at = result
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return result


def places(content: Any, above: Place = ()) -> Iterator[Place]:
    """Where every value of the content stands."""
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield (*above, key)
        yield from places(value, (*above, key))
