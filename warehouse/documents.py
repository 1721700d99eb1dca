"""A decided round as documents whose single values can be withheld: what a bundle's Merkle tree is made over.

They hold what the bundle's own files hold, cut so that what one reader may see and another may not lies apart: each team's
standing by itself, for the order of a ranking tells ranks, and what people signed apart from the rules.

    rules.json  acts.json  decision.json  standings/t1.json  summary.json  panels.json  history.json  teams/t1/…
"""

import json
from collections.abc import Mapping
from typing import Any

from checks.contracts.disclosure import PARTS, Audience, Part
from checks.contracts.programme import Round
from checks.records.decisions import Decision, Reason
from checks.rules.disclosed import needed
from checks.rules.summary import summary_of

DECISION, HISTORY = "decision.json", "history.json"
LINES = ".jsonl"
#: Where a value stands in its document: keys and places.
Path = tuple[str | int, ...]
_NOTHING: frozenset[Part] = frozenset()
_EVERYTHING: frozenset[Part] = frozenset(PARTS)
_OF_TEAM: dict[str, frozenset[Part]] = {
    "targets": frozenset({"scores"}),
    "declared": frozenset({"findings"}),
    "runs": frozenset({"hashes"}),
    "faults": frozenset({"findings"}),
}
_OF_STANDING: dict[str, frozenset[Part]] = {
    "rank": frozenset({"ranks"}),
    "total": frozenset({"scores"}),
    "scores": frozenset({"scores"}),
    "cut_probability": frozenset({"scores", "ranks"}),
}
#: Key of panels.json → what it takes, and where in the path the team stands.
_OF_PANELS: dict[str, tuple[Part, int | None]] = {
    "imported": ("panels", 2),
    "errors": ("panels", 2),
    "costs": ("panels", 2),
    "rosters": ("panels", 2),
    "raters": ("raters", 3),
    "groups": ("items", None),
    "files": ("hashes", None),
}


def documents(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The documents of these files of a full bundle, JSON as it is parsed, lines as they are; ValueError or KeyError where none."""
    made: dict[str, Any] = {}
    for name, content in files.items():
        text = content.decode()
        made[name] = text.splitlines() if name.endswith(LINES) else json.loads(text) if name.endswith(".json") else text
    rules, decision = made["rules.json"], made[DECISION]
    made["acts.json"] = {"rulings": rules.pop("rulings"), "acts": rules.pop("acts", {})}
    made |= {f"standings/{each['team']}.json": each for each in decision.pop("standings")}
    summary = summary_of(Decision.model_validate_json(files[DECISION]), Round.model_validate(rules["round"]))
    made["summary.json"] = summary.model_dump(mode="json")
    return made


def needs(name: str, document: Any, path: Path) -> tuple[frozenset[Part], str | None]:
    """What a reader must be shown for this value of this document, and the team whose it is; everything for an unknown one."""
    folder, _, rest = name.partition("/")
    key = path[0] if path else None
    if name == "rules.json":
        return _NOTHING, None
    if name == DECISION:
        return frozenset({"hashes"}) if key == "inputs" else _NOTHING, None
    if name == "summary.json":
        return frozenset({"summary"}), None
    if name == HISTORY:
        return frozenset({"hashes"}), None
    if name == "acts.json":
        return frozenset({"raters" if path[:2] == ("acts", "votes") else "rulings"}), _team_of(document, path)
    if name == "panels.json" and key in _OF_PANELS:
        part, place = _OF_PANELS[str(key)]
        return frozenset({part}), str(path[place]) if place is not None and len(path) > place else None
    if folder == "standings":
        return _of_standing(document, path), str(document.get("team"))
    if folder == "teams":
        return _of_team(rest.partition("/")[2], document, path), rest.partition("/")[0]
    return _EVERYTHING, None


def is_shown(reader: Audience, name: str, document: Any, path: Path) -> bool:
    """Whether the reader may see this value."""
    parts, team = needs(name, document, path)
    return all(reader.shows(part, team) for part in parts)


def _team_of(document: Any, path: Path) -> str | None:
    """The team of the row of a table of acts that the path runs through."""
    for step in path:
        document = document[step]
        if isinstance(document, dict) and isinstance(document.get("team"), str):
            return str(document["team"])
    return None


def _of_standing(document: Any, path: Path) -> frozenset[Part]:
    key = path[0] if path else None
    gates = document.get("gates", {})
    if key == "reasons" and len(path) > 1:
        return needed(Reason.model_validate(document["reasons"][path[1]]), gates)
    if key == "gate_results" and len(path) > 3 and path[2] == "reasons":
        return needed(Reason.model_validate(document["gate_results"][path[1]]["reasons"][path[3]]), gates)
    return _OF_STANDING.get(str(key), _NOTHING)


def _of_team(rest: str, document: Any, path: Path) -> frozenset[Part]:
    """`rest` is the document's name within its team's folder."""
    kind = rest.partition("/")[0]
    if rest == "team.json":
        return _OF_TEAM.get(str(path[0]) if path else "", _EVERYTHING)
    if kind == "scores":
        return frozenset({"tasks"})
    if kind == "items":
        return frozenset({"items"})
    if rest == "independence.json":
        return frozenset({"findings"})
    if rest in ("data-quality.json", "results-checked.json"):
        return _of_checks(document, path)
    return _EVERYTHING


def _of_checks(results: Any, path: Path) -> frozenset[Part]:
    """A check of results says what a task's score is; examples quote the corpus and name items of a test."""
    parts: set[Part] = {"findings"}
    if path and results[path[0]].get("suite") == "results":
        parts.add("tasks")
    if len(path) > 1 and path[1] == "examples":
        parts.add("items")
    return frozenset(parts)
