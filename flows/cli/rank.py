"""`gwanmun rank`: rules and policy applied to what the warehouse holds."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.answers import only_the_answer, print_json
from flows.cli.decision_words import decision_document, print_decision
from flows.cli.exit_codes import FOUND
from flows.cli.life_cycle import print_state
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
    --rules or --policy the answer is a what-if, and is marked so. Of a frozen round it says in which state that is, and whether
    the answer is the decision on record.
    """
    from checks.contracts.loading import load_policy, load_programme
    from checks.rules.life_cycle import as_decided, state_of
    from warehouse.life_cycle import whole_chain
    from warehouse.round_inputs import decide_round
    from warehouse.store import Warehouse

    with only_the_answer():
        loaded = load_programme(programme)
        decision = decide_round(
            loaded,
            round_id,
            rules=None if rules is None else load_programme(rules),
            policy=None if policy is None else load_policy(policy),
        )
        chain = whole_chain(Warehouse(loaded.warehouse), decision.programme, decision.round)
    same = as_decided(chain, decision)
    if as_json:
        print_json(decision_document(decision) | ({"state": state_of(chain), "as_decided": same} if chain else {}))
    else:
        print_decision(decision)
        if chain:
            print_state(chain, same is not False)
    if fail_on and any(standing.status == fail_on for standing in decision.standings):
        raise typer.Exit(FOUND)
