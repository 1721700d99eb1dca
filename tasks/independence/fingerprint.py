"""A reference read once into a small file, by which hundreds of references are screened without their weights.

A fingerprint holds hashes of every tensor's numbers, and of the units and coordinates that the place tests compare a seeded
random projection into at most an eighth of their width, in half precision: enough for the tests, and no way back to the
weights, of which it determines less than an eighth.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint, TensorRole, assign_roles, open_checkpoint
from tasks.independence.architecture import Design, design_of
from tasks.independence.copies import Content, content, side_by_side
from tasks.independence.feed_forward import FeedForward, Place, StoredLayer
from tasks.independence.part import Part, Progress, parts, unseen
from tasks.independence.permutation_test import Matrix
from tasks.independence.place_tests import MOST_UNITS
from tasks.independence.residual import Profile, Profiles

#: Raised when what a fingerprint holds changes: fingerprints of another version are refused.
VERSION = 5
#: Widest projection, and the least share of a row's width that it takes away.
_WIDEST = 64
_NARROWED = 8
#: Bytes of sketches in one file; with hashes and tokens a fingerprint stays below 64 MB.
_SKETCH_BYTES = 40_000_000
_MOST_LAYERS = 1_024
_UNITS = (512, 256, 128, 64, 32, 16)
QUANTILES = np.linspace(0.02, 0.98, 16)


@dataclass(frozen=True)
class SketchedPart:
    """What a fingerprint keeps of one component; `layers` and `coordinates` are projections, `curves` the size curves of
    `layers` where it was just read."""

    component: str
    parameters: int
    roles: Sequence[TensorRole]
    contents: Sequence[Content]
    layers: Sequence[FeedForward]
    coordinates: Profiles
    units: int
    curves: Sequence[Matrix] = ()


@dataclass(frozen=True)
class Fingerprint:
    """One reference: `source` is where it was read, which may not exist on this machine."""

    id: str
    source: str
    parameters: int
    design: Design
    parts: Mapping[str, SketchedPart]


def read_once(source: Path, identifier: str, progress: Progress = unseen) -> Fingerprint:
    """The fingerprint of a checkpoint, every byte of which is read once and all of it never at a time.

    Raises InputFault for a checkpoint that cannot be read.
    """
    model = open_checkpoint(source)
    held = parts(model, assign_roles(model))
    sketched = {kind: _sketched_by_layers(part, progress) for kind, part in held.items()}
    return Fingerprint(identifier, str(source.resolve()), model.parameters, design_of(model), sketched)


def _sketched_by_layers(part: Part, progress: Progress) -> SketchedPart:
    """Layer by layer, so that a layer's numbers are sketched while its bytes, just hashed, are still in memory."""
    wanted = _places(part)
    units = _units_that_fit(part, len(wanted))
    numbered = sorted(part.roles, key=lambda role: -1 if role.layer is None else role.layer)
    by_layer = [(number, list(roles)) for number, roles in groupby(numbered, lambda role: role.layer)]
    done: list[int | None] = []

    def read(layer: tuple[int | None, list[TensorRole]]) -> SketchedPart:
        number, roles = layer
        found = [content(part.checkpoint, role) for role in roles]
        kept = [each for each in part.layers if each.place[1] == number and (each.place in wanted or number is None)]
        profiles = {place: each for place, each in part.coordinates.items() if place[2] == number}
        sketched = _sketch(part, kept, profiles, [each for each in found if each is not None], units)
        done.append(number)
        progress(f"fingerprint · {part.component}", len(done), len(by_layer))
        return sketched

    found = side_by_side(read, by_layer)
    return replace(
        found[0],
        contents=[each for one in found for each in one.contents],
        layers=[each for one in found for each in one.layers],
        coordinates={place: each for one in found for place, each in one.coordinates.items()},
        curves=[each for one in found for each in one.curves],
    )


def sketch(part: Part, like: SketchedPart) -> SketchedPart:
    """The part as a fingerprint keeps it, as far as `like` has it, so that the two can be compared."""
    wanted = {layer.place for layer in like.layers}
    kept = [layer for layer in part.layers if layer.place in wanted or layer.place[1] is None]
    profiles = {place: each for place, each in part.coordinates.items() if place in like.coordinates}
    return _sketch(part, kept, profiles, part.contents, like.units)


def _sketch(
    part: Part, layers: Sequence[StoredLayer], profiles: Profiles, contents: Sequence[Content], units: int
) -> SketchedPart:
    sketched, curves = [], []
    for layer in layers:
        leading = layer.leading(max(units, MOST_UNITS))
        sketched.append(sketch_layer(leading.leading(units)))
        curves.append(size_curve(leading))
    coordinates = {
        place: kept_profile(each.name, each.shape, projected(each.read()[:units])) for place, each in profiles.items()
    }
    return SketchedPart(part.component, part.parameters, part.roles, contents, sketched, coordinates, units, curves)


def kept_profile(name: str, shape: tuple[int, ...], rows: Matrix) -> Profile:
    """A profile that is in memory."""
    return Profile(name, shape, lambda: rows)


def _places(part: Part) -> set[Place]:
    """Layers that are kept: all, or an even choice of a mixture's many."""
    places = [layer.place for layer in part.layers]
    return set(places[:: max(1, -(-len(places) // _MOST_LAYERS))])


def _units_that_fit(part: Part, layers: int) -> int:
    matrices = max(1, layers) * 3 + sum(role.role in ("query", "key", "value") for role in part.roles)
    return next((units for units in _UNITS if matrices * units * _WIDEST * 2 <= _SKETCH_BYTES), _UNITS[-1])


def sketch_layer(layer: FeedForward) -> FeedForward:
    """Its units' rows projected; `shapes` stay those of the model."""
    reads = tuple(projected(each) for each in layer.reads)
    return replace(layer, reads=reads, writes=projected(layer.writes))


def size_curve(layer: FeedForward) -> Matrix:
    """(quantiles,): how the logarithms of units' sizes, the products of the lengths of all their rows, are spread about their
    median. No renumbering, turn of the stream or rescaling inside a unit changes it."""
    lengths = [np.linalg.norm(each, axis=1) for each in (*layer.reads, layer.writes)]
    sizes = np.sum([np.log(np.maximum(each, 1e-30)) for each in lengths], axis=0)
    return np.asarray(np.quantile(sizes, QUANTILES) - np.median(sizes), dtype=np.float32)


def projected(rows: Matrix) -> Matrix:
    """Rows projected by a Gaussian matrix that follows from their width alone, of root mean square one."""
    short = rows @ _projection(rows.shape[1])
    size = float(np.sqrt((short.astype(np.float64) ** 2).mean()))
    return np.asarray(short / (size or 1.0), dtype=np.float16).astype(np.float32)


@lru_cache(maxsize=8)
def _projection(width: int) -> Matrix:
    narrow = max(1, min(_WIDEST, width // _NARROWED))
    generator = np.random.default_rng(zlib.crc32(f"gwanmun {VERSION} {width}".encode()))
    return np.asarray(generator.standard_normal((width, narrow), dtype=np.float32))


def opened_source(held: Fingerprint) -> Checkpoint | None:
    """The reference itself where it still lies at its place with the same tensors; else None."""
    folder = Path(held.source)
    if not folder.is_dir():
        return None
    try:
        model = open_checkpoint(folder)
    except InputFault:
        return None
    names = {role.name for part in held.parts.values() for role in part.roles}
    return model if names == set(model.tensors) and model.parameters == held.parameters else None
