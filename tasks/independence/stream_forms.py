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

from tasks.checkpoints.layer_stacks import layer_list
from tasks.independence.device import product
from tasks.independence.norm_gain import gain_of
from tasks.independence.part import Part
from tasks.independence.permutation_test import Matrix
from tasks.independence.procrustes import Turned
from tasks.independence.unit_rows import UnitRows, inner, ranks

_NESTED = {"language_model": "text_config", "vision_tower": "vision_config", "audio_tower": "audio_config"}
#: Norms that stand before attention.
_BEFORE_ATTENTION = ("input_layernorm", "attention_norm", "ln_1", "layer_norm1", "norm1", "layernorm_before")

#: Most coordinates of the stream by which heads are compared.
MOST_COORDINATES = 1_024


@dataclass(frozen=True)
class Forms:
    """One layer's forms, each (width, width) and of norm one; `products` are not symmetric."""

    grams: Sequence[Matrix]
    products: Sequence[Matrix]


def stream_forms(part: Part, layer: int) -> Forms:
    """The forms of the layer at this place in the part's list; no products where attention cannot be taken apart."""
    rows = part.unit_rows(layer)
    grams = [_of_norm_one(product(side.T, side)) for side in (*rows.reads, rows.writes)]
    return Forms(grams, [_of_norm_one(each) for each in _products(part, layer, len(grams[0]))])


def form_features(rows: UnitRows, forms: Sequence[Forms]) -> Matrix:
    """(units, features) as ranks: every side of a unit, and every two of its sides, in every form. No sign matters."""
    sides = (*rows.reads, rows.writes)
    columns: list[Matrix] = []
    for number, side in enumerate(sides):
        others = sides[number + 1 :]
        for form in forms:
            for gram in form.grams:
                turned = product(side, gram)
                columns += [inner(turned, side), inner(turned, turned)]
                columns += [np.abs(inner(turned, other)) for other in others]
            for each in form.products:
                turned, back = product(side, each), product(side, each.T)
                columns += [inner(turned, side), inner(turned, turned), inner(back, back)]
                columns += [np.abs(inner(turned, other)) for other in sides if other is not side]
        columns += [np.abs(inner(side, other)) for other in others]
    return ranks(np.stack(columns, axis=1))


@dataclass(frozen=True)
class Heads:
    """One layer's attention by groups of heads that share keys and values: `looks` are their queries and keys, (groups, rows,
    width); `values` and `writes`, summed over the heads of a group, are (groups, numbers inside a head, width). Of a wide stream
    the first MOST_COORDINATES."""

    looks: Matrix
    values: Matrix
    writes: Matrix

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Equal where two models can be compared."""
        return self.looks.shape, self.values.shape, self.writes.shape

    def turned(self, turn: Turned) -> "Heads":
        """In the stream that the turn leads to."""
        sides = (self.looks, self.values, self.writes)
        looks, values, writes = (np.asarray((each @ turn.left) @ turn.right, dtype=np.float32) for each in sides)
        return Heads(looks, values, writes)


def attention_heads(part: Part, layer: int) -> Heads | None:
    """The heads of the layer at this place in the part's list; None where attention cannot be taken apart."""
    parts, heads = _attention(part, layer, part.layers[layer].width, MOST_COORDINATES), _heads(part)
    if not parts or heads is None or len(parts[0]) % heads:
        return None
    queries, keys, values, writes = parts
    size = len(queries) // heads
    if len(keys) % size or heads % (len(keys) // size):
        return None
    groups = len(keys) // size
    looks = np.concatenate([each.reshape(groups, -1, each.shape[1]) for each in (queries, keys)], axis=1)
    by_head = writes.reshape(groups, -1, size, writes.shape[1])
    return Heads(looks, values.reshape(groups, size, -1), by_head.sum(axis=1))


def _products(part: Part, layer: int, width: int) -> list[Matrix]:
    """Queries with keys, and values with outputs, summed over heads."""
    parts = _attention(part, layer, width)
    if not parts:
        return []
    queries, keys, values, writes = parts
    heads = len(queries) if len(keys) == len(queries) else _heads(part)
    if heads is None or len(queries) % heads:
        return []
    size = 1 if len(keys) == len(queries) else len(queries) // heads
    if len(keys) % size or heads % (len(keys) // size):
        return []
    keys, values = (_for_every_head(each, size, heads) for each in (keys, values))
    return [product(queries.T, keys), product(values.T, writes)]


def _attention(part: Part, layer: int, width: int, most: int | None = None) -> list[Matrix]:
    """Queries, keys, values and what is written, (rows, width or `most`) each, the gain of the norm before them folded in; empty
    where they cannot be told apart."""
    place, number, _ = part.layers[layer].place
    stack = layer_list(place)
    inside = {
        role.role: role.name
        for role in part.roles
        if role.layer == number and role.stack == stack and not role.bias and role.expert is None
    }
    norms = [
        role.name
        for role in part.roles
        if role.role == "norm" and role.layer == number and role.stack == stack and not role.bias
    ]
    turned = part.checkpoint.stored_in_out
    names = ["query_key_value"] if turned and "query_key_value" in inside else ["query", "key", "value"]
    if not {*names, "attention_output"} <= inside.keys():
        return []
    shapes = [part.checkpoint.tensors[inside[name]].shape for name in names]
    if any(len(shape) != 2 or shape[0 if turned else 1] != width for shape in shapes):
        return []

    def rows(role: str, along: int) -> Matrix:
        """The matrix with the stream, axis `along` of it, as its columns."""
        cut = [slice(most) if axis == along else slice(None) for axis in (0, 1)]
        found = part.checkpoint.read_matrix(inside[role], *cut)
        return found.T if along == 0 else found

    parts = [rows(name, 0 if turned else 1) for name in names]
    parts = np.split(parts[0], 3) if len(parts) == 1 else parts
    writes = rows("attention_output", 1 if turned else 0)
    gain = gain_of(part.checkpoint, part.component, norms, _BEFORE_ATTENTION)
    if gain is not None and len(gain) == width:
        parts = [each * gain[:most] for each in parts]
    return [*parts, writes] if writes.shape == parts[0].shape else []


def _for_every_head(matrix: Matrix, size: int, heads: int) -> Matrix:
    """Rows of shared keys or values once for every head that reads them."""
    groups = matrix.reshape(-1, size, matrix.shape[1])
    return np.repeat(groups, heads // len(groups), axis=0).reshape(-1, matrix.shape[1])


def _heads(part: Part) -> int | None:
    config: Mapping[str, Any] = part.checkpoint.config
    nested = config.get(_NESTED.get(part.component, ""))
    for each in (nested if isinstance(nested, Mapping) else {}, config):
        heads = each.get("num_attention_heads", each.get("n_head"))
        if isinstance(heads, int) and heads > 0:
            return heads
    return None


def _of_norm_one(matrix: Matrix) -> Matrix:
    size = float(np.linalg.norm(matrix))
    return np.asarray(matrix / np.float32(size if size > 0 else 1.0), dtype=np.float32)
