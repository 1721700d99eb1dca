"""`disclosure:` of a round: what each profile of bundle and report discloses, and to whom; the auditor's holds everything.

A national programme publishes who goes on and why, the best and the mean of each part, and not each company's points; a team is
told its own points, its rank and the line; nobody but an auditor sees single raters' sheets. In Korea the law draws those
lines (Official Information Disclosure Act, article 9(1)5): single evaluators' sheets may be withheld, an applicant's own item
scores, its rank and the cut-off score may not.

>>> audience(None, "public").shows("scores", "t1")
False
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from pydantic import Field

from checks.contracts.fields import Day
from checks.contracts.round_rules import Cited

Profile = Literal["public", "team", "committee", "auditor"]
PROFILES: tuple[Profile, ...] = get_args(Profile)

#: What can be disclosed beyond the outcome (teams, statuses, gates' results, rules), which every profile has.
OpenPart = Literal["summary", "ranks", "scores", "tasks", "items", "findings", "rulings", "panels", "hashes"]
Part = Literal[OpenPart, "raters"]
PARTS: dict[Part, str] = {
    "summary": "the best and the mean of every part of the score tree, and the totals on either side of the cut",
    "ranks": "each team's rank",
    "scores": "each team's total and points, the reasons that name them, and its targets",
    "tasks": "each team's score on every task, with its interval",
    "items": "every item: its number, whether it was right, hashes of prompt and answer; and the examples that findings quote",
    "findings": "what the independence and data-quality stages found, and the reasons that rest on it",
    "rulings": "rulings, waivers, adjustments, wildcards and appeals with their reasons and signatures",
    "panels": "imported points, costs, frozen rosters and groups of items",
    "raters": "single raters' values and single panellists' votes",
    "hashes": "hashes of files and runs, and the history of decisions",
}


class Disclosure(Cited):
    """What bundles and reports of each profile disclose; a profile's list adds to the outcome, which all of them hold."""

    embargo_until: Day | None = Field(None, description="no public bundle or report before this day")
    public: list[OpenPart] = Field(description="what anybody may see; single raters' values never are")
    team: list[OpenPart] = Field(description="what a team may see of itself; of the others it sees what is public")
    committee: list[Part] = Field(description="what the committee may see of all teams")


#: What holds where a round says nothing: cautious, and within the law named above.
PUBLIC: tuple[OpenPart, ...] = ("summary", "findings")
TEAM: tuple[OpenPart, ...] = ("summary", "ranks", "scores", "tasks", "findings")
COMMITTEE: tuple[Part, ...] = (
    "summary",
    "ranks",
    "scores",
    "tasks",
    "items",
    "findings",
    "rulings",
    "panels",
    "hashes",
)


@dataclass(frozen=True)
class Audience:
    """Who reads, and what that reader may see: `own` of the reader's own team, `others` of everybody else."""

    profile: Profile
    team: str | None
    own: frozenset[Part]
    others: frozenset[Part]

    def shows(self, part: Part, team: str | None = None) -> bool:
        """Whether this part is shown, of one team or (without one) of all of them together."""
        return part in (self.own if team is not None and team == self.team else self.others)


def audience(rule: Disclosure | None, profile: Profile, team: str | None = None) -> Audience:
    """The reader of a profile under a round's rule, or under what holds without one; `team` with profile `team` and only there."""
    if (profile == "team") != (team is not None):
        raise ValueError("a team with profile team, and only there")
    everything: frozenset[Part] = frozenset(PARTS)
    public: frozenset[Part] = frozenset(PUBLIC if rule is None else rule.public)
    if profile == "auditor":
        return Audience(profile, None, everything, everything)
    if profile == "committee":
        seen: frozenset[Part] = frozenset(COMMITTEE if rule is None else rule.committee)
        return Audience(profile, None, seen, seen)
    own: frozenset[Part] = frozenset(TEAM if rule is None else rule.team) if profile == "team" else public
    return Audience(profile, team, own | public, public)


def embargoed(rule: Disclosure | None, profile: Profile, today: date) -> date | None:
    """The day before which this profile may not be handed out, where it is not yet reached."""
    until = None if rule is None else rule.embargo_until
    return until if profile == "public" and until is not None and today < until else None
