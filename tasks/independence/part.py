"""One component of one model: its checkpoint, the roles of its tensors, and what the tests need of it, read once.

>>> len(parts(model, assign_roles(model))["vision_tower"].layers)
2
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.independence.copies import Content, contents
from tasks.independence.feed_forward import FeedForward, StoredLayer, feed_forward_layers
from tasks.independence.residual import Profiles, coordinate_profiles
from tasks.independence.unit_rows import UnitRows, unit_rows

#: Most units of a layer that are aligned, and bytes of float32 of one of their matrices, but never fewer than LEAST_ALIGNED:
#: half of them carry the turn, and as many more numbers than that settle nothing.
MOST_ALIGNED = 1_024
MATRIX_BYTES = 1 << 24
LEAST_ALIGNED = 256
#: Bytes of prepared layers that a part keeps.
HELD_BYTES = 100_000_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Part:
    """A component of a checkpoint."""

    checkpoint: Checkpoint
    component: str
    roles: Sequence[TensorRole]
    _held: dict[int, UnitRows] = field(default_factory=dict, repr=False, compare=False)

    @property
    def parameters(self) -> int:
        """Numbers in the component."""
        return sum(self.checkpoint.tensors[role.name].parameters for role in self.roles)

    @cached_property
    def contents(self) -> list[Content]:
        """Hashes of every tensor that could show a copy."""
        return contents(self.checkpoint, self.roles)

    @cached_property
    def layers(self) -> list[StoredLayer]:
        """Layers of hidden units, by headers and a corner of each."""
        return feed_forward_layers(self.checkpoint, self.roles)

    @cached_property
    def coordinates(self) -> Profiles:
        """Coordinates of the residual stream."""
        return coordinate_profiles(self.checkpoint, self.roles)

    def largest_units(self, number: int) -> FeedForward:
        """The units of the layer at this place in `layers` that alignment is tried on."""
        layer = self.layers[number]
        return layer.largest(units_to_align(layer))

    def unit_rows(self, number: int) -> UnitRows:
        """The same, prepared for alignment; the layers asked for last are kept, as far as HELD_BYTES go."""
        rows = self._held.pop(number, None)
        if rows is None:
            rows = unit_rows(self.largest_units(number))
        self._held[number] = rows  # the last asked for stands last
        while len(self._held) > 1 and sum(each.nbytes for each in self._held.values()) > HELD_BYTES:
            del self._held[next(iter(self._held))]
        return rows

    def forget(self) -> None:
        """Lets go of prepared layers: one model's at a time is enough."""
        self._held.clear()


def units_to_align(layer: StoredLayer) -> int:
    """How many of a layer's units take part in alignment: MOST_ALIGNED, of wide layers as many as MATRIX_BYTES hold."""
    return min(layer.units, MOST_ALIGNED, max(LEAST_ALIGNED, MATRIX_BYTES // (4 * max(1, layer.width))))


def parts(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> dict[str, Part]:
    """Component → part, in the order of names."""
    kinds = sorted({role.component for role in roles})
    return {kind: Part(checkpoint, kind, [role for role in roles if role.component == kind]) for kind in kinds}


def unseen(label: str, done: int, total: int) -> None:
    """No progress asked for."""
