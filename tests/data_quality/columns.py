"""A suite's scores as the warehouse hands them to the data-quality stage."""

from datetime import UTC, datetime

import numpy as np

from checks.records.scores import ItemResult, SuiteScores
from tasks.data_quality.results import Results
from warehouse.item_columns import ItemColumns, SuiteResults

MEASURED = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)


def results_of(scores: SuiteScores, **beside: object) -> Results:
    """The results of one suite; `beside` goes to Results."""
    return Results({scores.suite: suite_results(scores)}, **beside)  # type: ignore[arg-type]


def suite_results(scores: SuiteScores) -> SuiteResults:
    """One run's scores as columns."""
    by_task = {each.task: [item for item in scores.items if item.task == each.task] for each in scores.items}
    items = {task: columns(own) for task, own in by_task.items()}
    return SuiteResults(scores.tasks, scores.settings, items, *MEASURED)


def columns(items: list[ItemResult]) -> ItemColumns:
    """Items one by one as columns; hashes are Python's own."""
    answers = [hash(repr((each.output, each.loglikelihoods, each.prediction))) % 2**64 for each in items]
    return ItemColumns(
        item=np.array([each.item for each in items], dtype=np.int64),
        repeat=np.array([each.repeat for each in items], dtype=np.int64),
        correct=np.array([each.correct for each in items], dtype=np.float64),
        generated=np.array([not each.loglikelihoods for each in items]),
        unparsed=np.array([each.unparsed for each in items]),
        truncated=np.array([each.truncated for each in items]),
        letters=np.array([len(each.output) for each in items], dtype=np.int64),
        answer=np.array(answers, dtype=np.uint64),
        prompt=np.array([hash(each.prompt_sha256) % 2**64 for each in items], dtype=np.uint64),
        tokens=np.array([each.tokens for each in items], dtype=np.int64),
    )
