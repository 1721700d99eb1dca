"""Compiles a loop over numbers with numba: once a machine, kept beside the source or in the user's cache.

Only loops that look at every letter of a corpus are written so; a wheel of numba brings its own compiler.
"""

from typing import Any


def compiled(loop: Any) -> Any:
    """The same function in machine code, which lets other threads run meanwhile; compiled on the first call."""
    from numba import njit

    try:
        return njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # nowhere to keep it: a read-only installation without a home
        return njit(nogil=True)(loop)
