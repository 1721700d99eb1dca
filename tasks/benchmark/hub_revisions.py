"""Data sets of the hub at the commit that a suite pins.

Without a network, `datasets` takes whatever commit of a data set it has in its cache, the pinned one or another. So what was
loaded is looked at: the cache keeps each commit in a folder of its name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault


@contextmanager
def pinned(revision: str | None) -> Iterator[None]:
    """While the block runs, data sets of the hub are loaded at this commit and at no other; None leaves all as it is.

    Raises InputFault, from within, where the cache holds another commit.
    """
    if revision is None:
        yield
        return
    import datasets

    real = datasets.load_dataset

    def load(path: str, *others: Any, **more: Any) -> Any:
        loaded = real(path, *others, **{**more, "revision": revision})
        _check(path, loaded, revision)
        return loaded

    datasets.load_dataset = load
    try:
        yield
    finally:
        datasets.load_dataset = real


def _check(path: str, loaded: Any, revision: str) -> None:
    splits = loaded.values() if isinstance(loaded, dict) else [loaded]
    for split in splits:
        files = [Path(each["filename"]) for each in split.cache_files]
        if not files or not all(revision in each.parts for each in files):
            found = f"the data set {path!r} in the local cache at another commit than the suite's"
            call = f"import datasets; datasets.load_dataset({path!r}, revision={revision!r})"
            raise InputFault(path, "revision", found, f'{revision}; fetch it: HF_HUB_OFFLINE=0 python -c "{call}"')
