"""What is read of an Inspect log, as typed models: the header, and a sample."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from checks.contracts.stated import Count, Name, Plain, Stated


class InspectDataset(Stated):
    """What the task asked."""

    samples: Count | None = None
    sample_ids: list[Name] | None = None


class InspectConfig(Stated):
    """How the task was run: over how much of it, how often, and where a sample was ended."""

    limit: Any = None
    sample_id: Any = None
    epochs: int | None = None
    epochs_reducer: Plain = None
    message_limit: Plain = None
    token_limit: Plain = None
    time_limit: Plain = None
    working_limit: Plain = None
    cost_limit: Plain = None


class InspectRole(Stated):
    """Another model that took part, a judge for one."""

    model: str | None = None
    config: dict[str, Plain] | None = None


def _sandbox(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class InspectSandbox(Stated):
    """Where tools ran; its configuration is a file on the machine that measured."""

    type: str | None = None


class InspectEval(Stated):
    """The task, the model and the tool."""

    task: str
    task_registry_name: str | None = None
    task_display_name: str | None = None
    task_version: Plain = None
    task_args: Plain = None
    model: str
    model_generate_config: dict[str, Plain] | None = None
    model_roles: dict[str, InspectRole] | None = None
    sandbox: Annotated[InspectSandbox | None, BeforeValidator(_sandbox)] = None
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
    scorer: str | None = None
    params: Plain = None
    reducer: str | None = None
    unscored_samples: Count | None = None
    metrics: dict[str, dict[str, Any]]


class InspectResults(Stated):
    """What a log that ended comes to."""

    total_samples: Count
    completed_samples: Count
    scores: list[InspectScorer]


class InspectStep(Stated):
    """One step of the solver."""

    solver: str
    params: Plain = None


class InspectPlan(Stated):
    """The solver, and how it generated."""

    steps: list[InspectStep] = []
    config: dict[str, Plain] | None = None


class InspectHeader(Stated):
    """A log without its samples; `results` are absent where it did not end."""

    status: str
    invalidated: bool | None = None
    eval: InspectEval
    plan: InspectPlan | None = None
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
