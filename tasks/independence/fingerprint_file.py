"""Fingerprints as files: safetensors, readable anywhere, versioned, with a part of at most 1 MB for screening.

`described` and `screen/described` are JSON, compressed, as bytes; `screen/…` is what screening reads and nothing else is needed
for it; all other tensors are sketches, by component. The metadata hold a SHA-256 of either part: damage is found when it is read.
"""

import hashlib
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from checks.contracts.errors import InputFault
from tasks.checkpoints import TensorRole
from tasks.checkpoints.safetensors_header import read_header
from tasks.independence.architecture import Design
from tasks.independence.copies import Content
from tasks.independence.feed_forward import FeedForward
from tasks.independence.fingerprint import VERSION, Fingerprint, SketchedPart, kept_profile, read_once
from tasks.independence.part import Progress, unseen
from tasks.independence.permutation_test import Matrix
from tasks.independence.residual import Profiles
from tasks.independence.screening import ScreenPart, screen_of

SUFFIX = ".fingerprint.safetensors"
#: The two parts of a file, by the metadata's names of their hashes.
_WHOLE, _SCREEN = "sha256", "screen sha256"
#: What is a file's name on every machine, and of one folder.
_ID = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
#: Descriptions larger than this are none of ours: a compressed one could otherwise fill the memory.
_MOST_DESCRIBED = 200_000_000
_NOT_OURS = (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration, zlib.error)


def fingerprint(source: Path, identifier: str, catalogue: Path, progress: Progress = unseen) -> Path:
    """Reads a checkpoint and writes its fingerprint into the catalogue's folder; returns the file.

    Raises InputFault for a checkpoint that cannot be read, an id that is none, and where the catalogue has that id already.
    """
    if not _ID.fullmatch(identifier):
        expected = "letters, digits, -, _ and points, the first a letter or digit"
        raise InputFault("command line", "--id", repr(identifier), expected)
    if catalogue.exists() and not catalogue.is_dir():
        raise InputFault(catalogue, found="a file", expected="a folder, the catalogue")
    target = catalogue / f"{identifier}{SUFFIX}"
    if target.exists():
        expected = "an id that the catalogue has not yet"
        raise InputFault(target, found=f"a fingerprint of {identifier!r}", expected=expected)
    made = read_once(source, identifier, progress)
    try:
        catalogue.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputFault(catalogue, found=error.strerror or str(error), expected="a folder to write in") from None
    write_fingerprint(target, made)
    return target


def catalogue_files(catalogue: Path) -> Iterator[Path]:
    """The fingerprints of a catalogue, in the order of ids; raises InputFault for a folder without any."""
    files = sorted(catalogue.glob(f"*{SUFFIX}")) if catalogue.is_dir() else []
    if not files:
        found = "no fingerprints" if catalogue.is_dir() else "a file" if catalogue.exists() else "no such folder"
        raise InputFault(catalogue, found=found, expected="a catalogue that `gwanmun fingerprint` filled")
    yield from files


def read_fingerprint(path: Path) -> Fingerprint:
    """A fingerprint from its file; raises InputFault for a broken one and for another version's."""
    arrays = _arrays(path, _WHOLE)
    try:
        said = _described(arrays["described"])
        held = {kind: _part(kind, fields, arrays) for kind, fields in said["parts"].items()}
        design = Design(said["config"], frozenset(int(token) for token in arrays["tokens"]))
        return Fingerprint(said["id"], said["source"], said["parameters"], design, held)
    except _NOT_OURS as error:
        raise _broken(path, error) from None


def read_screen(path: Path) -> tuple[str, dict[str, ScreenPart]]:
    """A fingerprint's id and, by component, what screening needs of it; raises InputFault as `read_fingerprint` does."""
    arrays = _arrays(path, _SCREEN)
    try:
        said = _described(arrays["screen/described"])
        held = {kind: _screen_part(f"screen/{kind}", each, arrays) for kind, each in said["parts"].items()}
        return said["id"], held
    except _NOT_OURS as error:
        raise _broken(path, error) from None


def _arrays(path: Path, part: str) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    read_header(path)
    try:
        with safe_open(path, framework="np") as file:
            said = file.metadata() or {}
            version = said.get("gwanmun fingerprint")
            if version is None:
                raise InputFault(path, found="a file that is no fingerprint", expected="a fingerprint")
            if version != str(VERSION):
                raise InputFault(path, "version", version, f"{VERSION}: fingerprint the reference anew")
            names = [name for name in file.keys() if _part_of(name) == part]  # noqa: SIM118  (no mapping)
            arrays = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise _broken(path, error) from None
    if said.get(part) != _sha256(arrays):
        raise InputFault(path, part, "other bytes than were written", "a fingerprint as it was written")
    return arrays


def _part_of(name: str) -> str:
    return _SCREEN if name.startswith("screen/") else _WHOLE


def _sha256(arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _broken(path: Path, error: Exception) -> InputFault:
    return InputFault(path, found=f"a file that is no fingerprint ({error!r})"[:200], expected="a fingerprint")


def write_fingerprint(target: Path, made: Fingerprint) -> None:
    """Writes it beside the target and renames it at the end."""
    from safetensors.numpy import save_file

    said = {"id": made.id, "source": made.source, "parameters": made.parameters, "config": dict(made.design.config)}
    arrays: dict[str, Any] = {"tokens": np.array(sorted(made.design.tokens), dtype=np.uint64)}
    described, screened = {}, {}
    for kind, part in made.parts.items():
        described[kind] = {
            "parameters": part.parameters,
            "units": part.units,
            "roles": [list(asdict(role).values()) for role in part.roles],
            "contents": [list(asdict(each).values()) for each in part.contents],
            "layers": _layers_into(arrays, kind, part.layers),
            "coordinates": _profiles_into(arrays, kind, part.coordinates),
        }
        screen = screen_of(part)
        screened[kind] = {"layers": _layers_into(arrays, f"screen/{kind}", screen.layers)}
        arrays |= {f"screen/{kind}/hashes": screen.hashes, f"screen/{kind}/curves": screen.curves.astype(np.float16)}
    arrays |= {"described": _described_as({**said, "parts": described})}
    arrays["screen/described"] = _described_as({"id": made.id, "parts": screened})
    unfinished = target.with_name(f".{target.name}.unfinished")
    hashes = {
        part: _sha256({name: each for name, each in arrays.items() if _part_of(name) == part})
        for part in (_WHOLE, _SCREEN)
    }
    save_file(arrays, unfinished, metadata={"gwanmun fingerprint": str(VERSION), **hashes})
    unfinished.replace(target)


def _described_as(said: Mapping[str, Any]) -> Any:
    return np.frombuffer(zlib.compress(json.dumps(said, ensure_ascii=False).encode()), dtype=np.uint8)


def _described(array: Any) -> Any:
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(array.tobytes(), _MOST_DESCRIBED)
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError("a description that is cut or too long")
    return json.loads(text)


def _layers_into(arrays: dict[str, Any], prefix: str, layers: Sequence[FeedForward]) -> list[dict[str, Any]]:
    """Puts the layers' matrices one after another into `arrays`; returns what they are."""
    matrices = [matrix for layer in layers for matrix in (*layer.reads, layer.writes)]
    arrays[f"{prefix}/layers"] = _joined(matrices)
    return [
        {
            "place": layer.place,
            "tensors": layer.tensors,
            "shapes": layer.shapes,
            "sketches": [each.shape for each in (*layer.reads, layer.writes)],
        }
        for layer in layers
    ]


def _profiles_into(arrays: dict[str, Any], prefix: str, profiles: Profiles) -> list[dict[str, Any]]:
    rows = [profile.read() for profile in profiles.values()]
    arrays[f"{prefix}/coordinates"] = _joined(rows)
    return [
        {"place": place, "name": each.name, "shape": each.shape, "sketch": sketch.shape}
        for (place, each), sketch in zip(profiles.items(), rows, strict=True)
    ]


def _joined(matrices: Sequence[Matrix]) -> Any:
    return np.concatenate([np.zeros(0), *(each.ravel() for each in matrices)]).astype(np.float16)


def _taken_apart(joined: Any, shapes: Sequence[Sequence[int]]) -> Iterator[Matrix]:
    """The matrices of these shapes that were put one after another."""
    start = 0
    for shape in shapes:
        stop = start + math.prod(shape)
        yield np.asarray(joined[start:stop], dtype=np.float32).reshape(shape)
        start = stop


def _layers_of(prefix: str, said: Any, arrays: Mapping[str, Any]) -> list[FeedForward]:
    matrices = _taken_apart(arrays[f"{prefix}/layers"], [shape for each in said for shape in each["sketches"]])
    layers = []
    for each in said:
        sides = [next(matrices) for _ in each["shapes"]]
        stack, layer, expert = each["place"]
        shapes = tuple(tuple(shape) for shape in each["shapes"])
        place = (stack, layer, expert)
        layers.append(FeedForward(place, tuple(sides[:-1]), sides[-1], tuple(each["tensors"]), shapes))
    return layers


def _part(kind: str, fields: Mapping[str, Any], arrays: Mapping[str, Any]) -> SketchedPart:
    rows = _taken_apart(arrays[f"{kind}/coordinates"], [each["sketch"] for each in fields["coordinates"]])
    coordinates = {
        tuple(each["place"]): kept_profile(each["name"], tuple(each["shape"]), one)
        for each, one in zip(fields["coordinates"], rows, strict=True)
    }
    return SketchedPart(
        kind,
        fields["parameters"],
        [TensorRole(*role) for role in fields["roles"]],
        [Content(*each) for each in fields["contents"]],
        _layers_of(kind, fields["layers"], arrays),
        coordinates,
        fields["units"],
    )


def _screen_part(prefix: str, fields: Mapping[str, Any], arrays: Mapping[str, Any]) -> ScreenPart:
    layers = _layers_of(prefix, fields["layers"], arrays)
    return ScreenPart(arrays[f"{prefix}/hashes"], layers, arrays[f"{prefix}/curves"].astype(np.float32))
