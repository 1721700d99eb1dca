"""What README's "Deploy" says, done for real on loopback: server, work pool, deploy, worker, run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from flows.temporary_server import QUIET
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


def test_deployed_flows_run_on_a_server_and_a_worker(tmp_path: Path) -> None:
    programme = (
        Path(shutil.copytree(REPOSITORY / "examples" / "imported-points", tmp_path / "round")) / "programme.yaml"
    )
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
            run = ["deployment", "run", "evaluate-round/local", "--param", f"programme={programme}", "--watch"]
            said = _prefect(environment, *run)
        flows = {str(flow["name"]) for flow in _asked(f"{url}/flows/filter", {})}
        artifacts = {str(each["key"]) for each in _asked(f"{url}/artifacts/filter", {})}
    assert "completed" in said.lower(), said
    assert flows >= DEPLOYMENTS
    assert "decision" in artifacts
    decision = load_decision(Warehouse(programme.parent / "warehouse"), "round-1")
    assert decision is not None and decision.standings
