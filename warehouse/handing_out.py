"""Who may be handed what of a round, since when, and in which file: asked before a bundle or a report is written."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from checks.contracts.disclosure import PROFILES, Audience, audience, embargoed
from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
from checks.contracts.plain_files import refuse_inside
from checks.contracts.programme import Round


def audience_for(loaded: LoadedProgramme, round_: Round, profile: str, team: str | None, today: date) -> Audience:
    """The reader of that profile; raises InputFault for another profile, a team that is none, or an embargo that still holds."""
    known = next((each for each in PROFILES if each == profile), None)
    if known is None:
        raise InputFault("--profile", found=repr(profile), expected=f"one of {', '.join(PROFILES)}")
    if (known == "team") != (team is not None):
        found = "no team" if team is None else f"{team!r} with --profile {known}"
        raise InputFault("--team", found=found, expected="a team with --profile team, and only there")
    teams = [each.id for each in round_.teams]
    if team is not None and team not in teams:
        raise InputFault("--team", found=repr(team), expected=f"one of {', '.join(teams)}")
    until = embargoed(round_.disclosure, known, today)
    if until is not None:
        key = f"rounds.{round_.id}.disclosure.embargo_until"
        raise InputFault(loaded.path, key, f"an embargo until {until}; today is {today}", "a day on or after it")
    return audience(round_.disclosure, known, team)


def refuse_in_programme(loaded: LoadedProgramme, out: Path) -> None:
    """Raises InputFault for a file in the warehouse or beside weights: there it would change what was measured."""
    refuse_inside(out, [loaded.warehouse], "the warehouse")
    refuse_inside(out, _weights(loaded), "whose content is measured")


def _weights(loaded: LoadedProgramme) -> Iterator[Path]:
    """The folders of references, models and checkpoints, where they can be found."""
    for reference in loaded.programme.references:
        with suppress(InputFault):
            yield loaded.reference_path(reference)
    for team in (team for round_ in loaded.programme.rounds for team in round_.teams if team.submission is not None):
        with suppress(InputFault):
            submission = loaded.submission(team)
            yield submission.model_path()
            yield from (folder for _, folder in submission.checkpoint_paths())
