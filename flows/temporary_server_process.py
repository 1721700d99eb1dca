"""A Prefect server for one run: it says its address on standard output and ends when its standard input ends.

`python -m flows.temporary_server_process HOME` keeps everything in HOME and removes it. Its parent holds the other end of
standard input, which the kernel closes however the parent dies: nothing is left running and nothing is left lying about.
"""

import os
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import Any


def main() -> None:
    """Serves until standard input ends."""
    home = Path(sys.argv[1])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    threading.Thread(target=_end_with_parent, args=(home,), daemon=True).start()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        _serve(listener, lambda: print(f"http://127.0.0.1:{port}/api", file=answers))


def _end_with_parent(home: Path) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


def _serve(listener: socket.socket, ready: Any) -> None:
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
