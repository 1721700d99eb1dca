"""`gwanmun run`: the stages of a round, and its decision; what has not changed is not run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from checks.records.record import Stage
from flows.cli.answers import only_the_answer, print_json, say
from flows.cli.decision_words import decision_document, print_decision
from flows.cli.exit_codes import FOUND, PART_WAY
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption
from flows.cli.progress import progress_shown

if TYPE_CHECKING:
    from flows.evaluate_round import RunOutcome


def run(
    programme: ProgrammeArgument,
    round_id: RoundOption = None,
    stage: Annotated[Stage | None, typer.Option(help="Only this stage.")] = None,
    team: Annotated[str | None, typer.Option(metavar="TEAM", help="Only this team.")] = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait while another run holds the warehouse.")
    ] = 600,
    fail_on: Annotated[
        Literal["eliminated"] | None, typer.Option(help="Exit with 1 where a team is eliminated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a round, decide it, record the decision.

    Runs are keyed by the content of submission, suite and references: what has not changed is not measured again, and
    after a kill the same command goes on. A fault in one team's submission makes that team's stage indeterminate; the other
    teams go on, and the exit code is 3. A second run on the same warehouse waits, says so, and gives up after --wait.

    With --stage or --team only those are measured. Of a frozen round it is recorded that it has been measured, and the ranking
    is shown as it would be decided: `gwanmun decide` decides.
    """
    from flows.evaluate_round import run_programme

    with only_the_answer(), progress_shown() as progress:
        outcome = run_programme(
            programme,
            round_id=round_id,
            stage=stage,
            team=team,
            wait_seconds=wait,
            progress=progress,
            say=say,
        )
    for fault in outcome.faults:
        say(fault)
    if as_json:
        decided = {} if outcome.decision is None else decision_document(outcome.decision)
        print_json({**decided, "measured": outcome.measured, "reused": outcome.reused, "faults": outcome.faults})
    else:
        _print(outcome)
    raise typer.Exit(_code(outcome, fail_on))


def _print(outcome: RunOutcome) -> None:
    if outcome.decision is not None:
        print_decision(outcome.decision)
        typer.echo()
    typer.echo(f"{outcome.measured} runs measured, {outcome.reused} reused, {len(outcome.faults)} faults")


def _code(outcome: RunOutcome, fail_on: str | None) -> int:
    if outcome.faults:
        return PART_WAY
    standings = outcome.decision.standings if outcome.decision is not None else []
    return FOUND if fail_on and any(standing.status == fail_on for standing in standings) else 0
