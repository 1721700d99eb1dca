"""A Prefect server for one run: it says its address on standard output and ends when its standard input ends.

`python -m flows.temporary_server_process HOME` keeps everything in HOME and removes it. Its parent holds the other end of
standard input, which the kernel closes however the parent dies: nothing is left running and nothing is left lying about
but one empty database in the user's cache folder, because Prefect takes ten seconds to make one.
"""

import os
import shutil
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

DATABASE = "prefect.db"


def main() -> None:
    """Serves until standard input ends."""
    home = Path(sys.argv[1])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    threading.Thread(target=_end_with_parent, args=(home,), daemon=True).start()
    empty, database = _empty_database(), home / DATABASE
    known = empty.is_file()
    if known:
        shutil.copyfile(empty, database)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]

        def ready() -> None:
            if not known:
                _keep(database, empty)
            print(f"http://127.0.0.1:{port}/api", file=answers)

        try:
            _serve(listener, ready)
        except (Exception, SystemExit):
            empty.unlink(missing_ok=True)  # in case it is damaged: the next run makes it anew
            raise


def _end_with_parent(home: Path) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


def _empty_database() -> Path:
    """Where the database as Prefect makes it is kept, one for each version; Prefect still checks it when it starts."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "gwanmun" / f"prefect-{version('prefect')}.db"


def _keep(database: Path, target: Path) -> None:
    """Copies a database that is in use, whole or not at all; where there is no cache folder to write to, nothing is kept."""
    whole = database.with_name("whole.db")
    unfinished = target.with_suffix(f".{os.getpid()}")
    with suppress(OSError, sqlite3.Error):
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(whole)) as copy:
            source.backup(copy)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(whole, unfinished)
        unfinished.rename(target)


def _serve(listener: socket.socket, ready: Callable[[], None]) -> None:
    import uvicorn
    from prefect.server.api.server import create_app

    class Server(uvicorn.Server):
        """Says when it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    # `ephemeral` leaves out the page and the services that only schedules and workers need
    app = create_app(ephemeral=True, final=True)
    Server(uvicorn.Config(app, log_level="error", lifespan="on", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
