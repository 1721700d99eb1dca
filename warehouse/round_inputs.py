"""A round as the rules want it: panels as they are now, and what the warehouse holds for the content that is there now.

Rows of another content (an older submission, a changed suite) are not used: a check that has not run on what was handed in
has not run.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from checks.contracts.act_files import act_files, load_acts
from checks.contracts.acts import Appeal
from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, LoadedSuite
from checks.contracts.panels import read_abilities, read_costs, read_errors, read_imported, read_raters, read_roster
from checks.contracts.policy import Policy
from checks.contracts.programme import EvidenceGate, LicenceGate, Round, Team
from checks.contracts.rulings import Ruling, is_same_person
from checks.contracts.score_tree import CostEfficiency, FrozenPopulation, Imported, IrtImport, Raters
from checks.contracts.submission import handed_in
from checks.records.decisions import Decision
from checks.records.life_cycle import RoundEvent
from checks.records.quality import ExpectationResult
from checks.records.record import Stage
from checks.rules.counterfactuals import Judged
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs, TeamInputs
from checks.rules.life_cycle import amendments
from checks.rules.rules_hash import rules_sha256
from checks.rules.typed_rulings import Conflict, conflicts, has_conflict, signed_rulings
from warehouse.content import HashCache, hash_file
from warehouse.freezing import refuse_changed
from warehouse.life_cycle import whole_chain
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
    chain = whole_chain(Warehouse(loaded.warehouse), loaded.programme.programme, measured_round.id)
    if rules is None:
        refuse_changed(loaded, round_, chain)
    inputs = RoundInputs(
        programme=loaded.programme.programme,
        round=round_,
        rules_sha256=rules_sha256(round_, used_policy, suites),
        suites=suites,
        teams=_team_inputs(loaded, measured_round, used_policy),
        policy=used_policy,
        reference_licences={each.id: each.licence for each in loaded.programme.references},
        rulings=_rulings(ruling, round_, chain),
        amendments=amendments(chain),
        acts=load_acts(ruling, round_),
        what_if=rules is not None or policy is not None,
        simulated=loaded.programme.simulated,
    )
    _refuse_conflicts(ruling, inputs, chain)
    inputs = _with_tables(inputs, ruling, round_)
    _refuse_conflicted_raters(ruling, inputs, conflicts(chain))
    return inputs


def _rulings(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent]) -> list[Ruling]:
    """Those of the file and those that were typed and signed twice; one of each on the same gate and team is a fault."""
    filed = loaded.rulings(round_)
    gates, teams = {gate.id for gate in round_.gates}, {team.id for team in round_.teams}
    typed = [each for each in signed_rulings(chain) if each.gate in gates and each.team in teams]
    both = {(each.team, each.gate) for each in filed} & {(each.team, each.gate) for each in typed}
    if both:
        team, gate = sorted(both)[0]
        found = f"a ruling on {gate!r} for {team!r}, where one was typed and signed"
        raise loaded.fault(f"rounds.{round_.id}.rulings", found, "one of the two")
    return [*filed, *typed]


def _refuse_conflicts(loaded: LoadedProgramme, inputs: RoundInputs, chain: Sequence[RoundEvent]) -> None:
    """Nobody who declared a conflict on a team may have ruled on it, nor who signed a ruling on its appeal."""
    found, appeals, key = conflicts(chain), inputs.round.appeals, f"rounds.{inputs.round.id}"
    acts: list[Ruling | Appeal] = [*inputs.rulings, *inputs.acts.appeals]
    for act in acts:
        for person in (act.signed_by, act.second_signature):
            if has_conflict(found, person, act.team):
                told = f"{person!r} on {act.team!r}, who declared a conflict of interest there"
                raise loaded.fault(f"{key}.rulings", told, "somebody without one")
    if appeals is None or appeals.original_panel == "allowed":
        return
    signed = {(each.team, each.gate): (each.signed_by, each.second_signature) for each in signed_rulings(chain)}
    for appeal in inputs.acts.appeals:
        for first in signed.get((appeal.team, appeal.gate), ()):
            if is_same_person(first, appeal.signed_by) or is_same_person(first, appeal.second_signature):
                told = f"{first!r} on the appeal of {appeal.team!r}, who signed the ruling"
                raise loaded.fault(f"{key}.appeals", told, "somebody who did not sign the ruling that is appealed")


def _refuse_conflicted_raters(loaded: LoadedProgramme, inputs: RoundInputs, found: Sequence[Conflict]) -> None:
    """A rater or panellist with a conflict is recused: what it gave that team is not counted by oversight."""
    gave = [
        (team, rater) for sheets in inputs.raters.values() for team, given in sheets.values.items() for rater in given
    ]
    gave += [
        (each.team, each.panellist) for votes in inputs.acts.votes.values() for each in votes if each.vote != "recused"
    ]
    for team, person in gave:
        if has_conflict(found, person, team):
            told = f"{person!r} counted for {team!r} in spite of a declared conflict of interest"
            raise loaded.fault(f"rounds.{inputs.round.id}", told, "its rows on that team marked recused")


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
        elif isinstance(source, IrtImport):
            read.append(ruling.resolve(source.irt))
            imported[path], errors[path] = read_abilities(read[-1], teams)
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
    tables, sizes = ruling.baseline_tables(round_), ruling.parameters_table(round_)
    read += [table for table, _ in tables.values()] + ([sizes[0]] if sizes is not None else [])
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
        baselines={key: models for key, (_, models) in tables.items()},
        parameters={} if sizes is None else sizes[1],
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
        reads = bool(done) or any(isinstance(gate, EvidenceGate | LicenceGate) for gate in round_.gates)
        measured = replace(_measured(warehouse, done, faults), quality=judged, checked=of_results or None)
        teams[team.id] = (
            _with_submission(loaded, team, measured, None if _lacks_targets(runs) else round_.settings_may_differ)
            if reads and not _unreadable(runs)
            else measured
        )
    return teams


def _unreadable(runs: Sequence[PlannedRun]) -> bool:
    """Whether the submission itself is at fault, which its runs say; so it is where there is none."""
    return not runs or all(run.fault is not None for run in runs)


def _lacks_targets(runs: Sequence[PlannedRun]) -> bool:
    """Whether the submission's target scores are at fault, which its benchmark runs say."""
    return any(run.stage == "benchmark" and run.fault is not None for run in runs)


def _with_submission(
    loaded: LoadedProgramme, team: Team, measured: TeamInputs, may_differ: Sequence[str] | None
) -> TeamInputs:
    """What the submission itself says, beside what was measured of it; without `may_differ`, no targets are read.

    Targets of other settings are that team's fault alone.
    """
    handed = loaded.submission(team)
    submission, targets, faults = handed.submission, {}, dict(measured.faults)
    try:
        targets = {} if may_differ is None else targets_of(handed, measured.suites, may_differ)
    except InputFault as fault:
        faults["benchmark"] = loaded.said(fault)
    return replace(
        measured,
        targets=targets,
        faults=faults,
        declared=submission.model.components,
        handed_in=handed_in(submission.evidence),
        licence=submission.model.licence,
    )


def _measured(
    warehouse: Warehouse,
    done: list[PlannedRun],
    faults: Mapping[Stage, str],
) -> TeamInputs:
    named = {f"{run.stage}:{run.subject}" if run.subject else run.stage: run.run_id for run in done}
    return TeamInputs(
        suites={run.subject: load_scores(warehouse, run.run_id) for run in done if run.stage == "benchmark"},
        trace=next((load_trace(warehouse, run.run_id) for run in done if run.stage == "independence"), None),
        runs=named,
        faults=faults,
    )


def _judged(warehouse: Warehouse, run_id: str, policy: Policy | None) -> list[ExpectationResult]:
    """The stored results, or those of the same measurements under this policy's thresholds where these differ."""
    from checks.expectations.decide import decide_quality
    from checks.expectations.thresholds import thresholds_sha256, with_defaults

    report = load_quality(warehouse, run_id)
    thresholds = with_defaults(policy.data_quality.thresholds if policy is not None else {})
    if report.thresholds_sha256 == thresholds_sha256(thresholds):
        return report.results
    return decide_quality(report.measurements, thresholds)
