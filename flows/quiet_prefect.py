"""Prefect inside a command: its settings for one run, and its log in a file instead of on the terminal.

Prefect prints some sixty lines of traceback two or three times for one failure; a user needs one line and where to read on.
Nothing here imports Prefect before it is called.
"""

import atexit
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from flows.temporary_server import QUIET, RunServer

LAST_EVENTS_SECONDS = 5
_LINE = "%(asctime)s %(levelname)s "


@contextmanager
def quiet_prefect(server: RunServer, log: IO[str]) -> Iterator[None]:
    """Runs the block's flows against `server`, and writes what Prefect and the libraries log to `log`."""
    environment = QUIET if server.home is None else QUIET | {"PREFECT_HOME": str(server.home)}
    with _environment(environment):
        from prefect.settings import temporary_settings

        with temporary_settings(_settings(server)), _logging_to(log):
            try:
                yield
            finally:
                _send_last_events()


def _send_last_events() -> None:
    """While the server is there: Prefect would else go on trying for seconds after the run."""
    from prefect.events.worker import EventsWorker

    EventsWorker.drain_all(timeout=LAST_EVENTS_SECONDS)


def say_last_words_in(log: Path) -> None:
    """Sends what C libraries print when the process is almost gone to `log`; exit code and all before stay as they are.

    Prefect's threads live until the very end, and keep alive what DuckDB then reports as leaked, in fifty lines.
    """
    atexit.register(_redirect_errors, log)  # the first registered is the last to run


def _redirect_errors(log: Path) -> None:
    sys.stderr.flush()
    with suppress(OSError):
        os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), 2)


def _settings(server: RunServer) -> dict[Any, Any]:
    from prefect import settings

    if server.home is None:
        return {settings.PREFECT_API_URL: server.url()}
    return {
        settings.PREFECT_API_URL: server.url(),
        settings.PREFECT_HOME: server.home,
        settings.PREFECT_LOGGING_TO_API_ENABLED: False,  # the server and what it knows end with the run
        settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # a second for every flow run, for nobody
    }


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Sets what is not set, and takes it away again."""
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextmanager
def _logging_to(log: IO[str]) -> Iterator[None]:
    """Puts a handler that writes to `log` in the place of every one of Prefect's that writes to the terminal."""
    import prefect.main  # noqa: F401  (sets up its logging)
    from prefect.logging.formatters import PrefectFormatter
    from prefect.logging.handlers import PrefectConsoleHandler

    to_file = logging.StreamHandler(log)
    to_file.setFormatter(
        PrefectFormatter(
            _LINE + "%(name)s: %(message)s",
            flow_run_fmt=_LINE + "%(flow_run_name)s: %(message)s",
            task_run_fmt=_LINE + "%(task_run_name)s: %(message)s",
        )
    )
    known = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    replaced = []
    for logger in [logging.getLogger(), *known]:
        for handler in [each for each in logger.handlers if isinstance(each, PrefectConsoleHandler)]:
            logger.removeHandler(handler)
            logger.addHandler(to_file)
            replaced.append((logger, handler))
    try:
        yield
    finally:
        for logger, handler in replaced:
            logger.removeHandler(to_file)
            logger.addHandler(handler)
