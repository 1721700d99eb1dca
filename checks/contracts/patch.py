"""A what-if patch: what a round's rules, rulings or points are supposed to be instead. Never part of a programme."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from checks.contracts.errors import InputFault
from checks.contracts.fields import Contract, Count, Identifier, NotNegative, Number, Positive, Share, Version, YesNo
from checks.contracts.programme import Effect, Round
from checks.contracts.typed_file import read_typed
from checks.records.decisions import GateOutcome
from checks.records.record import Text


class GatePatch(Contract):
    """What is supposed of one gate; what is not said stays."""

    dropped: YesNo = Field(False, description="true: as if the round did not have this gate")
    fail: Effect | None = Field(None, description="what `fail` does")
    conditional: Effect | None = Field(None, description="what `conditional` does")
    indeterminate: Effect | None = Field(None, description="what `indeterminate` does")
    at_least: NotNegative | None = Field(None, description="the bound of a threshold or baseline gate")
    at_least_share: Share | None = Field(
        None, description="the bound of a threshold gate, as a share of the node's points"
    )
    baseline: Positive | None = Field(None, description="the score that a baseline gate holds against")


class SelectPatch(Contract):
    """What is supposed of the selection; what is not said stays."""

    eliminate_bottom: Count | None = Field(None, description="how many are out by the lowest totals")
    scope: Literal["all", "eligible"] | None = Field(None, description="who the bottom is counted over")
    quota: Literal["additive", "absorbing"] | None = Field(None, description="whether gates use up planned cuts")
    tie_break: list[str] | None = Field(None, description="nodes that order equal totals")
    confidence: Annotated[Number, Field(ge=Decimal("0.5"), lt=1)] | None = Field(
        None, description="a cut less sure than this becomes review"
    )


class SupposedRuling(Contract):
    """A ruling that the panel is supposed to have made, in the place of its own on that gate and team."""

    team: Identifier = Field(description="a team of the round")
    gate: Identifier = Field(description="a gate of the round")
    result: GateOutcome = Field(description="pass, fail, conditional or indeterminate")


class Patch(Contract):
    """What is supposed to be different. Its result is marked what-if, is not recorded and cannot be bundled."""

    version: Version = Field(description="1")
    what_if: Text = Field(description="what is supposed, in a sentence")
    policy: str | None = Field(None, description="another policy: a shipped one's name or a file beside the patch")
    places: Count | None = Field(None, description="places in the round")
    points: dict[Identifier, Positive] = Field(
        {}, description="points of top parts; they have to add up to the tree's with those that stay"
    )
    gates: dict[Identifier, GatePatch] = Field({}, description="gates of the round, by id")
    select: SelectPatch | None = Field(None, description="the selection")
    rulings: list[SupposedRuling] = Field([], description="rulings in the place of the panel's own")
    supposed_scores: dict[Identifier, dict[Identifier, Number]] = Field(
        {}, description="team → suite → score (metric × 100) on top of each of its tasks, or below zero"
    )
    supposed_points: dict[Identifier, Number] = Field(
        {}, description="team → points on top of its total, or below zero: taken from it"
    )


def read_patch(path: Path, round_: Round) -> Patch:
    """The patch, of which every name must be the round's. Raises InputFault."""
    patch = read_typed(path, Patch)
    teams = [team.id for team in round_.teams if team.withdrawn is None]
    gates = [gate.id for gate in round_.gates]
    parts = [part.id for part in round_.score.parts]
    named = [("points", each, parts) for each in patch.points]
    named += [("gates", each, gates) for each in patch.gates]
    named += [("supposed_points", each, teams) for each in patch.supposed_points]
    named += [("supposed_scores", each, teams) for each in patch.supposed_scores]
    suites = round_.suites()
    named += [("supposed_scores", suite, suites) for given in patch.supposed_scores.values() for suite in given]
    named += [("rulings", each.team, teams) for each in patch.rulings]
    named += [("rulings", each.gate, gates) for each in patch.rulings]
    for key, name, known in named:
        if name not in known:
            expected = f"one of {', '.join(known)} in {round_.id}" if known else f"no such key: {round_.id} has none"
            raise InputFault(path, key, repr(name), expected)
    return patch
