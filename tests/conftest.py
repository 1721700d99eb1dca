"""What all tests share: no network, no browser tests where there is no browser, and one simulated programme, trained once.

The programme stands in build/demo-HASH, named by what it was made from, so that a second session trains nothing.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO_SEED = 2026
#: A round of the demo takes a minute and a half on two idle cores.
ROUND_SECONDS = 600

for _name, _value in {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",  # the models are small: threads only cost
}.items():
    os.environ.setdefault(_name, _value)

# The same examples every time: what passes here passes elsewhere, and a failure is the change's. `make seeds` draws others.
# How long one takes is no matter: machines are busy.
for _profile, _same in {"same": True, "drawn": False}.items():
    settings.register_profile(_profile, derandomize=_same, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

# A shell that starts this in the background has Ctrl-C ignored, and commands that are tested would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

#: Files that are begun first, in this order (the Makefile's options for pytest-xdist keep it): the longest would otherwise
#: be begun last, and one process wait for the other. The demo is trained and its round run for the first of them; those
#: behind it need neither, and fill the other process's time until both are there.
BEGUN_FIRST = (
    "drills/test_kill.py",
    "habits/test_house.py",
    "benchmark/test_parity.py",
    "data_quality/test_one_change.py",
    "benchmark/test_endpoint.py",
    "lineage/test_evidence.py",
    "expectations/test_decide.py",
    "end_to_end/test_faults.py",
    "flows/test_deployment.py",
)

_left_out: list[pytest.Item] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Longest files first; without the tests that need Chromium where `make test` said that there is none (elsewhere they
    fail without it)."""
    places = {REPOSITORY / "tests" / name: place for place, name in enumerate(BEGUN_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    if os.environ.get("GWANMUN_NO_BROWSER") != "1":
        return
    _left_out[:] = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in _left_out]
    config.hook.pytest_deselected(items=_left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out."""
    if _left_out:
        terminalreporter.write_line(f"NOT TESTED, for want of Chromium or Korean fonts: {len(_left_out)} browser tests")


def _made_from() -> str:
    """The hash of all that decides what the demo's training comes to."""
    digest = hashlib.sha256(f"{DEMO_SEED} {sys.version} {version('torch')} {version('transformers')}".encode())
    for source in sorted((REPOSITORY / "flows" / "demo").glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def demo_programme() -> Path:
    """The simulated programme's programme.yaml, nothing measured yet. For all tests to read and none to change."""
    from flows.demo.programme import make_programme

    folder = REPOSITORY / "build" / f"demo-{_made_from()}"
    folder.parent.mkdir(exist_ok=True)
    return make_programme(folder, seed=DEMO_SEED)


@pytest.fixture(scope="session")
def demo_round(demo_programme: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programme.yaml of the same programme with its round run once, by the command. For all to read, none to change."""
    folder = shared_folder(tmp_path_factory) / "round" / "demo"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "measured").exists():
            shutil.copytree(demo_programme.parent, folder, symlinks=True)
            command = [Path(sys.executable).parent / "gwanmun", "run", folder / "programme.yaml"]
            ran = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=ROUND_SECONDS
            )
            assert ran.returncode == 0, ran.stderr[-4000:]
            (folder / "measured").touch()
    return folder / "programme.yaml"


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this session that all processes of pytest-xdist share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture
def changeable_programme(demo_programme: Path, tmp_path: Path) -> Path:
    """A copy of `demo_programme` for one test to change."""
    return Path(shutil.copytree(demo_programme.parent, tmp_path / "demo", symlinks=True)) / "programme.yaml"


@pytest.fixture
def changeable_round(demo_round: Path, tmp_path: Path) -> Path:
    """A copy of `demo_round`, warehouse included, for one test to change."""
    return Path(shutil.copytree(demo_round.parent, tmp_path / "demo", symlinks=True)) / "programme.yaml"
