"""What the benchmark stage measured: every item's result, and each task's score with its uncertainty."""

from typing import Any

from checks.records.record import Record


class ItemResult(Record):
    """One item of one task, one line of `score --items`.

    `item` is the index in the task's test split; `loglikelihoods` (natural log, one a choice) and `prediction` (the
    chosen index) are empty and None for generated answers, whose text is `output`. `correct` is the task metric's
    value for this item, in [0, 1] for accuracies. `tokens` counts the tokens scored or generated.
    """

    task: str
    item: int
    repeat: int = 0
    prompt_sha256: str
    loglikelihoods: list[float] = []
    prediction: int | None = None
    output: str = ""
    correct: float
    tokens: int


class TaskScore(Record):
    """One task's score: the metric's raw value, its standard error and 95 % interval, over `n` items."""

    task: str
    metric: str
    value: float
    stderr: float | None = None
    ci95: tuple[float, float] | None = None
    n: int


class SuiteScores(Record):
    """All of a suite for one model. `settings` is what must be equal between models (harness, prompts, few-shot, seed), `engine`
    how this one was computed with: ways and budget; empty where nothing was asked again."""

    suite: str
    tasks: list[TaskScore]
    items: list[ItemResult]
    settings: dict[str, Any] = {}
    engine: dict[str, Any] = {}

    @property
    def imported(self) -> dict[str, Any] | None:
        """Where the scores were not measured here: the format, the tool, the model it names, and SHA-256 of its files."""
        return self.settings.get("imported")
