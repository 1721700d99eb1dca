"""One small demo, really trained for a few steps a model, that the tests of this folder look at and never change.

Its making is killed in the middle and taken up again, so that all of them look at what a resumed making leaves.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flows.demo.programme import make_programme
from flows.demo.training import Budget
from tests.conftest import shared_folder

SMALL_SHARE = 0.03
SMALL = Budget(SMALL_SHARE)
SEED = 11

_MAKE = f"""
import sys
from pathlib import Path
from flows.demo.programme import make_programme
from flows.demo.training import Budget
said = lambda label, done, total: print(label, done, flush=True)
make_programme(Path(sys.argv[1]), {SEED}, said, Budget({SMALL_SHARE}))
"""


def snapshot(folder: Path) -> dict[str, list[int]]:
    """Time and size of each file."""
    return {
        str(path.relative_to(folder)): [path.stat().st_mtime_ns, path.stat().st_size]
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small demo; beside it `killed.json`, which says what the kill left."""
    folder = shared_folder(tmp_path_factory) / "small" / "demo"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / "killed.json").exists():
            left = _killed_at_team_b(folder)
            make_programme(folder, seed=SEED, budget=SMALL)
            (folder.parent / "killed.json").write_text(json.dumps(left), encoding="utf-8")
    return folder


def _killed_at_team_b(folder: Path) -> dict[str, object]:
    """Whether the programme's file was there after the kill, and the reference model, which was done."""
    child = subprocess.Popen([sys.executable, "-c", _MAKE, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("Team B"):
            break
    workers = psutil.Process(child.pid).children(recursive=True)
    assert workers
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    deadline = time.monotonic() + 20
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        assert time.monotonic() < deadline, "a training process outlives its parent"
        time.sleep(0.1)
    return {"complete": (folder / "programme.yaml").exists(), "reference": snapshot(folder / "models" / "globe-vl")}
