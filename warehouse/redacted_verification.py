"""Whether a bundle from which values are withheld holds nothing but what was signed. Its rules cannot be applied again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from checks.contracts.policy import Policy
from checks.contracts.programme import Round
from checks.contracts.suite import Suite
from checks.records.canonical import canonical_json
from checks.records.decisions import Status
from checks.rules.rules_hash import rules_sha256
from warehouse.documents import DECISION
from warehouse.sealing import NotSealed, Proof, reopened

_SUITES = TypeAdapter(list[tuple[str, Suite]])
_STATUSES: TypeAdapter[dict[str, Status]] = TypeAdapter(dict[str, Status])


class WrongContents(Exception):  # noqa: N818  (what was found, not a fault of the program)
    """The values and the proof do not lead to what was signed."""


@dataclass(frozen=True)
class Opened:
    """How many values are withheld, and what is disclosed of the outcome: team → status."""

    withheld: int
    outcome: dict[str, Status]


def open_redacted(files: Mapping[str, bytes], proof: bytes, predicate: Mapping[str, Any]) -> Opened:
    """Rebuilds the tree from the values that are shown; raises WrongContents for anything but the signed root."""
    try:
        read = Proof.model_validate_json(proof)
    except ValidationError:
        raise WrongContents("the proof cannot be read") from None
    if canonical_json(read).encode() != proof:
        raise WrongContents("the proof is in another spelling")
    try:
        contents, withheld = reopened(files, read)
    except NotSealed as found:
        raise WrongContents(str(found)) from None
    if contents.model_dump(mode="json") != predicate["contents"]:
        raise WrongContents("the Merkle proof leads to another root")
    try:
        return Opened(withheld, _outcome(files, predicate))
    except (ValueError, KeyError, TypeError):
        raise WrongContents("the rules or the outcome cannot be read") from None


def _outcome(files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> dict[str, Status]:
    """Rules and outcome are in every bundle; the rules must be those whose hash was signed, and the outcome a decision's."""
    rules, decision = json.loads(files["rules.json"]), json.loads(files[DECISION])
    round_ = Round.model_validate(rules["round"])
    policy = None if rules["policy"] is None else Policy.model_validate(rules["policy"])
    applied = rules_sha256(round_, policy, dict(_SUITES.validate_python(rules["suites"])))
    if not applied == rules["rules_sha256"] == predicate["rules_sha256"] == decision["rules_sha256"]:
        raise WrongContents("the hash of the rules is not that of the rules")
    if decision["what_if"] is not False:
        raise WrongContents("it holds a what-if, which is no decision")
    standings = [json.loads(files[f"standings/{team.id}.json"]) for team in round_.teams]
    return _STATUSES.validate_python({each["team"]: each["status"] for each in standings})
