"""Step 0 from a committed seed: drawn again, held against what was handed in, and put in its place."""

import json
import shutil
from collections.abc import Callable
from typing import Any, get_args

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import load_submission
from checks.contracts.submission import EvidencePart, handed_in
from checks.records.quality import ExpectationResult
from tests.data_quality.honest_run import HonestRun
from tests.data_quality.test_one_change import UNRUN, judged, outcomes


def declare(run: HonestRun, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes what is said of the training."""
    run.change_manifest(lambda data: change(data["evidence"]["training"]) and None)


def of(results: list[ExpectationResult], check: str) -> list[ExpectationResult]:
    """That check's results."""
    return [each for each in results if each.check == check]


def test_a_gate_can_ask_for_everything_that_an_honest_run_hands_in(honest: HonestRun) -> None:
    evidence = load_submission(honest.manifest).submission.evidence
    assert handed_in(evidence) == [part for part in get_args(EvidencePart) if part != "replays"]


def test_what_the_seed_draws_stands_for_a_step_zero_that_was_not_handed_in(copied: HonestRun) -> None:
    copied.change_manifest(lambda data: data["evidence"]["checkpoints"].pop(0) and None)
    shutil.rmtree(copied.folder / "evidence/step-0")
    copied.seal()
    results = judged(copied)
    assert (outcomes(results, "fail"), outcomes(results, "conditional")) == (set(), UNRUN)
    (zero,) = of(results, "step-zero")
    assert "drawn again" in zero.observed
    assert {each.subject for each in of(results, "initial-distribution")} == {
        "language_model",
        "vision_tower",
        "projector",
    }
    assert all(each.rows == 7 for each in of(results, "displacement")), "from step 0 to the submission"
    declare(copied, lambda training: training.update(seed=12))
    results = judged(copied)
    assert outcomes(results, "fail") == {"checkpoints.seed-committed", "checkpoints.displacement"}


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_weights_that_were_rounded_or_settings_that_name_a_shorter_format_are_the_same_draw(
    dtype: str, copied: HonestRun
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    path = copied.folder / "evidence/step-0/model.safetensors"
    tensors = {name: tensor.to(getattr(torch, dtype)) for name, tensor in load_file(path).items()}
    save_file(tensors, path, metadata={"format": "pt"})
    settings = copied.folder / "model/config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"dtype": dtype}))
    copied.seal()
    (found,) = of(judged(copied), "seed-redrawn")
    assert (found.outcome, found.rows) == ("pass", 49)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"torch": "1.0.0"}, "drawn by torch 1.0.0"),
        ({"architectures": ["pipeline"]}, "no model 'pipeline'"),
        ({"model_type": "never-heard-of"}, "never-heard-of"),
    ],
)
def test_what_cannot_be_drawn_here_is_not_proven(changed: dict[str, Any], said: str, copied: HonestRun) -> None:
    if "torch" in changed:
        declare(copied, lambda training: training["seed_commitment"].update(changed))
    else:
        settings = copied.folder / "model/config.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | changed))
    results = judged(copied)
    (found,) = of(results, "seed-redrawn")
    assert found.outcome == "conditional" and said in found.observed
    assert outcomes(results, "fail") == set()


def test_a_commitment_is_to_the_seed_and_before_the_log(copied: HonestRun) -> None:
    copied.change_log(lambda lines: [line.pop("time") for line in lines] and None)
    (found,) = of(judged(copied), "seed-committed")
    assert (found.outcome, "does not say when" in found.observed) == ("conditional", True)
    declare(copied, lambda training: training.pop("seed"))
    with pytest.raises(InputFault, match="a seed from 0"):
        load_submission(copied.manifest)
