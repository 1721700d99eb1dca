"""The table of a moving baseline: models with the day of their release and their scores, and the table of models' sizes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from checks.contracts.acts import day
from checks.contracts.errors import InputFault
from checks.contracts.fields import Number
from checks.contracts.tables import read_table
from checks.records.record import Record

#: A hundred million billion; a larger number is a slip of the pen.
MOST_PARAMETERS = Decimal(10**17)


class BaselineModel(Record):
    """One model of the field: its scores by task, metric × 100."""

    model: str
    released_on: date
    scores: dict[str, Number]


def read_baseline(path: Path, tasks: Sequence[str]) -> list[BaselineModel]:
    """`model,released_on,task,score[,source]`, in the order of the file.

    Raises InputFault for an unknown task, a task twice, a task left out, or two days of release for one model.
    """
    found: dict[str, tuple[date, dict[str, Decimal]]] = {}
    for row in read_table(path, ("model", "released_on", "task", "score"), ("source",)):
        model, released, task = row.text("model"), day(row, "released_on"), row.known("task", tasks)
        known, scores = found.setdefault(model, (released, {}))
        if known != released:
            raise InputFault(path, "released_on", f"{released} for {model!r}", f"{known}, as before", line=row.line)
        if task in scores:
            raise InputFault(path, "task", f"{task!r} twice for {model!r}", "each task once", line=row.line)
        scores[task] = row.number("score", Decimal(0), None)
    for model, (_, scores) in found.items():
        absent = [task for task in tasks if task not in scores]
        if absent:
            raise InputFault(path, "task", f"{model!r} without {absent[0]!r}", "every task of the suite")
    return [
        BaselineModel(model=model, released_on=released, scores=scores) for model, (released, scores) in found.items()
    ]


def read_parameters(path: Path, teams: Sequence[str], needed: Sequence[str]) -> dict[str, int]:
    """`team,parameters`, each team once and none of `needed` left out; whole numbers above 0."""
    sizes: dict[str, int] = {}
    for row in read_table(path, ("team", "parameters")):
        team, size = row.known("team", teams), row.number("parameters", Decimal(1), MOST_PARAMETERS)
        if team in sizes:
            raise InputFault(path, "team", f"{team!r} twice", "each team once", line=row.line)
        if size != int(size):
            raise InputFault(path, "parameters", str(size), "a whole number", line=row.line)
        sizes[team] = int(size)
    absent = [team for team in needed if team not in sizes]
    if absent:
        raise InputFault(path, f"team {absent[0]}", "no row", "one for every team")
    return sizes
