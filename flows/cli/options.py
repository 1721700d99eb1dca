"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ProgrammeArgument = Annotated[Path, typer.Argument(metavar="PROGRAMME", help="programme.yaml, or the folder it is in.")]
RoundOption = Annotated[
    str | None, typer.Option("--round", metavar="ROUND", help="The round's id. Without it, the programme's last round.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else there.")
]
ProfileOption = Annotated[
    str, typer.Option(metavar="PROFILE", help="Whom it is for: public, team (with --team), committee or auditor.")
]
OwnTeamOption = Annotated[
    str | None, typer.Option("--team", metavar="TEAM", help="With --profile team: the team that it is for.")
]
