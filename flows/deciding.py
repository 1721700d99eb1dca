"""The round decided by the programme's own rules, and the decision recorded."""

from checks.contracts.loading import LoadedProgramme
from checks.contracts.programme import Round
from checks.records.decisions import Decision
from checks.rules.inputs import NotMeasured
from warehouse.round_inputs import decide_round
from warehouse.store import Warehouse
from warehouse.writer import record_decision


def decide_and_record(loaded: LoadedProgramme, round_: Round) -> Decision:
    """Decides from what the warehouse holds; the same decision again is not recorded twice.

    Raises InputFault where points are asked of a team that hands nothing in.
    """
    try:
        decision = decide_round(loaded, round_.id)
    except NotMeasured as absent:
        key = f"rounds.{round_.id}.teams.{absent.team}.submission"
        raise loaded.fault(key, f"no points for {absent.leaf}", "a submission to be scored on") from None
    record_decision(Warehouse(loaded.warehouse), decision)
    return decision
