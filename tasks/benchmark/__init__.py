"""Scores models on suites of benchmark tasks in lm-evaluation-harness's format.

    from tasks.benchmark import score_suite
    score_suite(Path("submissions/t1/model"), load_suite(Path("suites/common.yaml"))).tasks

Works without Prefect. Importing this is quick: torch, transformers and the harness are imported when something runs.
"""

from tasks.benchmark.devices import choose_device, environment
from tasks.benchmark.endpoint import Endpoint, ServerStopped, connect
from tasks.benchmark.harness_tasks import suite_files
from tasks.benchmark.scoring import check_suite, score_suite
from tasks.benchmark.text_losses import text_losses

__all__ = [
    "Endpoint",
    "ServerStopped",
    "check_suite",
    "choose_device",
    "connect",
    "environment",
    "score_suite",
    "suite_files",
    "text_losses",
]
