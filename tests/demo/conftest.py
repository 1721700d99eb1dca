"""One small demo, really trained for a few steps a model, that the tests of this folder look at and never change."""

from pathlib import Path

import pytest

from flows.demo.programme import make_programme
from flows.demo.training import Budget

SMALL = Budget(0.03)


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small demo."""
    folder = tmp_path_factory.mktemp("demo") / "small"
    make_programme(folder, seed=11, budget=SMALL)
    return folder
