"""The last layer's output at the wanted tokens only.

Behind the last layer every token is looked at by itself. So of all tokens that layer owes only keys and values; queries,
attention, projections and experts are needed at the tokens whose logits are used: in a model of eight layers that is
most of an eighth of the work. The layer's own code runs twice: on all tokens until its attention has its answer for
the wanted ones, then on those alone, where attention gives that answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from tasks.benchmark.own_attention import AttendedError, Sees


def last_layer(model: Any) -> Any:
    """The module of the model's last decoder layer; None where its layers are not in a list as long as the model is deep."""
    text = getattr(model.config, "text_config", None) or model.config
    deep = getattr(text, "num_hidden_layers", 0)
    lists = [each for each in model.modules() if isinstance(each, torch.nn.ModuleList) and len(each) == deep > 0]
    return lists[0][-1] if len(lists) == 1 else None


@contextmanager
def only_wanted(layer: Any) -> Iterator[None]:
    """Inside the block the layer gives [1, wanted, size], the wanted tokens being those of the forward's `sees`."""
    whole = layer.forward
    layer.forward = partial(_at_wanted, whole)
    try:
        yield
    finally:
        layer.forward = whole


def _at_wanted(forward: Any, hidden: torch.Tensor, *others: Any, **named: Any) -> Any:
    sees: Sees = named["sees"]
    tokens, places = hidden.shape[1], torch.tensor(sees.wanted, dtype=torch.long, device=hidden.device)
    if len(places) == tokens:  # as when texts are written: nothing to save
        return forward(hidden, *others, **named)
    sees.last, sees.answer = True, None
    try:
        whole = forward(hidden, *others, **named)  # a layer that does not attend comes to its end
        return _cut(whole, tokens, places)
    except AttendedError:
        if not len(places):
            return hidden[:, :0]
        return forward(*_cut((hidden, *others), tokens, places), **_cut(named, tokens, places))
    finally:
        sees.last, sees.answer = False, None


def _cut(value: Any, tokens: int, places: torch.Tensor) -> Any:
    """What is said of each token [1, tokens, …] at those places; everything else as it is."""
    if isinstance(value, torch.Tensor):
        return value[:, places] if value.ndim > 1 and value.shape[1] == tokens else value
    if isinstance(value, tuple):
        return tuple(_cut(each, tokens, places) for each in value)
    if isinstance(value, dict):
        return {name: _cut(each, tokens, places) for name, each in value.items()}
    return value
