"""Rulings typed and signed by two people, and conflicts of interest declared: appended to the round's chain, never changed.

first = sign_ruling(loaded, "round-1", RulingWords(team="t2", gate="independence", result="fail", reason="…"), "Kim")
countersign(loaded, "round-1", first.event_no, "Lee")     # from now on it counts
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import get_args

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
from checks.contracts.programme import Round
from checks.contracts.rulings import is_same_person
from checks.records.decisions import GateOutcome
from checks.records.life_cycle import RoundEvent
from checks.rules.life_cycle import state_of
from checks.rules.typed_rulings import OpenRuling, conflicts, has_conflict, open_rulings
from warehouse.life_cycle import Step, append
from warehouse.store import Warehouse

MOST_CHARACTERS = 4000


@dataclass(frozen=True)
class RulingWords:
    """What a ruling says; its signatures are not part of it."""

    team: str
    gate: str
    result: str
    reason: str
    evidence: str = ""


def sign_ruling(loaded: LoadedProgramme, round_id: str | None, words: RulingWords, by: str) -> RoundEvent:
    """The first signature; the ruling counts for nothing yet.

    Raises InputFault for an unknown team, gate or result, no reason, a signer with a conflict of interest, a ruling on the same
    gate and team in the file, or a round that is final.
    """
    round_ = loaded.round(round_id)
    key = f"rounds.{round_.id}.ruling"
    _one_of(loaded, f"{key}.team", words.team, [team.id for team in round_.teams if team.withdrawn is None])
    _one_of(loaded, f"{key}.gate", words.gate, [gate.id for gate in round_.gates])
    _one_of(loaded, f"{key}.result", words.result, get_args(GateOutcome))
    _said(loaded, f"{key}.reason", words.reason)
    if any((each.team, each.gate) == (words.team, words.gate) for each in loaded.rulings(round_)):
        found = f"a ruling on {words.gate!r} for {words.team!r} in {round_.rulings}"
        raise loaded.fault(key, found, "no other ruling on the same gate and team")

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        _not_final(loaded, round_, chain)
        _without_conflict(loaded, round_, chain, by, words.team)
        return [("ruling", asdict(words))]

    return append(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id, by, steps)[0]


def countersign(loaded: LoadedProgramme, round_id: str | None, event_no: int, by: str) -> RoundEvent:
    """The second signature on the ruling whose record has that place in the chain: from now on it counts.

    Raises InputFault for the same person again, a signer with a conflict, or a record that is no ruling waiting for it.
    """
    round_ = loaded.round(round_id)
    key = f"rounds.{round_.id}.ruling"

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        _not_final(loaded, round_, chain)
        waiting = _waiting(loaded, round_, chain, event_no)
        if is_same_person(waiting.signed_by, by):
            raise loaded.fault(f"{key}.second_signature", repr(by.strip()), "another person than who signed first")
        _without_conflict(loaded, round_, chain, by, waiting.team)
        return [("countersigned", {"ruling": event_no, "team": waiting.team, "gate": waiting.gate})]

    return append(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id, by, steps)[0]


def declare_conflict(
    loaded: LoadedProgramme, round_id: str | None, person: str, team: str, reason: str, by: str
) -> RoundEvent:
    """Records that a person, by name or by a rater's code, takes no part in what concerns a team; `by` is who records it.

    What that person has signed or rated for the team is refused from then on, until it is taken out.
    """
    round_ = loaded.round(round_id)
    key = f"rounds.{round_.id}.conflict"
    _one_of(loaded, f"{key}.team", team, [each.id for each in round_.teams])
    _said(loaded, f"{key}.person", person)
    _said(loaded, f"{key}.reason", reason)
    content = {"person": person.strip(), "team": team, "reason": reason}

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        if has_conflict(conflicts(chain), person, team):
            raise loaded.fault(key, f"{person!r} on {team!r} again", "a conflict that was not declared yet")
        return [("conflict", content)]

    return append(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id, by, steps)[0]


def _waiting(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent], event_no: int) -> OpenRuling:
    waiting = {each.event_no: each for each in open_rulings(chain)}
    if event_no not in waiting:
        known = ", ".join(map(str, waiting)) or "none"
        raise loaded.fault(
            f"rounds.{round_.id}.ruling", f"record {event_no}", f"a ruling that waits for its second signature: {known}"
        )
    return waiting[event_no]


def _not_final(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent]) -> None:
    if state_of(chain) == "final":
        raise loaded.fault(f"rounds.{round_.id}", "a round that is final", "a ruling before the end")


def _without_conflict(
    loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent], person: str, team: str
) -> None:
    if has_conflict(conflicts(chain), person, team):
        found = f"{person!r}, who declared a conflict of interest on {team!r}"
        raise loaded.fault(f"rounds.{round_.id}.ruling", found, "somebody without one")


def _one_of(loaded: LoadedProgramme, key: str, found: str, known: Sequence[str]) -> None:
    if found not in known:
        raise loaded.fault(key, repr(found), f"one of {', '.join(known)}")


def _said(loaded: LoadedProgramme, key: str, text: str) -> None:
    if not text.strip() or len(text) > MOST_CHARACTERS:
        found = "nothing" if not text.strip() else f"{len(text)} characters"
        raise InputFault(loaded.path, key, found, f"a text of at most {MOST_CHARACTERS} characters")
