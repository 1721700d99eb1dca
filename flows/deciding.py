"""The round decided by the programme's own rules: a draft's decision recorded, a frozen round's left to `gwanmun decide`."""

import getpass
import os

from checks.contracts.loading import LoadedProgramme
from checks.contracts.programme import Round
from checks.records.decisions import Decision
from checks.rules.inputs import NotMeasured
from checks.rules.life_cycle import state_of
from warehouse.life_cycle import whole_chain
from warehouse.life_steps import record_measured
from warehouse.round_inputs import decide_round
from warehouse.store import Warehouse
from warehouse.writer import record_decision


def decide_and_record(loaded: LoadedProgramme, round_: Round) -> Decision:
    """Decides from what the warehouse holds; the same decision again is not recorded twice.

    Of a frozen round it is recorded that everything has been measured, by the account that ran it; who decides is a person.
    Raises InputFault where points are asked of a team that hands nothing in.
    """
    try:
        decision = decide_round(loaded, round_.id)
    except NotMeasured as absent:
        key = f"rounds.{round_.id}.teams.{absent.team}.submission"
        raise loaded.fault(key, f"no points for {absent.leaf}", "a submission to be scored on") from None
    if is_draft(loaded, round_):
        record_decision(Warehouse(loaded.warehouse), decision)
    else:
        record_measured(loaded, round_, _account())
    return decision


def is_draft(loaded: LoadedProgramme, round_: Round) -> bool:
    """Whether the round was never frozen."""
    return state_of(whole_chain(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id)) == "draft"


def _account() -> str:
    """Whose process it is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number that has no name
        return f"uid {os.getuid()}"
