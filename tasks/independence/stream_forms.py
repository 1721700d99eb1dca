"""What each layer does to the residual stream as quadratic forms, by which a hidden unit is known under any disguise.

A turn of the stream turns units and forms alike, so that a unit's value in a form stays as it is. The Gram matrices of what
units read and write do not depend on the order, signs and sizes of units; the products of queries with keys and of values
with outputs, summed over heads, do not depend on the order of heads, nor on any mixing inside a head that leaves the answers.
Long training moves a unit's value in its own layer's forms; its values in the forms of all layers together still tell it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.independence.alignment import UnitRows, ranks
from tasks.independence.feed_forward import is_conv1d
from tasks.independence.norm_gain import gain_of
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix

_NESTED = {"language_model": "text_config", "vision_tower": "vision_config", "audio_tower": "audio_config"}
#: Norms that stand before attention.
_BEFORE_ATTENTION = ("input_layernorm", "attention_norm", "ln_1", "layer_norm1", "norm1", "layernorm_before")


@dataclass(frozen=True)
class Forms:
    """One layer's forms, each (width, width) and of norm one; `products` are not symmetric."""

    grams: Sequence[Matrix]
    products: Sequence[Matrix]


def stream_forms(part: Part, layer: int) -> Forms:
    """The forms of the layer at this place in the part's list; no products where attention cannot be taken apart."""
    rows = part.unit_rows(layer)
    grams = [_of_norm_one(side.T @ side) for side in (*rows.reads, rows.writes)]
    stack, number, _ = part.layers[layer].place
    inside = {
        role.role: role.name
        for role in part.roles
        if role.layer == number and role.stack == stack and not role.bias and role.expert is None
    }
    norms = [role.name for role in part.roles if role.role == "norm" and role.layer == number and not role.bias]
    return Forms(grams, [_of_norm_one(each) for each in _products(part, inside, norms, len(grams[0]))])


def form_features(rows: UnitRows, forms: Sequence[Forms]) -> Matrix:
    """(units, features) as ranks: every side of a unit, and every two of its sides, in every form. No sign matters."""
    sides = (*rows.reads, rows.writes)
    columns: list[Matrix] = []
    for number, side in enumerate(sides):
        others = sides[number + 1 :]
        for form in forms:
            for gram in form.grams:
                turned = side @ gram
                columns += [_inner(turned, side), _inner(turned, turned)]
                columns += [np.abs(_inner(turned, other)) for other in others]
            for product in form.products:
                turned, back = side @ product, side @ product.T
                columns += [_inner(turned, side), _inner(turned, turned), _inner(back, back)]
                columns += [np.abs(_inner(turned, other)) for other in sides if other is not side]
        columns += [np.abs(_inner(side, other)) for other in others]
    return ranks(np.stack(columns, axis=1))


def _products(part: Part, inside: Mapping[str, str], norms: Sequence[str], width: int) -> list[Matrix]:
    """Queries with keys, and values with outputs, summed over heads; the norm's gain before them folded in."""
    read = part.checkpoint.read
    turned = is_conv1d(part.checkpoint.config)
    if "query_key_value" in inside and turned:
        parts = np.split(read(inside["query_key_value"]).T, 3)
    elif {"query", "key", "value"} <= inside.keys():
        parts = [read(inside[role]) for role in ("query", "key", "value")]
    else:
        return []
    if "attention_output" not in inside or any(each.ndim != 2 or each.shape[1] != width for each in parts):
        return []
    output = read(inside["attention_output"])
    writes = output if turned else output.T
    gain = gain_of(part.checkpoint, part.component, norms, _BEFORE_ATTENTION)
    if gain is not None and len(gain) == width:
        parts = [each * gain for each in parts]
    queries, keys, values = parts
    if writes.shape != queries.shape:
        return []
    heads = len(queries) if len(keys) == len(queries) else _heads(part)
    if heads is None or len(queries) % heads:
        return []
    size = 1 if len(keys) == len(queries) else len(queries) // heads
    if len(keys) % size or heads % (len(keys) // size):
        return []
    keys, values = (_for_every_head(each, size, heads) for each in (keys, values))
    return [queries.T @ keys, values.T @ writes]


def _for_every_head(matrix: Matrix, size: int, heads: int) -> Matrix:
    """Rows of shared keys or values once for every head that reads them."""
    groups = matrix.reshape(-1, size, matrix.shape[1])
    return np.repeat(groups, heads // len(groups), axis=0).reshape(-1, matrix.shape[1])


def _heads(part: Part) -> int | None:
    config: Mapping[str, Any] = part.checkpoint.config
    nested = config.get(_NESTED.get(part.component, ""))
    for each in (nested if isinstance(nested, Mapping) else {}, config):
        heads = each.get("num_attention_heads")
        if isinstance(heads, int) and heads > 0:
            return heads
    return None


def _inner(left: Matrix, right: Matrix) -> Matrix:
    return np.asarray((left * right).sum(axis=1), dtype=np.float32)


def _of_norm_one(matrix: Matrix) -> Matrix:
    size = float(np.linalg.norm(matrix))
    return np.asarray(matrix / np.float32(size if size > 0 else 1.0), dtype=np.float32)
