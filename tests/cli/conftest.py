"""Programmes and models that the tests of the command line share."""

import shutil
from pathlib import Path

import pytest

from tests.cli.command import gwanmun
from tests.conftest import REPOSITORY
from tests.independence.drawn_models import component, disturbed, drawn, written

EXAMPLE = REPOSITORY / "examples" / "imported-points"


@pytest.fixture
def programme(tmp_path: Path) -> Path:
    """A round decided from tables alone, nothing run yet: its folder, for one test to change."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "round", ignore=shutil.ignore_patterns("warehouse")))


@pytest.fixture(scope="session")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its decision recorded. For all to read and none to change."""
    folder = tmp_path_factory.mktemp("decided") / "round"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("warehouse"))
    answer = gwanmun("run", folder, "--json")
    assert answer.code == 0, answer
    return folder


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints: `known`, `other`, and `borrower`, which is `other` with `known`'s vision tower, disturbed."""
    folder = tmp_path_factory.mktemp("models")
    known, other = drawn(1), drawn(2)
    written(folder / "known", known)
    written(folder / "other", other)
    written(folder / "borrower", other | disturbed(component(known, "vision_tower"), 0.98))
    return folder


@pytest.fixture
def broken(models: Path, tmp_path: Path) -> Path:
    """A copy of `other` for one test to break."""
    return Path(shutil.copytree(models / "other", tmp_path / "model"))
