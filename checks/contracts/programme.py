"""`programme.yaml`: what is evaluated, and by which rules."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.contracts.fields import (
    Contract,
    Count,
    Identifier,
    NotNegative,
    Number,
    Positive,
    ProgrammeId,
    RelativePath,
    Share,
    Text,
)
from checks.contracts.score_tree import ScoreNode, SuiteMean, SuiteRelative

Effect = Literal["eliminate", "review", "pass"]


class Reference(Contract):
    """A known model that submissions are traced against."""

    id: Identifier = Field(description="the reference's name in findings")
    source: RelativePath = Field(
        description="a folder of safetensors, or a hub id with a pinned revision (org/name@commit)"
    )
    licence: str = Field(min_length=1, description="its licence, an SPDX expression")


class Team(Contract):
    """One team of a round."""

    id: Identifier = Field(description="the team's id in tables, findings and rulings")
    name: Text = Field(description="the name that pages show, Korean and English")
    submission: RelativePath | None = Field(
        None, description="its submission.yaml; absent where all its points are imported"
    )
    withdrawn: date | None = Field(None, description="the day on which it withdrew: no total and no rank")


class Gate(Contract):
    """What every gate says: its id and what each result does to a team."""

    id: Identifier = Field(description="the gate's id in rulings and decisions")
    fail: Effect = Field(description="what `fail` does: eliminate, review or pass")
    conditional: Effect = Field("review", description="what `conditional` does")
    indeterminate: Effect = Field(
        "review", description="what `indeterminate` does; a check that has not run is indeterminate"
    )


class IndependenceGate(Gate):
    """Reads the independence findings through the policy."""

    check: Literal["independence"] = Field(description="independence")


class DataQualityGate(Gate):
    """Reads the data-quality results through the policy."""

    check: Literal["data_quality"] = Field(description="data_quality")


class ThresholdGate(Gate):
    """Passes where a node has at least so many points."""

    check: Literal["threshold"] = Field(description="threshold")
    of: str = Field(description="a node of the score tree, by id or dotted path")
    at_least: NotNegative | None = Field(None, description="points")
    at_least_share: Share | None = Field(None, description="share of the node's points")

    @model_validator(mode="after")
    def _one_bound(self) -> "ThresholdGate":
        if (self.at_least is None) == (self.at_least_share is None):
            raise ValueError("exactly one of at_least and at_least_share; both or neither")
        return self


class BaselineGate(Gate):
    """Passes where the suite's mean score is at least `at_least` × `baseline`."""

    check: Literal["baseline"] = Field(description="baseline")
    suite: Identifier = Field(description="a suite of this programme")
    baseline: Positive = Field(description="the score to be held against, on the scale of metric × 100")
    at_least: Positive = Field(description="the share of the baseline that passes, for example 0.95")


AnyGate = Annotated[IndependenceGate | DataQualityGate | ThresholdGate | BaselineGate, Field(discriminator="check")]


class Select(Contract):
    """Who is out by points."""

    eliminate_bottom: Count = Field(description="how many are out by the lowest totals")
    scope: Literal["all", "eligible"] = Field(description="whether a team out by a gate still takes part in that count")
    quota: Literal["additive", "absorbing"] = Field(
        description="whether a gate's elimination uses up one of the planned cuts"
    )
    tie_break: list[str] = Field(
        [], description="nodes that order equal totals, the first that differs decides; then review"
    )
    confidence: Annotated[Number, Field(ge=Decimal("0.5"), lt=1)] | None = Field(
        None, description="a cut less sure than this becomes review"
    )


class Window(Contract):
    """The days on which a round's benchmark may be measured, both included, in UTC."""

    first: date = Field(description="the first day")
    last: date = Field(description="the last day")

    @model_validator(mode="after")
    def _in_order(self) -> "Window":
        if self.last < self.first:
            raise ValueError(f"a last day on or after {self.first}; {self.last}")
        return self

    def times(self) -> tuple[datetime, datetime]:
        """The first moment, and the first moment after."""
        begin, end = (datetime.combine(day, time.min, UTC) for day in (self.first, self.last))
        return begin, end + timedelta(days=1)


class Round(Contract):
    """One round of a programme."""

    id: Identifier = Field(description="the round's id")
    title: Text = Field(description="its title, Korean and English")
    rules_version: str = Field(min_length=1, description="printed on every decision")
    places: Count = Field(description="teams planned to advance; fewer leave vacancies")
    teams: list[Team] = Field(min_length=1, description="who takes part")
    score: ScoreNode = Field(description="the score tree")
    policy: str | None = Field(
        None, description="a shipped policy's name or a file; needed where a gate reads findings"
    )
    gates: list[AnyGate] = Field([], description="conditions apart from points; the first that eliminates is named")
    rulings: RelativePath | None = Field(None, description="CSV of what the panel decided")
    window: Window | None = Field(None, description="when the benchmark may be measured; absent, at any time")
    select: Select = Field(description="who is out by points")

    @model_validator(mode="after")
    def _names_agree(self) -> "Round":
        _no_doubles("teams", [team.id for team in self.teams])
        _no_doubles("gates", [gate.id for gate in self.gates])
        named = {"select.tie_break": list(self.select.tie_break)}
        named |= {f"gate {gate.id}: of": [gate.of] for gate in self.gates if isinstance(gate, ThresholdGate)}
        for where, nodes in named.items():
            unknown = [node for node in nodes if self.score.find(node) is None]
            if unknown:
                raise ValueError(f"nodes of the score tree in {where}; {unknown[0]!r}, which is none or not unique")
        reads_findings = [gate.id for gate in self.gates if isinstance(gate, IndependenceGate | DataQualityGate)]
        if reads_findings and self.policy is None:
            raise ValueError(f"a policy, which gate {reads_findings[0]!r} reads; none")
        self._no_gate_on_eligible()
        return self

    def _no_gate_on_eligible(self) -> None:
        """A gate cannot depend on points that depend on who is out by a gate."""
        for gate in self.gates:
            if not isinstance(gate, ThresholdGate):
                continue
            path = self.score.find(gate.of)
            for leaf, node in self.score.leaves():
                inside = leaf == path or leaf.startswith(f"{path}.")
                if (
                    inside
                    and node.source is not None
                    and node.source.then
                    and node.source.then.population == "eligible"
                ):
                    raise ValueError(
                        f"gate {gate.id!r} on a node that does not depend on `population: eligible` ({leaf})"
                    )

    def suites(self) -> list[str]:
        """The suites that this round's points and gates read, in the file's order."""
        named = [
            node.source.suite for _, node in self.score.leaves() if isinstance(node.source, SuiteMean | SuiteRelative)
        ]
        named += [gate.suite for gate in self.gates if isinstance(gate, BaselineGate)]
        return list(dict.fromkeys(named))


class Programme(Contract):
    """What is evaluated, and by which rules."""

    version: Literal[1] = Field(description="1")
    programme: ProgrammeId = Field(description="the programme's id")
    title: Text = Field(description="its title, Korean and English")
    simulated: bool = Field(False, description="true: every page and table says that the data are simulated")
    allow_outside: bool = Field(False, description="true: paths may leave this file's folder")
    warehouse: RelativePath = Field(description="a folder; any DuckDB client opens its current.duckdb, read-only")
    references: list[Reference] = Field([], description="models that submissions are traced against")
    suites: dict[Identifier, RelativePath] = Field({}, description="named sets of benchmark tasks")
    rounds: list[Round] = Field(min_length=1, description="the rounds, in their order")

    @model_validator(mode="after")
    def _names_agree(self) -> "Programme":
        _no_doubles("references", [reference.id for reference in self.references])
        _no_doubles("rounds", [each.id for each in self.rounds])
        for each in self.rounds:
            unknown = [suite for suite in each.suites() if suite not in self.suites]
            if unknown:
                raise ValueError(f"suites named under `suites`; round {each.id!r} reads {unknown[0]!r}")
        return self


def _no_doubles(what: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{what} with different ids; twice: {', '.join(doubled)}")
