"""Others' results recorded as a team's benchmark run, marked as imported.

    imported = import_results(Path("demo/programme.yaml"), None, "t1", "agents", Path("others/tau2.eval"), say=print)

The run has the key that measuring would give it, so that a measured run and an imported one never stand beside each other. What
was measured is never replaced; an earlier import is, where that is asked for.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from checks.records.canonical import canonical_sha256
from checks.records.scores import SuiteScores
from checks.rules.life_cycle import last_of
from flows.stage_runs import WAIT_SECONDS, alone
from tasks.benchmark.imports import import_scores
from tasks.team_run import TeamRun, find_run
from warehouse.life_cycle import whole_chain
from warehouse.reader import load_scores, run_states
from warehouse.run_keys import plan
from warehouse.store import Warehouse
from warehouse.writer import record_scores


def import_results(
    programme: Path,
    round_id: str | None,
    team: str,
    suite: str,
    path: Path,
    *,
    replace: bool = False,
    say: Callable[[str], None],
) -> SuiteScores:
    """Reads the results and records them. Raises InputFault for what cannot be read and for a run that stands there already."""
    loaded = load_programme(programme)
    round_ = loaded.round(round_id)
    entry = loaded.team(round_, team)
    if suite not in round_.suites():
        known = ", ".join(round_.suites()) or "none"
        raise InputFault("command line", "--suite", repr(suite), f"a suite that {round_.id} reads: {known}")
    if entry.withdrawn is not None or entry.submission is None:
        found = "a team that has withdrawn" if entry.withdrawn is not None else "a team without a submission"
        raise InputFault("command line", "--team", f"{team!r}, {found}", "a team that is measured")
    with alone(Warehouse(loaded.warehouse), WAIT_SECONDS, say):
        run = find_run(str(loaded.path), round_.id, "benchmark", team, suite)
        if run.planned.fault is not None:
            raise InputFault(run.planned.fault)
        scores = import_scores(path, loaded.suites[suite])
        _check_free(run, scores, replace)
        held = {"imported": scores.imported, "settings_sha256": canonical_sha256(scores.settings)}
        record_scores(run.warehouse, run.row(datetime.now(UTC), held), scores)
    return scores


def _check_free(run: TeamRun, scores: SuiteScores, replace: bool) -> None:
    """Refuses to put an import in the place of a measured run, and in that of another import unless asked."""
    state = run_states(run.warehouse, [run.planned.key]).get(run.planned.key)
    if state is None or state.status != "complete":
        return
    held = load_scores(run.warehouse, state.run_id)
    if held.imported is None:
        raise InputFault(
            run.loaded.path, state.run_id, "a measured run", "no results yet: an import replaces no measurement"
        )
    if held.imported == scores.imported:
        return
    if not replace:
        raise InputFault(run.loaded.path, state.run_id, "an import of other files", "the same files, or --replace")
    _refuse_decided(run)


def _refuse_decided(run: TeamRun) -> None:
    """What a frozen round's decision was made from stays as it was, in this round and in every other that reads it."""
    for round_ in run.loaded.programme.rounds:
        chain = whole_chain(run.warehouse, run.loaded.programme.programme, round_.id)
        decided = last_of(chain, "decided")
        if decided is not None and any(each.key == run.planned.key for each in plan(run.loaded, round_)):
            found = f"{run.planned.run_id}, which {round_.id} was decided on by {decided.by} on {decided.at[:10]}"
            raise InputFault(run.loaded.path, f"rounds.{round_.id}", found, "results of a round that is not decided")
