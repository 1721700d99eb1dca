"""`gwanmun rank`: rules and policy applied to what the warehouse holds."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.answers import only_the_answer, print_json
from flows.cli.decision_words import decision_document, print_decision
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption


def rank(
    programme: ProgrammeArgument,
    round_id: RoundOption = None,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="OTHER.yaml", help="Another programme file whose rules for this round are applied."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_FILE", help="Another policy: from-scratch, licensed-reuse, advisory, or a policy file."
        ),
    ] = None,
    fail_on: Annotated[
        Literal["eliminated"] | None, typer.Option(help="Exit with 1 where a team is eliminated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Apply rules and policy to what has been measured.

    Prints the ranking and why. Panels, imported points and rulings are read as they are now; measurements are those of
    the content that is there now. Nothing is measured and nothing is recorded: `gwanmun run` records the decision. With
    --rules or --policy the answer is a what-if, and is marked so.
    """
    from checks.contracts.loading import load_policy, load_programme
    from warehouse.round_inputs import decide_round

    with only_the_answer():
        loaded = load_programme(programme)
        decision = decide_round(
            loaded,
            round_id,
            rules=None if rules is None else load_programme(rules),
            policy=None if policy is None else load_policy(policy),
        )
    if as_json:
        print_json(decision_document(decision))
    else:
        print_decision(decision)
    if fail_on and any(standing.status == fail_on for standing in decision.standings):
        raise typer.Exit(FOUND)
