"""A figure that was asked for, beside what was measured: what every benchmark of this folder yields."""

import re
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One line of the table. `better` says which way the target is to be passed; no target where there is only a finding."""

    name: str
    measured: float
    unit: str
    target: float | None = None
    better: Literal["higher", "lower"] = "higher"
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.measured >= self.target if self.better == "higher" else self.measured <= self.target


#: Yields its figures one by one, so that a long benchmark shows what it has.
Benchmark = Callable[[], Iterator[Figure]]


def peak_memory() -> int:
    """Bytes of memory that this process held at most, as Linux counts them since the program began.

    `ru_maxrss` would not do: a process takes it over from the one that started it, so a child of this suite would name
    the suite's own peak.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
