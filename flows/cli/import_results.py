"""`gwanmun import`: results that another tool measured, recorded as a team's benchmark run and marked so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.answers import console, only_the_answer, print_json, say, table
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption


def import_results(
    programme: ProgrammeArgument,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A result folder, or one file of results.")],
    team: Annotated[str, typer.Option(metavar="TEAM", help="Whose results they are.")],
    suite: Annotated[str, typer.Option(metavar="SUITE", help="The suite that they fill, every task of it.")],
    round_id: RoundOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put them in the place of an earlier import.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import benchmark results that another tool measured.

    Read are result folders of lm-evaluation-harness (results_*.json, samples_*.jsonl), Inspect logs (.eval, .json) and Every Eval
    Ever records; nothing in them is executed. A task of the suite is found by the name behind `imported:` or `lm_eval:` in its
    `use`, or by its id; its `metric` names the metric, and the filter or scorer where there are several (accuracy,match).

    The run is marked as imported, with the tool, the model that it names and SHA-256 of every file read, wherever its scores
    stand. Items, where the files have them, must come to the score beside them; without items no points are drawn. Refused are
    values that the metric cannot take, runs that did not end, and runs over a part of the data. Teams compare where their tools
    measured alike: version, few-shot examples, templates, generation, seeds, limits, judges. A measured run is never
    replaced, and an import only as long as no frozen round was decided on it; what was checked of it is checked again.
    """
    from flows.importing import import_results as record

    with only_the_answer():
        scores = record(programme, round_id, team, suite, path, replace=replace, say=say)
    imported = scores.imported or {}
    if as_json:
        tasks = {each.task: each.model_dump(mode="json", exclude={"task"}) for each in scores.tasks}
        print_json({"team": team, "suite": suite, "imported": imported, "tasks": tasks, "items": len(scores.items)})
        return
    shown = table("task", "metric", "value>", "95 %", "n>", title=f"{team} on {suite}: imported from {path}")
    for each in scores.tasks:
        interval = "–" if each.ci95 is None else f"{each.ci95[0]:.4f} to {each.ci95[1]:.4f}"
        shown.add_row(each.task, each.metric, f"{each.value:.4f}", interval, str(each.n))
    terminal = console()
    terminal.print(shown)
    files = len(imported["files"])
    terminal.print(
        f"{imported['tool']}, model {imported['model']}, {files} files by their hashes; "
        f"가져온 결과, 여기서 측정하지 않음 · imported, not measured here",
        markup=False,
    )
    if not scores.items:
        terminal.print(
            "문항별 결과가 없습니다: 점수에 반영되지 않습니다 · no items: no points are drawn from these scores",
            markup=False,
        )
