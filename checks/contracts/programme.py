"""`programme.yaml`: what is evaluated, and by which rules."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from checks.contracts.disclosure import Disclosure
from checks.contracts.errors import Misfit
from checks.contracts.fields import (
    Contract,
    Count,
    Day,
    Identifier,
    NotNegative,
    Positive,
    ProgrammeId,
    RelativePath,
    Share,
    Text,
    Version,
    YesNo,
    is_absent,
    refuse_doubles,
)
from checks.contracts.policy import refuse_on_both
from checks.contracts.round_rules import (
    Adjustments,
    Appeals,
    Cited,
    Freeze,
    Invalidations,
    OnVacancy,
    PublishedDraw,
    Select,
    Waivers,
    Withdrawal,
)
from checks.contracts.score_tree import MovingBaseline, ScoreNode, SuiteAgainstBaseline, SuiteMean, SuiteRelative
from checks.contracts.submission import EvidencePart
from checks.records.decisions import GateOutcome

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
    withdrawn: Day | None = Field(None, description="the day on which it withdrew: no total and no rank")


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
    baseline: Positive | MovingBaseline = Field(
        description="the score to be held against, on the scale of metric × 100; or a baseline that moves with the field"
    )
    at_least: Positive = Field(description="the share of the baseline that passes, for example 0.95")


class EvidenceGate(Gate, Cited):
    """Passes where everything that was asked for was handed in; whether it holds is the other gates' to say."""

    check: Literal["evidence_complete"] = Field(description="evidence_complete")
    require: list[EvidencePart] = Field(
        min_length=1,
        description="the parts of a submission's evidence that are asked for: " + ", ".join(get_args(EvidencePart)),
    )


class LicenceGate(Gate, Cited):
    """Passes where the model's licence, and that of every borrowed component and its reference, is allowed; the worst counts."""

    check: Literal["licence"] = Field(description="licence")
    allow: list[str] = Field(description="SPDX identifiers that are allowed")
    deny: list[str] = Field(description="SPDX identifiers that fail")
    unknown: GateOutcome = Field(description="what a licence on neither list comes to")

    @model_validator(mode="after")
    def _on_one_list(self) -> "LicenceGate":
        refuse_on_both(self.allow, self.deny)
        return self


class PanelMajorityGate(Gate):
    """Passes where more than a share of the panel votes yes; fewer votes than the quorum leave it open."""

    check: Literal["panel_majority"] = Field(description="panel_majority")
    votes: RelativePath = Field(description="CSV with the columns team, panellist, vote: yes, no, abstain or recused")
    more_than: Share = Field(description="the share that yes must exceed, for example 0.5: a half is no majority")
    out_of: Literal["panel", "cast"] = Field(
        description="of whom: panel: all who are not recused, abstentions included; cast: yes and no alone"
    )
    quorum: Count = Field(
        description="votes of yes, no or abstain that are needed at least; with fewer it is indeterminate"
    )
    on: Identifier | None = Field(
        None, description="an earlier gate: the panel is asked only where that one is indeterminate, else it passes"
    )


AnyGate = Annotated[
    IndependenceGate | DataQualityGate | ThresholdGate | BaselineGate | EvidenceGate | LicenceGate | PanelMajorityGate,
    Field(discriminator="check"),
]


class Window(Contract):
    """The days on which a round's benchmark may be measured, both included, in UTC."""

    first: Day = Field(description="the first day")
    last: Day = Field(description="the last day")

    @model_validator(mode="after")
    def _in_order(self) -> "Window":
        if self.last < self.first:
            raise ValueError(f"a last day on or after {self.first}; {self.last}")
        return self

    def times(self) -> tuple[datetime, datetime]:
        """The first moment, and the first moment after."""
        begin, end = (datetime.combine(day, time.min, UTC) for day in (self.first, self.last))
        return begin, end + timedelta(days=1)


#: What `settings_may_differ` can name; what a task asks and how it is judged is the suite's, the same for all.
SettingName = Literal["dtype", "harness", "prompts"]


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
    on_vacancy: OnVacancy | None = Field(None, exclude_if=is_absent, description="what a vacant place leads to")
    freeze: Freeze | None = Field(None, exclude_if=is_absent, description="days after which nothing new counts")
    appeals: Appeals | None = Field(None, exclude_if=is_absent, description="objections, and what became of them")
    invalidations: Invalidations | None = Field(
        None, exclude_if=is_absent, description="results found wrong after they were published"
    )
    adjustments: Adjustments | None = Field(None, exclude_if=is_absent, description="bonuses and penalties")
    waivers: Waivers | None = Field(None, exclude_if=is_absent, description="fails that are let pass")
    withdrawal: Withdrawal | None = Field(
        None, exclude_if=is_absent, description="what a withdrawal does; absent: a vacancy, at any time"
    )
    window: Window | None = Field(
        None, exclude_if=is_absent, description="when the benchmark may be measured; absent: at any time"
    )
    settings_may_differ: list[SettingName] = Field(
        [],
        exclude_if=is_absent,
        description="settings of the benchmark that may differ between teams, by name; every other difference fails",
    )
    disclosure: Disclosure | None = Field(
        None, exclude_if=is_absent, description="what bundles and reports disclose to whom; absent: the cautious lists"
    )
    select: Select = Field(description="who is out by points")

    @model_validator(mode="after")
    def _names_agree(self) -> "Round":
        refuse_doubles("teams", [team.id for team in self.teams])
        refuse_doubles("gates", [gate.id for gate in self.gates])
        nodes: list[tuple[str, str, tuple[str | int, ...]]] = [
            ("select.tie_break", node, ("select", "tie_break", place))
            for place, node in enumerate(self.select.tie_break)
            if isinstance(node, str)
        ]
        for place, gate in enumerate(self.gates):
            if isinstance(gate, ThresholdGate):
                nodes.append((f"gate {gate.id}: of", gate.of, ("gates", place, "of")))
            if isinstance(gate, IndependenceGate | DataQualityGate) and self.policy is None:
                raise Misfit(f"a policy, which gate {gate.id!r} reads; none", "gates", place)
        for where, node, at in nodes:
            if self.score.find(node) is None:
                raise Misfit(f"nodes of the score tree in {where}; {node!r}, which is none or not unique", *at)
        self._no_gate_on_eligible()
        self._gates_asked_on_earlier_ones()
        self._withdrawn_in_time()
        self._in_force_by_the_freeze()
        return self

    def cited_rules(self) -> dict[str, Cited]:
        """Key → rule, of all that say since when they hold."""
        kinds: dict[str, Cited | None] = {
            "adjustments": self.adjustments,
            "waivers": self.waivers,
            "withdrawal": self.withdrawal,
            "appeals": self.appeals,
            "invalidations": self.invalidations,
            "on_vacancy": self.on_vacancy,
            "disclosure": self.disclosure,
            "select.advance_top": self.select.advance_top,
            "select.wildcards": self.select.wildcards,
            "select.reserve": self.select.reserve,
            "select.robustness": self.select.robustness,
        }
        kinds |= {f"gates.{gate.id}": gate for gate in self.gates if isinstance(gate, Cited)}
        kinds |= {f"{key}.baseline": rule for key, (_, rule) in self.moving_baselines().items()}
        return {key: rule for key, rule in kinds.items() if rule is not None}

    def moving_baselines(self) -> dict[str, tuple[str, MovingBaseline]]:
        """Key → (suite, baseline): `score.PATH` of a leaf, `gates.ID` of a gate."""
        leaves = {f"score.{path}": node.source for path, node in self.score.leaves()}
        found = {
            key: (each.suite, each.baseline) for key, each in leaves.items() if isinstance(each, SuiteAgainstBaseline)
        }
        gates = {f"gates.{gate.id}": gate for gate in self.gates if isinstance(gate, BaselineGate)}
        return found | {
            key: (gate.suite, gate.baseline) for key, gate in gates.items() if isinstance(gate.baseline, MovingBaseline)
        }

    def _in_force_by_the_freeze(self) -> None:
        """A rule that takes effect after the rules were fixed was changed while the round ran."""
        for key, rule in self.cited_rules().items():
            if self.freeze is not None and rule.effective > self.freeze.rules:
                raise ValueError(f"rules in force by the freeze of {self.freeze.rules}; {key} from {rule.effective}")
        for draw in self.select.tie_break:
            late = isinstance(draw, PublishedDraw) and self.freeze is not None and draw.published_on > self.freeze.rules
            if late:
                raise ValueError("a seed published by the freeze of the rules; select.tie_break draws with a later one")

    def _gates_asked_on_earlier_ones(self) -> None:
        for place, gate in enumerate(self.gates):
            earlier = [each.id for each in self.gates[:place]]
            if isinstance(gate, PanelMajorityGate) and gate.on is not None and gate.on not in earlier:
                raise Misfit(f"a gate that stands before {gate.id!r} in its `on`; {gate.on!r}", "gates", place, "on")

    def _withdrawn_in_time(self) -> None:
        if self.withdrawal is None:
            return
        until = self.withdrawal.until
        for place, each in enumerate(self.teams):
            if each.withdrawn is not None and each.withdrawn > until:
                words = f"withdrawals until {until}; {each.id!r} on {each.withdrawn}"
                raise Misfit(words, "teams", place, "withdrawn")

    def _no_gate_on_eligible(self) -> None:
        """A gate cannot depend on points that depend on who is out by a gate."""
        for gate in self.gates:
            if not isinstance(gate, ThresholdGate):
                continue
            path = self.score.find(gate.of) or ""
            for each, inner in [("", self.score), *self.score.walk()]:
                beaten = inner.combine is not None and inner.combine.population == "eligible"
                if beaten and (each == path or each.startswith(f"{path}.")):
                    raise ValueError(
                        f"gate {gate.id!r} on a node that does not depend on `population: eligible` ({each})"
                    )
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
        return list(self.suite_places())

    def suite_places(self) -> dict[str, tuple[str | int, ...]]:
        """The same, each with the keys that lead to where it is first named."""
        measured = (SuiteMean, SuiteRelative, SuiteAgainstBaseline)
        named: dict[str, tuple[str | int, ...]] = {}
        for path, node in self.score.leaves():
            if isinstance(node.source, measured):
                named.setdefault(node.source.suite, ("score", *self.score.place_of(path), "from", "suite"))
        for place, gate in enumerate(self.gates):
            if isinstance(gate, BaselineGate):
                named.setdefault(gate.suite, ("gates", place, "suite"))
        return named

    def suites_with_targets(self) -> list[str]:
        """Those whose points are relative to the team's own target model, and which no team may lack."""
        leaves = [node.source for _, node in self.score.leaves()]
        return [each.suite for each in leaves if isinstance(each, SuiteRelative) and each.missing == "error"]


class Programme(Contract):
    """What is evaluated, and by which rules."""

    version: Version = Field(description="1")
    programme: ProgrammeId = Field(description="the programme's id")
    title: Text = Field(description="its title, Korean and English")
    simulated: YesNo = Field(False, description="true: every page and table says that the data are simulated")
    allow_outside: YesNo = Field(False, description="true: paths may leave this file's folder")
    warehouse: RelativePath = Field(description="a folder; any DuckDB client opens its current.duckdb, read-only")
    references: list[Reference] = Field([], description="models that submissions are traced against")
    suites: dict[Identifier, RelativePath] = Field({}, description="named sets of benchmark tasks")
    rounds: list[Round] = Field(min_length=1, description="the rounds, in their order")

    @model_validator(mode="after")
    def _names_agree(self) -> "Programme":
        refuse_doubles("references", [reference.id for reference in self.references])
        refuse_doubles("rounds", [each.id for each in self.rounds])
        for number, each in enumerate(self.rounds):
            for suite, place in each.suite_places().items():
                if suite not in self.suites:
                    words = f"suites named under `suites`; round {each.id!r} reads {suite!r}"
                    raise Misfit(words, "rounds", number, *place)
        return self
