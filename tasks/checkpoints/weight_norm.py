"""Weights stored as every row's direction and length (weight normalisation; Salimans and Kingma 2016, arXiv 1602.07868)."""

import numpy as np

from tasks.checkpoints.quantised_tensor import Array, QuantisedTensor, Stored

#: The ends of PyTorch's names of directions and lengths: of torch.nn.utils.weight_norm, and of parametrizations.
_ENDS = ((".weight_v", ".weight_g"), (".parametrizations.weight.original1", ".parametrizations.weight.original0"))


def weight_normed(name: str, stored: Stored) -> QuantisedTensor | None:
    """Row × length / its own length. Lengths along other axes than rows keep their names, as they cannot be read by rows."""
    entries = stored.entries
    pairs = ((name.removesuffix(end), name.removesuffix(end) + other) for end, other in _ENDS if name.endswith(end))
    stem, lengths = next(((stem, entries[other]) for stem, other in pairs if other in entries), (name, None))
    directions = entries[name]
    if lengths is None or f"{stem}.weight" in entries or not directions.shape:
        return None
    if lengths.shape != (directions.shape[0], *(1,) * (len(directions.shape) - 1)):
        return None

    def rows(start: int, stop: int) -> Array:
        read = stored.read(directions, slice(start, stop)).astype(np.float32)
        own = np.linalg.norm(read.reshape(len(read), -1), axis=1).reshape(-1, *(1,) * (read.ndim - 1))
        return read * (stored.read(lengths, slice(start, stop)) / np.where(own > 0, own, 1.0))

    return QuantisedTensor(f"{stem}.weight", "directions and lengths", directions.shape, (directions, lengths), rows)
