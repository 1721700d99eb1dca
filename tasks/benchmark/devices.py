"""Where a model runs and in which precision: what is there, or what the user says.

>>> choose_device(None, None)        # on a machine without a GPU
Placement(device='cpu', dtype='float32')
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from checks.contracts.errors import InputFault

DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Placement:
    """A torch device's name and the precision of the model's body (its output layer always computes in float32)."""

    device: str
    dtype: str


#: Where a server answers, in the precision that it was started with.
SERVED = Placement("server", "as served")


def choose_device(device: str | None = None, dtype: str | None = None) -> Placement:
    """CUDA with bfloat16 where there is a GPU that has it, else the CPU with float32; or what is said.

    Raises InputFault for a device that this machine does not have and for a precision that is not one of DTYPES.
    """
    import torch

    there = ["cpu", *(["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))] if _cuda() else [])]
    there += ["mps"] if torch.backends.mps.is_available() else []
    if device is not None and device not in there:
        raise InputFault("--device", found=repr(device), expected=f"one of {', '.join(there)}, which this machine has")
    if dtype is not None and dtype not in DTYPES:
        raise InputFault("--dtype", found=repr(dtype), expected=f"one of {', '.join(DTYPES)}")
    chosen = device or ("cuda" if _cuda() else "cpu")
    fast = chosen.startswith("cuda") and torch.cuda.is_bf16_supported()
    return Placement(chosen, dtype or ("bfloat16" if fast else "float32"))


def environment(device: str | None = None, dtype: str | None = None) -> dict[str, Any]:
    """What may differ between machines: device and its name, precision, threads, and the versions of the libraries."""
    import torch

    placement = choose_device(device, dtype)
    on_gpu = placement.device.startswith("cuda")
    return {
        "device": placement.device,
        "device_name": torch.cuda.get_device_name(placement.device) if on_gpu else placement.device,
        "dtype": placement.dtype,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": version("transformers"),
        "lm_eval": version("lm_eval"),
    }


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()
