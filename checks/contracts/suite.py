"""`suite.yaml`: a set of benchmark tasks."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.contracts.errors import InputFault
from checks.contracts.fields import (
    Contract,
    Count,
    Identifier,
    NotNegative,
    Positive,
    RelativePath,
    Share,
    TaskId,
    Version,
    Whole,
    YesNo,
    is_absent,
    refuse_doubles,
)
from checks.contracts.tables import read_table

#: The most ways of asking a task, and the most draws of one: an answer's place among them is one small number.
MOST_VARIANTS = 31
MOST_REPEATS = 1024


class Decoding(Contract):
    """How answers are drawn, in place of what the task says."""

    temperature: NotNegative | None = Field(
        None, description="0: the likeliest token each time; above: tokens are drawn"
    )
    top_p: Share | None = Field(None, description="only the likeliest tokens that make up this share")
    top_k: Count | None = Field(None, description="only so many of the likeliest tokens; 0: all")
    max_tokens: Annotated[Count, Field(ge=1)] | None = Field(None, description="the longest answer, in tokens")


class Thinking(Contract):
    """Thoughts that a model writes before its answer: kept with the item, never judged, never cut by the task's stop strings."""

    budget: Annotated[Count, Field(ge=1)] = Field(
        description="the most tokens of thoughts, beside the answer's; at the last, `end` is put and the model has to answer"
    )
    start: str = Field("<think>", min_length=1, description="what may stand before the thoughts")
    end: str = Field("</think>", min_length=1, description="what ends them")
    then: str = Field("\n\n", description="what stands between their end and the answer")


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
    templates: Annotated[list[str], Field(max_length=MOST_VARIANTS)] = Field(
        [],
        exclude_if=is_absent,
        description="other wordings of the question, each in the place of the task's `doc_to_text`; the score is the mean over all",
    )
    shuffle_choices: Annotated[Count, Field(ge=1, le=MOST_VARIANTS)] | None = Field(
        None,
        exclude_if=is_absent,
        description="in how many other orders, drawn by the seed, the choices are shown as well; the score is the mean over all",
    )
    choice_fields: list[str] = Field(
        [],
        exclude_if=is_absent,
        description="the item's fields that hold the choices, in order, or the one with their list (`a.b`: inside); else `choices`",
    )
    repeats: Annotated[Count, Field(ge=1, le=MOST_REPEATS)] | None = Field(
        None, exclude_if=is_absent, description="how often answers are drawn, in place of the suite's"
    )
    decoding: Decoding | None = Field(None, exclude_if=is_absent, description="how answers are drawn")
    thinking: Thinking | None = Field(None, exclude_if=is_absent, description="that the model thinks before it answers")

    @model_validator(mode="after")
    def _a_place_for_each_way(self) -> "SuiteTask":
        ways = len(self.templates) + (self.shuffle_choices or 0)
        if ways > MOST_VARIANTS:
            raise ValueError(f"at most {MOST_VARIANTS} templates and orders together; found {ways}")
        if self.choice_fields and self.shuffle_choices is None:
            raise ValueError("shuffle_choices beside choice_fields, which say what is shuffled")
        return self


class Suite(Contract):
    """A set of benchmark tasks, the same for every team."""

    version: Version = Field(description="1")
    suite: Identifier = Field(description="the suite's id")
    allow_outside: YesNo = Field(False, description="true: paths may leave this file's folder")
    tasks: list[SuiteTask] = Field(min_length=1, description="the tasks")
    fewshot_order: Literal["harness", "per_document"] = Field(
        "harness", description="the harness's own single-process order over the whole split, or drawn for each document"
    )
    chat_template: YesNo = Field(
        False,
        description="true: prompts are conversations in the model's own chat template, examples as turns; one that asks for "
        "today's date is told 2024-07-26",
    )
    batch_invariant: YesNo = Field(
        False,
        description="true: no bit of an answer depends on batches, order, a limit or a resume, in 16 bits too; slower",
    )
    repeats: Annotated[Count, Field(ge=1, le=MOST_REPEATS)] = Field(
        1, description="how often generated answers are drawn"
    )
    seed: Whole = Field(1234, description="the seed of few-shot order and sampling")

    @model_validator(mode="after")
    def _once_each(self) -> "Suite":
        refuse_doubles("tasks", [task.id for task in self.tasks])
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
