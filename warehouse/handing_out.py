"""Who may be handed what of a round, and since when: asked before a bundle or a report is written."""

from datetime import date

from checks.contracts.disclosure import PROFILES, Audience, audience, embargoed
from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
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
