"""The hash of the rules as they are applied, whatever file they were written in."""

from collections.abc import Mapping

from checks.contracts.policy import Policy
from checks.contracts.programme import Round
from checks.contracts.suite import Suite
from checks.records.canonical import canonical_sha256


def rules_sha256(round_: Round, policy: Policy | None, suites: Mapping[str, Suite]) -> str:
    """Over the round, its policy and its suites, every key of them."""
    applied = {
        "round": round_.model_dump(mode="json", by_alias=True),
        "policy": policy.model_dump(mode="json") if policy is not None else None,
        "suites": {name: suite.model_dump(mode="json") for name, suite in suites.items()},
    }
    return canonical_sha256(applied)
