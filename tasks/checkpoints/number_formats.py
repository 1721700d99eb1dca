"""The number formats of safetensors as float32: what their bytes mean, without torch."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

#: Bits of one number, by the name that safetensors gives the format.
ITEM_BITS = {
    "F64": 64,
    "F32": 32,
    "F16": 16,
    "BF16": 16,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "I64": 64,
    "I32": 32,
    "I16": 16,
    "I8": 8,
    "U64": 64,
    "U32": 32,
    "U16": 16,
    "U8": 8,
    "BOOL": 8,
}

_PLAIN = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}


def as_float32(raw: npt.NDArray[np.uint8], dtype: str) -> Floats:
    """The numbers in `raw` (bytes, one dimension) as float32; float64 and wide integers are rounded."""
    if dtype == "BF16":
        return (raw.view("<u2").astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype in _EIGHT_BIT:
        return _EIGHT_BIT[dtype][raw]
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, which is a finding
        numbers: Floats = raw.view(_PLAIN[dtype]).astype(np.float32)
    return numbers


def as_stored(raw: npt.NDArray[np.uint8], dtype: str) -> npt.NDArray[Any]:
    """Whole numbers as they are stored, all others as float32."""
    if dtype in _PLAIN and dtype[0] in "IU":
        return raw.view(_PLAIN[dtype])
    return as_float32(raw, dtype)


def _eight_bit_values(exponent_bits: int, mantissa_bits: int, infinities: bool) -> Floats:
    """The 256 values of an 8-bit float (OCP 8-bit Floating Point Specification, revision 1.0, tables 1 and 2)."""
    codes = np.arange(256)
    sign = np.where(codes >> 7, -1.0, 1.0)
    exponent = (codes >> mantissa_bits) & (2**exponent_bits - 1)
    mantissa = (codes & (2**mantissa_bits - 1)) / 2**mantissa_bits
    bias = 2 ** (exponent_bits - 1) - 1
    normal = (1 + mantissa) * 2.0 ** (exponent - bias)
    values = sign * np.where(exponent == 0, mantissa * 2.0 ** (1 - bias), normal)
    top = exponent == 2**exponent_bits - 1
    if infinities:
        values[top] = np.where(mantissa[top] == 0, sign[top] * np.inf, np.nan)
    else:
        values[(codes & 127) == 127] = np.nan
    return np.asarray(values, dtype=np.float32)


_EIGHT_BIT = {
    "F8_E4M3": _eight_bit_values(4, 3, infinities=False),
    "F8_E5M2": _eight_bit_values(5, 2, infinities=True),
    # Exponents alone, the last code NaN (OCP Microscaling Formats 1.0, section 5.4.1).
    "F8_E8M0": np.append(2.0 ** np.arange(-127.0, 128.0), np.nan).astype(np.float32),
}
