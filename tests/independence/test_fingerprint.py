"""Fingerprints: small, one-way, versioned, and enough to find what place by place can be found."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from checks.contracts.errors import InputFault
from tasks.independence import fingerprint, trace
from tests.independence.drawn_models import component, disturbed, drawn, written


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for seed in range(1, 9):
        written(folder / f"ref-{seed}", drawn(seed))
    return folder


@pytest.fixture(scope="module")
def catalogue(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    for seed in range(1, 9):
        fingerprint(models / f"ref-{seed}", f"ref-{seed}", folder)
    return folder


def test_the_right_one_of_a_catalogue_is_found_without_its_weights(
    models: Path, catalogue: Path, tmp_path: Path
) -> None:
    borrowed = disturbed(component(drawn(5), "vision_tower"), 0.9)
    subject = written(tmp_path / "m", drawn(20) | borrowed)
    away = tmp_path / "away"
    models.rename(away)  # the references are not on this machine
    try:
        found = trace(subject, {}, catalogue=catalogue)
    finally:
        away.rename(models)
    assert [each.reference for each in found.references if each.verdict == "derived"] == ["ref-5"]
    tower = {each.component: each for each in found.references[4].components}["vision_tower"]
    assert tower.verdict == "derived" and (tower.log10_p or 0.0) < -6


def test_copies_are_found_by_content_alone(models: Path, catalogue: Path, tmp_path: Path) -> None:
    found = trace(written(tmp_path / "m", drawn(20) | component(drawn(3), "vision_tower")), {}, catalogue=catalogue)
    third = found.references[2]
    assert third.reference == "ref-3" and third.verdict == "derived" and third.p_value is None


def test_the_nearest_are_read_whole_where_they_lie(models: Path, catalogue: Path, tmp_path: Path) -> None:
    """What only an aligned test can see is said of a reference whose weights were read, and left open for the others."""
    subject = written(tmp_path / "m", drawn(20, units=96))
    found = trace(subject, {}, catalogue=catalogue)
    verdicts = [
        next(each.verdict for each in one.components if each.component == "language_model") for one in found.references
    ]
    assert verdicts.count("independent") == 5 and verdicts.count("indeterminate") == 3


def test_a_fingerprint_holds_less_than_an_eighth_of_the_numbers(models: Path, catalogue: Path) -> None:
    path = catalogue / "ref-1.fingerprint.safetensors"
    numbers = sum(array.size for name, array in load_file(path).items() if name != "tokens")
    assert numbers <= sum(each.size for each in drawn(1).values()) / 8
    weights = load_file(models / "ref-1" / "model.safetensors")
    raw = path.read_bytes()
    assert not any(tensor.tobytes()[:64] in raw for tensor in weights.values())


def test_faults(models: Path, catalogue: Path, tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="not yet"):
        fingerprint(models / "ref-1", "ref-1", catalogue)
    with pytest.raises(InputFault, match="no fingerprints"):
        trace(models / "ref-1", {}, catalogue=tmp_path)
    copied = tmp_path / "catalogue"
    shutil.copytree(catalogue, copied)
    path = copied / "ref-1.fingerprint.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(InputFault, match="truncated"):
        trace(models / "ref-1", {}, catalogue=copied)
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    for change in ({"gwanmun": header["__metadata__"]["gwanmun"].replace('"version": 2', '"version": 99')}, {}):
        text = json.dumps(header | {"__metadata__": change}).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])
        with pytest.raises(InputFault, match="fingerprint"):
            trace(models / "ref-1", {}, catalogue=copied)
