"""The rules of a round beside its points and gates: selection, and what people may do to it. Each says where it is written."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.contracts.fields import (
    Contract,
    Count,
    Day,
    Identifier,
    NotNegative,
    Number,
    RelativePath,
    Share,
    Text,
    is_absent,
)


class Cited(Contract):
    """What every rule of this kind says beside its own keys: its name, where it is written, since when it holds."""

    label: Text = Field(description="the rule's name, Korean and English")
    citation: str = Field(min_length=1, description="the law, notice or guideline that states it")
    effective: Day = Field(description="the day from which it holds")


class Adjustments(Cited):
    """Bonuses and penalties on totals, each a signed row."""

    file: RelativePath = Field(description="CSV: team, points, reason, signed_by, second_signature, optional evidence")
    most: NotNegative = Field(description="the most that a team's adjustments count together, either way")


class Waivers(Cited):
    """Fails that are let pass: only of a threshold or baseline gate that is missed by little, and only for a time."""

    file: RelativePath = Field(
        description="CSV: team, gate, expires, reason, signed_by, second_signature, optional evidence"
    )
    within: Share = Field(description="how far the bound may be missed, as a share of it")
    as_of: Day = Field(description="the day on which the round is decided: a waiver that has expired does nothing")


class Withdrawal(Cited):
    """What a team's withdrawal does to the others."""

    until: Day = Field(description="the last day on which a team may withdraw")
    effect: Literal["vacancy", "uses_cut", "keeps_population"] = Field(
        description="vacancy: its place is vacant and populations go on without it; uses_cut: it also uses up one of the "
        "planned cuts; keeps_population: it stays in every population `all` with the values that it has"
    )


class AdvanceTop(Cited):
    """Only the best advance."""

    teams: Count = Field(description="how many at most; nobody has to be chosen where nobody is left")
    scope: Literal["all", "eligible"] = Field(
        description="whether a team out by a gate still takes one of these places"
    )


class Wildcards(Cited):
    """Teams that are out by points and are let through all the same."""

    file: RelativePath = Field(description="CSV: team, reason, signed_by, second_signature, optional evidence")
    most: Count = Field(description="how many at most; more rows are an error")


class Reserve(Cited):
    """The teams that are out by points, best first: who moves up."""

    fill: Literal["vacancies", "nothing"] = Field(
        description="vacancies: they advance, best first, while places are vacant; nothing: they are only listed"
    )


class WeightRobustness(Cited):
    """A cut has to hold under other weightings of the top parts, not only under the rules' own."""

    region: Literal["all"] | Share = Field(
        description="all: every weighting; or a share: each part keeps its points to within that share of them"
    )
    at_least: Share = Field(description="the least share of those weightings under which each planned cut has to stand")
    otherwise: Literal["review", "flag"] = Field(
        description="what a less robust cut becomes: review, with every team that more of the weightings cut than "
        "1 − at_least; flag: it is only said"
    )


class FewerParameters(Contract):
    """Of equal teams the one whose model has fewer parameters goes first."""

    fewer_parameters: RelativePath = Field(description="CSV: team, parameters; a row for every team")


class PublishedDraw(Contract):
    """Of equal teams the order is drawn: by the SHA-256 of `seed:team`, the smallest first, as anyone can draw again."""

    draw: str = Field(min_length=1, description="the seed, published before anyone could know whom it favours")
    published_on: Day = Field(description="the day on which it was published; not after the rules are frozen")
    source: str = Field(min_length=1, description="where it was published")


class Select(Contract):
    """Who is out by points."""

    eliminate_bottom: Count = Field(description="how many are out by the lowest totals")
    scope: Literal["all", "eligible"] = Field(description="whether a team out by a gate still takes part in that count")
    quota: Literal["additive", "absorbing"] = Field(
        description="whether a gate's elimination uses up one of the planned cuts"
    )
    tie_break: list[str | FewerParameters | PublishedDraw] = Field(
        [],
        description="what orders equal totals, the first that differs decides: nodes, {fewer_parameters: FILE}, "
        "{draw: SEED, published_on: DAY, source: WHERE}; then review",
    )
    confidence: Annotated[Number, Field(ge=Decimal("0.5"), lt=1)] | None = Field(
        None, description="a cut less sure than this becomes review"
    )
    robustness: WeightRobustness | None = Field(
        None, exclude_if=is_absent, description="a cut that too few weightings share becomes review, or is flagged"
    )
    advance_top: AdvanceTop | None = Field(None, exclude_if=is_absent, description="only the best of them advance")
    wildcards: Wildcards | None = Field(
        None, exclude_if=is_absent, description="teams out by points that are let through all the same"
    )
    reserve: Reserve | None = Field(None, exclude_if=is_absent, description="who moves up where places are vacant")

    @model_validator(mode="after")
    def _confidence_is_of_the_bottom(self) -> "Select":
        if self.confidence is not None and self.advance_top is not None:
            raise ValueError("confidence or advance_top, for confidence is that of the bottom cut; both")
        if self.robustness is not None and self.advance_top is not None:
            raise ValueError("robustness or advance_top, for robustness is that of the bottom cut; both")
        draws = [place for place, each in enumerate(self.tie_break) if isinstance(each, PublishedDraw)]
        if draws and draws != [len(self.tie_break) - 1]:
            raise ValueError("a draw that stands last in tie_break, for nothing is equal after it; another place")
        return self

    def tie_nodes(self) -> list[str]:
        """The nodes of the score tree in the tie chain."""
        return [each for each in self.tie_break if isinstance(each, str)]


class OnVacancy(Cited):
    """What a vacant place leads to."""

    then: Literal["open_call", "leave"] = Field(
        description="open_call: an additional call, a round of its own; leave: the place stays vacant"
    )
    opened: Day | None = Field(None, description="the day on which the call was opened, where it has been")


class Invalidations(Cited):
    """Results that turn out wrong after they were published: struck through, and kept on record."""

    file: RelativePath = Field(
        description="CSV: team, found_on, effect, reason, signed_by, second_signature, optional evidence"
    )
    at_least: Share = Field(
        description="the least effect on a team's result, as a share of it; a smaller one is refused"
    )
    then: Literal["vacancy", "reserve"] = Field(
        description="vacancy: its place stays vacant and everybody else's outcome stands; reserve: the place is one that "
        "`select.reserve` may fill"
    )


class Freeze(Cited):
    """Days after which nothing new counts."""

    rules: Day = Field(description="the day on which the rules are fixed: none of them may take effect later")
    evidence: Day = Field(description="the last day on which evidence counts")
    late_evidence: RelativePath | None = Field(
        None,
        description="CSV: team, received_on, sha256, title: what came later, recorded and not part of the decision",
    )


class Appeals(Cited):
    """Objections to what a gate found, decided by an appeal panel; its result goes above rulings and checks."""

    file: RelativePath = Field(
        description="CSV: team, gate, ground, filed_on, result, reason, signed_by, second_signature, optional evidence"
    )
    opened: Day = Field(description="the day of the decision that is appealed; the window runs from it")
    window_days: Count = Field(description="how many days after that an appeal may be filed; later ones are rejected")
    grounds: list[Identifier] = Field(min_length=1, description="grounds that are admissible; others are rejected")
    original_panel: Literal["excluded", "allowed"] = Field(
        description="whether who signed the ruling that is appealed may sign the appeal's result"
    )
    pending: Literal["review", "stands"] = Field(
        description="what an undecided appeal does to a team that the gate puts out: review, or the decision stands"
    )

    @property
    def closes(self) -> date:
        """The last day of the window."""
        return self.opened + timedelta(days=self.window_days)
