"""What the benchmark stage measured: every item's result, and each task's score with its uncertainty."""

from typing import Any

from checks.records.record import Record


class ItemResult(Record):
    """One answer to one item of one task, one line of `score --items`.

    `item` is the index in the task's test split; `variant` the way of asking (0 as written, then templates, then orders of
    the choices) and `repeat` the draw. `loglikelihoods` (natural log, one a choice) and `prediction` (the chosen index)
    are empty and None for generated answers, whose text is `output`, without the model's `thinking` before it; `answer`
    is what the task's filters took from it. `correct` is the task metric's value for this item, in [0, 1] for accuracies.
    `tokens` counts the tokens scored or generated, `thinking_tokens` those of the thoughts.

    What went wrong with it: `unparsed`, no answer could be taken from the output; `truncated`, the output ended at its
    limit; `thinking_truncated`, the thoughts did; `prompt_truncated`, the prompt lost its beginning. `cluster` is what it
    shares with other items (the suite's `groups`). `seconds`: its part of the time of the batch that it was answered in.
    """

    task: str
    item: int
    variant: int = 0
    repeat: int = 0
    prompt_sha256: str
    loglikelihoods: list[float] = []
    prediction: int | None = None
    output: str = ""
    answer: str = ""
    thinking: str = ""
    correct: float
    tokens: int
    thinking_tokens: int = 0
    unparsed: bool = False
    truncated: bool = False
    thinking_truncated: bool = False
    prompt_truncated: bool = False
    cluster: str = ""
    seconds: float | None = None


class WayScore(Record):
    """A task's score in one way of asking (`name`: own, template-1, …, order-1, …) and one draw."""

    variant: int
    name: str
    repeat: int
    value: float
    unparsed: int
    truncated: int


class Spread(Record):
    """Of the scores of a task's ways: mean, smallest, largest, and sample standard deviation."""

    mean: float
    min: float
    max: float
    sd: float


class TaskScore(Record):
    """One task's score: the metric's raw value, its standard error and 95 % interval, over `n` items.

    Where items were asked in several ways or drawn several times, `value` is the mean over `ways`, and `spread` says how
    they differ. `clusters`: how many groups of items the error counts as independent; None where each item is by itself.
    `chance`: what guessing among the choices comes to; None where there are none. Of the `answers` (items × ways), how
    many were unparsed and truncated (see ItemResult). `pass_at`: k → the chance that one of k draws is right; `majority`:
    the score of each item's most frequent answer.
    """

    task: str
    metric: str
    value: float
    stderr: float | None = None
    ci95: tuple[float, float] | None = None
    n: int
    clusters: int | None = None
    chance: float | None = None
    answers: int = 0
    unparsed: int = 0
    truncated: int = 0
    thinking_truncated: int = 0
    prompts_truncated: int = 0
    ways: list[WayScore] = []
    spread: Spread | None = None
    pass_at: dict[str, float] = {}
    majority: float | None = None

    @property
    def at_chance(self) -> bool:
        """Whether the 95 % interval holds what guessing comes to: the score says nothing then."""
        return self.chance is not None and self.ci95 is not None and self.ci95[0] <= self.chance <= self.ci95[1]


class SuiteScores(Record):
    """All of a suite for one model. `settings` is what must be equal between models (harness, prompts, few-shot, seed), `engine`
    how this one was computed with: ways and budget, or whose files it is imported from; empty where nothing was asked again."""

    suite: str
    tasks: list[TaskScore]
    items: list[ItemResult]
    settings: dict[str, Any] = {}
    engine: dict[str, Any] = {}

    @property
    def imported(self) -> dict[str, Any] | None:
        """Where the scores were not measured here: the format, the tool, the model it names, and SHA-256 of its files.

        Bundles and warehouses of before have it among the settings.
        """
        return self.engine.get("imported") or self.settings.get("imported")
