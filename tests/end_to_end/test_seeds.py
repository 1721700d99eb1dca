"""The same story from other seeds: other weights, other items, other panels. `make seeds`; minutes each."""

import json
import subprocess
from pathlib import Path

import pytest

from checks.contracts.loading import load_programme
from tests.cli.command import COMMAND
from tests.end_to_end.outcome import assert_expected
from warehouse.reader import load_decision
from warehouse.store import Warehouse


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [7, 11, 1234])
def test_another_seed_tells_the_same_story(seed: int, tmp_path: Path) -> None:
    from flows.demo.programme import make_programme

    programme = make_programme(tmp_path / "demo", seed=seed)
    ran = subprocess.run([COMMAND, "run", programme, "--json"], capture_output=True, text=True, timeout=1800)
    assert ran.returncode == 0, ran.stderr
    loaded = load_programme(programme)
    decision = load_decision(Warehouse(loaded.warehouse), loaded.programme.programme, "round-1")
    assert decision is not None
    assert_expected(decision)
    assert json.loads(ran.stdout)["vacancies"] == 1
