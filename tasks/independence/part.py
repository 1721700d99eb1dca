"""One component of one model: its checkpoint, the roles of its tensors, and what the tests need of it, read once.

>>> part = Part.of(open_checkpoint(folder), "vision_tower")
>>> len(part.layers)
2
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tasks.checkpoints import Checkpoint, TensorRole
from tasks.independence.alignment import UnitRows, unit_rows
from tasks.independence.copies import Content, contents
from tasks.independence.feed_forward import FeedForward, feed_forward_layers
from tasks.independence.residual import Profiles, coordinate_profiles

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Part:
    """A component of a checkpoint."""

    checkpoint: Checkpoint
    component: str
    roles: Sequence[TensorRole]

    @property
    def parameters(self) -> int:
        """Numbers in the component."""
        return sum(self.checkpoint.tensors[role.name].parameters for role in self.roles)

    @cached_property
    def contents(self) -> list[Content]:
        """Hashes of every tensor that could show a copy."""
        return contents(self.checkpoint, self.roles)

    @cached_property
    def layers(self) -> list[FeedForward]:
        """Layers of hidden units."""
        return list(feed_forward_layers(self.checkpoint, self.roles))

    @cached_property
    def coordinates(self) -> Profiles:
        """Coordinates of the residual stream."""
        return coordinate_profiles(self.checkpoint, self.roles)

    @cached_property
    def unit_rows(self) -> list[UnitRows]:
        """The same, prepared for alignment."""
        return [unit_rows(layer) for layer in self.layers]


def parts(checkpoint: Checkpoint, roles: Sequence[TensorRole]) -> dict[str, Part]:
    """Component → part, in the order of names."""
    kinds = sorted({role.component for role in roles})
    return {kind: Part(checkpoint, kind, [role for role in roles if role.component == kind]) for kind in kinds}


def unseen(label: str, done: int, total: int) -> None:
    """No progress asked for."""
