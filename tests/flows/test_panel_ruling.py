"""The paused flow on a real server of its own: what is entered wrong is asked for again, and two people make a ruling."""

import contextvars
import threading
import time
from pathlib import Path
from typing import Any

from checks.contracts.loading import load_programme
from flows.quiet_prefect import quiet_prefect
from flows.temporary_server import run_server
from tests.warehouse.programmes import make_imported
from warehouse.life_cycle import whole_chain
from warehouse.round_inputs import decide_round
from warehouse.store import Warehouse

PATIENCE_SECONDS = 120


def _answer(flow: str, form: str, wanted: dict[str, Any], heard: list[str]) -> None:
    """Waits until the run is paused with a form it has not been paused with, remembers what it asks, and answers."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName
    from prefect.exceptions import PrefectHTTPStatusError

    with get_client(sync_client=True) as client:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            runs = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])))
            keyset = runs[0].state.state_details.run_input_keyset if runs and runs[0].state else None
            if runs and runs[0].state and runs[0].state.is_paused() and keyset and keyset["response"] not in heard:
                path = {"id": runs[0].id, "key": keyset["description"]}
                try:
                    asked = client.request("GET", "/flow_runs/{id}/input/{key}", path_params=path)
                except PrefectHTTPStatusError:  # it is paused a moment before its question is there
                    time.sleep(0.2)
                    continue
                heard.append(keyset["response"])
                heard.append(f"{form}: {asked.text}")
                client.resume_flow_run(runs[0].id, run_input=wanted)
                return
            time.sleep(0.5)
    raise AssertionError(f"{flow} was not paused: {heard}")


def test_two_people_answer_a_paused_run_and_the_ruling_counts(tmp_path: Path) -> None:
    loaded = make_imported(tmp_path / "round")
    before = {each.team: each.gates for each in decide_round(loaded).standings}
    ruling = {"result": "pass", "reason": "읽어 보았음", "evidence": "minutes.pdf", "signed_by": "Kim"}
    heard: list[str] = []
    with (tmp_path / "log").open("w") as log, run_server(tmp_path, log) as server, quiet_prefect(server, log):
        from flows import panel_ruling

        panel_ruling.POLL_SECONDS = 1
        answers: list[bool] = []
        asking = contextvars.copy_context().run
        about = (str(loaded.path), "c", "floor")
        run = threading.Thread(target=asking, args=(lambda: answers.append(panel_ruling.panel_ruling(*about)),))
        run.start()
        _answer("panel-ruling", "empty", {**ruling, "reason": "  "}, heard)
        _answer("panel-ruling", "first", ruling, heard)
        _answer("panel-ruling", "same", {"agrees": True, "signed_by": " KIM"}, heard)
        _answer("panel-ruling", "second", {"agrees": True, "signed_by": "Lee"}, heard)
        run.join(PATIENCE_SECONDS)
    assert answers == [True]
    told = [each for each in heard if ": " in each]
    assert "Team c" in told[0] and "c팀" in told[0] and "refused" in told[1] and "reason: found nothing" in told[1]
    assert "another person than who signed first" in told[3]
    chain = whole_chain(Warehouse(loaded.warehouse), "imported", "round-1")
    assert [(each.kind, each.by) for each in chain] == [("ruling", "Kim"), ("countersigned", "Lee")]
    after = {each.team: each.gates for each in decide_round(load_programme(loaded.path)).standings}
    assert after == {**before, "c": {"floor": "pass"}} and before["c"] != after["c"]
