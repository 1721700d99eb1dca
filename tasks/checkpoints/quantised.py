"""A checkpoint's tensors by the names and shapes that they have where nothing is quantised.

Weights that are stored as directions and lengths count as such. Formats that are not known here keep their own names, play no known
role, and so are never passed over as compared.
"""

from collections.abc import Mapping
from typing import Any

from tasks.checkpoints.packed_formats import bitsandbytes_4, gptq_or_awq, microscaling, packed_integers
from tasks.checkpoints.quantised_tensor import QuantisedTensor, Reader, Stored
from tasks.checkpoints.safetensors_header import TensorEntry
from tasks.checkpoints.scaled_formats import bitsandbytes_int8, scaled
from tasks.checkpoints.weight_norm import weight_normed

Tensor = TensorEntry | QuantisedTensor

_FORMATS = (scaled, bitsandbytes_int8, bitsandbytes_4, gptq_or_awq, packed_integers, microscaling, weight_normed)


def logical_tensors(entries: Mapping[str, TensorEntry], config: Mapping[str, Any], read: Reader) -> dict[str, Tensor]:
    """Every tensor by name; codes, scales and what else belongs to a quantised one are part of that one.

    Raises InputFault where codes and scales do not fit each other.
    """
    stored = Stored(entries, _settings(config), read)
    found = [tensor for name in entries for recognise in _FORMATS if (tensor := recognise(name, stored)) is not None]
    parts = {entry.name for tensor in found for entry in tensor.stored}
    plain: dict[str, Tensor] = {name: entry for name, entry in entries.items() if name not in parts}
    return plain | {tensor.name: tensor for tensor in found}


def _settings(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """`quantization_config`, of the model or of its text model."""
    for held in (config, config.get("text_config")):
        said = held.get("quantization_config") if isinstance(held, Mapping) else None
        if isinstance(said, Mapping):
            return said
    return {}
