"""Which runs a round needs, each keyed by its team and the content that goes in: the same key is never measured twice.

A key changes where a byte of what was handed in or asked for does, and not where a folder is renamed or a weight is: those
change nothing that is measured. It changes where the measurement itself does, but for a round that was decided.

>>> for run in pending(warehouse, plan(loaded, loaded.round(None))):
...     print(run.stage, run.team, run.subject)
benchmark t1 common
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.contracts.loading import LM_EVAL_PREFIX, LoadedProgramme, LoadedSubmission, LoadedSuite
from checks.contracts.programme import Round, Team
from checks.contracts.task_files import task_files
from checks.records.canonical import canonical_sha256
from checks.records.record import STAGES, Stage
from checks.records.runs import run_id_of
from checks.rules.life_cycle import versions_of
from warehouse.content import HashCache, hash_file, hash_tree
from warehouse.life_cycle import load_chain
from warehouse.reader import run_states
from warehouse.store import Warehouse
from warehouse.target_models import check_targets

#: Stage → the version of its measurement.
Versions = Mapping[Stage, int]


@dataclass(frozen=True)
class PlannedRun:
    """A run that the round needs. `fault` says why a team's submission cannot be measured; its key is the fault's.

    `results_key` is the hash of the benchmark's results that a run of data quality looks at, whatever else was handed in.
    """

    stage: Stage
    team: str
    subject: str
    key: str
    submission_sha256: str = ""
    model_sha256: str = ""
    fault: str | None = None
    results_key: str = ""

    @property
    def run_id(self) -> str:
        """The identifier that its rows will have."""
        return run_id_of(self.stage, self.subject, self.team, self.key)


@dataclass(frozen=True)
class SubmissionContent:
    """The hashes of what a team handed in, and whether a server answers for the model in the benchmark.

    `targets_fault` says why its results cannot be held against the target scores that it names.
    """

    submission: str
    model: str
    checkpoints: Mapping[int, str]
    served: bool = False
    targets_fault: str | None = None


def plan(loaded: LoadedProgramme, round_: Round) -> list[PlannedRun]:
    """Every run that the round needs, in the order of stages and teams; withdrawn teams are not measured any more.

    Data quality compares the benchmark's results of all teams: those that are there belong to its key, so that it is measured
    again once a suite has been scored. Raises InputFault for a fault in the programme (a suite or a reference); a fault in a
    submission becomes that team's.
    """
    cache = HashCache(loaded.warehouse)
    suites = {name: suite_sha256(loaded.suites[name], cache) for name in round_.suites()}
    references = {each.id: hash_tree(loaded.reference_path(each), cache) for each in loaded.programme.references}
    contents = {
        team.id: _content_or_fault(loaded, round_, team, cache)
        for team in round_.teams
        if team.submission is not None and team.withdrawn is None
    }
    cache.save()
    versions = versions_of(load_chain(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id))
    scored = _complete_benchmarks(loaded, contents, suites, versions)
    beside = {"benchmarks": sorted(scored), "window": round_.window.model_dump(mode="json") if round_.window else None}
    if round_.settings_may_differ:
        beside["settings_may_differ"] = sorted(round_.settings_may_differ)
    planned = [
        run
        for team, content in contents.items()
        for run in _plan_team(team, content, suites, references, beside, versions)
    ]
    return sorted(planned, key=lambda run: STAGES.index(run.stage))


def pending(warehouse: Warehouse, planned: Sequence[PlannedRun]) -> list[PlannedRun]:
    """The planned runs that the warehouse does not hold complete."""
    states = run_states(warehouse, [run.key for run in planned])
    return [run for run in planned if run.key not in states or states[run.key].status != "complete"]


def _content_or_fault(loaded: LoadedProgramme, round_: Round, team: Team, cache: HashCache) -> SubmissionContent | str:
    try:
        submission = loaded.submission(team)
        content = submission_content(submission, cache)
    except InputFault as fault:
        return loaded.said(fault)
    try:
        check_targets(submission, loaded.suites, round_.suites_with_targets())
    except InputFault as fault:
        return replace(content, targets_fault=loaded.said(fault))
    return content


def _complete_benchmarks(
    loaded: LoadedProgramme,
    contents: Mapping[str, SubmissionContent | str],
    suites: Mapping[str, str],
    versions: Versions,
) -> set[str]:
    """The keys of the benchmark runs that are recorded complete, for all teams in one look. Other files may take an import's place
    under its key, so what it holds stands beside."""
    handed_in = {team: content for team, content in contents.items() if not isinstance(content, str)}
    keys = [key for team, content in handed_in.items() for key in _benchmarks(team, content, suites, versions).values()]
    complete = run_states(Warehouse(loaded.warehouse), keys).items()
    return {f"{key} {state.imported}".strip() for key, state in complete if state.status == "complete"}


def _benchmarks(team: str, content: SubmissionContent, suites: Mapping[str, str], versions: Versions) -> dict[str, str]:
    """A server computes in a precision of its own, so its scores are another run's; where it stands is no matter."""
    by = {"served": True} if content.served else {}
    return {
        suite: _key("benchmark", team, {"model": content.model, "suite": suite_hash, **by}, versions)
        for suite, suite_hash in suites.items()
    }


def _plan_team(
    team: str,
    content: SubmissionContent | str,
    suites: Mapping[str, str],
    references: Mapping[str, str],
    beside: Mapping[str, object],
    versions: Versions,
) -> list[PlannedRun]:
    needed: list[tuple[Stage, str]] = [("benchmark", suite) for suite in suites]
    needed += [("independence", "")] if references else []
    needed += [("data-quality", "")]
    if isinstance(content, str):
        return [_faulty(stage, team, subject, content) for stage, subject in needed]
    benchmarks = _benchmarks(team, content, suites, versions)
    lineage = {"model": content.model, "references": dict(references), "checkpoints": _steps(content)}
    results = {"suites": dict(suites), **beside}
    quality = {"submission": content.submission, **results}
    results_key = _key("data-quality", team, results, versions)
    keys = {("benchmark", suite): key for suite, key in benchmarks.items()}
    keys["independence", ""] = _key("independence", team, lineage, versions)
    keys["data-quality", ""] = _key("data-quality", team, quality, versions)
    return [
        _faulty(stage, team, subject, content.targets_fault)
        if stage == "benchmark" and content.targets_fault is not None
        else PlannedRun(
            stage,
            team,
            subject,
            keys[stage, subject],
            content.submission,
            content.model,
            results_key=results_key if stage == "data-quality" else "",
        )
        for stage, subject in needed
    ]


def _key(stage: Stage, team: str, content: Mapping[str, object], versions: Versions) -> str:
    """Two teams that hand in the same model have a run each, so that every team's rows are found by its name."""
    return canonical_sha256({"stage": stage, "measurement_version": versions[stage], "team": team, **content})


def _steps(content: SubmissionContent) -> dict[str, str]:
    return {str(step): sha256 for step, sha256 in content.checkpoints.items()}


def _faulty(stage: Stage, team: str, subject: str, message: str) -> PlannedRun:
    key = canonical_sha256({"stage": stage, "team": team, "subject": subject, "fault": message})
    return PlannedRun(stage, team, subject, key, fault=message)


def submission_content(loaded: LoadedSubmission, cache: HashCache) -> SubmissionContent:
    """The hashes of everything that a submission names; raises InputFault for what is missing."""
    model = hash_tree(loaded.model_path(), cache)
    checkpoints = {step: hash_tree(folder, cache) for step, folder in loaded.checkpoint_paths()}
    files = {
        key: hash_tree(path, cache) if path.is_dir() else hash_file(path, cache)
        for key, path in evidence_files(loaded).items()
    }
    whole = canonical_sha256(
        {
            "manifest": hash_file(loaded.path, cache),
            "model": model,
            "checkpoints": {str(step): sha256 for step, sha256 in checkpoints.items()},
            "files": files,
        }
    )
    return SubmissionContent(whole, model, checkpoints, loaded.submission.model.endpoint is not None)


def evidence_files(loaded: LoadedSubmission) -> dict[str, Path]:
    """Key → file, or folder of shards, of the evidence that was handed in; raises InputFault for one that is missing."""
    evidence = loaded.submission.evidence
    alone = ("training_log", "replays", "validation", "segments", "small_run", "anchors", "hashes")
    named = {f"evidence.{name}": getattr(evidence, name) for name in alone}
    if evidence.corpus is not None:
        named["evidence.corpus.inventory"] = evidence.corpus.inventory
        named["evidence.corpus.sample"] = evidence.corpus.sample
    named |= {f"target_scores.{suite}": path for suite, path in loaded.submission.target_scores.items()}
    return {key: loaded.evidence_file(path, key) for key, path in named.items() if path is not None}


def suite_sha256(loaded: LoadedSuite, cache: HashCache) -> str:
    """What is asked of a model: tasks, few-shot, metric, seed and every file they read; weights and groups are rules."""
    asked = loaded.suite.model_dump(
        mode="json", exclude={"tasks": {"__all__": {"weight", "groups"}}, "allow_outside": True}
    )
    files: dict[str, str] = {}
    for task in loaded.suite.tasks:
        path = loaded.task_file(task)
        if path is None:
            files[task.use] = f"lm_eval {version('lm_eval')}" if task.use.startswith(LM_EVAL_PREFIX) else ""
            continue
        for each in task_files(path):
            files[os.path.relpath(each, loaded.folder)] = hash_file(each, cache)
    return canonical_sha256({"asked": asked, "files": files})
