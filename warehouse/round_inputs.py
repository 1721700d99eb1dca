"""A round as the rules want it: panels as they are now, and what the warehouse holds for the content that is there now.

Rows of another content (an older submission, a changed suite) are not used: a check that has not run on what was handed in
has not run.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from checks.contracts.act_files import act_files, load_acts
from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, LoadedSuite
from checks.contracts.panels import read_costs, read_errors, read_imported, read_raters, read_roster
from checks.contracts.policy import Policy
from checks.contracts.programme import Round, Team
from checks.contracts.score_tree import CostEfficiency, FrozenPopulation, Imported, Raters
from checks.records.decisions import Decision
from checks.records.quality import ExpectationResult
from checks.records.record import Stage
from checks.rules.counterfactuals import Judged
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs, TeamInputs
from checks.rules.rules_hash import rules_sha256
from warehouse.content import HashCache, hash_file
from warehouse.reader import checked_results, load_quality, load_scores, load_trace, run_states
from warehouse.run_keys import PlannedRun, plan
from warehouse.store import Warehouse
from warehouse.target_models import targets_of


def decide_round(
    loaded: LoadedProgramme,
    round_id: str | None = None,
    *,
    rules: LoadedProgramme | None = None,
    policy: Policy | None = None,
) -> Decision:
    """The round's decision; another programme's rules or another policy make it a what-if, marked so.

    Raises NotMeasured where points need a stage that has not run, InputFault for a fault in the files.
    """
    return decide(load_round_inputs(loaded, round_id, rules=rules, policy=policy))


def load_round_inputs(
    loaded: LoadedProgramme,
    round_id: str | None = None,
    *,
    rules: LoadedProgramme | None = None,
    policy: Policy | None = None,
) -> RoundInputs:
    """All that the rules look at: rules from `rules` (else the programme's own), measurements from the programme's warehouse."""
    measured_round = loaded.round(round_id)
    ruling = rules or loaded
    round_ = ruling.round(measured_round.id)
    _same_teams(ruling, round_, measured_round)
    used_policy = policy or ruling.policies.get(round_.id)
    suites = {name: ruling.suites[name].suite for name in round_.suites()}
    inputs = RoundInputs(
        programme=loaded.programme.programme,
        round=round_,
        rules_sha256=rules_sha256(round_, used_policy, suites),
        suites=suites,
        teams=_team_inputs(loaded, measured_round, used_policy),
        policy=used_policy,
        reference_licences={each.id: each.licence for each in loaded.programme.references},
        rulings=ruling.rulings(round_),
        acts=load_acts(ruling, round_),
        what_if=rules is not None or policy is not None,
        simulated=loaded.programme.simulated,
    )
    return _with_tables(inputs, ruling, round_)


def load_judged(loaded: LoadedProgramme, round_id: str | None, policies: Mapping[str, Policy]) -> Judged:
    """The round's inputs, and the same under each of these policies; items are read once for all that need nothing anew."""
    own = load_round_inputs(loaded, round_id)
    if own.policy is None:
        return Judged(own, {})
    thresholds = own.policy.data_quality.thresholds
    by_policy = {
        name: replace(own, policy=policy, rules_sha256=rules_sha256(own.round, policy, own.suites), what_if=True)
        if policy.data_quality.thresholds == thresholds
        else load_round_inputs(loaded, round_id, policy=policy)
        for name, policy in policies.items()
    }
    return Judged(own, by_policy)


def _same_teams(ruling: LoadedProgramme, round_: Round, measured: Round) -> None:
    known = {team.id for team in measured.teams}
    for team in round_.teams:
        if team.id not in known:
            raise InputFault(
                ruling.path, f"rounds.{round_.id}.teams", repr(team.id), f"one of {', '.join(sorted(known))}"
            )


def _with_tables(inputs: RoundInputs, ruling: LoadedProgramme, round_: Round) -> RoundInputs:
    """Adds panels, rosters and the hashes of every file read."""
    teams = [team.id for team in round_.teams]
    imported, errors, costs, raters, rosters = {}, {}, {}, {}, {}
    read: list[Path] = [ruling.path]
    for path, node in round_.score.leaves():
        source = node.source
        if isinstance(source, Imported):
            read.append(ruling.resolve(source.imported))
            imported[path] = read_imported(read[-1], teams, source.max)
            errors[path] = read_errors(read[-1], teams)
        elif isinstance(source, CostEfficiency):
            read.append(ruling.resolve(source.cost_efficiency))
            costs[path] = read_costs(read[-1], teams)
        elif isinstance(source, Raters):
            read.append(ruling.resolve(source.raters))
            raters[path] = read_raters(read[-1], teams, node.points)
        if source is not None and source.then and isinstance(source.then.population, FrozenPopulation):
            read.append(ruling.resolve(source.then.population.frozen))
            rosters[path] = read_roster(read[-1], teams)
    if round_.rulings is not None:
        read.append(ruling.resolve(round_.rulings))
    read += act_files(ruling, round_).values()
    groups = {name: _groups(ruling.suites[name], inputs.teams, read) for name in inputs.suites}
    cache = HashCache(ruling.warehouse)
    files = {f"file:{os.path.relpath(each, ruling.folder)}": hash_file(each, cache) for each in read}
    runs = {f"run:{run}": run.rsplit("-", 1)[-1] for team in inputs.teams.values() for run in team.runs.values()}
    given = {path: found for path, found in errors.items() if found}
    grouped = {suite: found for suite, found in groups.items() if found}
    return replace(
        inputs,
        imported=imported,
        errors=given,
        costs=costs,
        raters=raters,
        rosters=rosters,
        groups=grouped,
        files=files | runs,
    )


def _groups(suite: LoadedSuite, teams: Mapping[str, TeamInputs], read: list[Path]) -> dict[str, dict[int, str]]:
    """Task → item → group for the tasks that have groups; every item that was answered must be in one."""
    groups: dict[str, dict[int, str]] = {}
    for task in suite.suite.tasks:
        path = suite.groups_file(task)
        if path is None:
            continue
        read.append(path)
        groups[task.id] = suite.groups(task)
        for measured in teams.values():
            scores = measured.suites.get(suite.suite.suite)
            answered = {each.item for each in scores.items if each.task == task.id} if scores is not None else set()
            if absent := sorted(answered - groups[task.id].keys()):
                raise InputFault(path, "item", f"no row for item {absent[0]} of {task.id}", "a group for every item")
    return groups


def _team_inputs(loaded: LoadedProgramme, round_: Round, policy: Policy | None) -> dict[str, TeamInputs]:
    planned = plan(loaded, round_)
    warehouse = Warehouse(loaded.warehouse)
    states = run_states(warehouse, [run.key for run in planned])
    checked = checked_results(warehouse, [run.results_key for run in planned if run.results_key])
    by_team: dict[str, list[PlannedRun]] = {}
    for run in planned:
        by_team.setdefault(run.team, []).append(run)
    teams = {}
    for team in round_.teams:
        runs = by_team.get(team.id, [])
        done = [run for run in runs if run.key in states and states[run.key].status == "complete"]
        faults: dict[Stage, str] = {run.stage: run.fault for run in runs if run.fault is not None}
        for run in runs:
            if run.key in states and states[run.key].status == "failed":
                faults[run.stage] = states[run.key].message
        judged = next((_judged(warehouse, run.run_id, policy) for run in done if run.stage == "data-quality"), None)
        looked = next((checked[run.results_key] for run in runs if run.results_key in checked), None)
        results = _judged(warehouse, looked, policy) if judged is None and looked is not None else []
        of_results = [each for each in results if each.suite == "results"]
        teams[team.id] = replace(
            _measured(loaded, team, warehouse, done, faults, round_.settings_may_differ),
            quality=judged,
            checked=of_results or None,
        )
    return teams


def _measured(
    loaded: LoadedProgramme,
    team: Team,
    warehouse: Warehouse,
    done: list[PlannedRun],
    faults: Mapping[Stage, str],
    may_differ: Sequence[str],
) -> TeamInputs:
    named = {f"{run.stage}:{run.subject}" if run.subject else run.stage: run.run_id for run in done}
    inputs = TeamInputs(
        suites={run.subject: load_scores(warehouse, run.run_id) for run in done if run.stage == "benchmark"},
        trace=next((load_trace(warehouse, run.run_id) for run in done if run.stage == "independence"), None),
        runs=named,
        faults=faults,
    )
    if not done:
        return inputs
    submission = loaded.submission(team)
    targets = targets_of(submission, inputs.suites, may_differ)
    return replace(inputs, targets=targets, declared=submission.submission.model.components)


def _judged(warehouse: Warehouse, run_id: str, policy: Policy | None) -> list[ExpectationResult]:
    """The stored results, or those of the same measurements under this policy's thresholds where these differ."""
    from checks.expectations.decide import decide_quality
    from checks.expectations.thresholds import thresholds_sha256, with_defaults

    report = load_quality(warehouse, run_id)
    thresholds = with_defaults(policy.data_quality.thresholds if policy is not None else {})
    if report.thresholds_sha256 == thresholds_sha256(thresholds):
        return report.results
    return decide_quality(report.measurements, thresholds)
