"""What a freeze fixes: rules, roster, submissions and data by their content; and whether the files still say the same.

Panels, rulings and other acts come after the freeze and are no part of it. A team that has withdrawn since need not keep its
submission.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
from checks.contracts.programme import Round
from checks.contracts.score_tree import FrozenPopulation
from checks.records.life_cycle import RoundEvent
from checks.rules.life_cycle import changes, frozen_rules, last_of, moved_window
from warehouse.content import HashCache, hash_file, hash_tree
from warehouse.run_keys import submission_content, suite_sha256


def frozen_content(loaded: LoadedProgramme, round_: Round) -> dict[str, Any]:
    """All that a freeze fixes, as the files are now."""
    cache = HashCache(loaded.warehouse)
    policy = loaded.policies.get(round_.id)
    suites = {name: loaded.suites[name] for name in round_.suites()}
    content = {
        "rules": frozen_rules(
            round_,
            None if policy is None else policy.model_dump(mode="json"),
            {name: suite.suite.model_dump(mode="json") for name, suite in suites.items()},
        ),
        "submissions": {
            team.id: _submission(loaded, team.id, round_, cache) for team in round_.teams if team.submission is not None
        },
        "data": {
            "suites": {name: suite_sha256(suite, cache) for name, suite in suites.items()},
            "references": {
                each.id: hash_tree(loaded.reference_path(each), cache) for each in loaded.programme.references
            },
            "files": {os.path.relpath(each, loaded.folder): hash_file(each, cache) for each in _files(loaded, round_)},
        },
    }
    cache.save()
    return content


def _submission(loaded: LoadedProgramme, team: str, round_: Round, cache: HashCache) -> str:
    try:
        return submission_content(loaded.submission(loaded.team(round_, team)), cache).submission
    except InputFault as fault:
        return loaded.said(fault)


def _files(loaded: LoadedProgramme, round_: Round) -> Iterator[Path]:
    """Tables that are data and no panel's: frozen populations, moving baselines, which items stand or fall together."""
    for _, node in round_.score.leaves():
        then = node.source.then if node.source is not None else None
        if then is not None and isinstance(then.population, FrozenPopulation):
            yield loaded.resolve(then.population.frozen)
    yield from (path for path, _ in loaded.baseline_tables(round_).values())
    for name in round_.suites():
        suite = loaded.suites[name]
        yield from (path for task in suite.suite.tasks if (path := suite.groups_file(task)) is not None)


def refuse_changed(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent]) -> None:
    """Raises InputFault where a frozen round's files say otherwise than was frozen; says nothing of a draft."""
    frozen = last_of(chain, "frozen", "amended")
    if frozen is None:
        return
    withdrawn = [team.id for team in round_.teams if team.withdrawn is not None]
    before, now = (_without(content, withdrawn) for content in (frozen.content, frozen_content(loaded, round_)))
    found = changes(before, now)
    if not found:
        _refuse_moved_window(loaded, round_, chain)
        return
    version = now["rules"]["rules_version"]
    if version != before["rules"]["rules_version"]:
        expected = f"`gwanmun freeze`, which records version {version!r} and what it changes"
        raise loaded.fault(f"rounds.{round_.id}.rules_version", f"{version!r}, which is not frozen", expected)
    key, (was, is_now) = next(iter(found.items()))
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise loaded.fault(
        f"rounds.{round_.id}.{key}",
        f"{_told(is_now)}, changed since the freeze of {frozen.at[:10]} by {frozen.by}{more}",
        f"{_told(was)} as frozen, or another rules_version, frozen by `gwanmun freeze`",
    )


def _refuse_moved_window(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent]) -> None:
    """A window that was opened is not opened again later, for an appeal that would be late."""
    if round_.appeals is None:
        return
    opened = moved_window(chain, round_.appeals.opened)
    if opened is not None:
        found = f"{round_.appeals.opened}, and the window was opened on {opened}"
        raise loaded.fault(f"rounds.{round_.id}.appeals.opened", found, f"{opened}, as it is recorded")


def _without(content: Mapping[str, Any], teams: Sequence[str]) -> dict[str, Any]:
    kept = {team: sha256 for team, sha256 in content["submissions"].items() if team not in teams}
    return {**content, "submissions": kept}


def _told(value: str | None) -> str:
    return "nothing" if value is None else value if len(value) <= 80 else f"{value[:80]}…"
