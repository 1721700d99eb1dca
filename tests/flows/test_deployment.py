"""What README's "Deploy" says, done for real on loopback: server, work pool, deploy, worker, run."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from checks.contracts.loading import load_programme
from flows.temporary_server import QUIET
from tests.end_to_end.outcome import assert_expected
from tests.end_to_end.test_round import rows
from warehouse.reader import load_decision
from warehouse.store import Warehouse

REPOSITORY = Path(__file__).resolve().parents[2]
PREFECT = Path(sys.executable).parent / "prefect"
STARTING_SECONDS = 180
DEPLOYMENTS = {"evaluate-round", "benchmark", "independence", "data-quality"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process group that is gone when the block is left."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [PREFECT, *arguments],
            env=environment,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def _prefect(environment: dict[str, str], *arguments: str) -> str:
    ran = subprocess.run(
        [PREFECT, *arguments], env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=STARTING_SECONDS
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


def _asked(url: str, body: dict[str, object]) -> list[dict[str, object]]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return list(json.load(answer))


def _wait_until_healthy(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-2000:]
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=2):
            return
        time.sleep(0.3)
    pytest.fail(f"no answer in {STARTING_SECONDS} s: {log.read_text()[-2000:]}")


def test_deployed_flows_run_on_a_server_and_a_worker(changeable_round: Path, tmp_path: Path) -> None:
    """Of a round that is measured but for one team's audit, handed in again: that is measured, and the round decided."""
    declared = changeable_round.parent / "submissions" / "t5" / "submission.yaml"
    declared.write_text(declared.read_text(encoding="utf-8") + "# handed in again\n", encoding="utf-8")
    before = _run_ids(changeable_round)
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = os.environ | QUIET | {"PREFECT_HOME": str(tmp_path / "home"), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    with _running(
        ["server", "start", "--host", "127.0.0.1", "--port", str(port)], environment, tmp_path / "server"
    ) as server:
        _wait_until_healthy(url, server, tmp_path / "server")
        environment |= {"PREFECT_API_URL": url}
        _prefect(environment, "work-pool", "create", "gwanmun-local", "--type", "process")
        _prefect(environment, "--no-prompt", "deploy", "--all")
        with _running(["worker", "start", "--pool", "gwanmun-local", "--limit", "1"], environment, tmp_path / "worker"):
            run = ["deployment", "run", "evaluate-round/local", "--param", f"programme={changeable_round}", "--watch"]
            said = _prefect(environment, *run)
        flows = {str(flow["name"]) for flow in _asked(f"{url}/flows/filter", {})}
        artifacts = {str(each["key"]) for each in _asked(f"{url}/artifacts/filter", {})}
        tasks = {str(each["name"]) for each in _asked(f"{url}/task_runs/filter", {})}
        runs = {str(each["name"]) for each in _asked(f"{url}/flow_runs/filter", {})}
    assert "completed" in said.lower(), said
    assert flows >= DEPLOYMENTS
    assert artifacts == {"benchmark-scores", "independence-findings", "data-quality-checks", "decision"}
    calls = {"benchmark-0", "independence-0", "data-quality-0"}  # what Prefect itself calls a flow that a flow runs
    assert tasks == {"data-quality · Team E", "decide round-1"} | calls
    assert "evaluate-round · last round · all teams" in runs and "benchmark · round-1 · all teams" in runs
    (added,) = _run_ids(changeable_round) - before
    assert added.startswith("data-quality-t5-")
    programme = load_programme(changeable_round).programme.programme
    decision = load_decision(Warehouse(changeable_round.parent / "warehouse"), programme, "round-1")
    assert decision is not None
    assert_expected(decision)
    assert f"run:{added}" in decision.inputs


def _run_ids(programme: Path) -> set[str]:
    return {str(run_id) for (run_id,) in rows(programme, "select run_id from runs")}
