"""A round read for the pages: the recorded decision, what the rules give now, and the runs that it rests on. No Streamlit.

>>> read_round(load_programme(Path("demo/programme.yaml")), None).decision.vacancies        # doctest: +SKIP
1
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from checks.contracts.act_files import act_files
from checks.contracts.errors import InputFault
from checks.contracts.loading import SHIPPED_POLICIES, LoadedProgramme, load_policy
from checks.contracts.programme import Round
from checks.contracts.score_tree import CostEfficiency, FrozenPopulation, Imported, IrtImport, Raters
from checks.records.decisions import Decision
from checks.records.record import STAGES, Stage, Text
from checks.rules.inputs import NotMeasured, RoundInputs
from checks.rules.reasons import fault_reason
from dashboard.words import shell
from dashboard.words.language import filled, named_as_is
from warehouse.reader import load_decision, load_run, run_states
from warehouse.round_inputs import decide_round, load_round_inputs
from warehouse.run_keys import plan
from warehouse.store import Warehouse

_RUN = "run:"


@dataclass(frozen=True)
class ShownRun:
    """One run behind a page; `message` says why it failed."""

    stage: Stage
    team: str
    subject: str
    run_id: str
    status: Literal["complete", "failed"]
    message: Text | None = None


@dataclass(frozen=True)
class ReadRound:
    """`recorded` is the last decision of a run, `current` what files and warehouse give now, `undecided` why they give none.

    `runs` are those that the recorded decision rests on, so that it is shown with its own evidence whatever has changed
    since; before there is one they are those of what is handed in now.
    """

    round: Round
    recorded: Decision | None
    current: Decision | None
    undecided: Text | None
    runs: tuple[ShownRun, ...]

    @property
    def decision(self) -> Decision | None:
        """The decision to show: the recorded one goes first."""
        return self.recorded or self.current

    @property
    def up_to_date(self) -> bool:
        """Whether the decision that is shown is what files and warehouse give now, whatever words a new version says it in."""
        if self.recorded is None or self.current is None:
            return self.recorded is None
        return _substance(self.recorded) == _substance(self.current)


def read_round(loaded: LoadedProgramme, round_id: str | None) -> ReadRound:
    """Reads the warehouse's published snapshot; raises InputFault where the files are faulty and nothing is recorded."""
    round_ = loaded.round(round_id)
    recorded = load_decision(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id)
    current, undecided = None, None
    try:
        current = decide_round(loaded, round_.id)
    except NotMeasured as missing:
        team = loaded.team(round_, missing.team).name
        undecided = filled(shell.NOT_YET_MEASURED, leaf=missing.leaf, team_ko=team.ko, team_en=team.en)
    except (InputFault, ValueError) as fault:
        if recorded is None:
            raise
        undecided = named_as_is(str(fault))
    runs = _planned_runs(loaded, round_) if recorded is None else _runs_of(loaded, recorded)
    in_order = sorted(runs, key=lambda run: STAGES.index(run.stage))
    return ReadRound(round_, recorded, current, undecided, tuple(in_order))


def read_inputs(loaded: LoadedProgramme, round_id: str, policy: str | None) -> RoundInputs:
    """All that the rules look at, under the programme's own policy or the one that is named."""
    return load_round_inputs(loaded, round_id, policy=None if policy is None else load_policy(policy, loaded))


def files_of(loaded: LoadedProgramme) -> Iterator[Path]:
    """The small files that a decision depends on: when none of them changes, nothing has to be read again."""
    yield loaded.path
    for suite in loaded.suites.values():
        yield suite.path
        yield from (path for task in suite.suite.tasks if (path := suite.groups_file(task)) is not None)
    for round_ in loaded.programme.rounds:
        if round_.policy is not None and not (SHIPPED_POLICIES / f"{round_.policy}.yaml").is_file():
            yield loaded.resolve(round_.policy)
        if round_.rulings is not None:
            yield loaded.resolve(round_.rulings)
        yield from act_files(loaded, round_).values()
        yield from (path for path, _ in loaded.baseline_tables(round_).values())
        sizes = loaded.parameters_table(round_)
        yield from () if sizes is None else (sizes[0],)
        yield from (loaded.resolve(team.submission) for team in round_.teams if team.submission is not None)
        for _, node in round_.score.leaves():
            if isinstance(node.source, Imported):
                yield loaded.resolve(node.source.imported)
            elif isinstance(node.source, Raters):
                yield loaded.resolve(node.source.raters)
            elif isinstance(node.source, IrtImport):
                yield loaded.resolve(node.source.irt)
            elif isinstance(node.source, CostEfficiency):
                yield loaded.resolve(node.source.cost_efficiency)
            if node.source and node.source.then and isinstance(node.source.then.population, FrozenPopulation):
                yield loaded.resolve(node.source.then.population.frozen)


def _substance(decision: Decision) -> dict[str, object]:
    return decision.model_dump(exclude={"standings": {"__all__": {"reasons", "gate_results"}}})


def _runs_of(loaded: LoadedProgramme, decision: Decision) -> Iterator[ShownRun]:
    """The runs that a decision names among its inputs, and those that its reasons say have failed."""
    warehouse = Warehouse(loaded.warehouse)
    for name in decision.inputs:
        if name.startswith(_RUN):
            run = load_run(warehouse, name.removeprefix(_RUN))
            yield ShownRun(run.stage, run.team, run.subject, run.run_id, "complete")
    for standing in decision.standings:
        for reason in standing.reasons:
            for stage in STAGES:
                if reason.rule == stage and reason.outcome == "indeterminate":
                    yield ShownRun(stage, standing.team, "", "", "failed", reason.text)


def _planned_runs(loaded: LoadedProgramme, round_: Round) -> Iterator[ShownRun]:
    """The runs of what is handed in now, as far as they have come."""
    planned = plan(loaded, round_)
    states = run_states(Warehouse(loaded.warehouse), [run.key for run in planned])
    for run in planned:
        state = states.get(run.key)
        message = run.fault or (state.message if state is not None and state.status == "failed" else None)
        if message is not None:
            told = fault_reason(run.stage, message).text
            yield ShownRun(run.stage, run.team, run.subject, run.run_id, "failed", told)
        elif state is not None:
            yield ShownRun(run.stage, run.team, run.subject, run.run_id, "complete")
