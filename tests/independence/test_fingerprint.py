"""Fingerprints: small, one-way, versioned, and enough to find what place by place can be found."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from checks.contracts.errors import InputFault
from checks.records.lineage import ComponentFinding, ReferenceFinding
from tasks.checkpoints import assign_roles, open_checkpoint
from tasks.independence import fingerprint, trace
from tasks.independence.fingerprint_file import catalogue_files, read_screen
from tasks.independence.part import parts
from tasks.independence.screening import Screening
from tests.independence.drawn_models import Tensors, component, disguised, disturbed, drawn, written


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
    tower = {each.component: each for each in found.references[0].components}["vision_tower"]
    assert tower.verdict == "derived" and (tower.log10_p or 0.0) < -6
    # What was turned or renumbered shows in weights alone, so that nobody is cleared without them.
    assert {each.verdict for one in found.references for each in one.components} == {"derived", "indeterminate"}
    assert len(found.references) == 5 and len(found.screened) == 3


def test_copies_are_found_by_content_alone(models: Path, catalogue: Path, tmp_path: Path) -> None:
    found = trace(written(tmp_path / "m", drawn(20) | component(drawn(3), "vision_tower")), {}, catalogue=catalogue)
    third = found.references[0]
    assert third.reference == "ref-3" and third.verdict == "derived" and third.p_value is None


def test_the_nearest_are_read_whole_where_they_lie(models: Path, catalogue: Path, tmp_path: Path) -> None:
    """What only an aligned test can see is said of the few whose weights were read; the others are named as screened only."""
    subject = written(tmp_path / "m", drawn(20, units=96))
    found = trace(subject, {}, catalogue=catalogue)
    verdicts = [
        next(each.verdict for each in one.components if each.component == "language_model") for one in found.references
    ]
    assert verdicts == ["independent"] * 5 and len(found.screened) == 3
    assert {each.reference for each in found.references}.isdisjoint(found.screened)


def test_a_small_share_in_disguise_is_found_in_the_catalogue_once_its_larger_parent_is(
    models: Path, catalogue: Path, tmp_path: Path
) -> None:
    """By the fingerprint alone, and by the weights where they lie; whatever the order of the screening."""
    merged = {name: (0.95 * each + 0.05 * drawn(2)[name]).astype(np.float32) for name, each in drawn(30).items()}
    subject, larger = written(tmp_path / "m", disguised(merged)), written(tmp_path / "larger", drawn(30))
    away = tmp_path / "away"
    for there in (True, False):
        if not there:
            models.rename(away)
        found = trace(subject, {"larger": larger}, catalogue=catalogue)
        said = {each.reference: component_of(each, "language_model") for each in found.references}
        derived = {name: each.relation for name, each in said.items() if each.verdict == "derived"}
        assert derived == {"larger": "merged", "ref-2": "merged"}
        assert {each.test for each in said["ref-2"].tests if each.decides} == {"remainder-in-place"}
        assert "ref-2" not in found.screened and len(found.references) + len(found.screened) == 9
    away.rename(models)
    alone = trace(subject, {}, catalogue=catalogue)
    assert alone.verdict == "independent" and "ref-2" in alone.screened  # no screening sees it


def component_of(reference: ReferenceFinding, kind: str) -> ComponentFinding:
    return next(each for each in reference.components if each.component == kind)


def test_a_reference_that_shows_a_sign_is_tested_however_many_stand_before_it(
    models: Path, catalogue: Path, tmp_path: Path
) -> None:
    """Six references lent a matrix each: one more than are tested in any case."""
    names = [
        f"model.language_model.layers.{n}.mlp.{each}_proj.weight" for n in (0, 1) for each in ("gate", "up", "down")
    ]
    lent = {name: drawn(seed)[name] for seed, name in enumerate(names, 1)}
    found = trace(written(tmp_path / "m", drawn(20) | lent), {}, catalogue=catalogue)
    derived = {each.reference for each in found.references if each.verdict == "derived"}
    assert derived == {f"ref-{number}" for number in range(1, 7)}
    assert found.screened == ["ref-7", "ref-8"]


def test_the_disguised_one_of_many_is_put_first_by_its_units_sizes(tmp_path: Path) -> None:
    """Units renumbered: nothing stands at its place, nothing is shared, and the sizes are still spread as they were."""
    rng = np.random.default_rng(0)
    spread = {seed: np.exp(rng.normal(0, 0.05 * seed, (80, 1))) for seed in range(1, 9)}
    for seed, sizes in spread.items():
        fingerprint(written(tmp_path / f"ref-{seed}", resized(drawn(seed), sizes)), f"ref-{seed}", tmp_path / "known")
    subject = resized(drawn(4), spread[4])
    order = rng.permutation(80)
    for name in [name for name in subject if "language_model" in name and ".mlp." in name]:
        subject[name] = subject[name][:, order] if "down" in name else subject[name][order]
    held = open_checkpoint(
        written(
            tmp_path / "m",
            {name: each for name, each in subject.items() if "language_model" in name and ".mlp." in name},
        )
    )
    screening = Screening(parts(held, assign_roles(held)))
    found = sorted(
        (screening.sign(read_screen(path)[1]).order, path.name) for path in catalogue_files(tmp_path / "known")
    )
    assert found[0][1].startswith("ref-4.") and found[0][0][0] == 0


def resized(tensors: Tensors, sizes: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> Tensors:
    """Every unit of the decoder with a size of its own."""
    gates = {
        name: (each * sizes).astype(np.float32) for name, each in tensors.items() if name.endswith("gate_proj.weight")
    }
    return tensors | gates


def test_a_fingerprint_holds_less_than_an_eighth_of_the_numbers(models: Path, catalogue: Path) -> None:
    path = catalogue / "ref-1.fingerprint.safetensors"
    sketches = {name: each for name, each in load_file(path).items() if name[:6] != "screen"}
    assert (
        sum(each.size for each in sketches.values() if each.dtype == np.float16)
        <= sum(each.size for each in drawn(1).values()) / 8
    )
    assert sum(each.nbytes for name, each in load_file(path).items() if name.startswith("screen/")) < 1_000_000
    weights = load_file(models / "ref-1" / "model.safetensors")
    raw = path.read_bytes()
    assert not any(tensor.tobytes()[:64] in raw for tensor in weights.values())


@pytest.mark.parametrize("name", ["ref-1", "Llama-3.1_8B", "0"])
def test_an_id_is_the_name_of_one_file_of_the_catalogue(models: Path, tmp_path: Path, name: str) -> None:
    made = fingerprint(models / "ref-1", name, tmp_path / "known")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [made.name]
    assert made.parent == tmp_path / "known"


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "", "a/b", ".", "..", ".x", "a b", "가", "a\n", "n" * 200])
def test_what_would_be_another_place_is_no_id(models: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputFault, match=r"--id: found .*, expected letters, digits"):
        fingerprint(models / "ref-1", name, tmp_path / "known" / "deep")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_catalogue(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_text("mine")
    with pytest.raises(InputFault, match=r"known: found a file, expected a folder, the catalogue"):
        fingerprint(models / "ref-1", "ref-1", file)
    with pytest.raises(InputFault, match=r"known: found a file, expected a catalogue that"):
        trace(models / "ref-1", {}, catalogue=file)
    with pytest.raises(InputFault, match=r"deep: found Not a directory, expected a folder to write in"):
        fingerprint(models / "ref-1", "ref-1", file / "deep")
    assert file.read_text() == "mine"


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
    for change in ({"gwanmun fingerprint": "99"}, {}):
        text = json.dumps(header | {"__metadata__": change}).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])
        with pytest.raises(InputFault, match="fingerprint"):
            trace(models / "ref-1", {}, catalogue=copied)


@pytest.mark.parametrize("part", ["described", "screen/described", "tokens", "language_model/layers"])
def test_a_bit_that_was_lost_is_found(part: str, models: Path, catalogue: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(catalogue, tmp_path / "catalogue"))
    path = copied / "ref-1.fingerprint.safetensors"
    damaged = bytearray(path.read_bytes())
    length = int.from_bytes(damaged[:8], "little")
    first, last = json.loads(damaged[8 : 8 + length])[part]["data_offsets"]
    damaged[8 + length + (first + last) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(InputFault, match=r"ref-1\.fingerprint.*sha256: found other bytes than were written"):
        trace(models / "ref-1", {}, catalogue=copied)
