"""A round's chain of records: how each follows from the one before, in which state the round is, what was changed since the freeze.

    draft → frozen → measured → decided → appeals → final

Pure functions over records; `warehouse.life_cycle` keeps them. A record is never changed: a new version of the rules is a
record of its own, and so is a decision that takes another's place.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from checks.contracts.programme import Round
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.decisions import Decision
from checks.records.life_cycle import Kind, RoundEvent, RuleChange, State
from checks.records.record import MEASUREMENT_VERSION, Stage, Text

#: What comes to pass during a round and is no rule: days that nobody can know at the freeze.
_FACTS = (("on_vacancy", "opened"), ("appeals", "opened"))
#: By so much a day may differ from a record's, which is in UTC: a time zone's.
ONE_DAY = timedelta(days=1)
#: A value longer than this is told by its beginning: a whole table of points, say.
MOST_CHARACTERS = 160

STATE_WORDS: Mapping[State, Text] = {
    "draft": Text(ko="초안", en="draft"),
    "frozen": Text(ko="동결됨", en="frozen"),
    "measured": Text(ko="측정됨", en="measured"),
    "decided": Text(ko="결정됨", en="decided"),
    "appeals": Text(ko="이의신청 기간", en="appeal window"),
    "final": Text(ko="확정됨", en="final"),
}
KIND_WORDS: Mapping[Kind, Text] = {
    "frozen": Text(ko="규칙, 명단, 제출물, 자료 동결", en="rules, roster, submissions and data frozen"),
    "amended": Text(ko="동결 후 새 판으로 변경", en="changed after the freeze, as a new version"),
    "measured": Text(ko="측정 완료", en="measured"),
    "decided": Text(ko="결정", en="decided"),
    "appeals_open": Text(ko="이의신청 접수 시작", en="appeal window opened"),
    "final": Text(ko="확정", en="final"),
    "ruling": Text(ko="위원회 결정, 첫 서명", en="ruling, first signature"),
    "countersigned": Text(ko="위원회 결정, 둘째 서명", en="ruling, second signature"),
    "conflict": Text(ko="이해충돌 신고와 회피", en="conflict of interest, recused"),
}


def next_event(
    chain: Sequence[RoundEvent], programme: str, round_id: str, kind: Kind, by: str, at: str, content: Mapping[str, Any]
) -> RoundEvent:
    """The record that follows on the chain."""
    unlinked = RoundEvent(
        programme=programme,
        round=round_id,
        event_no=len(chain),
        kind=kind,
        at=at,
        by=by,
        content=dict(content),
        link="",
    )
    return unlinked.model_copy(update={"link": _link(unlinked, chain[-1].link if chain else "")})


def broken_at(chain: Sequence[RoundEvent]) -> int | None:
    """The place of the first record that does not follow from the one before; None where all do."""
    before = ""
    for place, event in enumerate(chain):
        if event.event_no != place or event.link != _link(event, before):
            return place
        before = event.link
    return None


def _link(event: RoundEvent, before: str) -> str:
    return canonical_sha256({**event.model_dump(mode="json", exclude={"link"}), "before": before})


def state_of(chain: Sequence[RoundEvent]) -> State:
    """Where the round stands. Rules that were changed after it was measured leave it to be decided anew."""
    state: State = "draft"
    measured = appeals = False
    for event in chain:
        measured |= event.kind == "measured"
        appeals |= event.kind == "appeals_open"
        match event.kind:
            case "frozen" | "measured" | "final":
                state = event.kind
            case "amended":
                state = "measured" if measured else "frozen"
            case "decided":
                state = "appeals" if appeals else "decided"
            case "appeals_open":
                state = "appeals"
    return state


def last_of(chain: Sequence[RoundEvent], *kinds: Kind) -> RoundEvent | None:
    """The newest record of these kinds."""
    return next((event for event in reversed(chain) if event.kind in kinds), None)


def versions_of(chain: Sequence[RoundEvent]) -> Mapping[Stage, int]:
    """By which versions of its measurements a round goes: once it was decided those that it was measured by, as a later Gwanmun
    has no part in that decision; before, the present ones."""
    measured = last_of(chain, "measured")
    if measured is None or state_of(chain) not in ("decided", "appeals", "final"):
        return MEASUREMENT_VERSION
    return {**MEASUREMENT_VERSION, **measured.content.get("versions", {})}


def as_decided(chain: Sequence[RoundEvent], decision: Decision) -> bool | None:
    """Whether it is the decision that stands on record; None where none does yet, and for a what-if."""
    decided = last_of(chain, "decided")
    if decided is None or decision.what_if:
        return None
    return bool(decided.content["decision_sha256"] == canonical_sha256(decision))


def first_decided(chain: Sequence[RoundEvent]) -> date | None:
    """The day of the round's first decision, in UTC."""
    return next((date.fromisoformat(event.at[:10]) for event in chain if event.kind == "decided"), None)


def moved_window(chain: Sequence[RoundEvent], opened: date) -> date | None:
    """The day on which the appeal window opened by the record, where `opened` is another; None where it may stand. A day before
    the decision left too short a window, and may be put right to the decision's."""
    recorded = last_of(chain, "appeals_open")
    told = None if recorded is None else recorded.content.get("opened")
    decided = first_decided(chain)
    if told is None or decided is None:
        return None
    before = date.fromisoformat(told)
    put_right = before < decided - ONE_DAY and abs(opened - decided) <= ONE_DAY
    return None if opened == before or put_right else before


def frozen_rules(round_: Round, policy: Mapping[str, Any] | None, suites: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as they are frozen: round, policy and suites without the days that only the round itself brings."""
    raw = round_.model_dump(mode="json", by_alias=True)
    for team in raw["teams"]:
        del team["withdrawn"]
    for rule, fact in _FACTS:
        raw.get(rule, {}).pop(fact, None)
    return {**raw, "policy": policy, "suites": dict(suites)}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Key → (value before, value after), for every key in which two frozen contents differ, in the order of the keys.

    A content has `rules`, whose keys are named as in the programme, and the hashes of `submissions` and `data`.
    """
    former, now = (
        dict(_flat({**content["rules"], **{k: v for k, v in content.items() if k != "rules"}}))
        for content in (before, after)
    )
    return {key: (former.get(key), now.get(key)) for key in sorted({*former, *now}) if former.get(key) != now.get(key)}


def amendments(chain: Sequence[RoundEvent]) -> list[RuleChange]:
    """Everything that was changed after the freeze, version by version, key by key."""
    found: list[RuleChange] = []
    before: Mapping[str, Any] | None = None
    for event in chain:
        if event.kind not in ("frozen", "amended"):
            continue
        if before is not None:
            version = str(event.content["rules"]["rules_version"])
            told = changes(before, event.content)
            found += [_change(version, event.at, key, *values) for key, values in told.items()]
        before = event.content
    return found


def _change(version: str, at: str, key: str, before: str | None, after: str | None) -> RuleChange:
    was, now = _shortened(before), _shortened(after)
    if before is None:
        text = Text(ko=f"{key}: 새로 {now}", en=f"{key}: now {now}, which was not there")
    elif after is None:
        text = Text(ko=f"{key}: {was} 삭제됨", en=f"{key}: was {was} and is there no longer")
    else:
        text = Text(ko=f"{key}: 동결 당시 {was}, 지금 {now}", en=f"{key}: was {was} when frozen and is {now}")
    return RuleChange(rules_version=version, frozen_at=at, key=key, before=before, after=after, text=text)


def _shortened(value: str | None) -> str:
    text = value or "–"
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every single value with its key; entries of a list are named by their ids where they have them."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(each, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) and "id" in each for each in value):
        yield f"{key} (order)", canonical_json([each["id"] for each in value])
        for each in value:
            rest = {name: inner for name, inner in each.items() if name != "id"}
            yield from _flat(rest, f"{key}.{each['id']}" if key else str(each["id"]))
    elif value is not None:
        yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
