"""`gwanmun dashboard`: the web page of a programme."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from checks.contracts.errors import InputFault

#: Where a programme is looked for when none is named: what `make demo` makes, then this folder.
USUAL_PLACES = (Path("demo/programme.yaml"), Path("programme.yaml"))


def dashboard(
    programme: Annotated[
        Path | None,
        typer.Argument(
            metavar="PROGRAMME",
            help="programme.yaml, or its folder. Without it: demo/programme.yaml, or programme.yaml in this folder.",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Without it: 8501, or any free port where that is taken.")
    ] = None,
) -> None:
    """Show a programme in a web page on this machine.

    Until Ctrl-C. The ranking with its reasons, a page for each team and each stage, and the rules applied live, marked
    "what-if". The page listens on the loopback address only, and follows the warehouse while a run writes.
    """
    # By name: the page is a program beside this one, which is started here and never imported by the flows.
    serve = import_module("dashboard.launch").serve
    raise typer.Exit(serve(programme or _usual(), port))


def _usual() -> Path:
    for place in USUAL_PLACES:
        if place.is_file():
            return place
    raise InputFault(
        "command line", "PROGRAMME", f"none here ({Path.cwd()})", "a programme.yaml; gwanmun demo makes one"
    )
