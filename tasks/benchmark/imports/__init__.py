"""Results that other tools measured, read as a suite's scores and marked as imported: nothing in them is executed.

    scores = import_scores(Path("others/tau2.eval"), suite)
    scores.imported        # the format, the tool and its version, the model it names, SHA-256 of each file read
    scores.settings        # how the tool says that it measured: what must be equal between teams

Formats: lm-evaluation-harness result folders, Inspect logs, Every Eval Ever records.
"""

from tasks.benchmark.imports.importing import import_scores

__all__ = ["import_scores"]
