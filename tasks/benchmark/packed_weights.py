"""Linear layers of a model on a CPU in the order in which oneDNN reads weights, put so once instead of at every product.

torch's own product in float32 (MKL) takes weights as they are stored and arranges them anew each time: a third of the time
where few tokens meet large weights, as when texts are written, and on an AMD processor a tenth where they are many. The same
sums in float32; their last bits may differ.

The arranged tensor is the layer's parameter in the other's place, so no memory is held twice (the weight files, which
transformers maps into memory, are let go of as well). It gives shape, precision and
its values back, and refuses all other use with an error. A model that uses a weight by other means than its layer, or that
differs by more than rounding, is therefore found by one forward before and one after, and gets its weights back.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import Linear, Parameter

from tasks.benchmark.own_attention import TOLERANCE, furthest

#: Rows that the order is chosen for. oneDNN 3.12 chooses the same one for 64 and 1,024 rows.
_ROWS = 64

#: What is computed before and after: any two tokens.
_TRIED = (0, 1)


class PackedLinear(Linear):
    """A linear layer whose product is oneDNN's. A weight that other modules use too is taken as it is stored."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """As in torch."""
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(input, self.weight, self.bias, "none", [], "")
        return product


def pack(model: Any) -> None:
    """Packs the linear layers that a text goes through, in place, where model and machine allow it; else changes nothing.

    Models in 16 bits stay as they are: there torch's own products are oneDNN's.
    """
    if model.device.type != "cpu" or model.dtype != torch.float32:
        return
    held = Counter(id(weight) for each in model.modules() for weight in each._parameters.values())
    packed: list[Linear] = []
    try:
        with _called(model) as called:
            before = _logprobs(model)
        for layer in called:
            packed.append(layer)
            _pack(layer, alone=held[id(layer.weight)] == 1)
        _let_go_of_files(model)
        fits = furthest(_logprobs(model), before) < TOLERANCE[model.dtype]
    except Exception:  # whatever a model's own code makes of such weights, or a torch without these products
        fits = False
    if not fits:
        _give_back(packed)


@contextmanager
def _called(model: Any) -> Iterator[list[Linear]]:
    """The model's plain linear layers in float32 that a forward inside the block calls."""
    called: dict[Linear, None] = {}
    plain = [each for each in model.modules() if type(each) is Linear and each.weight.dtype == torch.float32]
    hooks = [each.register_forward_pre_hook(lambda layer, _: called.setdefault(layer)) for each in plain]
    found: list[Linear] = []
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
    found += called


def _pack(layer: Linear, alone: bool) -> None:
    if alone:
        arranged = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), _ROWS)
        layer.weight = Parameter(arranged, requires_grad=False)
    layer.__class__ = PackedLinear


def _let_go_of_files(model: Any) -> None:
    """A file stays mapped, with all its pages that were read, while any tensor of the model lies in it."""
    for each in model.parameters():
        if not each.is_mkldnn:
            each.data = each.data.clone()


def _give_back(layers: Sequence[Linear]) -> None:
    for layer in layers:
        if layer.weight.is_mkldnn:
            layer.weight = Parameter(layer.weight.to_dense(), requires_grad=False)
        layer.__class__ = Linear


def _logprobs(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=torch.tensor([_TRIED]), use_cache=False).logits
    return logits.float().log_softmax(dim=-1)
