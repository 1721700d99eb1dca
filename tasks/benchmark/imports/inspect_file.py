"""What is read of an Inspect log, as typed models: the header, and a sample."""

from typing import Annotated, Any

from pydantic import Field

from tasks.benchmark.imports.stated import Count, Name, Plain, Stated


class InspectDataset(Stated):
    """What the task asked."""

    samples: Count | None = None
    sample_ids: list[Name] | None = None


class InspectConfig(Stated):
    """How the task was run."""

    limit: Any = None
    sample_id: Any = None


class InspectEval(Stated):
    """The task, the model and the tool."""

    task: str
    task_registry_name: str | None = None
    task_display_name: str | None = None
    model: str
    dataset: InspectDataset
    config: InspectConfig = InspectConfig()
    packages: dict[str, str] | None = None

    def names(self) -> set[str]:
        """`inspect_evals/tau2_airline` is also `tau2_airline`."""
        named = {self.task, self.task_registry_name, self.task_display_name} - {None}
        return {name for each in named if each is not None for name in (each, each.rpartition("/")[2])}


class InspectScorer(Stated):
    """One scorer's results; a metric is looked at where it is wanted."""

    name: str
    reducer: str | None = None
    unscored_samples: Count | None = None
    metrics: dict[str, dict[str, Any]]


class InspectResults(Stated):
    """What a log that ended comes to."""

    total_samples: Count
    completed_samples: Count
    scores: list[InspectScorer]


class InspectHeader(Stated):
    """A log without its samples; `results` are absent where it did not end."""

    status: str
    invalidated: bool | None = None
    eval: InspectEval
    results: InspectResults | None = None


class InspectUsage(Stated):
    """Tokens of one answer."""

    output_tokens: Count | None = None


class InspectOutput(Stated):
    """One answer."""

    completion: str | None = None
    usage: InspectUsage | None = None


class InspectScore(Stated):
    """One scorer's score of a sample: a letter or a number where it is the wanted one."""

    value: Any


class InspectSample(Stated):
    """One sample in one epoch."""

    id: Name
    epoch: Annotated[int, Field(ge=1)] = 1
    input: Plain = None
    choices: Plain = None
    output: InspectOutput | None = None
    scores: dict[str, InspectScore] | None = None
