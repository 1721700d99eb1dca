"""A reference read once into a small file, by which hundreds of references are screened without their weights.

A fingerprint holds hashes of every tensor's numbers, and of the units and coordinates that the place tests compare a seeded
random projection into at most an eighth of their width, in half precision: enough for the tests, and no way back to the
weights, of which it determines less than an eighth. It is a safetensors file, readable anywhere, versioned.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint, TensorRole, assign_roles, open_checkpoint
from tasks.checkpoints.safetensors_header import read_header
from tasks.independence.architecture import Design, design_of
from tasks.independence.copies import Content
from tasks.independence.feed_forward import FeedForward, Place
from tasks.independence.part import Part, Progress, parts, unseen
from tasks.independence.permutation_test import Matrix
from tasks.independence.residual import Profile, Profiles

VERSION = 2
SUFFIX = ".fingerprint.safetensors"
#: Widest projection, and the least share of a row's width that it takes away.
_WIDEST = 64
_NARROWED = 8
#: Bytes of sketches in one file; with hashes and tokens a fingerprint stays below 64 MB.
_SKETCH_BYTES = 40_000_000
_MOST_LAYERS = 1_024
_UNITS = (512, 256, 128, 64, 32, 16)


@dataclass(frozen=True)
class SketchedPart:
    """What a fingerprint keeps of one component; `layers` and `coordinates` are projections."""

    component: str
    parameters: int
    roles: Sequence[TensorRole]
    contents: Sequence[Content]
    layers: Sequence[FeedForward]
    coordinates: Profiles
    units: int


@dataclass(frozen=True)
class Fingerprint:
    """One reference: `source` is where it was read, which may not exist on this machine."""

    id: str
    source: str
    parameters: int
    design: Design
    parts: Mapping[str, SketchedPart]


def fingerprint(source: Path, identifier: str, catalogue: Path, progress: Progress | None = None) -> Path:
    """Reads a checkpoint and writes its fingerprint into the catalogue's folder; returns the file.

    Raises InputFault for a checkpoint that cannot be read, and where the catalogue has that id already.
    """
    target = catalogue / f"{identifier}{SUFFIX}"
    if target.exists():
        raise InputFault(
            target, found=f"a fingerprint of {identifier!r}", expected="an id that the catalogue has not yet"
        )
    model = open_checkpoint(source)
    sketched = {}
    held = parts(model, assign_roles(model))
    for number, (kind, part) in enumerate(held.items()):
        (progress or unseen)("fingerprint", number, len(held))
        sketched[kind] = sketch(part)
    (progress or unseen)("fingerprint", len(held), len(held))
    made = Fingerprint(identifier, str(source.resolve()), model.parameters, design_of(model), sketched)
    catalogue.mkdir(parents=True, exist_ok=True)
    _write(target, made)
    return target


def sketch(part: Part, like: SketchedPart | None = None) -> SketchedPart:
    """The part as a fingerprint keeps it; with `like`, only what that one has, so that the two can be compared."""
    wanted = _places(part) if like is None else {layer.place for layer in like.layers}
    units = _units_that_fit(part, len(wanted)) if like is None else like.units
    kept = [layer for layer in part.layers if layer.place in wanted or layer.place[1] is None]
    layers = [_sketch_layer(layer.leading(units)) for layer in kept]
    coordinates = {
        place: _kept(profile.name, profile.shape, _projected(profile.read()[:units]))
        for place, profile in part.coordinates.items()
    }
    return SketchedPart(part.component, part.parameters, part.roles, part.contents, layers, coordinates, units)


def _kept(name: str, shape: tuple[int, ...], rows: Matrix) -> Profile:
    return Profile(name, shape, lambda: rows)


def _places(part: Part) -> set[Place]:
    """Layers that are kept: all, or an even choice of a mixture's many."""
    places = sorted(
        {(role.stack, role.layer, role.expert) for role in part.roles if role.role == "down" and not role.bias},
        key=str,
    )
    return set(places[:: max(1, -(-len(places) // _MOST_LAYERS))])


def _units_that_fit(part: Part, layers: int) -> int:
    matrices = max(1, layers) * 3 + sum(role.role in ("query", "key", "value") for role in part.roles)
    return next((units for units in _UNITS if matrices * units * _WIDEST * 2 <= _SKETCH_BYTES), _UNITS[-1])


def _sketch_layer(layer: FeedForward) -> FeedForward:
    reads = tuple(_projected(each) for each in layer.reads)
    return replace(layer, reads=reads, writes=_projected(layer.writes))


def _projected(rows: Matrix) -> Matrix:
    """Rows projected by a Gaussian matrix that follows from their width alone, of root mean square one."""
    width = rows.shape[1]
    narrow = max(1, min(_WIDEST, width // _NARROWED))
    seed = zlib.crc32(f"gwanmun {VERSION} {width}".encode())
    turn = np.random.default_rng(seed).standard_normal((width, narrow), dtype=np.float32)
    short = rows @ turn
    size = float(np.sqrt((short.astype(np.float64) ** 2).mean()))
    return np.asarray(short / (size or 1.0), dtype=np.float16).astype(np.float32)


def _write(target: Path, made: Fingerprint) -> None:
    from safetensors.numpy import save

    arrays: dict[str, Any] = {"tokens": np.array(sorted(made.design.tokens), dtype=np.uint64)}
    described: dict[str, Any] = {}
    for kind, part in made.parts.items():
        described[kind] = {
            "parameters": part.parameters,
            "units": part.units,
            "roles": [asdict(role) for role in part.roles],
            "contents": [asdict(content) for content in part.contents],
            "layers": [
                {"place": layer.place, "tensors": layer.tensors, "shapes": layer.shapes} for layer in part.layers
            ],
            "coordinates": [
                {"place": place, "name": each.name, "shape": each.shape} for place, each in part.coordinates.items()
            ],
        }
        for number, layer in enumerate(part.layers):
            for side, matrix in enumerate((*layer.reads, layer.writes)):
                arrays[f"{kind}/layer/{number}/{side}"] = matrix.astype(np.float16)
        for number, profile in enumerate(part.coordinates.values()):
            arrays[f"{kind}/coordinates/{number}"] = profile.read().astype(np.float16)
    header = {"version": VERSION, "id": made.id, "source": made.source, "parameters": made.parameters}
    header |= {"config": dict(made.design.config), "parts": described}
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.write_bytes(save(arrays, metadata={"gwanmun": json.dumps(header, ensure_ascii=False)}))
    unfinished.replace(target)


def read_fingerprint(path: Path) -> Fingerprint:
    """A fingerprint from its file; raises InputFault for a broken one and for another version's."""
    from safetensors import safe_open

    read_header(path)
    try:
        with safe_open(path, framework="np") as file:
            header = json.loads((file.metadata() or {})["gwanmun"])
            if header["version"] != VERSION:
                raise InputFault(path, "version", str(header["version"]), f"{VERSION}: fingerprint the reference anew")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        held = {kind: _part(kind, fields, arrays) for kind, fields in header["parts"].items()}
        design = Design(header["config"], frozenset(int(token) for token in arrays["tokens"]))
        return Fingerprint(header["id"], header["source"], header["parameters"], design, held)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputFault(path, found=f"a file that is no fingerprint ({error})", expected="a fingerprint") from None


def _part(kind: str, fields: Mapping[str, Any], arrays: Mapping[str, Any]) -> SketchedPart:
    def array(name: str) -> Matrix:
        return np.asarray(arrays[f"{kind}/{name}"], dtype=np.float32)

    layers = []
    for number, each in enumerate(fields["layers"]):
        sides = [array(f"layer/{number}/{side}") for side in range(len(each["shapes"]))]
        shapes = tuple(tuple(shape) for shape in each["shapes"])
        stack, layer, expert = each["place"]
        place = (stack, layer, expert)
        layers.append(FeedForward(place, tuple(sides[:-1]), sides[-1], tuple(each["tensors"]), shapes))
    coordinates = {
        tuple(each["place"]): _kept(each["name"], tuple(each["shape"]), array(f"coordinates/{number}"))
        for number, each in enumerate(fields["coordinates"])
    }
    return SketchedPart(
        kind,
        fields["parameters"],
        [TensorRole(**role) for role in fields["roles"]],
        [Content(**content) for content in fields["contents"]],
        layers,
        coordinates,
        fields["units"],
    )


def catalogue_files(catalogue: Path) -> Iterator[Path]:
    """The fingerprints of a catalogue, in the order of ids; raises InputFault for a folder without any."""
    files = sorted(catalogue.glob(f"*{SUFFIX}")) if catalogue.is_dir() else []
    if not files:
        found = "no fingerprints" if catalogue.is_dir() else "no such folder"
        raise InputFault(catalogue, found=found, expected="a catalogue that `gwanmun fingerprint` filled")
    yield from files


def opened_source(held: Fingerprint) -> Checkpoint | None:
    """The reference itself where it still lies at its place with the same tensors; else None."""
    folder = Path(held.source)
    if not folder.is_dir():
        return None
    model = open_checkpoint(folder)
    names = {role.name for part in held.parts.values() for role in part.roles}
    return model if names == set(model.tensors) and model.parameters == held.parameters else None
