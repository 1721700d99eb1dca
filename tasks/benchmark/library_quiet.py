"""Keeps the libraries beneath this stage off the network and off the terminal.

`gwanmun score --json` prints one JSON document; lm-evaluation-harness, datasets and transformers would add warnings,
progress bars and requests to a hub. Call `quiet_libraries()` before the first use of any of them.
"""

import logging
import os
import sys
from functools import cache
from typing import Any

from tasks.benchmark.changed_imports import ChangedImport

#: Set where the user has not said otherwise: `HF_HUB_OFFLINE=0` in the environment allows downloads.
_DEFAULTS = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def quiet_libraries() -> None:
    """Sets the libraries to offline (unless said otherwise), without progress bars, errors only. Safe to call again."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    import huggingface_hub
    from transformers.utils import logging as transformers_logging

    offline = os.environ["HF_HUB_OFFLINE"].upper() in ("1", "ON", "YES", "TRUE")
    # Both read the environment once, when they are imported: perhaps before this was called. Who runs a model alone needs no
    # data sets, and the library of that name takes 80 MB.
    datasets = sys.modules.get("datasets")
    if offline:
        huggingface_hub.constants.HF_HUB_OFFLINE = True
        _keep_nltk_offline()
    if datasets is not None:
        datasets.disable_progress_bars()
        if offline:
            datasets.config.HF_HUB_OFFLINE = True
    transformers_logging.disable_progress_bar()
    for library in ("lm_eval", "datasets", "transformers", "huggingface_hub", "evaluate"):
        logging.getLogger(library).setLevel(logging.ERROR)


@cache
def _keep_nltk_offline() -> None:
    """A task that counts sentences (IFEval) fetches their rules from GitHub as it is imported; NLTK knows no offline mode."""
    ChangedImport("nltk", "download", lambda _: _refuse_to_fetch).begin()


def _refuse_to_fetch(resource: str = "", **_: Any) -> None:
    raise LookupError(f"NLTK's {resource} is not on this machine: python -m nltk.downloader {resource}") from None
