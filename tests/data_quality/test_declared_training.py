"""What a submission declares of its training, against its log and its weights: schedule, lag, order of documents, hashes."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from checks.contracts.errors import InputFault
from checks.contracts.submission import Schedule, Training
from checks.records.quality import Measurement
from tasks.data_quality.anchors import read_anchors
from tasks.data_quality.compute import ModelShape
from tasks.data_quality.file_hashes import measure_hashes
from tasks.data_quality.findings import Findings
from tasks.data_quality.held_out import HeldOut, measure_held_out
from tasks.data_quality.log_checks import measure_log
from tasks.data_quality.loss_curve import learning_rate, measure_curve
from tasks.data_quality.loss_noise import measure_noise_scale
from tasks.data_quality.token_entropy import Entropy
from tasks.data_quality.training_log import TrainingLog, read_log


def test_the_four_shapes_of_a_schedule() -> None:
    """Against values by hand: a rise over four steps, then each fall."""
    steps = np.array([1, 4, 9, 14, 20])
    peak = {"peak": "0.002", "warm_up_steps": 4, "last_step": 14, "last_share": "0.1"}
    linear = learning_rate(Schedule.model_validate(peak | {"shape": "linear"}), steps)
    assert linear == pytest.approx([0.0005, 0.002, 0.0011, 0.0002, 0.0002])
    cosine = learning_rate(Schedule.model_validate(peak | {"shape": "cosine", "falls_from": 0}), steps)
    by_hand = [0.002 * min(1, t / 4) * (0.1 + 0.45 * (1 + math.cos(math.pi * min(t, 14) / 14))) for t in steps.tolist()]
    assert cosine == pytest.approx(by_hand)
    root = learning_rate(Schedule.model_validate({"peak": 1, "warm_up_steps": 4, "shape": "inverse_sqrt"}), steps)
    assert root == pytest.approx([0.25, 1.0, 2 / 3, (4 / 14) ** 0.5, (4 / 20) ** 0.5])
    constant = Schedule.model_validate({"peak": 3, "shape": "constant"})
    assert learning_rate(constant, steps).tolist() == [3.0] * 5
    with pytest.raises(ValueError, match="last_step"):
        Schedule.model_validate({"peak": 1, "warm_up_steps": 4, "shape": "cosine", "last_step": 4})


def log_of(tmp_path: Path, losses: Sequence[float], **more: Sequence[float]) -> TrainingLog:
    """A line a step."""
    rows = [{"step": n, "tokens": 8 * n, "loss": float(loss)} for n, loss in enumerate(losses, start=1)]
    for name, values in more.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = float(value)
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_log(path)


@pytest.mark.parametrize(("first", "scale", "distance"), [(12.6, 1, 0.142), (11.9, 1, 0.558), (11.51, 0.5, 0.281)])
def test_the_first_loss_of_a_wide_model_lies_above_ln_v(
    tmp_path: Path, first: float, scale: float, distance: float
) -> None:
    """8192 inputs drawn at 0.02 give logits a variance of 3.28: ln 50,000 = 10.820 and 1.638, a quarter at half scale."""
    training = Training.model_validate({"init": {"distribution": "normal", "std": "0.02"}, "logit_scale": scale})
    shape = ModelShape(vocabulary=50_000, width=8192, active_parameters=1.0, layers=1, attention_width=1)
    rows = measure_log(log_of(tmp_path, [first] * 5), training, None, shape, [], Entropy())
    (found,) = [row for row in rows if row.check == "first-loss"]
    assert found.value == pytest.approx(distance, abs=0.001)


def lag_of(log: TrainingLog, window: int) -> Measurement:
    """The measurement of the lag with that declared window."""
    found = Findings("training_log")
    measure_curve(found, log, Training.model_validate({"loss_window": window}), Entropy(), None)
    return next(row for row in found.rows if row.check == "loss-lag")


def test_the_lag_of_a_loss_is_that_of_its_declared_window(tmp_path: Path) -> None:
    """Batches by themselves, means over four of them, and a curve that somebody drew."""
    rng = np.random.default_rng(1)
    curve = 3 + 4 / np.sqrt(np.arange(1, 1601))
    noise = rng.normal(0, 0.02, 1600)
    plain = log_of(tmp_path, curve + noise)
    assert -0.6 < (lag_of(plain, 1).value or 0) < -0.4
    means = log_of(tmp_path, curve + np.convolve(noise, np.ones(4) / 4, mode="same"))
    assert (lag_of(means, 4).value or 0) < -0.4 < -0.1 < (lag_of(means, 1).value or 0)
    smooth = [0.0]
    for each in noise:
        smooth.append(0.9 * smooth[-1] + 0.1 * each)
    assert (lag_of(log_of(tmp_path, curve + smooth[1:]), 1).value or 0) > -0.2
    assert lag_of(log_of(tmp_path, curve[:150]), 1).state == "not_applicable"


@pytest.mark.parametrize("window", [1, 8])
def test_the_loss_of_a_log_moves_as_its_declared_batches_do(window: int, tmp_path: Path) -> None:
    """Losses of tokens with a spread that grows from 0.5 to 3 nats, means over 400 of them and the window, drawn anew."""
    rng = np.random.default_rng(3)
    spread = np.linspace(0.5, 3.0, 801)
    batches = 5 + 4 / np.sqrt(np.arange(1, 802)) + rng.normal(0, spread) / math.sqrt(400)
    log = log_of(tmp_path, [batches[max(0, n - window + 1) : n + 1].mean() for n in range(801)])

    def scale(**declared: int) -> Measurement:
        found = Findings("checkpoints")
        measure_noise_scale(found, log, Training.model_validate(declared), {1: 0.5, 401: 1.75, 801: 3.0})
        return found.rows[0]

    assert scale(batch_tokens=400, loss_window=window).value == pytest.approx(1.0, abs=0.2)
    assert scale(batch_tokens=40_000, loss_window=window).value == pytest.approx(10.0, abs=2.0)
    assert scale(batch_tokens=400).state == "not_applicable" and scale(loss_window=window).state == "missing"
    assert scale(batch_tokens=400, loss_window=100).state == "not_applicable", "eight lines share no step"


def run_of(folder: Path, held: Sequence[str], read: Sequence[tuple[str, int]]) -> HeldOut:
    """Weights of the steps 0, 10 and 20, and documents."""
    for name, rows in (("held", [(text, None) for text in held]), ("read", read)):
        lines = [{"id": str(n), "source": "s", "text": text, "step": step} for n, (text, step) in enumerate(rows)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    checkpoints = [(step, folder / f"step-{step}") for step in (0, 10, 20)]
    return HeldOut(folder, checkpoints, folder / "held.jsonl", folder / "read.jsonl", None)


def known_losses(early: float = 0.0) -> object:
    """Weights that know a document of two letters by 0.2 nats a token from the step that its first letter says; a general fall
    of one nat a checkpoint for all, and small differences between documents. `early`: known so much before."""

    def losses(weights: Path, model: Path, texts: Sequence[str], most: int | None) -> list[tuple[float, int]]:
        at = int(weights.name.split("-")[1])
        mean = 5.0 - at / 10
        wobble = [0.01 * (-1) ** number for number in range(len(texts))]
        fell = [0.0 if text[0] == "h" else 0.2 if int(text[0]) * 10 <= at else early for text in texts]
        return [((mean - each + more) * 4, 4) for each, more in zip(fell, wobble, strict=True)]

    return losses


def test_what_was_read_is_known_after_it_was_read_and_not_before(tmp_path: Path) -> None:
    held_out = [f"h{n:02}" for n in range(20)]
    honest = [(f"{1 + n % 2}{n:02}", 10 * (n % 2) + 5) for n in range(20)]
    log = log_of(tmp_path, [5.0] * 20, validation_loss=[4.0] * 10 + [3.0] * 10)

    def order(read: Sequence[tuple[str, int]], early: float = 0.0) -> list[Measurement]:
        found = Findings("checkpoints")
        measure_held_out(found, run_of(tmp_path, held_out, read), log, known_losses(early))  # type: ignore[arg-type]
        return found.rows

    loss, noise, rise, before = order(honest)
    assert noise.state == "not_applicable", "nothing is declared of the window"
    assert (loss.value, loss.rows) == (pytest.approx(0.0, abs=1e-6), 2), "4 at step 10, 3 at step 20"
    assert (rise.value or 0) > 30 and "+0.2000" in rise.observed and abs(before.value or 0) < 1
    exchanged = order([(text, 20 - step) for text, step in honest])
    assert abs(exchanged[2].value or 0) < 1, "nothing was learnt where it says"
    assert (exchanged[3].value or 0) > 3, "half of it was known before"
    assert (order(honest, early=0.1)[3].value or 0) > 10, "known before it was read"
    assert order([])[2].state == "missing"
    found = Findings("checkpoints")
    without = replace(run_of(tmp_path, held_out, honest), segments=None)
    measure_held_out(found, without, log, known_losses())  # type: ignore[arg-type]
    assert {row.check: row.state for row in found.rows} == {
        "validation-loss": "measured",
        "noise-scale": "not_applicable",
        "memorisation": "not_applicable",
        "not-memorised-before": "not_applicable",
    }
    log.columns["validation_loss"][19] = 2.9
    assert (order(honest)[0].value or 0) > 30, "a tenth of a nat where documents differ by a hundredth"


def test_hashes_name_every_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/a.safetensors").write_bytes(b"abc")
    declared, abc = tmp_path / "SUMS", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    def bad(text: str) -> list[str]:
        declared.write_text(text)
        found = Findings("checkpoints")
        measure_hashes(found, declared, tmp_path, [tmp_path / "model"])
        return found.rows[0].examples

    assert bad(f"{abc}  model/a.safetensors\n") == []
    assert bad(f"{abc} *./model/a.safetensors\n") == []
    assert bad(f"{'0' * 64}  model/a.safetensors\n") == ["model/a.safetensors: another hash"]
    assert bad(f"{abc}  model/b.safetensors\n") == [
        "model/a.safetensors: not declared",
        "model/b.safetensors: no such file",
    ]
    with pytest.raises(InputFault, match="line 2"):
        bad(f"{abc}  model/a.safetensors\nabc\n")


@pytest.mark.parametrize("row", ["yesterday,1,ab,me", "2026-01-01,x,ab,me", "2026-01-01,1,xyz,me"])
def test_an_anchor_is_a_time_a_step_and_a_hash(row: str, tmp_path: Path) -> None:
    path = tmp_path / "anchors.csv"
    path.write_text(f"time,step,sha256,recorded_by\n{row}\n")
    with pytest.raises(InputFault, match="line 2"):
        read_anchors(path)
