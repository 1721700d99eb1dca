"""An honest run, and one change that a person has to look at: conditional on just its check, with examples where there are any."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from tasks.benchmark import text_losses
from tests.data_quality.honest_run import HonestRun
from tests.data_quality.test_one_change import FILES, UNRUN, cell, judged, line, outcomes, replayed


def _nearly_repeated(documents: list[dict[str, object]]) -> None:
    """Half as many again, each with a word more than the one it copies."""
    documents.extend(
        document | {"id": f"{document['id']}b", "text": f"{document['text']} 그리고"} for document in documents[:150]
    )


def _without_a_beginning(data: dict[str, dict[str, Any]]) -> None:
    """Neither step 0 nor a seed that it could be drawn from."""
    data["evidence"]["checkpoints"].pop(0)
    data["evidence"]["training"].pop("seed_commitment")


SOFT: Mapping[str, Callable[[HonestRun], None]] = {
    "inventory.licence-coverage": lambda run: cell(run, "licence", "NOASSERTION"),
    "sample.lines-readable": lambda run: run.change_sample(lambda documents: documents[9].pop("text")),
    "sample.ids-distinct": lambda run: run.change_sample(lambda documents: documents[9].update(id="doc-8")),
    "sample.sources-known": lambda run: run.change_sample(lambda documents: documents[9].update(source="blogs")),
    "sample.duplicates": lambda run: run.change_sample(
        lambda documents: documents.extend(document | {"id": document["id"] + "b"} for document in documents[:60])
    ),
    "sample.near-duplicates": lambda run: run.change_sample(_nearly_repeated),
    "sample.broken-documents": lambda run: run.change_sample(
        lambda documents: [document.update(text="\ufffd" + document["text"]) for document in documents[:5]] and None
    ),
    "sample.empty-documents": lambda run: run.change_sample(
        lambda documents: [document.update(text=" … ") for document in documents[:5]] and None
    ),
    "sample.resident-numbers": lambda run: run.change_sample(
        lambda documents: documents[9].update(text="번호는900101-1234568입니다. " + documents[9]["text"])
    ),
    "training_log.first-loss": lambda run: line(run, 0, loss=4.9),
    "training_log.loss-noise": lambda run: run.change_log(
        lambda lines: [line.update(loss=3 + 2.5 * 0.99 ** line["step"]) for line in lines] and None
    ),
    "training_log.loss-repeats": lambda run: run.change_log(
        lambda lines: [lines[n].update(loss=lines[n - 1]["loss"]) for n in range(20, 46, 2)] and None
    ),
    "training_log.schedule": lambda run: line(run, 30, learning_rate=4e-4),
    "training_log.plateau-tokens": lambda run: run.change_log(
        lambda lines: [line.update(loss=line["loss"] - 2.5) for line in lines[1:]] and None
    ),
    "checkpoints.replayed-segments": lambda run: replayed(run, 1.0, segments=2),
    "training_log.times-increase": lambda run: line(run, 20, time=1.0),
    "checkpoints.step-zero": lambda run: run.change_manifest(_without_a_beginning),
    "checkpoints.seed-redrawn": lambda run: run.change_manifest(
        lambda data: data["evidence"]["training"]["seed_commitment"].update(transformers="4.57.1")
    ),
}


#: One number of the whole, or something that is not there.
WITHOUT_EXAMPLES = {
    "training_log.first-loss",
    "training_log.loss-noise",
    "training_log.plateau-tokens",
    "checkpoints.replayed-segments",
    "checkpoints.step-zero",
    "checkpoints.seed-redrawn",
}


def test_a_log_that_was_smoothed_moves_less_than_its_batches_do(copied: HonestRun) -> None:
    """Every loss nearly all the way to a curve through the log: only the weights say how much it should move."""

    def smooth(lines: list[dict[str, object]]) -> None:
        losses, at = np.array([each["loss"] for each in lines]), np.arange(len(lines))
        curve = np.polynomial.Polynomial.fit(at, losses, 6)(at)
        for each, loss in zip(lines, (curve + 0.05 * (losses - curve)).tolist(), strict=True):
            each["loss"] = loss

    copied.change_log(smooth)
    results = judged(copied, losses=text_losses)
    assert (outcomes(results, "fail"), outcomes(results, "conditional")) == (set(), {"checkpoints.noise-scale"})


@pytest.mark.parametrize("check", SOFT)
def test_one_soft_change_is_conditional(check: str, copied: HonestRun) -> None:
    SOFT[check](copied)
    results = judged(copied)
    assert outcomes(results, "fail") == set()
    unproven = {"checkpoints.early-checkpoint"} | {key for key in FILES if key.startswith("checkpoints.initial")}
    unproven = UNRUN | (unproven if check == "checkpoints.step-zero" else set())
    assert outcomes(results, "conditional") - unproven == {check}
    (found,) = [each for each in results if f"{each.suite}.{each.check}" == check and each.outcome == "conditional"]
    assert check in WITHOUT_EXAMPLES or found.examples, "what offends is named"
    assert check != "sample.resident-numbers" or found.examples == ["90****-*******"]
