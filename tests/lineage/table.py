"""The matrix as Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lineage.matrix import Cell, Nulls

Rows = Mapping[str, Mapping[str, "Cell"]]


def write_table(
    path: Path, rows: Rows, towers: Rows, siblings: Sequence[str], nulls: "Nulls", encoders: "Nulls", seconds: float
) -> None:
    """Everything measured so far."""
    lines = [
        "# Lineage matrix",
        "",
        "Written by `make lineage` (`python -m tests.lineage.matrix`). Small models, really trained (`tests/lineage/`).",
        "k/n: found `derived` of n distinct parents; in brackets Clopper and Pearson's 95 %",
        f"interval. This run took {seconds / 60:.0f} minutes.",
        "",
        *_matrix("Derivatives of a reference", rows),
        *_matrix("Borrowed vision encoders (found, and nothing else called derived), by the subject's wrapper", towers),
        *_missed(rows),
        *_siblings(siblings),
        *_nulls("Decoders that have nothing to do with each other", nulls),
        *_nulls("Vision encoders that have nothing to do with each other", encoders),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _matrix(title: str, rows: Rows) -> list[str]:
    if not rows:
        return []
    columns = list(dict.fromkeys(column for cells in rows.values() for column in cells))
    lines = [f"## {title}", "", f"| | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
    for row, cells in rows.items():
        lines.append(f"| {row} | {' | '.join(_cell(cells.get(column)) for column in columns)} |")
    return [*lines, "", *_sums(rows), ""]


def _cell(cell: "Cell | None") -> str:
    from tests.lineage.matrix import interval

    if cell is None or cell.tried == 0:
        return ""
    low, high = interval(cell.found, cell.tried)
    return f"{cell.found}/{cell.tried} [{low:.2f}, {high:.2f}]"


def _sums(rows: Rows) -> list[str]:
    cells = [cell for each in rows.values() for cell in each.values()]
    return [f"All cells: {sum(cell.found for cell in cells)} of {sum(cell.tried for cell in cells)}."]


def _missed(rows: Rows) -> list[str]:
    lines = ["## What was said", ""]
    for row, cells in rows.items():
        for column, cell in cells.items():
            said = "; ".join(f"{count}x {words}" for words, count in cell.said.most_common(4))
            missed = f" Missed: {', '.join(cell.missed)}." if cell.missed else ""
            lines.append(f"- {row}, {column}: {said}.{missed}")
    return [*lines, ""] if rows else []


def _siblings(said: Sequence[str]) -> list[str]:
    return ["## One start, trained apart", "", *(f"- {each}" for each in said), ""] if said else []


def _nulls(title: str, nulls: "Nulls") -> list[str]:
    from tests.lineage.matrix import calibration, interval

    if not nulls.pairs:
        return []
    _, high = interval(len(nulls.derived), nulls.pairs)
    lines = [f"## {title}", "", f"{len(nulls.derived)} `derived` of {nulls.pairs} pairs"]
    lines[-1] += f" (95 % bound {high:.4f} if pairs were independent of each other, which they are not quite)."
    lines += [f"- {each}" for each in [*nulls.derived, *nulls.unclear]]
    lines += [f"- {verdict}: {count}" for verdict, count in nulls.verdicts.most_common()]
    lines += [f"- most units of a layer that agreed under any alignment: {100 * nulls.most_agreed:.1f} %"]
    lines += [f"- largest mean cosine of what is left in order, in its weaker group: {nulls.most_cosine:.3f}", ""]
    lines += [
        "p-values, exact and discrete, before any correction. Of disjoint pairs: one-sided Kolmogorov-Smirnov against the"
    ]
    lines += ["uniform distribution (small p-values too often). Of all pairs: the shares at or below three levels.", ""]
    lines += ["| group | disjoint pairs | excess | KS p | all pairs | <= 0.05 | <= 0.01 | <= 0.001 |"]
    lines += ["| --- |" + " --- |" * 7]
    for group, values in nulls.p_values.items():
        p, excess = calibration(values)
        every = nulls.all_p_values[group]
        shares = [f"{sum(10**value <= level for value in every) / len(every):.4f}" for level in (0.05, 0.01, 0.001)]
        lines.append(f"| {group} | {len(values)} | {excess:.3f} | {p:.3f} | {len(every)} | {' | '.join(shares)} |")
    return [*lines, ""]
