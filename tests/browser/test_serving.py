"""`gwanmun dashboard` as a process: it says where it is, refuses what it cannot serve, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.browser.conftest import free_port, served
from tests.dashboard.small_round import replace_in, write_round

COMMAND = str(Path(sys.executable).with_name("gwanmun"))
GONE_SECONDS = 20


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_listens_on_the_loopback_address_only_and_goes_with_its_parent_even_when_that_is_killed(
    tmp_path: Path,
) -> None:
    port = free_port()
    with served(write_round(tmp_path / "round"), port) as parent:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=10) as answer:
            assert answer.status == 200
        listening = subprocess.run(["cat", "/proc/net/tcp"], capture_output=True, text=True, check=True).stdout
        here = [line.split()[1] for line in listening.splitlines()[1:] if line.split()[3] == "0A"]
        assert [each.split(":")[0] for each in here if each.endswith(f":{port:04X}")] == ["0100007F"]
        os.kill(parent.pid, signal.SIGKILL)
        end = time.monotonic() + GONE_SECONDS
        while _answers(port) and time.monotonic() < end:
            time.sleep(0.1)
        assert not _answers(port)


def test_a_port_in_use_and_a_faulty_programme_are_one_message_and_exit_code_2(tmp_path: Path) -> None:
    programme = write_round(tmp_path / "round")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [COMMAND, "dashboard", programme, "--port", str(port)], capture_output=True, text=True, timeout=60
        )
    assert ran.returncode == 2 and "--port" in ran.stderr and "in use" in ran.stderr and "Traceback" not in ran.stderr
    replace_in(programme, "places: 4", "places: four")
    ran = subprocess.run([COMMAND, "dashboard", programme], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2 and "rounds[0].places" in ran.stderr and "Traceback" not in ran.stderr
