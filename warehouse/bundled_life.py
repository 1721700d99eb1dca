"""The chain of a round's records inside a bundle: one small file, `life-cycle.json`, and what has to be true of it.

A draft's bundle has none. Else every record follows from the one before, the last decision is the bundled one, the rules are
those frozen last, and what was changed after the freeze is what the decision says was changed.
"""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.decisions import Decision
from checks.records.life_cycle import RoundEvent
from checks.records.record import Text
from checks.rules.inputs import RoundInputs
from checks.rules.life_cycle import amendments, broken_at, frozen_rules, last_of
from checks.rules.typed_rulings import signed_rulings

LIFE_CYCLE = "life-cycle.json"
_CHAIN = TypeAdapter(list[RoundEvent])


def chain_file(chain: Sequence[RoundEvent]) -> bytes:
    """The file's bytes."""
    return canonical_json([event.model_dump(mode="json") for event in chain]).encode()


def chain_of(content: bytes) -> list[RoundEvent]:
    """The records in the file; raises ValueError where it is not spelt as `chain_file` spells it."""
    try:
        chain = _CHAIN.validate_json(content)
    except ValidationError:
        raise ValueError("no chain of records") from None
    if chain_file(chain) != content:
        raise ValueError("another spelling")
    return chain


def wrong_with_chain(content: bytes | None, decision: Decision) -> Text | None:
    """What is wrong with the chain by itself and against the decision, or None: needs nothing that a profile withholds."""
    if content is None:
        if decision.amendments:
            return Text(ko=f"{LIFE_CYCLE} 파일이 없습니다.", en=f"{LIFE_CYCLE} is missing.")
        return None
    try:
        chain = chain_of(content)
    except ValueError:
        return Text(ko=f"{LIFE_CYCLE} 파일을 읽을 수 없습니다.", en=f"{LIFE_CYCLE} cannot be read.")
    place = broken_at(chain)
    if place is not None:
        return Text(
            ko=f"차수 기록의 해시 사슬이 {place}번에서 끊어져 있습니다.",
            en=f"The hash chain of the round's records is broken at record {place}.",
        )
    decided = last_of(chain, "decided")
    if decided is None or decided.content["decision_sha256"] != canonical_sha256(decision):
        return Text(
            ko="차수 기록의 마지막 결정이 이 결정이 아닙니다.",
            en="The last decision on the round's record is not this one.",
        )
    if amendments(chain) != decision.amendments:
        return Text(
            ko="동결 후 변경이 결정에 적힌 것과 다릅니다.",
            en="What was changed after the freeze is not what the decision says.",
        )
    return None


def wrong_with_rules(content: bytes | None, inputs: RoundInputs) -> Text | None:
    """Whether the rules and typed rulings of the bundle are those of the chain, which must be whole."""
    chain = [] if content is None else chain_of(content)
    frozen = last_of(chain, "frozen", "amended")
    if frozen is None:
        return None
    policy = None if inputs.policy is None else inputs.policy.model_dump(mode="json")
    suites = {name: suite.model_dump(mode="json") for name, suite in inputs.suites.items()}
    if canonical_json(frozen_rules(inputs.round, policy, suites)) != canonical_json(frozen.content["rules"]):
        return Text(ko="규칙이 동결된 규칙과 다릅니다.", en="The rules are not those that were frozen.")
    if any(each not in inputs.rulings for each in signed_rulings(chain) if each.gate in _gates(inputs)):
        return Text(ko="서명된 위원회 결정이 빠져 있습니다.", en="A ruling that was signed is missing.")
    return None


def _gates(inputs: RoundInputs) -> set[str]:
    return {gate.id for gate in inputs.round.gates}
