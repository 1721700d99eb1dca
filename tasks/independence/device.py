"""Where the tests' large matrix products are computed: NumPy on the CPU, or a device of torch where one is asked for.

>>> with multiplied_on("cuda"):
...     trace(subject, references)

Numbers stay in NumPy's arrays between products. Decompositions stay on the CPU: they are at most 512 wide, too small to gain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from checks.contracts.errors import InputFault
from tasks.independence.permutation_test import Matrix

#: Threads of one such product wait for each other longer than they compute: a trace of a small model against three took 2.1 s
#: with one thread and 11.6 s with two, on two cores that were busy with something else.
SMALL_PRODUCT = 1e8
#: None is NumPy.
_device: ContextVar[str | None] = ContextVar("device of matrix products", default=None)


def device_of(name: str) -> str:
    """The device, where torch can compute on it here; else InputFault."""
    import torch

    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        found = f"{name!r}, on which torch cannot compute here ({str(error).splitlines()[0][:120]})"
        raise InputFault("--device", found=found, expected="cpu, or a GPU that this machine and torch have") from None
    return name


@contextmanager
def multiplied_on(name: str | None) -> Iterator[None]:
    """Products inside are computed on this device of torch; raises InputFault for one that is not there."""
    token = _device.set(None if name is None else device_of(name))
    try:
        yield
    finally:
        _device.reset(token)


@contextmanager
def enough_threads(multiplications: float) -> Iterator[None]:
    """One thread of the matrix library inside, where a product takes no more multiplications than SMALL_PRODUCT."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1 if multiplications <= SMALL_PRODUCT else None, user_api="blas"):
        yield


def product(left: Matrix, right: Matrix) -> Matrix:
    """`left @ right` in float32, whatever the device would rather round to (torch's own default for matrix products)."""
    device = _device.get()
    if device is None:
        return np.asarray(left @ right, dtype=np.float32)
    import torch

    ours, theirs = (torch.from_numpy(np.ascontiguousarray(each, dtype=np.float32)).to(device) for each in (left, right))
    return np.asarray((ours @ theirs).cpu().numpy())
