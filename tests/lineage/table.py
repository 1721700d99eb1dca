"""The matrix as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lineage.matrix import Cell, Nulls, calibration, interval
from tests.lineage.merges import Rests

Rows = Mapping[str, Mapping[str, Cell]]


@dataclass
class Measured:
    """All parts of a run: pairs that are no derivation, and rows of those that are."""

    nulls: Nulls
    encoder_nulls: Nulls
    rests: Rests
    rows: dict[str, dict[str, Cell]] = field(default_factory=dict)
    towers: dict[str, dict[str, Cell]] = field(default_factory=dict)
    merges: dict[str, dict[str, Cell]] = field(default_factory=dict)
    siblings: list[str] = field(default_factory=list)


def write_table(path: Path, found: Measured, seconds: float) -> None:
    """Everything measured so far."""
    lines = [
        "# Lineage matrix",
        "",
        "Written by `make lineage` (`python -m tests.lineage.matrix`). Small models, really trained (`tests/lineage/`).",
        "k/n: found `derived` of n distinct parents; in brackets Clopper and Pearson's 95 %",
        f"interval. This run took {seconds / 60:.0f} minutes.",
        "",
        *_matrix("Derivatives of a reference", found.rows),
        *_matrix("Small shares with the larger parent named (both found as merged, a third cleared)", found.merges),
        *_matrix(
            "Borrowed vision encoders (found, and nothing else called derived), by the subject's wrapper", found.towers
        ),
        *_missed(found.rows),
        *_missed(found.merges),
        *_siblings(found.siblings),
        *_nulls("Decoders that have nothing to do with each other", found.nulls),
        *_rests(found.rests),
        *_nulls("Vision encoders that have nothing to do with each other", found.encoder_nulls),
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


def _cell(cell: Cell | None) -> str:
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


def _rests(rests: Rests) -> list[str]:
    if not rests.pairs:
        return []
    lines = ["## What is left of derivatives of one parent, against models that did not go into them", ""]
    lines += [f"{len(rests.derived)} `derived` of {rests.pairs}, before any correction for their number."]
    lines += [f"- {each}" for each in rests.derived]
    lines += [f"- largest mean cosine in the weaker group: {rests.most_cosine:.3f}"]
    lines += [f"- most units of a layer that agreed after an alignment: {100 * rests.most_agreed:.1f} %", ""]
    lines += ["| group | pairs | excess | KS p | <= 0.05 | <= 0.01 | <= 0.001 |", "| --- |" + " --- |" * 6]
    for group, values in rests.p_values.items():
        p, excess = calibration(values)
        lines.append(f"| {group} | {len(values)} | {excess:.3f} | {p:.3f} | {_shares(values)} |")
    return [*lines, ""]


def _shares(log10_ps: Sequence[float]) -> str:
    """Of p-values at or below three levels."""
    return " | ".join(
        f"{sum(10**each <= level for each in log10_ps) / len(log10_ps):.4f}" for level in (0.05, 0.01, 0.001)
    )


def _nulls(title: str, nulls: Nulls) -> list[str]:
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
        lines.append(f"| {group} | {len(values)} | {excess:.3f} | {p:.3f} | {len(every)} | {_shares(every)} |")
    return [*lines, ""]
