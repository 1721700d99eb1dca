"""docs/tables.md: every table and view of the warehouse, from the comments that its migrations give them."""

from docs.markdown import anchor, table

_HEAD = """# Tables

The warehouse is a folder; `current.duckdb` in it is the last published state, which any DuckDB client opens read-only at any
time, also while a run writes. `gwanmun query PROGRAMME "SQL"` answers one SELECT on it. Begin with the views.

```
gwanmun query demo "select team, status, total from scoreboard"
```
"""


def tables_page() -> str:
    """The page."""
    from warehouse.schema import describe

    described = describe()
    parts = [_HEAD]
    for kind, heading in (("view", "Views"), ("table", "Tables")):
        of_kind = [each for each in described if each.kind == kind]
        index = [(f"[{each.name}](#{anchor(each.name)})", each.comment) for each in of_kind]
        parts.append(f"## {heading}\n\n{table([heading[:-1], 'Holds'], index)}")
        for each in of_kind:
            rows = [(f"`{column.name}`", f"`{column.type}`", column.comment) for column in each.columns]
            parts.append(f"### {each.name}\n\n{each.comment}\n\n{table(['Column', 'Type', 'Meaning'], rows)}")
    return "\n".join(parts)
