"""The hidden units of a model's feed-forward layers, one matrix a side, whatever layout the file has.

A unit is a row: what it reads (gate and up, or the one input matrix of an ungated layer) and what it writes (down), each of
the width of the residual stream. Fused gate-up tensors, Conv1D layouts, fused experts and projectors are taken apart here, by
headers; numbers are read when a test asks for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.checkpoints.layer_stacks import FIRST_READS, layer_list
from tasks.checkpoints.roles import OF_UNITS
from tasks.checkpoints.spellings import plain_name
from tasks.independence.formula_start import begun_by_a_formula
from tasks.independence.norm_gain import gain_of
from tasks.independence.permutation_test import Matrix
from tasks.independence.stored_units import StoredUnits

#: Place of a layer of units: stack, layer (None for a projector), expert (None outside a mixture).
Place = tuple[str, int | None, int | None]
Shapes = tuple[tuple[int, ...], ...]


class UnitLayer(Protocol):
    """A layer of hidden units as the tests see it, its numbers in a checkpoint or in a fingerprint.

    `shapes` are those of its matrices in the model, (units, width) each, reads before writes: two layers are compared place by
    place only where these are equal. `tensors` are the names that it is made from.
    """

    @property
    def place(self) -> Place: ...
    @property
    def shapes(self) -> Shapes: ...
    @property
    def tensors(self) -> tuple[str, ...]: ...
    def leading(self, units: int) -> "FeedForward":
        """Its first units."""


@dataclass(frozen=True)
class FeedForward:
    """Units of one layer in memory. `reads` holds one (units, width) matrix for an ungated layer, gate and up for a gated one,
    norm gains folded in; `writes` is (units, width)."""

    place: Place
    reads: tuple[Matrix, ...]
    writes: Matrix
    tensors: tuple[str, ...]
    shapes: Shapes

    @classmethod
    def of(
        cls, place: Place, reads: tuple[Matrix, ...], writes: Matrix, tensors: tuple[str, ...] = ()
    ) -> "FeedForward":
        """A layer that is all there."""
        return cls(place, reads, writes, tensors, (*(each.shape for each in reads), writes.shape))

    def leading(self, units: int) -> "FeedForward":
        """Its first units."""
        return replace(self, reads=tuple(each[:units] for each in self.reads), writes=self.writes[:units])


@dataclass(frozen=True)
class StoredLayer:
    """One layer's units in a checkpoint; `gain` of the norm before it is folded into what they read."""

    checkpoint: Checkpoint
    place: Place
    reads: tuple[StoredUnits, ...]
    writes: StoredUnits
    tensors: tuple[str, ...]
    gain: Matrix | None

    @property
    def units(self) -> int:
        """How many hidden units."""
        return self.writes.units

    @property
    def width(self) -> int:
        """Of the residual stream that they write to."""
        return self.writes.shape[1]

    @property
    def shapes(self) -> Shapes:
        """Shapes of the matrices, (units, width) each."""
        return (*(each.shape for each in self.reads), self.writes.shape)

    def leading(self, units: int) -> FeedForward:
        """Its first units."""
        reads = [self._gained(each.leading(self.checkpoint, units)) for each in self.reads]
        return FeedForward(
            self.place, tuple(reads), self.writes.leading(self.checkpoint, units), self.tensors, self.shapes
        )

    def leading_first(self, units: int) -> Matrix:
        """Of its first units what they read by the first matrix alone."""
        return self._gained(self.reads[0].leading(self.checkpoint, units))

    def largest(self, most: int) -> FeedForward:
        """At most so many units, in their order: those with the largest product of the lengths of all their rows, which
        no renumbering, turn of the stream or rescaling inside a unit changes."""
        return self.leading(self.units) if self.units <= most else self.chosen(self.largest_numbers(most))

    def largest_numbers(self, most: int) -> npt.NDArray[np.int_]:
        """Which units those are."""
        if self.units <= most:
            return np.arange(self.units)
        sizes = np.zeros(self.units)
        for side, gain in (*((each, self.gain) for each in self.reads), (self.writes, None)):
            sizes += np.log(np.maximum(side.squared_lengths(self.checkpoint, gain), 1e-60))
        return np.sort(np.argpartition(-sizes, most)[:most])

    def chosen(self, wanted: npt.NDArray[np.int_]) -> FeedForward:
        """The units of these numbers."""
        reads = [self._gained(each.chosen(self.checkpoint, wanted)) for each in self.reads]
        return FeedForward(
            self.place, tuple(reads), self.writes.chosen(self.checkpoint, wanted), self.tensors, self.shapes
        )

    def projected(self, directions: Matrix, units: int | None = None) -> list[Matrix]:
        """(units, k) of every matrix, reads before writes: its units, or the first so many, at length one along `directions`,
        (width, k)."""
        sides = [*((each, self.gain) for each in self.reads), (self.writes, None)]
        return [side.cut_to(units).projected(self.checkpoint, gain, directions) for side, gain in sides]

    def _gained(self, rows: Matrix) -> Matrix:
        return rows if self.gain is None else rows * self.gain


@dataclass(frozen=True)
class _Parts:
    """The tensors of one layer by role."""

    place: Place
    names: Mapping[str, str]
    norms: Sequence[str]


@dataclass(frozen=True)
class _Layout:
    """What shapes do not tell: linear layers stored (in, out), and fused gate and up by turns (gpt-oss), not one after the
    other."""

    conv1d: bool
    interleaved: bool

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "_Layout":
        config = checkpoint.config
        nested = config.get("text_config")
        kinds = {config.get("model_type"), nested.get("model_type") if isinstance(nested, Mapping) else None}
        return cls(checkpoint.stored_in_out, "gpt_oss" in kinds)


def feed_forward_layers(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> list[StoredLayer]:
    """Every layer of hidden units among `roles` (those of one component), in order, but for those that began by a formula."""
    layout = _Layout.of(checkpoint)
    found: list[StoredLayer] = []
    for parts in _by_place(roles):
        widths = {size for name in parts.norms for size in checkpoint.tensors[name].shape[:1]}
        shapes = {role: checkpoint.tensors[name].shape for role, name in parts.names.items()}
        before = _BEFORE_FEED_FORWARD if "down" in parts.names else ("input_layernorm", f"{parts.place[1]}.norm")
        gain = gain_of(checkpoint, roles[0].component, parts.norms, before)
        for expert, first in _per_expert(shapes, parts.place[2]):
            sides = _sides(parts.names, {role: shape[-2:] for role, shape in shapes.items()}, first, widths, layout)
            if sides is not None and min(sides[1].shape) > 0:
                reads, writes = sides
                fits = gain is not None and all(each.shape[1] == len(gain) for each in reads)
                place = (*parts.place[:2], expert)
                found.append(
                    StoredLayer(checkpoint, place, reads, writes, tuple(parts.names.values()), gain if fits else None)
                )
    return _drawn(found or _lone_matrix(checkpoint, roles))


def _drawn(layers: Sequence[StoredLayer]) -> list[StoredLayer]:
    """Those that do not begin so: the first of a layer's experts speaks for all."""
    first: dict[tuple[str, int | None], StoredLayer] = {}
    for layer in layers:
        first.setdefault(layer.place[:2], layer)
    begun = {at: begun_by_a_formula(each.checkpoint, (*each.reads, each.writes)) for at, each in first.items()}
    return [layer for layer in layers if not begun[layer.place[:2]]]


def _lone_matrix(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> list[StoredLayer]:
    """A projector of one matrix: its columns are units, and the two halves of its rows the two disjoint groups of numbers."""
    matrices = [role.name for role in roles if role.role != "norm" and not role.bias]
    if roles[0].component != "projector" or len(matrices) != 1 or len(checkpoint.tensors[matrices[0]].shape) != 2:
        return []
    rows, units = checkpoint.tensors[matrices[0]].shape
    reads, writes = (StoredUnits(matrices[0], first, rows // 2, units, False, units) for first in (0, rows // 2))
    return [StoredLayer(checkpoint, ("", None, None), (reads,), writes, (matrices[0],), None)]


def _by_place(roles: Sequence[TensorRole]) -> list[_Parts]:
    places: dict[Place, dict[str, str]] = {}
    norms: dict[tuple[str, int | None], list[str]] = {}
    for role in roles:
        if role.role in OF_UNITS and not role.bias:
            # Several projectors without a number (one a modality) are told apart by where their names stand.
            stack = role.stack if role.layer is not None else plain_name(role.name).rsplit(".", 2)[0]
            places.setdefault((stack, role.layer, role.expert), {})[role.role] = role.name
        elif role.role == "norm" and not role.bias and role.layer is not None:
            norms.setdefault((role.stack, role.layer), []).append(role.name)
    return [
        _Parts(place, names, norms.get((layer_list(place[0]), place[1]), []))
        for place, names in sorted(places.items(), key=lambda each: _order(each[0]))
        if ("down" in names and not names.keys().isdisjoint(FIRST_READS))
        or {"state_space_in", "state_space_out"} <= names.keys()
    ]


def _order(place: Place) -> tuple[str, int, int]:
    stack, layer, expert = place
    return stack, -1 if layer is None else layer, -1 if expert is None else expert


def _per_expert(shapes: Mapping[str, tuple[int, ...]], expert: int | None) -> Iterator[tuple[int | None, int]]:
    """(Expert, its number in fused tensors): fused experts, a first axis more than a matrix has, one by one."""
    if all(len(shape) == 2 for shape in shapes.values()):
        yield expert, 0
    elif all(len(shape) == 3 for shape in shapes.values()):
        yield from ((number, number) for number in range(min(shape[0] for shape in shapes.values())))


def _sides(
    names: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]], expert: int, widths: set[int], layout: _Layout
) -> tuple[tuple[StoredUnits, ...], StoredUnits] | None:
    """What units read, gate before up, and what they write; None where the matrices do not fit each other."""
    if "state_space_in" in shapes:
        return _inner_channels(names, shapes)
    down = shapes["down"]
    first_role = next(role for role in FIRST_READS if role in shapes)
    first = shapes[first_role]
    # Megatron calls both of its layouts linear_fc1, OLMo ff_proj.
    fused = first_role == "gate_up" or (first_role in ("up_gate", "up_ungated") and first[0] == 2 * down[1])
    turned = _is_turned(first, down, widths, layout.conv1d, fused)
    units_first = first == down and first[0] != first[1]  # DBRX: the units of all experts are rows of every matrix
    if turned is None and not units_first:
        return None
    units = down[0] if turned or units_first else down[1]

    def side(role: str, along_rows: bool, start: int = 0, step: int = 1) -> StoredUnits:
        rows, columns = shapes[role]
        return StoredUnits(names[role], expert * rows, rows, columns, along_rows, units, start, step)

    if fused:
        starts = [(0, 2), (1, 2)] if layout.interleaved else [(0, 1), (units, 1)]
        starts = starts[::-1] if first_role == "up_gate" else starts
        reads = [side(first_role, not turned, start, step) for start, step in starts]
    else:
        apart = [role for role in ("gate", "up", "up_gate", "up_ungated") if role in shapes]
        reads = [side(role, not turned) for role in apart]
        if any(shapes[role][1 if turned else 0] != units for role in apart):
            return None
    return tuple(reads), side("down", units_first or bool(turned))


def _inner_channels(
    names: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]
) -> tuple[tuple[StoredUnits, ...], StoredUnits] | None:
    """A state-space layer's inner channels as units: two stretches of rows read (gate and channel, in the file's order), behind
    which Mamba 2 has what it needs for its states; None where the matrices do not fit each other."""
    (rows, columns), (width, units) = shapes["state_space_in"], shapes["state_space_out"]
    if rows < 2 * units or columns != width:
        return None
    reads = [StoredUnits(names["state_space_in"], 0, rows, columns, True, units, start, 1) for start in (0, units)]
    return tuple(reads), StoredUnits(names["state_space_out"], 0, width, units, False, units, 0, 1)


def _is_turned(
    first: tuple[int, ...], down: tuple[int, ...], widths: set[int], conv1d: bool, fused: bool
) -> bool | None:
    """Whether matrices are stored (in, out) and not (out, in); None where the two do not fit each other."""
    times = 2 if fused else 1
    straight = first[0] == times * down[1]
    turned = first[1] == times * down[0]
    if straight and turned and not fused:  # (n, d) and (d, n) fit both ways: the norms' width tells which is d
        reads_width, writes_width = first[1] in widths, first[0] in widths
        return writes_width and not reads_width if reads_width != writes_width else conv1d
    return False if straight else True if turned else None


#: Norms that stand before the feed-forward layer, the surest name first; Megatron keeps it inside the matrix that it stands before.
_NORM_NAMES = """pre_feedforward_layernorm ffn_norm post_attention_layernorm layer_norm2 ln_2 norm2 norm_2 ff_norm pre_moe_norm
    layernorm_after final_layer_norm pre_mlp_layernorm linear_fc1"""
_BEFORE_FEED_FORWARD = tuple(_NORM_NAMES.split())
