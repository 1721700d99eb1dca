"""The part of docs/rules.md that lays the shipped policies side by side, from their files."""

from typing import Any

from checks.contracts.loading import SHIPPED_POLICIES, load_policy
from docs.markdown import table

_SECTIONS = {"independence", "licences", "data_quality"}


def policies_block() -> str:
    """A table with one column a shipped policy."""
    policies = [load_policy(path.stem) for path in sorted(SHIPPED_POLICIES.glob("*.yaml"))]
    flat = {each.policy: _flat(each.model_dump(mode="json", include=_SECTIONS)) for each in policies}
    keys = list(dict.fromkeys(key for values in flat.values() for key in values))
    titles = [(f"`{each.policy}`", f"{each.title.en}<br>{each.title.ko}", each.source) for each in policies]
    rows = [(f"`{key}`", *(values.get(key, "as `default`") for values in flat.values())) for key in keys]
    columns = ["Key", *(f"`{name}`" for name in flat)]
    return f"{table(['Policy', 'Title', 'States'], titles)}\n{table(columns, rows)}"


def _flat(value: Any, prefix: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        return {key: text for name, each in value.items() for key, text in _flat(each, f"{prefix}.{name}").items()}
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return {prefix.lstrip("."): text if value not in ({}, [], None) else "–"}
