"""Whether one checkpoint descends from another: per component, with calibrated errors, from the weights alone.

    from tasks.independence import trace
    trace(Path("submissions/t2/model"), {"globe-vl": Path("models/globe-vl")}).verdict

Works without Prefect. Needs numpy and SciPy only: no model is built and nothing of a submission is executed.
"""

from tasks.independence.fingerprint_file import fingerprint
from tasks.independence.trace import trace

__all__ = ["fingerprint", "trace"]
