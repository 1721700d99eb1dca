"""The displacement bound: sums of learning rates, rounding of files, and what cannot be told."""

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from checks.contracts.loading import load_submission
from checks.contracts.submission import Optimiser
from tasks.data_quality.displacement import Rates, is_bounded
from tasks.data_quality.training_log import TrainingLog
from tests.data_quality.honest_run import HonestRun
from tests.data_quality.test_one_change import UNRUN, judged, outcomes
from tests.data_quality.training import CHECKPOINTS


def test_sums_of_rates_are_those_of_straight_lines_between_logged_steps() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        steps = np.unique(rng.integers(1, 60, 8))
        values = rng.random(len(steps))
        log = TrainingLog(columns={"step": steps, "learning_rate": values})  # type: ignore[dict-item]
        before, after = sorted(rng.integers(0, 80, 2).tolist())
        expected = np.interp(np.arange(before + 1, after + 1), steps, values).sum()
        assert Rates(log).between(before, after) == pytest.approx(expected)


def test_a_huge_step_number_costs_nothing() -> None:
    log = TrainingLog(columns={"step": [1, 2], "learning_rate": [0.5, 0.5]})  # type: ignore[dict-item]
    assert Rates(log).between(0, 10**15) == pytest.approx(5e14)


@pytest.mark.parametrize(
    ("name", "bounded"), [("adamw", True), ("Adam", True), ("lion", True), ("muon", False), ("sgd", False)]
)
def test_only_optimisers_of_bounded_steps_have_a_bound(name: str, bounded: bool) -> None:
    assert is_bounded(Optimiser(name=name)) == bounded


def test_without_a_known_bound_displacement_is_not_proven(copied: HonestRun) -> None:
    copied.change_manifest(lambda data: data["evidence"]["training"]["optimiser"].update(name="muon"))
    unbounded = {"checkpoints.displacement", "checkpoints.early-checkpoint"}
    assert outcomes(judged(copied), "conditional") == unbounded | UNRUN


def test_checkpoints_and_submission_in_bfloat16_still_pass(copied: HonestRun) -> None:
    import torch

    for folder in [*(f"evidence/step-{step}" for step in CHECKPOINTS), "model"]:
        path = copied.folder / folder / "model.safetensors"
        tensors = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(path).items()}
        save_file(tensors, path, metadata={"format": "pt"})
    copied.seal()
    results = judged(copied)
    assert outcomes(results, "pass") >= {"checkpoints.displacement", "checkpoints.initial-distribution"}
    assert (outcomes(results, "fail"), outcomes(results, "conditional")) == (set(), UNRUN)


def test_a_last_checkpoint_that_is_not_the_submission_is_found(copied: HonestRun) -> None:
    import shutil

    shutil.copytree(copied.folder / "model", copied.folder / "evidence/step-48")
    last = {"step": 48, "source": "evidence/step-48/"}
    copied.change_manifest(lambda data: data["evidence"]["checkpoints"].append(last))
    copied.seal()
    assert outcomes(judged(copied), "fail") == set()
    shutil.rmtree(copied.folder / "evidence/step-48")
    shutil.copytree(copied.folder / "evidence/step-32", copied.folder / "evidence/step-48")
    copied.seal()
    assert outcomes(judged(copied), "fail") == {"checkpoints.displacement"}
    assert load_submission(copied.manifest).checkpoint_paths()[-1][0] == 48
