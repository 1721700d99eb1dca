"""The part of docs/disclosure.md that lists what can be disclosed, and to whom where a round says nothing, from the contract."""

from checks.contracts.disclosure import COMMITTEE, PARTS, PUBLIC, TEAM
from docs.markdown import table


def disclosure_block() -> str:
    """A table with one row a part."""
    rows = [
        (f"`{part}`", meaning, *("yes" if part in seen else "–" for seen in (PUBLIC, TEAM, COMMITTEE)))
        for part, meaning in PARTS.items()
    ]
    return table(["Part", "Holds", "`public`", "`team`", "`committee`"], rows)
