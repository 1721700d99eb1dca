"""The honest run, trained once a session."""

from pathlib import Path

import pytest

from tests.data_quality.honest_run import HonestRun, make_honest_run


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> HonestRun:
    """Do not change it: copy it."""
    return make_honest_run(tmp_path_factory.mktemp("honest") / "run")


@pytest.fixture
def copied(honest: HonestRun, tmp_path: Path) -> HonestRun:
    """A copy that a test may change."""
    return honest.copy(tmp_path / "run")
