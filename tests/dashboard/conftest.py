"""A page drawn for a programme, and the small round that all tests of pages read."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.opened import PROGRAMME_VARIABLE
from tests.dashboard.small_round import measure, record, write_round

Draw = Callable[..., AppTest]
APP = Path(dashboard.__file__).with_name("app.py")


@pytest.fixture(scope="session", autouse=True)
def _no_search_for_components() -> Iterator[None]:
    """AppTest looks through every installed package for Streamlit components at each run: half of the tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        searched = "streamlit.components.v2.manifest_scanner.scan_component_manifests"
        patch.setattr(searched, lambda *_, **__: [], raising=False)
        yield


@pytest.fixture(scope="session")
def measured_round(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programme.yaml of the small round, measured and not decided. For all to read, none to change."""
    programme = write_round(tmp_path_factory.mktemp("measured") / "round")
    measure(programme)
    return programme


@pytest.fixture(scope="session")
def small_round(measured_round: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its decision recorded. For all to read, none to change."""
    programme = copied(measured_round, tmp_path_factory.mktemp("decided"))
    record(programme)
    return programme


@pytest.fixture
def undecided(measured_round: Path, tmp_path: Path) -> Path:
    """A copy of `measured_round` for one test to change."""
    return copied(measured_round, tmp_path)


@pytest.fixture
def decided(small_round: Path, tmp_path: Path) -> Path:
    """A copy of `small_round` for one test to change."""
    return copied(small_round, tmp_path)


def copied(programme: Path, folder: Path) -> Path:
    """The whole programme, warehouse included, in another folder."""
    return Path(shutil.copytree(programme.parent, folder / "round", symlinks=True)) / "programme.yaml"


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Draws a page of a programme in a language; the address's query may name more."""

    def drawn(programme: Path, page: str = "ranking", language: str = "en", **query: str) -> AppTest:
        monkeypatch.setenv(PROGRAMME_VARIABLE, str(programme))
        shown = AppTest.from_file(str(APP), default_timeout=60)
        for name, value in {"lang": language, **query}.items():
            shown.query_params[name] = value
        if page != "ranking":
            shown.switch_page(f"screens/{page}.py")
        return shown.run()

    return drawn
