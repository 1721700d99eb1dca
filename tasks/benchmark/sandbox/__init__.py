"""Programs that a model wrote run here: without network, files of this machine, much time, memory or many processes, or not at all.

passes("def add(a, b):\\n    return a + b", "assert add(2, 3) == 5")
"""

from tasks.benchmark.sandbox.isolation import check_sandbox, passes

__all__ = ["check_sandbox", "passes"]
