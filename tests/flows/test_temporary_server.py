"""Our own server of a run: it ends with its parent, at any moment, and a server of the user's is used instead."""

import io
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from flows.temporary_server import ServerFailedError, run_server
from tests.drills.test_kill import wait_for_nobody

STARTING = """
import os, signal, sys
from pathlib import Path
from flows.temporary_server import run_server
with open(os.devnull, "w") as log, run_server(Path(sys.argv[1]), log) as server:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_while_its_server_starts_it_leaves_neither_process_nor_folder(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", STARTING, tmp_path], timeout=60)
    assert ran.returncode == -signal.SIGKILL
    wait_for_nobody(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_both_left_behind_is_removed_by_the_next_run(tmp_path: Path) -> None:
    leftover = tmp_path / ".prefect-abc"
    leftover.mkdir()
    (leftover / "prefect.db").write_bytes(b"x")
    with (tmp_path / "log").open("w") as log, run_server(tmp_path, log) as server:
        assert server.home is not None and server.home != leftover
        assert not leftover.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_server_that_the_user_names_is_used_and_none_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    with run_server(tmp_path, io.StringIO()) as server:
        assert (server.url(), server.home) == ("http://127.0.0.1:4200/api", None)
    assert list(tmp_path.iterdir()) == []


def test_the_empty_database_that_is_kept_is_made_anew_where_it_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that a server cannot start is said. A database of the user's own server is not touched by ours."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", f"sqlite+aiosqlite:///{tmp_path}/users.db")
    kept = tmp_path / "caches" / "gwanmun" / f"prefect-{version('prefect')}.db"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"no database" * 1000)
    with (tmp_path / "log").open("w") as log:
        with run_server(tmp_path, log) as server, pytest.raises(ServerFailedError, match="ended while it started"):
            server.url()
        assert "file is not a database" in (tmp_path / "log").read_text()
        assert not kept.exists()
        with run_server(tmp_path, log) as server:
            server.url()
    with closing(sqlite3.connect(kept)) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        assert database.execute("select count(*) from flow_run").fetchone() == (0,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["caches", "log"]
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
