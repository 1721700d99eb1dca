"""`gwanmun report`: a decided round as one HTML page or one PDF, for a ministry to publish or a committee to sign."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.answers import only_the_answer, print_json
from flows.cli.options import JsonOption, OwnTeamOption, ProfileOption, ProgrammeArgument, RoundOption


def report(
    programme: ProgrammeArgument,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The report: FILE.html or FILE.pdf; it is written whole or not at all.")
    ],
    round_id: RoundOption = None,
    profile: ProfileOption = "committee",
    team: OwnTeamOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a decided round, in Korean and English.

    Who goes on and why, how firm that is, gates and evidence, the rules in words, and the hashes that it rests on. It shows
    what the round's `disclosure` gives the profile. HTML and PDF say the same; the same decision gives the same bytes. It
    asks nothing of any network. Refused where nothing was decided, something has changed since, a public report is under
    embargo, or FILE is there and no report. A what-if becomes no report. Prints the file's SHA-256, which is what a committee
    signs.
    """
    from checks.contracts.loading import load_programme
    from tasks.round_report import ending_of, read_report, round_document, write_document
    from warehouse.handing_out import audience_for, refuse_in_programme

    ending_of(out)
    with only_the_answer():
        loaded = load_programme(programme)
        refuse_in_programme(loaded, out)
        reader = audience_for(loaded, loaded.round(round_id), profile, team, date.today())
        made = write_document(out, round_document(read_report(loaded, round_id), reader))
    sha256 = hashlib.sha256(made).hexdigest()
    if as_json:
        print_json({"file": str(out), "profile": profile, "sha256": sha256})
    else:
        typer.echo(f"{out}: {profile}, sha256 {sha256}")
