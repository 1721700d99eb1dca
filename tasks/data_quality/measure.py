"""Measures one submission for the data-quality stage: every suite, numbers only."""

from collections.abc import Sequence
from pathlib import Path

from checks.contracts.loading import LoadedSubmission
from checks.records.quality import ContaminatedItem, Measurement
from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.data_quality.anchors import read_anchors
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.checkpoints import measure_checkpoints
from tasks.data_quality.compute import model_shape
from tasks.data_quality.held_out import TextLosses
from tasks.data_quality.inventory import Inventory, missing_inventory, read_inventory
from tasks.data_quality.items import measure_items
from tasks.data_quality.log_checks import measure_log, missing_log
from tasks.data_quality.manifest import measure_manifest
from tasks.data_quality.progress import Progress, silent
from tasks.data_quality.results import NO_RESULTS, Results, measure_results
from tasks.data_quality.sample import measure_sample, missing_sample
from tasks.data_quality.sample_scan import SampleScan, scan_sample
from tasks.data_quality.token_entropy import token_entropy
from tasks.data_quality.training_log import TrainingLog, read_log


def measure_submission(
    submission: LoadedSubmission,
    *,
    items: Sequence[BenchmarkItem] = (),
    results: Results = NO_RESULTS,
    progress: Progress | None = None,
    scan: SampleScan | None = None,
    losses: TextLosses | None = None,
) -> tuple[list[Measurement], list[ContaminatedItem], int]:
    """Every measurement, the benchmark items found in the corpus sample, and how many items were looked for.

    `items` are those of all suites, few-shot examples among them; `results` are what the submission scored, `scan` is the
    sample where it was read already, `losses` runs weights on texts. What was not handed in is `missing`. Raises InputFault
    for a corrupt model or checkpoint and for evidence that cannot be read.
    """
    say = progress or silent
    items = list(dict.fromkeys(items))  # two suites may share a task
    model = open_checkpoint(submission.model_path())
    roles = assign_roles(model)
    rows = measure_manifest(submission, model, roles, say)
    inventory, measured = _inventory(submission)
    rows += measured
    measured, contaminated, scanned = _sample(submission, inventory, items, say, scan)
    rows += measured
    evidence = submission.submission.evidence
    log: TrainingLog | None = None
    if evidence.training_log is None:
        rows += missing_log(evidence.training)
    else:
        left = submission.optional_evidence("anchors")
        anchored = None if left is None else read_anchors(left)
        path = submission.evidence_file(evidence.training_log, "evidence.training_log")
        log = read_log(path, {each.step for each in anchored or []})
        steps = [checkpoint.step for checkpoint in evidence.checkpoints]
        entropy = token_entropy(submission.model_path(), _sample_path(submission))
        run = submission.optional_evidence("small_run")
        small = None if run is None else read_log(run)
        shape = model_shape(model, roles)
        rows += measure_log(log, evidence.training, inventory, shape, steps, entropy, small, anchored)
    rows += measure_checkpoints(submission, model, roles, log, say, losses)
    rows += measure_items(items)
    rows += measure_results(results, items)
    return rows, contaminated, scanned


def _inventory(submission: LoadedSubmission) -> tuple[Inventory | None, list[Measurement]]:
    corpus = submission.submission.evidence.corpus
    if corpus is None or corpus.inventory is None:
        return None, missing_inventory()
    return read_inventory(submission.evidence_file(corpus.inventory, "evidence.corpus.inventory"))


def _sample(
    submission: LoadedSubmission,
    inventory: Inventory | None,
    items: Sequence[BenchmarkItem],
    progress: Progress,
    scan: SampleScan | None,
) -> tuple[list[Measurement], list[ContaminatedItem], int]:
    path = _sample_path(submission)
    if path is None:
        return missing_sample(items), [], 0
    return measure_sample(scan or scan_sample(path, items, progress), inventory, items)


def _sample_path(submission: LoadedSubmission) -> Path | None:
    corpus = submission.submission.evidence.corpus
    if corpus is None or corpus.sample is None:
        return None
    return submission.evidence_file(corpus.sample, "evidence.corpus.sample")
