"""All that the rules look at for one round: panels as they are now, measurements as they were stored. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from checks.contracts.acts import Acts
from checks.contracts.baselines import BaselineModel
from checks.contracts.panels import RaterSheets
from checks.contracts.policy import Policy
from checks.contracts.programme import Round
from checks.contracts.rulings import Ruling
from checks.contracts.submission import Component
from checks.contracts.suite import Suite
from checks.records.life_cycle import RuleChange
from checks.records.lineage import Trace
from checks.records.quality import ExpectationResult
from checks.records.record import Stage, Text
from checks.records.scores import SuiteScores

#: Metrics that are not shares in [0, 1]; every other metric is multiplied by 100 in suites, targets and baselines.
UNSCALED_METRICS = frozenset(
    {"perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "bleu", "chrf", "ter", "brier_score", "bpb"}
)


_NOT_LOOKED_AT = Text(
    ko="평가 결과가 아직 점검되지 않았습니다. 데이터 품질 단계(gwanmun run)를 먼저 실행해야 합니다.",
    en="The results have not been checked: the data-quality stage has to run first (gwanmun run).",
)


def _suite_of(result: ExpectationResult) -> str:
    """The benchmark suite that a check of results is about; its subject is a suite, or a suite and task."""
    return result.subject.split("/")[0]


@dataclass(frozen=True)
class TeamInputs:
    """What was measured for one team, and which runs say so: `runs` by stage, `benchmark:SUITE` for the benchmark.

    `handed_in` are the parts of the evidence that were, `licence` the model's own; None where nothing was read of the submission.
    `quality` are the results of the data-quality stage's checks, None where it has not run or the submission was at fault.
    `checked` are its checks of the benchmark's results there, where these have been looked at all the same.
    """

    suites: Mapping[str, SuiteScores] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    declared: Sequence[Component] = ()
    trace: Trace | None = None
    quality: Sequence[ExpectationResult] | None = None
    handed_in: Sequence[str] | None = None
    licence: str | None = None
    checked: Sequence[ExpectationResult] | None = None
    runs: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[Stage, str] = field(default_factory=dict)

    def fit_scores(self, suite: str) -> SuiteScores | None:
        """The suite's scores where every hard check of them passed; None where there are none, or they are `unfit`."""
        return None if self.unfit(suite) else self.suites.get(suite)

    def unfit(self, suite: str) -> Text | None:
        """Why the suite's results may not be ranked by: a check of them failed, or none has looked at them yet.

        None where they passed, and where the suite has not been measured.
        """
        if suite not in self.suites:
            return None
        checks = self.checked if self.quality is None else self.quality
        looked = [each for each in checks or () if each.suite == "results" and _suite_of(each) == suite]
        if not looked:
            return _NOT_LOOKED_AT
        return next((each.text for each in looked if each.outcome == "fail"), None)

    def evidence(self, stage: str) -> list[str]:
        """The run that a stage's reasons rest on, as `run:…`."""
        return [f"run:{run_id}" for name, run_id in self.runs.items() if name.split(":")[0] == stage]


@dataclass(frozen=True)
class RoundInputs:
    """One round, ready to be decided. Tables are keyed by the leaf's path; `files` maps each file read to its SHA-256.

    `errors` are standard errors that an imported table gives; `costs` are (quality, cost); `groups` are by suite and task,
    item → group; `baselines` are by `score.PATH` or `gates.ID`; `amendments` are what changed after the freeze;
    `supposed_points` come on top of totals and `supposed_scores`, by team and suite, on top of task scores, in a what-if and
    nowhere else; `drawn` is what has been resampled of these measurements already, so that copies with other rules need not
    draw it again.
    """

    programme: str
    round: Round
    rules_sha256: str
    suites: Mapping[str, Suite]
    teams: Mapping[str, TeamInputs]
    policy: Policy | None = None
    imported: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    costs: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]] = field(default_factory=dict)
    raters: Mapping[str, RaterSheets] = field(default_factory=dict)
    rosters: Mapping[str, Mapping[str, Decimal | None]] = field(default_factory=dict)
    baselines: Mapping[str, Sequence[BaselineModel]] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Mapping[int, str]]] = field(default_factory=dict)
    rulings: Sequence[Ruling] = ()
    acts: Acts = field(default_factory=Acts)
    reference_licences: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    amendments: Sequence[RuleChange] = ()
    supposed_points: Mapping[str, Fraction] = field(default_factory=dict)
    supposed_scores: Mapping[tuple[str, str], Fraction] = field(default_factory=dict)
    what_if: bool = False
    simulated: bool = False
    drawn: list[Any] = field(default_factory=list, compare=False, repr=False)

    def mean_of(self, team: str, suite: str) -> Fraction | None:
        """The team's mean score on a suite, with what a what-if supposes on top; None where it was not measured."""
        scores = self.teams[team].fit_scores(suite)
        mean = None if scores is None else suite_mean(scores, self.suites[suite])
        return None if mean is None else mean + self.supposed_score(team, suite)

    def supposed_score(self, team: str, suite: str) -> Fraction:
        """How much more than it scored a what-if supposes for each of the suite's tasks."""
        return self.supposed_scores.get((team, suite), Fraction(0))

    def active(self) -> list[str]:
        """The teams that have not withdrawn, in the file's order."""
        return [team.id for team in self.round.teams if team.withdrawn is None]

    def everybody(self) -> list[str]:
        """The population `all`: without the withdrawn teams, unless the rules keep them in it."""
        kept = self.round.withdrawal is not None and self.round.withdrawal.effect == "keeps_population"
        return [team.id for team in self.round.teams] if kept else self.active()


class NotMeasured(Exception):  # noqa: N818  (the state of the round, not a fault of the program)
    """A leaf that is needed has no value because its stage has not run: `team`, `leaf`."""

    def __init__(self, team: str, leaf: str) -> None:
        self.team = team
        self.leaf = leaf
        super().__init__(f"{leaf} has not been measured for {team}: run `gwanmun run` first")


def task_score(metric: str, value: float) -> Fraction:
    """A task's score as rules see it: the metric × 100 for shares, from the decimal that JSON prints for the measured float."""
    exact = Fraction(Decimal(repr(float(value))))
    return exact if metric in UNSCALED_METRICS else 100 * exact


def shown_score(metric: str, value: float) -> float:
    """A value of a task's metric on the rules' scale, for a page."""
    return float(task_score(metric, value))


def suite_mean(scores: SuiteScores, suite: Suite) -> Fraction | None:
    """The weighted mean of a suite's task scores; None where a task is missing."""
    measured = {task.task: task_score(task.metric, task.value) for task in scores.tasks}
    if any(task.id not in measured for task in suite.tasks):
        return None
    weights = sum((Fraction(task.weight) for task in suite.tasks), Fraction(0))
    return sum((Fraction(task.weight) * measured[task.id] for task in suite.tasks), Fraction(0)) / weights
