"""What `gwanmun score` says of its tasks: a table with intervals, chance and what went wrong; and, where a task was asked in
several ways, how they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.cli.answers import table

if TYPE_CHECKING:
    from rich.console import Console

    from checks.records.scores import SuiteScores, TaskScore


def task_document(score: TaskScore) -> dict[str, Any]:
    """One task in `score --json`; `at_chance` is whether the interval holds what guessing comes to."""
    return {**score.model_dump(mode="json", exclude={"task"}), "at_chance": score.at_chance}


def print_scores(terminal: Console, title: str, scores: SuiteScores) -> None:
    """The tables, and a sentence for each score that guessing explains."""
    shown = table(
        "task", "metric", "value>", "stderr>", "95 %", "chance>", "n>", "unparsed>", "truncated>", title=title
    )
    for task in scores.tasks:
        shown.add_row(task.task, task.metric, *_certainty(task), *_went_wrong(task))
    terminal.print(shown)
    if any(task.spread is not None for task in scores.tasks):
        terminal.print(_ways(scores))
    for task in scores.tasks:
        if task.at_chance:
            terminal.print(f"{task.task}: the interval holds {task.chance:.4f}, what guessing comes to", markup=False)
        if task.prompts_truncated:
            cut = f"{task.prompts_truncated} of {task.answers} prompts were too long and lost their beginning"
            terminal.print(f"{task.task}: {cut}", markup=False)


def _certainty(task: TaskScore) -> tuple[str, ...]:
    interval = "–" if task.ci95 is None else f"{task.ci95[0]:.4f} to {task.ci95[1]:.4f}"
    items = str(task.n) if task.clusters is None else f"{task.n} in {task.clusters}"
    return f"{task.value:.4f}", _number(task.stderr), interval, _number(task.chance), items


def _went_wrong(task: TaskScore) -> tuple[str, str]:
    """Outputs without an answer; outputs at their limit, and thoughts at theirs."""
    cut = str(task.truncated)
    return str(task.unparsed), f"{cut} + {task.thinking_truncated}" if task.thinking_truncated else cut


def _ways(scores: SuiteScores) -> Any:
    shown = table("task", "ways>", "least", "most", "sd>", "majority>", "pass@k", title="by way of asking and draw")
    for task in scores.tasks:
        if task.spread is None:
            continue
        least, most = (pick(task.ways, key=lambda way: way.value) for pick in (min, max))
        ends = [f"{way.value:.4f} {way.name} #{way.repeat}" for way in (least, most)]
        passes = " ".join(f"{k}: {value:.4f}" for k, value in task.pass_at.items()) or "–"
        shown.add_row(
            task.task, str(len(task.ways)), *ends, _number(task.spread.sd), _number(task.majority), passes
        )  # fmt: skip
    return shown


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
