"""Compiles a loop over numbers with numba: once a machine, kept beside the source or in the user's cache.

Only loops that look at every letter of a corpus are written so; a wheel of numba brings its own compiler.
"""

from collections.abc import Callable
from typing import TypeVar

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """The same function in machine code, which lets other threads run meanwhile; compiled on the first call."""
    from numba import njit

    try:
        fast: Loop = njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # nowhere to keep it: a read-only installation without a home
        fast = njit(nogil=True)(loop)
    return fast
