"""Reads a user's file into its typed model, with all that it names; the first fault stops with one clear message.

>>> loaded = load_programme(Path("examples/imported-points/programme.yaml"))
>>> loaded.round(None).places
4
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from checks.contracts.act_files import load_acts
from checks.contracts.baselines import BaselineModel, read_baseline, read_parameters
from checks.contracts.errors import InputFault
from checks.contracts.hub_cache import cached_snapshot, is_hub_id
from checks.contracts.panels import read_abilities, read_costs, read_errors, read_imported, read_raters, read_roster
from checks.contracts.plain_files import refuse_pipe, refuse_unopened
from checks.contracts.policy import Policy
from checks.contracts.programme import BaselineGate, Programme, Reference, Round, Team
from checks.contracts.round_rules import FewerParameters
from checks.contracts.rulings import Ruling, read_rulings
from checks.contracts.score_tree import CostEfficiency, FrozenPopulation, Imported, IrtImport, Raters, ScoreNode
from checks.contracts.submission import Submission
from checks.contracts.suite import Suite, SuiteTask, read_groups
from checks.contracts.typed_file import read_typed
from checks.contracts.yaml_source import line_of_key
from checks.expectations.thresholds import with_defaults

SHIPPED_POLICIES = Path(__file__).parent.parent / "policy"
LM_EVAL_PREFIX = "lm_eval:"

#: A task that another tool runs: its results come by `gwanmun import`.
IMPORTED_PREFIX = "imported:"


@dataclass(frozen=True)
class Loaded:
    """A file and where it stands; its paths are relative to its folder and may not leave it unless it says so."""

    path: Path
    allow_outside: bool

    @property
    def folder(self) -> Path:
        """The folder of the file, absolute."""
        return self.path.parent

    def resolve(self, relative: str, key: str = "") -> Path:
        """The absolute path that the file means; raises InputFault where it leaves the folder's tree or is a pipe."""
        target = self.folder / relative
        try:
            followed = target.resolve()
            followed.exists()
        except (OSError, RuntimeError, ValueError) as error:
            why = getattr(error, "strerror", "") or str(error)
            raise self.fault(key, f"{_shortened(relative)}, {why}", "a path") from None
        refuse_pipe(followed)
        if self.allow_outside:
            return followed
        lexical = Path(*_normal(target.parts))
        if Path(relative).is_absolute() or not lexical.is_relative_to(self.folder):
            raise self.fault(key, repr(relative), "a path inside this file's folder, or `allow_outside: true`")
        if not followed.is_relative_to(self.folder.resolve()):
            raise self.fault(key, f"{relative!r}, a link that leaves the folder", "a path inside the folder")
        return followed

    def named(self, relative: str, key: str, what: str = "a CSV table") -> Path:
        """The file that is named at `key`; raises InputFault, which says where it is named, where there is none."""
        target = self.resolve(relative, key)
        if not target.exists():
            raise self.fault(key, f"{relative!r}, no such file", what)
        return target

    def fault(self, key: str, found: str, expected: str) -> InputFault:
        """A fault of this file at that key, with the key's line where it can be found."""
        return InputFault(self.path, key, found, expected, line=line_of_key(self.path, key))

    def said(self, fault: InputFault) -> str:
        """A fault's message as it is recorded: files by their place in this one's folder, wherever that lies."""
        return fault.message.replace(f"{self.folder}{os.sep}", "")


@dataclass(frozen=True)
class LoadedSuite(Loaded):
    """A suite and its task files."""

    suite: Suite

    def task_file(self, task: SuiteTask) -> Path | None:
        """The task's file, or None for a task that lm-evaluation-harness defines or another tool runs."""
        if task.use.startswith((LM_EVAL_PREFIX, IMPORTED_PREFIX)):
            return None
        key = f"tasks[{self.suite.tasks.index(task)}].use"
        target = self.resolve(task.use, key)
        if not target.is_file():
            raise self.fault(key, f"{task.use!r}, no such file", "a task file, lm_eval:NAME or imported:NAME")
        return target

    def groups_file(self, task: SuiteTask) -> Path | None:
        """The table that says which items stand or fall together, or None."""
        if task.groups is None:
            return None
        return self.named(task.groups, f"tasks[{self.suite.tasks.index(task)}].groups")

    def groups(self, task: SuiteTask) -> dict[int, str]:
        """Item → group, read now; empty where each item stands by itself."""
        path = self.groups_file(task)
        return {} if path is None else read_groups(path)


@dataclass(frozen=True)
class LoadedSubmission(Loaded):
    """A submission and the folders that it names."""

    submission: Submission

    def model_path(self) -> Path:
        """The model's folder; a hub id is looked up in the local cache, nothing is downloaded."""
        source = self.submission.model.source
        if is_hub_id(source):
            return cached_snapshot(source, self.path, "model.source")
        return _existing_folder(self, source, "model.source")

    def checkpoint_paths(self) -> list[tuple[int, Path]]:
        """(step, folder) of every checkpoint handed in, in ascending order of steps."""
        return [
            (checkpoint.step, _existing_folder(self, checkpoint.source, f"evidence.checkpoints[{index}].source"))
            for index, checkpoint in enumerate(self.submission.evidence.checkpoints)
        ]

    def target_file(self, suite: str) -> Path:
        """What the team's target model scored on the suite; raises InputFault where the file is missing."""
        return self.evidence_file(self.submission.target_scores[suite], f"target_scores.{suite}")

    def evidence_file(self, relative: str, key: str) -> Path:
        """A file that the evidence names; raises InputFault where it is missing."""
        return self.named(relative, key, "a file that was handed in")

    def optional_evidence(self, name: str) -> Path | None:
        """The file that `evidence.NAME` names, None where it names none; raises InputFault where it is missing."""
        relative = getattr(self.submission.evidence, name)
        return None if relative is None else self.evidence_file(relative, f"evidence.{name}")


@dataclass(frozen=True)
class LoadedProgramme(Loaded):
    """A programme with its suites, policies and rulings."""

    programme: Programme
    suites: Mapping[str, LoadedSuite] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        """The warehouse's folder."""
        return self.resolve(self.programme.warehouse, "warehouse")

    def round(self, round_id: str | None = None) -> Round:
        """The round of that id, or the last one."""
        for each in self.programme.rounds:
            if each.id == round_id:
                return each
        if round_id is not None:
            known = ", ".join(each.id for each in self.programme.rounds)
            raise self.fault("rounds", repr(round_id), f"one of {known}")
        return self.programme.rounds[-1]

    def team(self, round_: Round, team_id: str) -> Team:
        """The team of that id in the round."""
        for team in round_.teams:
            if team.id == team_id:
                return team
        known = ", ".join(team.id for team in round_.teams)
        raise self.fault(f"rounds.{round_.id}.teams", repr(team_id), f"one of {known}")

    def submission(self, team: Team) -> LoadedSubmission:
        """The team's submission; raises InputFault where it is missing, faulty or another team's."""
        round_id = next(each.id for each in self.programme.rounds if team in each.teams)
        key = f"rounds.{round_id}.teams.{team.id}.submission"
        if team.submission is None:
            raise self.fault(key, "no submission", "the path of a submission.yaml")
        loaded = load_submission(self.named(team.submission, key, "a submission.yaml"))
        if loaded.submission.team != team.id:
            raise loaded.fault("team", repr(loaded.submission.team), repr(team.id))
        return loaded

    def reference_path(self, reference: Reference) -> Path:
        """The reference's folder; raises InputFault where it is missing."""
        key = f"references.{reference.id}.source"
        if is_hub_id(reference.source):
            return cached_snapshot(reference.source, self.path, key)
        return _existing_folder(self, reference.source, key)

    def baseline_tables(self, round_: Round) -> dict[str, tuple[Path, list[BaselineModel]]]:
        """Key of each moving baseline → its table and what it holds, read now."""
        found = {}
        for key, (suite, rule) in round_.moving_baselines().items():
            path = self.named(rule.table, f"rounds.{round_.id}.{key}.baseline.table")
            found[key] = path, read_baseline(path, [task.id for task in self.suites[suite].suite.tasks])
        return found

    def parameters_table(self, round_: Round) -> tuple[Path, dict[str, int]] | None:
        """The table of models' sizes and what it holds, where equal totals are ordered by it."""
        rule = next((each for each in round_.select.tie_break if isinstance(each, FewerParameters)), None)
        if rule is None:
            return None
        path = self.named(rule.fewer_parameters, f"rounds.{round_.id}.select.tie_break")
        active = [team.id for team in round_.teams if team.withdrawn is None]
        return path, read_parameters(path, [team.id for team in round_.teams], active)

    def rulings(self, round_: Round) -> list[Ruling]:
        """What the panel decided, read now."""
        if round_.rulings is None:
            return []
        gates, teams = [gate.id for gate in round_.gates], [team.id for team in round_.teams]
        return read_rulings(self.named(round_.rulings, f"rounds.{round_.id}.rulings"), teams, gates)


def load_programme(path: Path) -> LoadedProgramme:
    """A programme with its suites, policies, panels and rulings checked; `path` is the file or its folder."""
    path = _absolute(path / "programme.yaml" if path.is_dir() else path)
    programme = read_typed(path, Programme)
    loaded = LoadedProgramme(path, programme.allow_outside, programme)
    refuse_unopened(loaded.warehouse, partial(loaded.fault, "warehouse"))
    suites = {}
    for name, relative in programme.suites.items():
        suites[name] = load_suite(loaded.named(relative, f"suites.{name}", "a suite.yaml"))
        if suites[name].suite.suite != name:
            raise suites[name].fault("suite", repr(suites[name].suite.suite), repr(name))
    policies = {
        each.id: load_policy(each.policy, loaded, f"rounds.{each.id}.policy")
        for each in programme.rounds
        if each.policy is not None
    }
    loaded = replace(loaded, suites=suites, policies=policies)
    for each in programme.rounds:
        _check_panels(loaded, each)
        loaded.rulings(each)
        load_acts(loaded, each)
    return loaded


def load_submission(path: Path) -> LoadedSubmission:
    """A submission by itself; the folders it names are looked at when they are asked for."""
    path = _absolute(path)
    submission = read_typed(path, Submission)
    return LoadedSubmission(path, submission.allow_outside, submission)


def load_suite(path: Path) -> LoadedSuite:
    """A suite whose task files are there; whether the tasks exist is the benchmark stage's to say."""
    path = _absolute(path)
    suite = read_typed(path, Suite)
    loaded = LoadedSuite(path, suite.allow_outside, suite)
    for task in suite.tasks:
        loaded.task_file(task)
        loaded.groups(task)
    return loaded


def load_policy(name_or_path: str, base: Loaded | None = None, key: str = "policy") -> Policy:
    """A shipped policy by its name, or a policy file (relative to `base`, which names it at `key`, where one is given)."""
    path = SHIPPED_POLICIES / f"{name_or_path}.yaml"
    if "/" in name_or_path or not path.is_file():
        path = base.resolve(name_or_path, key) if base is not None else Path(name_or_path).absolute()
        if not path.is_file():
            names = ", ".join(sorted(each.stem for each in SHIPPED_POLICIES.glob("*.yaml")))
            found, expected = f"{name_or_path!r}, no such policy or file", f"a policy file, or one of {names}"
            raise base.fault(key, found, expected) if base is not None else InputFault(path, "", found, expected)
    policy = read_typed(path, Policy)
    with_defaults(policy.data_quality.thresholds, path)
    return policy


def _check_panels(loaded: LoadedProgramme, round_: Round) -> None:
    """Reads every table that the round's leaves name, so that a fault in one stops before anything runs."""
    left = 0
    for leaf, node in round_.score.leaves():
        assert node.source is not None
        key = f"rounds.{round_.id}.score.{leaf}.from"
        table, absent = _absent(loaded, round_, node, key)
        if absent and node.source.missing in ("error", "mean_of_rest"):
            raise InputFault(table, f"team {absent[0]}", "no value", "one for every team, or `missing:` said")
        then = node.source.then
        if then is not None and isinstance(then.population, FrozenPopulation):
            read_roster(loaded.named(then.population.frozen, f"{key}.then"), [team.id for team in round_.teams])
        left += not (absent and node.source.missing == "exclude_for_all")
    if not left:
        raise loaded.fault(f"rounds.{round_.id}.score", "every leaf left out by `exclude_for_all`", "one to rank by")
    _check_measured(loaded, round_)
    _check_baselines(loaded, round_)
    loaded.parameters_table(round_)


def _check_baselines(loaded: LoadedProgramme, round_: Round) -> None:
    """Every moving baseline's table, and that a model of its window scored anything: a baseline of nothing would pass everybody."""
    tables = loaded.baseline_tables(round_)
    for key, (_, rule) in round_.moving_baselines().items():
        path, models = tables[key]
        first, last = rule.window()
        counted = [each for each in models if first <= each.released_on <= last]
        if not counted:
            found = f"no model released from {first} to {last}"
            raise InputFault(path, "released_on", found, "one at least, to be held against")
        if not any(score for each in counted for score in each.scores.values()):
            found = f"nothing but 0 for models released from {first} to {last}"
            raise InputFault(path, "score", found, "a score above 0, to be held against")


def _absent(loaded: LoadedProgramme, round_: Round, node: ScoreNode, key: str) -> tuple[Path, list[str]]:
    """The leaf's table, where it has one, and the teams without a value in it. Raises InputFault for a fault in the table."""
    source = node.source
    known = [team.id for team in round_.teams]
    active = [team.id for team in round_.teams if team.withdrawn is None]
    if isinstance(source, Imported):
        table = loaded.named(source.imported, key)
        read_errors(table, known)
        return table, sorted(set(active) - set(read_imported(table, known, source.max)))
    if isinstance(source, IrtImport):
        table = loaded.named(source.irt, key)
        return table, sorted(set(active) - set(read_abilities(table, known)[0]))
    if isinstance(source, CostEfficiency):
        table = loaded.named(source.cost_efficiency, key)
        return table, sorted(set(active) - set(read_costs(table, known)))
    if not isinstance(source, Raters):
        return loaded.path, []
    sheets = read_raters(loaded.named(source.raters, key), known, node.points)
    counted = {team: len(sheets.counted(team)) for team in active}
    needed = max(source.min_raters, (source.drop_max or 0) + (source.drop_min or 0) + 1)
    for team, raters in counted.items():
        if 0 < raters < needed:
            raise InputFault(sheets.path, f"team {team}", f"{raters} counted raters", f"at least {needed}")
    apart = sheets.apart() if source.how == "severity_adjusted" else None
    if apart is not None:
        found = f"team {apart}, which shares no rater with the others"
        raise InputFault(sheets.path, found=found, expected="raters in common, by whom severities can be compared")
    return sheets.path, sorted(team for team, raters in counted.items() if not raters)


def _check_measured(loaded: LoadedProgramme, round_: Round) -> None:
    without = [team.id for team in round_.teams if team.submission is None and team.withdrawn is None]
    needs = round_.suites() or [gate.id for gate in round_.gates if isinstance(gate, BaselineGate)]
    if needs and without:
        key = f"rounds.{round_.id}.teams.{without[0]}.submission"
        raise loaded.fault(key, "no submission", f"a submission, which {needs[0]!r} measures")


def _existing_folder(loaded: Loaded, relative: str, key: str) -> Path:
    target = loaded.resolve(relative, key)
    if not target.is_dir():
        what = "a file" if target.is_file() else "no such folder"
        raise loaded.fault(key, f"{relative!r}, {what}", "a folder of safetensors")
    return target


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}…")


def _absolute(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _normal(parts: tuple[str, ...]) -> list[str]:
    """The parts of a path with `.` and `..` taken out, without following links."""
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept = kept[:-1] if len(kept) > 1 else kept
        elif part != ".":
            kept.append(part)
    return kept


__all__ = [
    "Loaded",
    "LoadedProgramme",
    "LoadedSubmission",
    "LoadedSuite",
    "load_policy",
    "load_programme",
    "load_submission",
    "load_suite",
]
