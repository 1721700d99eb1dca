"""One run a GPU, by locks that the kernel frees."""

import os
import threading
from pathlib import Path

from tasks.benchmark.gpu_lock import hold_one


def test_two_runs_take_two_and_a_third_waits_for_the_first(tmp_path: Path) -> None:
    locks = [tmp_path / "gpu-0", tmp_path / "gpu-1"]
    said: list[str] = []
    waited: list[int] = []

    def third() -> None:
        with hold_one(locks, said_and_released) as index:
            waited.append(index)

    def said_and_released(message: str) -> None:
        said.append(message)
        released.set()

    released = threading.Event()
    with hold_one(locks, said.append) as first, hold_one(locks, said.append) as second:
        assert (first, second) == (0, 1)
        assert not said
        waiting = threading.Thread(target=third)
        waiting.start()
        assert released.wait(10)
        assert not waited, "both are held"
    waiting.join(10)
    assert waited == [0] and len(said) == 1
    with hold_one(locks, said.append) as again:
        assert again == 0


def test_a_holder_that_dies_frees_its_lock(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with hold_one([tmp_path / "gpu"], print):
            os._exit(0)
    os.waitpid(child, 0)
    said: list[str] = []
    with hold_one([tmp_path / "gpu"], said.append):
        assert not said
