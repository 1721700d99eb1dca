"""`suite.yaml`: a set of benchmark tasks."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.contracts.errors import InputFault
from checks.contracts.fields import Contract, Count, Identifier, Positive, RelativePath, TaskId, is_absent
from checks.contracts.tables import read_table


class SuiteTask(Contract):
    """One task of a suite."""

    id: TaskId = Field(description="the task's name in scores and targets")
    use: str = Field(
        min_length=1,
        description="lm_eval:NAME, a task that lm-evaluation-harness defines; imported:NAME, one that another tool runs; "
        "or a task file beside",
    )
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = Field(
        None,
        exclude_if=is_absent,
        description="the commit of the task's data set on the hub, 40 hex digits; a branch or tag is not pinned",
    )
    metric: str = Field("acc", min_length=1, description="the metric that counts, one that the task defines")
    fewshot: Count = Field(0, description="examples shown before the question")
    weight: Positive = Field(Decimal(1), description="its weight in the suite's mean")
    groups: RelativePath | None = Field(
        None,
        exclude_if=is_absent,
        description="CSV with the columns item, group: items that stand or fall together (one passage, one template)",
    )


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
    batch_invariant: bool = Field(
        False,
        description="true: no bit of an answer depends on batches, order, a limit or a resume, in 16 bits too; slower",
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


def read_groups(path: Path) -> dict[int, str]:
    """`item,group`: item numbers of the test split, each once. Raises InputFault for anything else."""
    groups: dict[int, str] = {}
    for row in read_table(path, ("item", "group")):
        item = row.number("item", Decimal(0), None)
        if item != int(item):
            raise InputFault(path, "item", str(item), "a whole number", line=row.line)
        if int(item) in groups:
            raise InputFault(path, "item", f"{int(item)} twice", "each item once", line=row.line)
        groups[int(item)] = row.text("group")
    return groups
