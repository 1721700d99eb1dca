"""Starts the web page of one programme on this machine and stays until it is ended.

    >>> serve(Path("demo/programme.yaml"), port=None)        # doctest: +SKIP
    Gwanmun dashboard: http://127.0.0.1:8501 (Ctrl-C ends it)

Nothing of it leaves the machine: it listens on the loopback address, sends no usage figures, and loads nothing from elsewhere.
The child ends with us, however we end: by Ctrl-C, by SIGTERM, and on Linux also where we are killed (PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_programme
from dashboard.look import THEME
from dashboard.opened import PROGRAMME_VARIABLE

ADDRESS = "127.0.0.1"
#: Streamlit's customary port is taken where it is free, so that a bookmark keeps working.
USUAL_PORT = 8501
_PR_SET_PDEATHSIG = 1
START_SECONDS = 60
STOP_SECONDS = 5

_OPTIONS: dict[str, str] = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",
    "server.address": ADDRESS,
    "server.fileWatcherType": "none",
    "server.headless": "true",
}


def serve(programme_path: Path, port: int | None) -> int:
    """Serves the pages of a programme until Ctrl-C or SIGTERM; returns the exit code.

    Raises InputFault for a faulty programme or a port that is taken.
    """
    path = load_programme(programme_path).path
    chosen = _free_port() if port is None else _checked_port(port)
    environment = os.environ | {PROGRAMME_VARIABLE: str(path)}
    child = subprocess.Popen(
        command(chosen),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=_die_with(os.getpid()) if sys.platform == "linux" else None,
        start_new_session=True,
    )
    former = signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        if _wait_until_ready(child, chosen):
            sys.stderr.write(f"Gwanmun dashboard: http://{ADDRESS}:{chosen} (Ctrl-C ends it)\n")
            sys.stderr.flush()
        return child.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, former)
        _end(child)


def command(port: int) -> list[str]:
    """The command line of the child: Streamlit with all of its settings said, so that no file elsewhere changes them."""
    options = _OPTIONS | {"server.port": str(port)} | {f"theme.{name}": value for name, value in THEME.items()}
    app = Path(__file__).with_name("app.py")
    return [sys.executable, "-m", "streamlit", "run", str(app)] + [
        f"--{name}={value}" for name, value in options.items()
    ]


def _free_port() -> int:
    return USUAL_PORT if _is_free(USUAL_PORT) else _any_port()


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _checked_port(port: int) -> int:
    if not 1 <= port <= 65535:
        raise InputFault("command line", "--port", str(port), "a number from 1 to 65535")
    if not _is_free(port):
        raise InputFault(
            "command line", "--port", f"{port}, which is in use", "a free port, or none to have one chosen"
        )
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def _die_with(parent: int) -> Callable[[], None]:
    """What the child does before it starts: it asks the kernel for SIGTERM when its parent dies (prctl(2))."""
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait_until_ready(child: "subprocess.Popen[bytes]", port: int) -> bool:
    """True once the child answers; False where it ended or did not answer in time."""
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with no_proxy.open(f"http://{ADDRESS}:{port}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
