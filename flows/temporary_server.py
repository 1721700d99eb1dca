"""The Prefect server of a run in this process: the user's own where PREFECT_API_URL names one, else one of ours for the run.

Prefect would bring one up by itself, and leave it running for ever when the run is killed. Ours ends however this process
ends (`flows.temporary_server_process`), listens on loopback only, sends nothing anywhere and leaves nothing behind.
"""

import os
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

#: Seven seconds on an idle machine, ten times that where everything else is busy too.
STARTING_SECONDS = 300
ENDING_SECONDS = 10
HOME_PREFIX = ".prefect-"
#: No word to anyone, no page, no noise. Set before Prefect is imported, where the user has not set it.
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}
#: Our own server offers nothing to configure, and registering what it could offer takes seconds.
OWN_SERVER = {"PREFECT_API_BLOCKS_REGISTER_ON_START": "false"}
_SOURCE_ROOT = Path(__file__).resolve().parents[1]


class ServerFailedError(RuntimeError):
    """The server ended or did not answer in time; the log says more."""


class RunServer:
    """A server that may still be starting: `url` waits until it answers. `home` is None for a server of the user's."""

    def __init__(
        self, url: str = "", process: "subprocess.Popen[bytes] | None" = None, home: Path | None = None
    ) -> None:
        self.home = home
        self._url = url
        self._process = process

    def url(self) -> str:
        """The address of its API; raises ServerFailedError."""
        if not self._url:
            assert self._process is not None
            self._url = _address(self._process)
        return self._url


@contextmanager
def run_server(folder: Path, log: IO[str]) -> Iterator[RunServer]:
    """The server for a run; our own starts at once, keeps its state in a folder inside `folder` and its errors in `log`."""
    own = os.environ.get("PREFECT_API_URL")
    if own:
        yield RunServer(own)
        return
    for leftover in folder.glob(f"{HOME_PREFIX}*"):  # of a run that was killed together with its server
        shutil.rmtree(leftover, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir=folder))
    process = _start(home, log)
    try:
        yield RunServer(process=process, home=home)
    finally:
        _end(process)
        shutil.rmtree(home, ignore_errors=True)


def _start(home: Path, log: IO[str]) -> "subprocess.Popen[bytes]":
    path = os.pathsep.join(filter(None, (str(_SOURCE_ROOT), os.environ.get("PYTHONPATH"))))
    # the user's settings are for a server of the user's: a database named there is not for this one
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "flows.temporary_server_process", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=inherited | QUIET | OWN_SERVER | {"PREFECT_HOME": str(home), "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C is for the run, which then ends its server
    )


def _address(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(timeout=STARTING_SECONDS):
            raise ServerFailedError(f"the temporary Prefect server did not answer within {STARTING_SECONDS} s")
    address = process.stdout.readline().decode().strip()
    if not address:
        raise ServerFailedError("the temporary Prefect server ended while it started")
    return address


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
