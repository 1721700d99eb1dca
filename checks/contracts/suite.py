"""`suite.yaml`: a set of benchmark tasks."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.contracts.fields import Contract, Count, Identifier, Positive, TaskId


class SuiteTask(Contract):
    """One task of a suite."""

    id: TaskId = Field(description="the task's name in scores and targets")
    use: str = Field(
        min_length=1, description="lm_eval:NAME, a task that lm-evaluation-harness defines, or a task file beside"
    )
    metric: str = Field("acc", min_length=1, description="the metric that counts, one that the task defines")
    fewshot: Count = Field(0, description="examples shown before the question")
    weight: Positive = Field(Decimal(1), description="its weight in the suite's mean")


class Suite(Contract):
    """A set of benchmark tasks, the same for every team."""

    version: Literal[1] = Field(description="1")
    suite: Identifier = Field(description="the suite's id")
    allow_outside: bool = Field(False, description="true: paths may leave this file's folder")
    tasks: list[SuiteTask] = Field(min_length=1, description="the tasks")
    fewshot_order: Literal["harness", "per_document"] = Field(
        "harness", description="the harness's own single-process order over the whole split, or drawn for each document"
    )
    chat_template: bool = Field(
        False, description="true: prompts are conversations in the model's own chat template, examples as turns"
    )
    repeats: Annotated[Count, Field(ge=1)] = Field(1, description="how often generated answers are drawn")
    seed: int = Field(1234, description="the seed of few-shot order and sampling")

    @model_validator(mode="after")
    def _once_each(self) -> "Suite":
        names = [task.id for task in self.tasks]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"tasks with different ids; twice: {', '.join(doubled)}")
        return self
