"""A panel's ruling on one gate and team, asked for in a paused flow: one fills in the form, another countersigns.

    prefect deployment run 'panel-ruling/local' --param programme=demo/programme.yaml --param team=t3 --param gate=independence

The run pauses twice; each form stands on the run's page of the Prefect server. What is entered wrong is asked for again, with the
reason. The answers become records of the round's chain, as those that are typed on the page do.
"""

from pathlib import Path
from typing import Literal

from prefect import flow, get_run_logger
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.records.life_cycle import RoundEvent
from checks.rules.inputs import NotMeasured
from flows.run_names import flow_run_name
from warehouse.round_inputs import decide_round
from warehouse.typing_rulings import RulingWords, countersign, sign_ruling

#: A panel meets within days; a run that nobody answers ends, and is started again.
WAIT_SECONDS = 7 * 24 * 3600
#: How often a paused run looks for its answer.
POLL_SECONDS = 5


class Ruling(RunInput):
    """위원회 결정 · The panel's ruling."""

    result: Literal["pass", "fail", "conditional", "indeterminate"] = Field(description="결과 · result")
    reason: str = Field(description="사유 · reason", min_length=1)
    evidence: str = Field("", description="근거 자료, 없으면 비움 · evidence, empty where there is none")
    signed_by: str = Field(description="서명 · signed by", min_length=1)


class Countersignature(RunInput):
    """둘째 서명 · The second signature, of another person."""

    agrees: bool = Field(description="동의함 · agrees")
    signed_by: str = Field(description="서명 · signed by", min_length=1)


@flow(name="panel-ruling", flow_run_name=flow_run_name, persist_result=False)
def panel_ruling(programme: str, team: str, gate: str, round: str | None = None) -> bool:
    """Asks for a ruling and its second signature; False where the second person does not agree, and nothing counts then."""
    loaded = load_programme(Path(programme))
    round_ = loaded.round(round)
    loaded.team(round_, team)
    if gate not in [each.id for each in round_.gates]:
        raise loaded.fault(f"rounds.{round_.id}.gates", repr(gate), "a gate of the round")
    logger = get_run_logger()
    first = _first(loaded, round_.id, team, gate)
    logger.info("%s signed %s on %s for %s", first.by, first.content["result"], gate, team)
    second = _second(loaded, round_.id, first)
    logger.info("not countersigned" if second is None else f"countersigned by {second.by}: the ruling counts")
    return second is not None


def _first(loaded: LoadedProgramme, round_id: str, team: str, gate: str) -> RoundEvent:
    wrong, asked = "", _question(loaded, round_id, team, gate)
    while True:
        form = Ruling.with_initial_data(description=f"{wrong}{asked}")
        given = pause_flow_run(wait_for_input=form, timeout=WAIT_SECONDS, poll_interval=POLL_SECONDS)
        assert given is not None
        words = RulingWords(team, gate, given.result, given.reason, given.evidence)
        try:
            return sign_ruling(loaded, round_id, words, given.signed_by)
        except InputFault as fault:
            wrong = _again(fault)


def _second(loaded: LoadedProgramme, round_id: str, first: RoundEvent) -> RoundEvent | None:
    said = first.content
    wrong, asked = (
        "",
        (
            f"{said['team']}, {said['gate']}: **{said['result']}**. {said['reason']} ({first.by})\n\n"
            "다른 위원의 둘째 서명이 있어야 결정이 됩니다. · It counts once another person has signed."
        ),
    )
    while True:
        form = Countersignature.with_initial_data(description=f"{wrong}{asked}")
        given = pause_flow_run(wait_for_input=form, timeout=WAIT_SECONDS, poll_interval=POLL_SECONDS)
        assert given is not None
        if not given.agrees:
            return None
        try:
            return countersign(loaded, round_id, first.event_no, given.signed_by)
        except InputFault as fault:
            wrong = _again(fault)


def _question(loaded: LoadedProgramme, round_id: str, team: str, gate: str) -> str:
    """What is ruled on, and what the check itself found, in both languages."""
    round_ = loaded.round(round_id)
    name = loaded.team(round_, team).name
    asked = f"{round_.title.ko}, {name.ko}, {gate} · {round_.title.en}, {name.en}, {gate}"
    try:
        decision = decide_round(loaded, round_id)
    except NotMeasured:
        return asked
    results = [each for standing in decision.standings if standing.team == team for each in standing.gate_results]
    found = [
        f"- {reason.text.ko}\n- {reason.text.en}" for each in results if each.gate == gate for reason in each.reasons
    ]
    return "\n".join([asked, "", *found])


def _again(fault: InputFault) -> str:
    return f"**받아들이지 않았습니다 · refused:** {fault.message}\n\n"
