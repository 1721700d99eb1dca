"""The data-quality stage for one submission: measured, then judged.

>>> report = audit(load_submission(Path("submission.yaml")))
>>> overall(report.results)
'conditional'
"""

from collections.abc import Mapping, Sequence

from checks.contracts.loading import LoadedSubmission
from checks.expectations.canary import canary
from checks.expectations.decide import decide_quality
from checks.expectations.thresholds import DEFAULT_THRESHOLDS, thresholds_sha256
from checks.records.quality import QualityReport
from tasks.data_quality.benchmark_item import BenchmarkItem
from tasks.data_quality.held_out import TextLosses
from tasks.data_quality.measure import measure_submission
from tasks.data_quality.progress import Progress
from tasks.data_quality.results import NO_RESULTS, Results, measure_results
from tasks.data_quality.sample_scan import SampleScan


def audit(
    submission: LoadedSubmission,
    items: Sequence[BenchmarkItem] = (),
    results: Results = NO_RESULTS,
    thresholds: Mapping[str, float] = DEFAULT_THRESHOLDS,
    progress: Progress | None = None,
    scan: SampleScan | None = None,
    losses: TextLosses | None = None,
) -> QualityReport:
    """All that the stage finds; `scan` is the corpus sample where it was read already, `losses` runs weights on texts.

    The canary runs first: where Great Expectations judges wrongly, nothing is judged. Raises InputFault for a model or
    evidence that cannot be read, WrongVerdict from the canary.
    """
    canary()
    measurements, contaminated, scanned = measure_submission(
        submission, items=items, results=results, progress=progress, scan=scan, losses=losses
    )
    return QualityReport(
        measurements=measurements,
        results=decide_quality(measurements, thresholds),
        thresholds_sha256=thresholds_sha256(thresholds),
        items_scanned=scanned,
        contaminated=contaminated,
    )


def audit_results(
    items: Sequence[BenchmarkItem], results: Results, thresholds: Mapping[str, float] = DEFAULT_THRESHOLDS
) -> QualityReport:
    """The suite `results` alone: what the agency measured can be judged where what the team handed in cannot be read."""
    canary()
    measurements = measure_results(results, items)
    judged = [each for each in decide_quality(measurements, thresholds) if each.suite == "results"]
    return QualityReport(measurements=measurements, results=judged, thresholds_sha256=thresholds_sha256(thresholds))
