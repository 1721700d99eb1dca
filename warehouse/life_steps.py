"""The steps of a round's life: freeze, measured, decide, finalise. Each is refused where it may not follow, and says why.

freeze(loaded, "round-1", "Kim")      # the same again, with another rules_version, records what changed
decide_round_by(loaded, "round-1", "Kim")
finalise(loaded, "round-1", "Kim")
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from checks.contracts.acts import Acts
from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
from checks.contracts.programme import Round
from checks.records.canonical import canonical_sha256
from checks.records.decisions import Decision
from checks.records.life_cycle import RoundEvent
from checks.rules.decision import decide
from checks.rules.inputs import RoundInputs
from checks.rules.life_cycle import ONE_DAY, STATE_WORDS, changes, first_decided, last_of, state_of, versions_of
from warehouse.freezing import frozen_content
from warehouse.life_cycle import Step, append, whole_chain
from warehouse.reader import load_decision, run_states
from warehouse.round_inputs import load_round_inputs
from warehouse.run_keys import plan
from warehouse.store import Warehouse


def freeze(loaded: LoadedProgramme, round_id: str | None, by: str) -> list[RoundEvent]:
    """Fixes rules, roster, submissions and data; once they are fixed, records a new version of them.

    Raises InputFault where nothing has changed, where something has under the same rules_version, or where the round is final.
    """
    round_ = loaded.round(round_id)
    content = frozen_content(loaded, round_)

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        last = last_of(chain, "frozen", "amended")
        if last is None:
            return [("frozen", content)]
        if state_of(chain) == "final":
            _refuse(loaded, round_, chain, "a round that is not final")
        _new_version(loaded, round_, chain, last, content)
        return [("amended", content)]

    return append(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id, by, steps)


def _new_version(
    loaded: LoadedProgramme,
    round_: Round,
    chain: Sequence[RoundEvent],
    last: RoundEvent,
    content: Mapping[str, Any],
) -> None:
    found = changes(last.content, content)
    key = f"rounds.{round_.id}.rules_version"
    if not found:
        seen = f"a round frozen already, on {last.at[:10]} by {last.by}, and nothing changed since"
        raise loaded.fault(f"rounds.{round_.id}", seen, "a round that is not frozen, or a new rules_version")
    former = {event.content["rules"]["rules_version"] for event in chain if event.kind in ("frozen", "amended")}
    if round_.rules_version in former:
        named = ", ".join(list(found)[:3]) + (", …" if len(found) > 3 else "")
        seen = f"{round_.rules_version!r} again, with {named} changed since it was frozen"
        raise loaded.fault(key, seen, "a version that was not frozen before")


def record_measured(loaded: LoadedProgramme, round_: Round, by: str) -> None:
    """Records, for a frozen round, that every run of it stands in the warehouse; nothing for a draft or the same runs again."""
    chain = whole_chain(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id)
    if state_of(chain) in ("draft", "final"):
        return
    runs, versions = _runs(loaded, round_), dict(versions_of(chain))

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        last = last_of(chain, "measured")
        same = last is not None and last.content["runs"] == runs
        return [] if same else [("measured", {"runs": runs, "versions": versions})]

    append(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id, by, steps)


def _runs(loaded: LoadedProgramme, round_: Round) -> dict[str, str]:
    """Every run that the round needs → complete, failed, or missing."""
    planned = plan(loaded, round_)
    states = run_states(Warehouse(loaded.warehouse), [run.key for run in planned])
    return {run.run_id: states[run.key].status if run.key in states else "missing" for run in planned}


def decide_round_by(loaded: LoadedProgramme, round_id: str | None, by: str, today: date | None = None) -> Decision:
    """Decides a frozen and measured round and records the decision, which takes the place of an earlier one. `today` is in UTC.

    Raises InputFault for a draft, for what has not been measured, for files that say otherwise than was frozen, for a withdrawal
    or an invalidation of a day that has not come, for the same decision again, and after the round is final for anything but an
    invalidation.
    """
    round_ = loaded.round(round_id)
    warehouse, programme = Warehouse(loaded.warehouse), loaded.programme.programme
    seen = whole_chain(warehouse, programme, round_.id)
    if state_of(seen) == "draft":
        _refuse(loaded, round_, seen, "a frozen round: `gwanmun freeze`")
    inputs = load_round_inputs(loaded, round_.id)  # refused where files say otherwise than was frozen
    _refuse_unmeasured(loaded, round_, seen)
    _refuse_future(loaded, round_, inputs.acts, today or datetime.now(UTC).date())
    decision = decide(inputs)
    former = last_of(seen, "decided")
    sha256 = canonical_sha256(decision)
    if former is not None and former.content["decision_sha256"] == sha256:
        found = f"the same decision as on {former.at[:10]} by {former.by}"
        raise loaded.fault(f"rounds.{round_.id}", found, "something decided otherwise since: a ruling, an appeal")
    final = last_of(seen, "final")
    if final is not None:
        _only_invalidated(loaded, round_, inputs, final)

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        if len(chain) != len(seen):
            raise loaded.fault(f"rounds.{round_.id}", f"a record added meanwhile by {chain[-1].by}", "the same again")
        said = {
            "decision_sha256": sha256,
            "rules_version": decision.rules_version,
            "rules_sha256": decision.rules_sha256,
            "supersedes": None if former is None else former.content["decision_sha256"],
        }
        window: list[Step] = []
        if round_.appeals is not None and last_of(chain, "appeals_open") is None:
            window = [("appeals_open", {"opened": str(round_.appeals.opened), "until": str(round_.appeals.closes)})]
        again: list[Step] = []
        if final is not None:
            again = [("final", {**final.content, "decision_sha256": sha256})]
        return [("decided", said), *window, *again]

    append(warehouse, programme, round_.id, by, steps, decision)
    return decision


def _refuse_unmeasured(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent]) -> None:
    measured = last_of(chain, "measured")
    if state_of(chain) == "frozen" or measured is None:
        _refuse(loaded, round_, chain, "a measured round: `gwanmun run`")
    missing = sorted({*_runs(loaded, round_)} - {*measured.content["runs"]})
    if missing:
        raise loaded.fault(f"rounds.{round_.id}", f"{missing[0]}, which was not measured", "`gwanmun run` first")


def _refuse_future(loaded: LoadedProgramme, round_: Round, acts: Acts, today: date) -> None:
    """A team that is still to withdraw, or a fault still to be found, takes nobody out of a decision that is recorded today."""
    days = [(f"a withdrawal of {team.id!r}", team.withdrawn) for team in round_.teams if team.withdrawn is not None]
    days += [(f"an invalidation of {each.team!r}", each.found_on) for each in acts.invalidations]
    for what, on in days:
        if on > today + ONE_DAY:
            found, expected = f"{what} on {on}", f"a day that has come; it is {today} in UTC"
            raise loaded.fault(f"rounds.{round_.id}", found, expected)


def _only_invalidated(loaded: LoadedProgramme, round_: Round, inputs: RoundInputs, final: RoundEvent) -> None:
    """After the end only what invalidates a team may change anything: without it the final outcome must come out again."""
    if inputs.acts.invalidations and _valid_outcome(inputs) == final.content["outcome_sha256"]:
        return
    found = _late_appeal(inputs.acts, round_) or f"another outcome than the one that {final.by} made final"
    expected = "the final outcome: only an invalidation changes what becomes of a team now"
    raise loaded.fault(f"rounds.{round_.id}", found, expected)


def _late_appeal(acts: Acts, round_: Round) -> str | None:
    rule = round_.appeals
    late = [each for each in acts.appeals if rule is not None and each.filed_on > rule.closes]
    if not late or rule is None:
        return None
    return f"an appeal of {late[0].team!r} filed on {late[0].filed_on}, after the window closed on {rule.closes}"


def _valid_outcome(inputs: RoundInputs) -> str:
    """The hash of what becomes of every team where nothing is invalidated."""
    decision = decide(replace(inputs, acts=inputs.acts.model_copy(update={"invalidations": []})))
    return canonical_sha256(
        {each.team: [each.status, each.rank, each.total, each.eliminated_by] for each in decision.standings}
    )


def finalise(loaded: LoadedProgramme, round_id: str | None, by: str, today: date | None = None) -> list[RoundEvent]:
    """Ends the round: the decision that stands is final. `today` is in UTC, as the window is.

    Raises InputFault before there is a decision, while the appeal window is open, while an appeal is pending or a team is for
    review, and where something has changed since the decision.
    """
    round_ = loaded.round(round_id)
    warehouse, programme = Warehouse(loaded.warehouse), loaded.programme.programme
    seen = whole_chain(warehouse, programme, round_.id)
    if state_of(seen) == "final":
        _refuse(loaded, round_, seen, "a round that is not final: only an invalidation changes one that is")
    if state_of(seen) not in ("decided", "appeals"):
        _refuse(loaded, round_, seen, "a decided round: `gwanmun decide`")
    decided = last_of(seen, "decided")
    assert decided is not None
    inputs = load_round_inputs(loaded, round_.id)
    decision = decide(inputs)
    load_decision(warehouse, programme, round_.id)  # refused where its rows were changed, which this would make final
    if canonical_sha256(decision) != decided.content["decision_sha256"]:
        found = f"rules, panels or acts that have changed since the decision of {decided.at[:10]}"
        raise loaded.fault(f"rounds.{round_.id}", found, "those that were decided on: `gwanmun decide`")
    _refuse_open(loaded, round_, inputs, decision, seen, today or datetime.now(UTC).date())
    said = {"decision_sha256": decided.content["decision_sha256"], "outcome_sha256": _valid_outcome(inputs)}

    def steps(chain: Sequence[RoundEvent]) -> list[Step]:
        if len(chain) != len(seen):
            raise loaded.fault(f"rounds.{round_.id}", f"a record added meanwhile by {chain[-1].by}", "the same again")
        return [("final", said)]

    return append(warehouse, programme, round_.id, by, steps)


def _refuse_open(
    loaded: LoadedProgramme,
    round_: Round,
    inputs: RoundInputs,
    decision: Decision,
    chain: Sequence[RoundEvent],
    today: date,
) -> None:
    key, rule = f"rounds.{round_.id}", round_.appeals
    if rule is not None:
        decided = first_decided(chain)
        assert decided is not None
        if rule.opened < decided - ONE_DAY:
            found = f"{rule.opened}, before the decision of {decided}: a shorter window than {rule.window_days} days"
            raise loaded.fault(f"{key}.appeals.opened", found, f"{decided}")
        if today <= rule.closes:
            raise loaded.fault(
                key, f"an appeal window open until {rule.closes}", f"a day after that, in UTC; it is {today}"
            )
        pending = [
            each.team for each in inputs.acts.appeals if each.result == "pending" and each.filed_on <= rule.closes
        ]
        if pending:
            raise loaded.fault(
                key, f"a pending appeal of {pending[0]!r}", "the appeal panel's result, then `gwanmun decide`"
            )
    review = [each.team for each in decision.standings if each.status == "review"]
    if review:
        raise loaded.fault(key, f"{review[0]!r} for review", "a ruling on it, then `gwanmun decide`")


def _refuse(loaded: LoadedProgramme, round_: Round, chain: Sequence[RoundEvent], expected: str) -> NoReturn:
    words = STATE_WORDS[state_of(chain)]
    raise InputFault(loaded.path, f"rounds.{round_.id}", f"a round in the state {words.en} ({words.ko})", expected)
