"""What a team's target models score, from the file that `gwanmun score TARGET --suite S --json` wrote, under the same settings.

A target that was scored with more examples, another template or another precision is an easier or a harder one: it is
refused as two teams' settings would be.
"""

import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSubmission, LoadedSuite
from checks.contracts.stated import Plain, Stated, stated
from checks.records.scores import SuiteScores
from checks.rules.equal_settings import differing
from checks.rules.inputs import task_score


class _Score(Stated):
    """Above zero, as a typed target is: points are the team's score over it."""

    metric: str
    value: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Answer(Stated):
    suite: str
    settings: dict[str, Plain]
    tasks: dict[str, _Score]


_FOR_EACH = "one for every task of the suite, whose points are relative to it"


def targets_of(
    loaded: LoadedSubmission, measured: Mapping[str, SuiteScores], may_differ: Collection[str]
) -> dict[str, dict[str, Decimal]]:
    """Suite → task → the target's score as the rules see it (shares × 100): as typed, or as the file has it.

    Raises InputFault for a file that is not such an answer, and for one of other settings than the team's own score.
    """
    targets = {suite: dict(typed) for suite, typed in loaded.submission.targets.items()}
    for suite in loaded.submission.target_scores:
        path = loaded.target_file(suite)
        answer = _answer(path, suite)
        own = measured.get(suite)
        if own is not None and (names := differing(own.settings, answer.settings, may_differ)):
            found = f"{', '.join(names[:3])} of another value than the team's own score has"
            raise InputFault(path, "settings", found, "the team's settings, or `settings_may_differ` of the round")
        targets[suite] = {task: _decimal(score) for task, score in answer.tasks.items()}
    return targets


def check_targets(loaded: LoadedSubmission, suites: Mapping[str, LoadedSuite], needed: Collection[str]) -> None:
    """Raises InputFault for targets of no such suite or task, and where one of the `needed` suites has a task without a target."""
    typed = loaded.submission.targets
    for suite in (*typed, *loaded.submission.target_scores):
        if suite not in suites:
            key = f"{'targets' if suite in typed else 'target_scores'}.{suite}"
            raise loaded.fault(key, repr(suite), f"a suite of the programme: {', '.join(suites)}")
    targets = targets_of(loaded, {}, ())
    for suite in dict.fromkeys([*targets, *needed]):
        tasks = [task.id for task in suites[suite].suite.tasks]
        unknown = [task for task in typed.get(suite, {}) if task not in tasks]
        absent = [task for task in tasks if task not in targets.get(suite, {})] if suite in needed else []
        if unknown:
            raise loaded.fault(f"targets.{suite}.{unknown[0]}", repr(unknown[0]), f"one of {', '.join(tasks)}")
        if absent and suite in loaded.submission.target_scores:
            raise InputFault(loaded.target_file(suite), "tasks", f"no score of {absent[0]}", _FOR_EACH)
        if absent:
            key = f"targets.{suite}" if suite in typed else "targets"
            raise loaded.fault(key, f"no target for {absent[0]} of {suite}", _FOR_EACH)


def _answer(path: Path, suite: str) -> _Answer:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        expected = f"what `gwanmun score TARGET --suite {suite}.yaml --json` answers"
        raise InputFault(path, found=f"{type(error).__name__}: {error}", expected=expected) from None
    answer = stated(_Answer, path, content)
    if answer.suite != suite:
        raise InputFault(path, "suite", repr(answer.suite), f"an answer for {suite}")
    return answer


def _decimal(score: _Score) -> Decimal:
    exact = task_score(score.metric, score.value)
    return Decimal(exact.numerator) / Decimal(exact.denominator)
