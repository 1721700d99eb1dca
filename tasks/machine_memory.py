"""How much memory there is to work with."""

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def machine_memory() -> int:
    """Bytes of this machine, or of its container where that is allowed less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = _CGROUP.read_text().strip() if _CGROUP.is_file() else "max"
    return memory if allowed == "max" else min(memory, int(allowed))
