"""One run a GPU: a lock file for each, which the kernel frees however its holder ends.

Prefect's own concurrency slots stay taken for minutes, or for ever, when their holder is killed.
"""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_gpu(say: Callable[[str], None]) -> Iterator[str | None]:
    """The name of a GPU that is this run's alone for the block, waited for where all are taken; None where there is none."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        yield None
        return
    names = [str(torch.cuda.get_device_properties(index).uuid) for index in range(count)]
    folder = Path(tempfile.gettempdir())
    locks = [folder / f"gwanmun-{os.getuid()}-gpu-{name}.lock" for name in names]
    with hold_one(locks, say) as index:
        yield f"cuda:{index}"


@contextmanager
def hold_one(locks: Sequence[Path], say: Callable[[str], None]) -> Iterator[int]:
    """Holds the first lock that is free and gives its index; where none is, says so and waits for the first."""
    for index, path in enumerate(locks):
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield index
            return
    say("every GPU is taken by another run; waiting")
    with locks[0].open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield 0
