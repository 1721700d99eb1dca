"""A decided round as files and back: all that the rules looked at, and nothing that they did not.

    rules.json                      round, policy, suites, rulings, votes and other acts, licences of references
    panels.json                     imported points, raters' values, frozen rosters, groups of items, hashes of every file read
    teams/t1/team.json              targets, declared components, runs, what could not be measured
    teams/t1/scores/common.json     every task's score        teams/t1/items/common.jsonl   every item: hashes, correct or not
    teams/t1/independence.json      the trace                 teams/t1/data-quality.json    every check's result
    teams/t1/results-checked.json   in its place where only the benchmark's results have been checked

This is the auditor's profile: it holds raters' codes and the signatures on rulings, prompts and answers only as hashes, and
neither weights nor training data. The order of a list is kept, for a decision's words follow it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter

from checks.contracts.acts import Acts
from checks.contracts.fields import Number, is_absent
from checks.contracts.panels import RaterSheets
from checks.contracts.policy import Policy
from checks.contracts.programme import Round
from checks.contracts.rulings import Ruling
from checks.contracts.submission import Component
from checks.contracts.suite import Suite
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.lineage import Trace
from checks.records.quality import ExpectationResult
from checks.records.record import Record, Stage
from checks.records.scores import ItemResult, SuiteScores
from checks.rules.inputs import RoundInputs, TeamInputs

Files = dict[str, bytes]

_RESULTS = TypeAdapter(list[ExpectationResult])


class StoredRules(Record):
    """`rules.json`."""

    programme: str
    simulated: bool
    round: Round
    rules_sha256: str
    policy: Policy | None
    suites: list[tuple[str, Suite]]
    rulings: list[Ruling]
    acts: Acts = Field(Acts(), exclude_if=lambda acts: acts == Acts())
    reference_licences: list[tuple[str, str]]


class StoredSheets(Record):
    """One panel: rater's code → value, team by team, and who was recused."""

    values: dict[str, dict[str, Number]]
    recused: dict[str, list[str]]


class StoredPanels(Record):
    """`panels.json`, by the leaf's path in the score tree."""

    imported: dict[str, dict[str, Number]]
    errors: dict[str, dict[str, Number]] = Field({}, exclude_if=is_absent)
    costs: dict[str, dict[str, tuple[Number, Number]]] = Field({}, exclude_if=is_absent)
    raters: dict[str, StoredSheets]
    rosters: dict[str, dict[str, Number | None]]
    groups: dict[str, dict[str, dict[int, str]]] = Field({}, exclude_if=is_absent)
    files: dict[str, str]


class StoredTeam(Record):
    """`team.json`."""

    targets: dict[str, dict[str, Number]]
    declared: list[Component]
    runs: list[tuple[str, str]]
    faults: list[tuple[Stage, str]]


def to_files(inputs: RoundInputs) -> Files:
    """The files of a round; a what-if is no decided round (ValueError)."""
    if inputs.what_if:
        raise ValueError("a what-if is never bundled")
    rules = StoredRules(
        programme=inputs.programme,
        simulated=inputs.simulated,
        round=inputs.round,
        rules_sha256=inputs.rules_sha256,
        policy=inputs.policy,
        suites=list(inputs.suites.items()),
        rulings=list(inputs.rulings),
        acts=inputs.acts,
        reference_licences=list(inputs.reference_licences.items()),
    )
    raters = {leaf: {"values": each.values, "recused": each.recused} for leaf, each in inputs.raters.items()}
    panels = {
        "imported": inputs.imported,
        "errors": inputs.errors,
        "costs": inputs.costs,
        "raters": raters,
        "rosters": inputs.rosters,
        "groups": inputs.groups,
        "files": inputs.files,
    }
    files = {"rules.json": _spelt(rules), "panels.json": _spelt(StoredPanels.model_validate(panels))}
    for team, measured in inputs.teams.items():
        files |= {f"teams/{team}/{name}": content for name, content in _team_files(measured).items()}
    return files


def from_files(files: Mapping[str, bytes]) -> RoundInputs:
    """The round that the files hold; raises ValueError or KeyError where they are not as `to_files` writes them."""
    rules = StoredRules.model_validate_json(files["rules.json"])
    panels = StoredPanels.model_validate_json(files["panels.json"])
    raters = {leaf: RaterSheets(Path(leaf), each.values, each.recused) for leaf, each in panels.raters.items()}
    return RoundInputs(
        programme=rules.programme,
        round=rules.round,
        rules_sha256=rules.rules_sha256,
        suites=dict(rules.suites),
        teams={team.id: _team_inputs(files, f"teams/{team.id}/", dict(rules.suites)) for team in rules.round.teams},
        policy=rules.policy,
        imported=panels.imported,
        errors=panels.errors,
        costs=panels.costs,
        raters=raters,
        rosters=panels.rosters,
        groups=panels.groups,
        rulings=rules.rulings,
        acts=rules.acts,
        reference_licences=dict(rules.reference_licences),
        files=panels.files,
        simulated=rules.simulated,
    )


def _team_files(measured: TeamInputs) -> Files:
    team = StoredTeam(
        targets={suite: dict(targets) for suite, targets in measured.targets.items()},
        declared=list(measured.declared),
        runs=list(measured.runs.items()),
        faults=list(measured.faults.items()),
    )
    files = {"team.json": _spelt(team)}
    for suite, scores in measured.suites.items():
        files[f"scores/{suite}.json"] = _spelt(scores.model_copy(update={"items": []}))
        files[f"items/{suite}.jsonl"] = b"".join(_item_line(item) for item in scores.items)
    if measured.trace is not None:
        files["independence.json"] = _spelt(measured.trace)
    if measured.quality is not None:
        files["data-quality.json"] = _spelt(_RESULTS.dump_python(list(measured.quality), mode="json"))
    elif measured.checked is not None:
        files["results-checked.json"] = _spelt(_RESULTS.dump_python(list(measured.checked), mode="json"))
    return files


def _team_inputs(files: Mapping[str, bytes], folder: str, suites: Mapping[str, Suite]) -> TeamInputs:
    team = StoredTeam.model_validate_json(files[f"{folder}team.json"])
    trace, quality = files.get(f"{folder}independence.json"), files.get(f"{folder}data-quality.json")
    checked = files.get(f"{folder}results-checked.json")
    scored = [suite for suite in suites if f"{folder}scores/{suite}.json" in files]
    return TeamInputs(
        suites={suite: _scores(files, folder, suite) for suite in scored},
        targets=team.targets,
        declared=team.declared,
        trace=None if trace is None else Trace.model_validate_json(trace),
        quality=None if quality is None else _RESULTS.validate_json(quality),
        checked=None if checked is None else _RESULTS.validate_json(checked),
        runs=dict(team.runs),
        faults=dict(team.faults),
    )


def _scores(files: Mapping[str, bytes], folder: str, suite: str) -> SuiteScores:
    scores = SuiteScores.model_validate_json(files[f"{folder}scores/{suite}.json"])
    items = [_item(line) for line in files[f"{folder}items/{suite}.jsonl"].splitlines()]
    return scores.model_copy(update={"items": items})


def _item_line(item: ItemResult) -> bytes:
    """An item without its answer, which may quote a test that is not public; the answer's hash stands for it."""
    kept = item.model_dump(mode="json", exclude={"loglikelihoods", "output", "answer", "thinking", "seconds"})
    answer = {"loglikelihoods": [repr(each) for each in item.loglikelihoods], "output": item.output}
    answer |= {"answer": item.answer, "thinking": item.thinking}
    return _spelt(kept | {"answer_sha256": canonical_sha256(answer)}) + b"\n"


def _item(line: bytes) -> ItemResult:
    fields: dict[str, Any] = json.loads(line)
    fields.pop("answer_sha256")
    return ItemResult.model_validate(fields)


def _spelt(value: Any) -> bytes:
    return canonical_json(value).encode()
