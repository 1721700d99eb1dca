"""An honest run passes every check; one change makes it fail on just the check that is meant to find it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import zstandard

from checks.contracts.loading import load_submission
from checks.expectations.decide import decide_quality, overall
from checks.expectations.suites import ALL_CHECKS
from checks.expectations.thresholds import DEFAULT_THRESHOLDS
from checks.records.quality import ExpectationResult
from checks.records.scores import ItemResult, SuiteScores, TaskScore
from tasks.benchmark import text_losses
from tasks.data_quality.audit import audit
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.held_out import TextLosses
from tasks.data_quality.measure import measure_submission
from tasks.data_quality.results import Results
from tests.data_quality.columns import MEASURED, results_of, suite_results
from tests.data_quality.honest_run import HonestRun, change_tensors, write_anchors
from tests.data_quality.training import CHECKPOINTS, STD

GATE = "language_model.model.layers.0.mlp.gate_proj.weight"
NORM = "language_model.model.norm.weight"


def scores_of(items: list[BenchmarkItem]) -> SuiteScores:
    """Two of three right, as a benchmark stage would hand them over."""
    results = [
        ItemResult(
            task=item.task,
            item=item.item,
            prompt_sha256="0" * 64,
            loglikelihoods=[-1.0, -2.0, -3.0, -4.0],
            prediction=0,
            correct=float(item.item % 3 > 0),
            tokens=9,
        )
        for item in items
        if item.split == "test"
    ]
    return rescored(results)


def rescored(results: list[ItemResult]) -> SuiteScores:
    """The suite with the mean of these results as its score."""
    mean = sum(result.correct for result in results) / len(results)
    return SuiteScores(
        suite="common", tasks=[TaskScore(task="reading", metric="acc", value=mean, n=len(results))], items=results
    )


def compared(scores: SuiteScores, honest: SuiteScores, days: int = 1) -> Results:
    """Scores beside another team's, which answered otherwise, measured within so many days of the round's window."""
    others = [each.model_copy(update={"loglikelihoods": [-2.0, -1.0, -3.0, -4.0]}) for each in honest.items]
    window = (MEASURED[0] - timedelta(hours=1), MEASURED[0] + timedelta(days=days) - timedelta(hours=12))
    return results_of(scores, others={"common": {"t2": suite_results(rescored(others))}}, window=window)


def judged(run: HonestRun, results: Results | None = None, losses: TextLosses | None = None) -> list[ExpectationResult]:
    """What the stage says, without its canary; the model is run where `losses` runs it."""
    loaded = load_submission(run.manifest)
    results = results or compared(scores_of(run.items), scores_of(run.items))
    measurements, _, _ = measure_submission(loaded, items=run.items, results=results, losses=losses)
    return decide_quality(measurements, DEFAULT_THRESHOLDS)


#: What is not proven where nobody runs the model.
UNRUN = {
    "checkpoints.validation-loss",
    "checkpoints.noise-scale",
    "checkpoints.memorisation",
    "checkpoints.not-memorised-before",
}


def outcomes(results: list[ExpectationResult], outcome: str) -> set[str]:
    """The checks with that outcome."""
    return {f"{each.suite}.{each.check}" for each in results if each.outcome == outcome}


def test_the_honest_run_passes_every_check(honest: HonestRun) -> None:
    results = compared(scores_of(honest.items), scores_of(honest.items))
    report = audit(load_submission(honest.manifest), honest.items, results, losses=text_losses)
    assert [each for each in report.results if each.outcome != "pass"] == []
    assert {f"{each.suite}.{each.check}" for each in report.results} == {check.key for check in ALL_CHECKS}
    assert overall(report.results) == "pass"
    assert report.items_scanned == 40
    applied = [each for each in report.measurements if each.state == "measured"]
    assert len(applied) > 62, "an honest run that is hardly measured proves nothing"


def _component(run: HonestRun, change: Callable[[list[dict[str, object]]], None]) -> None:
    run.change_manifest(lambda data: change(data["model"]["components"]))


def cell(run: HonestRun, column: str, value: str) -> None:
    run.change_inventory(lambda rows: rows[1].update({column: value}))


def line(run: HonestRun, index: int, **values: object) -> None:
    run.change_log(lambda lines: lines[index].update(values))


def _spikes(run: HonestRun) -> None:
    difference = np.zeros((128, 64))
    difference[[3, 40, 77, 101], [5, 9, 33, 60]] = 9 * STD
    run.add_to_weights(GATE, difference)


def _unequal_rows(run: HonestRun) -> None:
    from safetensors.numpy import load_file

    start = load_file(run.folder / "evidence/step-0/model.safetensors")[GATE]
    scale = np.exp(0.16 * np.tile([-1.0, 1.0], 64))[:, None]
    run.add_to_weights(GATE, start * (scale / np.sqrt((scale**2).mean()) - 1))


def _direction(run: HonestRun) -> None:
    rng = np.random.default_rng(5)
    left, right = rng.choice([-1.0, 1.0], (128, 1)), rng.choice([-1.0, 1.0], (1, 64))
    run.add_to_weights(GATE, 0.3 * STD * left * right)


def _no_weight(run: HonestRun) -> None:
    def change(tensors: dict[str, np.ndarray]) -> None:
        tensors[GATE][4, 4] = np.nan

    change_tensors(run.folder / "model", change)


def _broken_line(run: HonestRun) -> None:
    path = run.folder / "evidence/train.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines.append('{"step": 49, "tokens": ')
    path.write_text("\n".join(lines), encoding="utf-8")


def _changed_after_it_was_anchored(run: HonestRun) -> None:
    anchored = (run.folder / "evidence/anchors.csv").read_text(encoding="utf-8")
    line(run, 20, loss=1.5)
    (run.folder / "evidence/anchors.csv").write_text(anchored, encoding="utf-8")


def _commitment(run: HonestRun, **changes: str) -> None:
    run.change_manifest(lambda data: data["evidence"]["training"]["seed_commitment"].update(changes))


def _one_other_weight(run: HonestRun) -> None:
    """A twentieth of a deviation, from step 0 to the submission: no law and no bound can see it."""
    difference = np.zeros((128, 64))
    difference[7, 9] = 0.05 * STD
    run.add_to_weights(GATE, difference)


def _other_bytes(run: HonestRun) -> None:
    declared = run.folder / "evidence/SHA256SUMS"
    first, *others = declared.read_text(encoding="utf-8").splitlines()
    declared.write_text("\n".join(["0" * 64 + first[64:], *others]), encoding="utf-8")


FILES: Mapping[str, Callable[[HonestRun], None]] = {
    "manifest.weights-finite": _no_weight,
    "manifest.components-declared": lambda run: _component(run, lambda all_: all_.pop(1)),
    "manifest.components-present": lambda run: _component(
        run, lambda all_: all_.append({"id": "audio_tower", "origin": "from-scratch"})
    ),
    "manifest.licences-valid": lambda run: run.change_manifest(lambda data: data["model"].update(licence="apache 2.0")),
    "inventory.numbers-valid": lambda run: cell(run, "documents", "-3"),
    "inventory.sources-distinct": lambda run: run.change_inventory(lambda rows: rows.append(_split(rows))),
    "inventory.licences-valid": lambda run: cell(run, "licence", "free to use"),
    "inventory.languages-valid": lambda run: cell(run, "language", "Korean language"),
    "inventory.dates-valid": lambda run: cell(run, "collected_on", "2026-02-30"),
    "inventory.hashes-valid": lambda run: cell(run, "sha256", "d41d8cd98f00b204e9800998ecf8427e"),
    "sample.documents": lambda run: run.change_sample(lambda documents: documents.clear()),
    "sample.contamination-exact": lambda run: run.change_sample(
        lambda documents: documents[5].update(text=documents[5]["text"] + " " + run.items[3].text.replace("\n", " "))
    ),
    "training_log.lines-readable": _broken_line,
    "training_log.steps-increase": lambda run: run.change_log(lambda lines: lines.insert(20, dict(lines[19]))),
    "training_log.no-gaps": lambda run: run.change_log(lambda lines: lines.pop(20)),
    "training_log.tokens-follow-steps": lambda run: line(run, 20, tokens=21 * 256 + 1),
    "training_log.token-total": lambda run: run.change_inventory(
        lambda rows: rows[0].update(tokens=str(int(rows[0]["tokens"]) + 100))
    ),
    "training_log.losses-finite": lambda run: line(run, 20, loss=float("nan")),
    "training_log.learning-rates-valid": lambda run: line(run, 20, learning_rate=-1e-4),
    "training_log.compute": lambda run: run.change_manifest(
        lambda data: data["evidence"]["training"].update(
            accelerators={"kind": "H200", "count": 512, "peak_flops": 9.9e14}
        )
    ),
    "training_log.allocation": lambda run: _on_accelerators(run, hours=0.03),
    "training_log.anchors": _changed_after_it_was_anchored,
    "training_log.anchored-weekly": lambda run: write_anchors(run.folder, delay=7.5),
    "training_log.hash-chain": lambda run: run.change_log(lambda lines: lines[20].update(loss=1.5), chained=False),
    "checkpoints.seed-committed": lambda run: _commitment(run, committed_on="2025-10-11"),
    "checkpoints.seed-redrawn": _one_other_weight,
    "checkpoints.same-tensors": lambda run: change_tensors(
        run.folder / "evidence/step-4", lambda tensors: tensors.__delitem__(NORM)
    ),
    "checkpoints.initial-distribution": lambda run: run.change_manifest(
        lambda data: data["evidence"]["training"]["init"].update(std=1.5 * STD)
    ),
    "checkpoints.initial-kurtosis": _spikes,
    "checkpoints.initial-row-spread": _unequal_rows,
    "checkpoints.initial-largest-singular": _direction,
    "checkpoints.initial-vectors": lambda run: run.add_to_weights(NORM, np.full(64, 0.125)),
    "checkpoints.hashes": _other_bytes,
    "checkpoints.replayed-weights": lambda run: replayed(run, 3.1),
    "checkpoints.displacement": lambda run: run.add_to_weights(GATE, np.full((128, 64), 0.05), steps=(16, 32)),
}


def replayed(run: HonestRun, ratio: float, segments: int = 3) -> None:
    """Segments that an evaluator ran again, the last one that far apart."""
    distances = [1e-3] * (segments - 1) + [1e-3 * ratio]
    rows = [f"{8 * n},{8 * n + 8},{distance},1e-3,agency" for n, distance in enumerate(distances)]
    table = "\n".join(["first_step,last_step,distance,spread,run_by", *rows])
    (run.folder / "evidence/replays.csv").write_text(table, encoding="utf-8")
    run.change_manifest(lambda data: data["evidence"].update(replays="evidence/replays.csv"))


def _split(rows: list[dict[str, str]]) -> dict[str, str]:
    """A second row of the same source, its tokens taken from the first."""
    half = int(rows[0]["tokens"]) // 2
    rows[0]["tokens"] = str(int(rows[0]["tokens"]) - half)
    return rows[0] | {"tokens": str(half)}


@pytest.mark.parametrize("check", FILES)
def test_one_change_fails_on_just_its_check(check: str, copied: HonestRun) -> None:
    """Whoever changes weights declares their hashes anew, and commits to no seed that does not give them."""
    FILES[check](copied)
    if check.startswith("checkpoints.initial-"):
        copied.change_manifest(lambda data: data["evidence"]["training"].pop("seed_commitment") and None)
    if check != "checkpoints.hashes":
        copied.seal()
    assert outcomes(judged(copied), "fail") == {check}


def _logged(lines: list[dict[str, object]]) -> None:
    lines[15]["validation_loss"] = float(str(lines[15]["validation_loss"])) - 0.5


RUN: Mapping[str, Callable[[HonestRun], None]] = {
    "checkpoints.validation-loss": lambda run: run.change_log(_logged),
}


@pytest.mark.parametrize("check", RUN)
def test_one_change_that_only_running_the_model_shows(check: str, copied: HonestRun) -> None:
    RUN[check](copied)
    results = judged(copied, losses=text_losses)
    assert (outcomes(results, "fail"), outcomes(results, "conditional")) == ({check}, set())
    (found,) = [each for each in results if each.check == "validation-loss"]
    assert "step 16" in found.observed and "over 60 documents" in found.observed


ITEMS: Mapping[str, Callable[[list[BenchmarkItem]], None]] = {
    "items.answers-possible": lambda items: items.__setitem__(7, replace(items[7], answer=4)),
    "items.choices-distinct": lambda items: items.__setitem__(
        7, replace(items[7], choices=(items[7].choices[1], *items[7].choices[1:]))
    ),
    "items.few-shot-leak": lambda items: items.__setitem__(42, replace(items[7], split="fewshot")),
}


@pytest.mark.parametrize("check", ITEMS)
def test_one_bad_item_fails_on_just_its_check(check: str, honest: HonestRun) -> None:
    run = HonestRun(honest.folder, list(honest.items))
    ITEMS[check](run.items)
    scores = scores_of(honest.items)
    assert outcomes(judged(run, compared(scores, scores)), "fail") == {check}


def _first(scores: SuiteScores, **changes: object) -> SuiteScores:
    return rescored([scores.items[0].model_copy(update=changes), *scores.items[1:]])


RESULTS: Mapping[str, Callable[[SuiteScores], Results]] = {
    "results.items-complete": lambda scores: compared(rescored(scores.items[:-1]), scores),
    "results.score-is-mean": lambda scores: compared(
        scores.model_copy(
            update={"tasks": [scores.tasks[0].model_copy(update={"value": scores.tasks[0].value + 1e-8})]}
        ),
        scores,
    ),
    "results.values-in-range": lambda scores: compared(_first(scores, correct=1.5), scores),
    "results.same-settings": lambda scores: compared(scores.model_copy(update={"settings": {"seed": 7}}), scores),
    "results.same-prompts": lambda scores: compared(_first(scores, prompt_sha256="1" * 64), scores),
    "results.inside-window": lambda scores: compared(scores, scores, days=0),
}


@pytest.mark.parametrize("check", RESULTS)
def test_one_bad_result_fails_on_just_its_check(check: str, honest: HonestRun) -> None:
    results = RESULTS[check](scores_of(honest.items))
    assert outcomes(judged(honest, results), "fail") == {check}


def test_every_hard_check_has_its_change() -> None:
    hard = {check.key for check in ALL_CHECKS if check.severity == "hard"}
    assert hard == FILES.keys() | RUN.keys() | ITEMS.keys() | RESULTS.keys()


def test_a_declared_restart_may_repeat_a_stretch_between_two_checkpoints(copied: HonestRun) -> None:
    copied.change_log(lambda lines: lines.__setitem__(slice(20, 20), [dict(line) for line in lines[10:20]]))
    assert "training_log.steps-increase" in outcomes(judged(copied), "fail")
    copied.change_manifest(lambda data: data["evidence"]["training"].update(restarts=[11]))
    assert outcomes(judged(copied), "fail") == set()


def test_a_log_that_begins_below_the_entropy_of_tokens_is_looked_at(copied: HonestRun) -> None:
    """Bytes as tokens: the entropy of the sample's bytes is what a second count of them gives."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    letters = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(sorted(letters))}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.save(str(copied.folder / "model/tokenizer.json"))
    sample = zstandard.ZstdDecompressor().decompressobj()
    text = sample.decompress((copied.folder / "evidence/sample.jsonl.zst").read_bytes()).decode()
    counts = Counter("".join(json.loads(line)["text"] for line in text.splitlines()).encode())
    shares = np.array(list(counts.values())) / counts.total()
    entropy = -float((shares * np.log(shares)).sum())
    plateau = next(each for each in judged(copied) if each.check == "entropy-plateau")
    assert plateau.outcome == "pass" and f"{entropy:.2f}" in plateau.observed
    line(copied, 0, loss=entropy - 0.1)
    assert "training_log.entropy-plateau" in outcomes(judged(copied), "conditional")


def test_what_was_not_handed_in_is_not_proven(copied: HonestRun) -> None:
    copied.change_manifest(lambda data: data.pop("evidence") and None)
    results = judged(copied)
    assert overall(results) == "conditional"
    evidence = {"inventory", "sample", "training_log", "checkpoints"}
    passed = {key for key in outcomes(results, "pass") if key.split(".")[0] in evidence}
    optional = {
        "training_log.compute",
        "training_log.allocation",
        "checkpoints.replayed-weights",
        "checkpoints.replayed-segments",
        *UNRUN,
        "checkpoints.hashes",
        "checkpoints.seed-committed",
        "checkpoints.seed-redrawn",
    }
    assert passed == optional, "only what cannot apply may pass without evidence"


def _on_accelerators(run: HonestRun, hours: float) -> None:
    """Trained for 47 × 2.5 seconds on one accelerator whose peak the training uses by 40 %, counted by hand."""
    layers, width = 2, 64
    attention, feed_forward = 4 * width * width, 3 * width * 128
    parameters = 2 * 260 * width + layers * (attention + feed_forward + 2 * width) + width
    per_token = 6 * parameters + 12 * layers * width * 64
    tokens_a_second = 256 / 2.5
    slow = {"kind": "slow", "count": 1, "peak_flops": tokens_a_second * per_token / 0.4, "allocated_hours": hours}
    run.change_manifest(lambda data: data["evidence"]["training"].update(accelerators=slow))


def test_the_speed_of_declared_accelerators_is_judged_by_the_same_formula(copied: HonestRun) -> None:
    _on_accelerators(copied, hours=0.04)
    by_check = {each.check: each for each in judged(copied)}
    compute, allocation = by_check["compute"], by_check["allocation"]
    assert (compute.outcome, allocation.outcome) == ("pass", "pass")
    assert "40.0%" in compute.observed and f"{47 * 2.5 / 3600 / 0.04:.1%}" in allocation.observed


def test_only_components_from_scratch_are_held_to_the_initial_law(copied: HonestRun) -> None:
    def borrow(data: dict[str, dict[str, list[dict[str, object]]]]) -> None:
        data["model"]["components"][1] = {
            "id": "vision_tower",
            "origin": "borrowed",
            "reference": "globe-vl",
            "licence": "Apache-2.0",
        }

    copied.change_manifest(borrow)
    name = "vision_tower.encoder.layer.0.intermediate.dense.weight"
    copied.add_to_weights(name, np.full((64, 32), 0.5), steps=CHECKPOINTS[2:])
    copied.seal()
    results = judged(copied)
    assert outcomes(results, "fail") == set()
    subjects = {each.subject for each in results if each.check == "displacement"}
    assert subjects == {"language_model", "projector"}
