"""`python -m tests.performance [AREA …]`: speed and memory, each as a ratio against a named peer or limit in the same run."""

import os
import platform
import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

from tests.performance.figures import Benchmark, Figure

#: Modules of this folder that hold `BENCHMARKS`.
AREAS = ("benchmark", "independence", "data_quality", "decision")
_MARKS = {True: "reached", False: "NOT reached", None: ""}


def main(wanted: list[str]) -> None:
    """Runs the areas that were asked for, or all, and prints a table for each."""
    unknown = sorted(set(wanted) - set(AREAS))
    if unknown:
        sys.exit(f"no such area: {', '.join(unknown)}; there are {', '.join(AREAS)}")
    console = Console()
    load = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {load:.1f}")
    for area in wanted or AREAS:
        table = Table("figure", "measured", "unit", "asked", "", "note", title=area)
        benchmarks: list[Benchmark] = import_module(f"tests.performance.{area}").BENCHMARKS
        for benchmark in benchmarks:
            for figure in benchmark():
                table.add_row(*_cells(figure))
        console.print(table)


def _cells(figure: Figure) -> list[str]:
    asked = "" if figure.target is None else f"{'≥' if figure.better == 'higher' else '≤'} {figure.target:g}"
    return [figure.name, f"{figure.measured:.3g}", figure.unit, asked, _MARKS[figure.reached], figure.note]


if __name__ == "__main__":
    main(sys.argv[1:])
