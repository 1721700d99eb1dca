"""`gwanmun demo`: the simulated programme made, run end to end, and its ranking explained."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.answers import only_the_answer, print_json, say
from flows.cli.decision_words import decision_document, print_decision
from flows.cli.exit_codes import FOUND, PART_WAY
from flows.cli.options import JsonOption
from flows.cli.progress import progress_shown


def demo(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the programme is made.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Another seed trains other models.")] = 2026,
    fail_on: Annotated[
        Literal["eliminated"] | None, typer.Option(help="Exit with 1 where a team is eliminated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the simulated programme, run it, explain its ranking.

    Trains a reference model and five teams' models on the CPU (about 90 s on two cores), simulates the panels, writes
    DIR/programme.yaml, and runs round-1. Teams, scores and raters are simulated (모의); the models are real. Called again on
    the same folder it goes on where it was stopped, and does again nothing that is done.

    --json prints the decision as `gwanmun rank --json` does.
    """
    from flows.demo.programme import make_programme
    from flows.evaluate_round import run_programme
    from warehouse.bundle import KEYS_FOLDER

    with only_the_answer(), progress_shown() as progress:
        programme = make_programme(folder, seed, progress)
        _make_keys(programme.parent / KEYS_FOLDER)
        say(f"{programme}: the simulated programme (모의 프로그램)")
        outcome = run_programme(programme, progress=progress, say=say)
    for fault in outcome.faults:
        say(fault)
    decision = outcome.decision
    if decision is not None:
        if as_json:
            print_json(decision_document(decision))
        else:
            print_decision(decision)
            typer.echo(f"\nThe page: gwanmun dashboard {programme}")
    if outcome.faults or decision is None:
        raise typer.Exit(PART_WAY)
    if fail_on and any(standing.status == fail_on for standing in decision.standings):
        raise typer.Exit(FOUND)


def _make_keys(folder: Path) -> None:
    """The demo signs with keys of its own, made once."""
    from warehouse.keys import PRIVATE, make_keys

    if not (folder / PRIVATE).exists():
        make_keys(folder)
