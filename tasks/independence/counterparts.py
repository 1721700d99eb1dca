"""Which of a reference's lists of layers a component's own are held against, where the two do not have the same ones.

An encoder alone and one with its decoder, a thinker with and without a talker, a layer with and without an adapter: names of
lists then say nothing, so every list of the one is tried with every list of the other, and all that was tried is counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, TypeVar

from tasks.checkpoints import TensorRole
from tasks.checkpoints.layer_stacks import layer_list
from tasks.checkpoints.roles import OF_UNITS
from tasks.independence.feed_forward import Place
from tasks.independence.fingerprint import SketchedPart
from tasks.independence.part import Part
from tasks.independence.place_tests import GroupTest, Placed

Held = TypeVar("Held", Part, SketchedPart)

#: Most pairings of lists that are tried: eight lists with eight. More would cost more than they could find.
_MOST_PAIRINGS = 64


@dataclass(frozen=True)
class Counterpart(Generic[Held]):
    """A reference's component with its lists of layers named as the subject's, what the tests of places say of the two, and how
    many p-values went into the choice besides these."""

    reference: Held
    groups: list[GroupTest]
    passed_over: int

    @property
    def log10_p(self) -> float:
        """Of two disjoint groups that agree, before correction: the second smallest p-value."""
        return second_smallest(self.groups)


def second_smallest(groups: Sequence[GroupTest]) -> float:
    """log10 p that two of the groups reach; 0.0 where there are not two."""
    found = sorted(group.log10_p for group in groups)
    return found[1] if len(found) > 1 else 0.0


def clearest(subject: Part, references: Sequence[Held], test: Callable[[Held], list[GroupTest]]) -> Counterpart[Held]:
    """Of all pairings with these components of a reference the one with the smallest p-value, the first of equals."""
    tried = [(each, test(each)) for reference in references for each in _pairings(subject, reference)]
    found, groups = min(tried, key=lambda each: second_smallest(each[1]))
    return Counterpart(found, groups, sum(len(others) for _, others in tried) - len(groups))


def _pairings(subject: Part, reference: Held) -> Iterator[Held]:
    """The reference as it is, as far as both have a list of one name; and, where they have not the same lists, with each of
    its own under the name of each of the subject's."""
    mine, theirs = _stacks(subject), _stacks(reference)
    if mine == theirs or not mine or not theirs:
        yield reference
        return
    if set(mine) & set(theirs):
        yield reference
    pairs = ((own, other) for own in mine for other in theirs if own != other)
    yield from (_under(reference, other, own) for own, other in islice(pairs, _MOST_PAIRINGS))


def _stacks(part: Placed) -> list[str]:
    return sorted({layer.place[0] for layer in part.layers if layer.place[1] is not None})


def _under(reference: Held, stack: str, name: str) -> Held:
    """The reference with a stack under another name; one that had this name takes the other's."""
    roles = [replace(role, stack=_renamed(role, stack, name)) for role in reference.roles]
    if isinstance(reference, Part):
        return Part(reference.checkpoint, reference.component, roles)
    held = {role.name: role for role in roles}
    return replace(
        reference,
        roles=roles,
        layers=[replace(layer, place=_place_under(layer.place, layer.tensors, held)) for layer in reference.layers],
        coordinates={held[each.name].place: each for each in reference.coordinates.values()},
    )


def _place_under(place: Place, tensors: Sequence[str], held: Mapping[str, TensorRole]) -> Place:
    return place if place[1] is None else (held[tensors[0]].stack, *place[1:])


def _renamed(role: TensorRole, stack: str, name: str) -> str:
    if role.role in OF_UNITS and role.stack in (stack, name):
        return name if role.stack == stack else stack
    lists = {layer_list(stack): layer_list(name)}
    if role.layer is not None:  # what stands outside all lists may belong to none
        lists = {layer_list(name): layer_list(stack), **lists}
    own = layer_list(role.stack)
    return lists.get(own, own) + role.stack[len(own) :]
