"""A bundle leads anyone to the same decision; whatever is changed in it, by whomever, is found."""

import base64
import hashlib
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.records.canonical import canonical_json
from tests.warehouse.programmes import make, make_imported
from tests.warehouse.test_round_inputs import measured
from warehouse.archive import NotAnArchive, pack, unpack
from warehouse.attestation import sign, signed_statement, statement
from warehouse.bundle import write_bundle
from warehouse.bundle_contents import from_files, to_files
from warehouse.documents import DECISION, HISTORY
from warehouse.keys import PUBLIC, fingerprint, load_private, load_public, make_keys
from warehouse.reader import load_decision
from warehouse.round_inputs import decide_round, load_round_inputs
from warehouse.store import Warehouse
from warehouse.verification import ATTESTATION, SIGNER, Verification, verify_bundle
from warehouse.writer import record_decision


def _decided(loaded: LoadedProgramme) -> LoadedProgramme:
    record_decision(Warehouse(loaded.warehouse), decide_round(loaded))
    return loaded


@dataclass(frozen=True)
class Bundled:
    """A programme, its bundle, and the keys that signed it."""

    loaded: LoadedProgramme
    path: Path
    public: Path

    def verified(self, packed: bytes, public: Path | None = None) -> Verification:
        """What verifying other bytes in the bundle's place says."""
        path = self.path.with_name("changed.zip")
        path.write_bytes(packed)
        return verify_bundle(path, public)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundled]:
    folder = tmp_path_factory.mktemp("bundle")
    loaded = _decided(make_imported(folder / "programme"))
    pair = make_keys(loaded.folder / "keys")
    write_bundle(loaded, "round-1", folder / "round-1.zip")
    yield Bundled(loaded, folder / "round-1.zip", pair.public)


def test_a_bundle_verifies_away_from_its_programme(bundled: Bundled, tmp_path: Path) -> None:
    """Copied to another place, with nothing beside it but the public key."""
    path, public = (Path(shutil.copy(each, tmp_path)) for each in (bundled.path, bundled.public))
    found = verify_bundle(path, public)
    assert found.faults == [] and found.holds
    assert (found.signer, found.signer_checked) == (fingerprint(load_public(public)), True)
    assert found.profile == "auditor"
    assert found.decision == load_decision(
        Warehouse(bundled.loaded.warehouse), bundled.loaded.programme.programme, "round-1"
    )
    assert found.decision is not None and all(each.cut_probability is not None for each in found.decision.standings)
    unchecked = verify_bundle(path, None)
    assert unchecked.holds and not unchecked.signer_checked and unchecked.signer == found.signer


def test_a_measured_round_is_bundled_with_every_item(tmp_path: Path) -> None:
    loaded = _decided(measured(make(tmp_path / "programme")))
    make_keys(loaded.folder / "keys")
    assert write_bundle(loaded, None, tmp_path / "b.zip").holds
    files = unpack((tmp_path / "b.zip").read_bytes())
    lines = [json.loads(line) for line in files["teams/t1/items/common.jsonl"].splitlines()]
    assert [(line["item"], line["correct"]) for line in lines] == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 0.0)]
    assert all(len(line["answer_sha256"]) == 64 and "output" not in line for line in lines)
    assert {"teams/t2/independence.json", "teams/t2/data-quality.json", "ro-crate-metadata.json"} <= set(files)
    again = from_files(files)
    inputs = load_round_inputs(loaded)
    assert to_files(again) == {name: files[name] for name in to_files(inputs)}
    assert list(again.teams["t1"].runs.items()) == list(inputs.teams["t1"].runs.items())


def test_the_same_round_gives_the_same_bytes(bundled: Bundled, tmp_path: Path) -> None:
    write_bundle(bundled.loaded, "round-1", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundled.path.read_bytes()


def test_any_changed_byte_is_found(bundled: Bundled) -> None:
    """At offsets all over the zip, its own headers, file names, contents and directory among them; one bit and all bits."""
    whole = bundled.path.read_bytes()
    chance = random.Random(11)
    ends = [*range(64), *range(len(whole) - 80, len(whole))]
    for offset in {*ends, *chance.sample(range(len(whole)), 250)}:
        changed = bytearray(whole)
        changed[offset] ^= chance.choice([1, 128, 255])
        found = bundled.verified(bytes(changed), bundled.public)
        assert found.faults, f"byte {offset} of {len(whole)}"
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        assert bundled.verified(whole[:cut], None).faults
    assert bundled.verified(whole + b"\0", None).faults
    assert bundled.verified(b"\0" + whole, None).faults


def _without(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {each: content for each, content in files.items() if each != name}


CHANGED_FILES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "a file dropped": (_without("panels.json"), "panels.json"),
    "a file added": (lambda files: files | {"extra.txt": b"x"}, "extra.txt"),
    "the envelope dropped": (_without(ATTESTATION), ATTESTATION),
    "the signer dropped": (_without(SIGNER), SIGNER),
    "the decision dropped": (_without(DECISION), DECISION),
    "a file renamed": (
        lambda files: _without("README.txt")(files) | {"READ.txt": files["README.txt"]},
        "READ.txt, README.txt",
    ),
    "a standing changed": (
        lambda files: files | {DECISION: files[DECISION].replace(b'"status":"eliminated"', b'"status":"advances"')},
        DECISION,
    ),
    "another spelling of the envelope": (
        lambda files: files | {ATTESTATION: files[ATTESTATION] + b" "},
        "one spelling",
    ),
    "an envelope that is none": (lambda files: files | {ATTESTATION: b"[]"}, "cannot be read"),
    "a signer that is none": (lambda files: files | {SIGNER: b"-----BEGIN PUBLIC KEY-----"}, "no public key"),
}


@pytest.mark.parametrize("change", CHANGED_FILES)
def test_any_changed_file_is_named(bundled: Bundled, change: str) -> None:
    do, named = CHANGED_FILES[change]
    files = unpack(bundled.path.read_bytes())
    changed = do(dict(files))
    assert changed != files
    [fault] = bundled.verified(pack(changed), None).faults
    assert named in fault.en
    assert fault.ko


def _signed_anew(bundled: Bundled, files: dict[str, bytes]) -> bytes:
    """The agency's own key over other files: what an insider could do."""
    key = load_private(bundled.loaded.folder / "keys" / "private.pem")
    said = signed_statement(files[ATTESTATION], key.public_key())
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != ATTESTATION}
    return pack(files | {ATTESTATION: sign(statement(hashes, said["predicate"]), key)})


INSIDE: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "a value": (
        lambda files: files | {"panels.json": files["panels.json"].replace(b'"a":"9.25"', b'"a":"9.20"')},
        "another decision",
    ),
    "a dropped rater": (
        lambda files: files | {"panels.json": files["panels.json"].replace(b'"P1":"21",', b"", 1)},
        "another decision",
    ),
    "a rule": (
        lambda files: files | {"rules.json": files["rules.json"].replace(b'"places":2', b'"places":3')},
        "hash of the rules",
    ),
    "the decision": (
        lambda files: files | {DECISION: files[DECISION].replace(b'"vacancies":', b'"vacancies":1')},
        "another decision",
    ),
    "a what-if": (
        lambda files: files | {DECISION: files[DECISION].replace(b'"what_if":false', b'"what_if":true')},
        "what-if",
    ),
    "the history": (lambda files: files | {HISTORY: files[HISTORY].replace(b"2", b"3", 1)}, "hash chain"),
    "an empty history": (lambda files: files | {HISTORY: b"[]"}, "hash chain"),
    "rules that are none": (lambda files: files | {"rules.json": b"{}"}, "cannot be applied"),
    "an endless number": (
        lambda files: files | {"panels.json": files["panels.json"].replace(b'"9.25"', b'"1e-999999999"')},
        "cannot be applied",
    ),
}


@pytest.mark.parametrize("change", INSIDE)
def test_even_the_signer_cannot_change_what_the_rules_come_to(bundled: Bundled, change: str) -> None:
    do, said = INSIDE[change]
    files = unpack(bundled.path.read_bytes())
    changed = do(dict(files))
    assert changed != files
    [fault] = bundled.verified(_signed_anew(bundled, changed), bundled.public).faults
    assert said in fault.en
    assert bundled.verified(_signed_anew(bundled, files), bundled.public).holds


def test_another_key_is_refused(bundled: Bundled, tmp_path: Path) -> None:
    other = make_keys(tmp_path / "other")
    [fault] = verify_bundle(bundled.path, other.public).faults
    assert "another key" in fault.en and fingerprint(load_public(bundled.public)) in fault.en
    forged = unpack(bundled.path.read_bytes())
    key = load_private(other.private)
    said = signed_statement(forged[ATTESTATION], load_public(bundled.public))
    [fault] = bundled.verified(pack(forged | {ATTESTATION: sign(said, key)}), None).faults
    assert "signature" in fault.en


def test_a_signature_of_another_kind_of_payload_does_not_pass(bundled: Bundled) -> None:
    files = unpack(bundled.path.read_bytes())
    envelope = json.loads(files[ATTESTATION])
    payload = base64.b64decode(envelope["payload"])
    key = load_private(bundled.loaded.folder / "keys" / "private.pem")
    envelope["signatures"][0]["sig"] = base64.b64encode(key.sign(payload)).decode()
    changed = files | {ATTESTATION: canonical_json(envelope).encode()}
    assert bundled.verified(pack(changed), None).faults


def _zip(entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compression)
    return packed.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"PK",
        _zip([("../outside", b"x")]),
        _zip([("/etc/passwd", b"x")]),
        _zip([("a//b", b"x")]),
        _zip([("a/./b", b"x")]),
        _zip([("a\\b", b"x")]),
        _zip([("가", b"x")]),
        _zip([("folder/", b"")]),
        _zip([("a", b"x"), ("b", b"y")]).replace(b"b", b"a"),
        _zip([("b", b"x"), ("a", b"y")]),
        _zip([("bomb", bytes(10_000_000))], zipfile.ZIP_DEFLATED),
    ],
)
def test_an_archive_of_any_other_form_is_refused(packed: bytes) -> None:
    with pytest.raises(NotAnArchive):
        unpack(packed)


def test_nothing_that_was_not_decided_is_bundled(tmp_path: Path) -> None:
    loaded, out = make_imported(tmp_path / "programme"), tmp_path / "b.zip"
    with pytest.raises(
        InputFault, match=r"keys/private\.pem: found no such file, expected a signing key: `gwanmun keys"
    ):
        write_bundle(loaded, "round-1", out)
    make_keys(loaded.folder / "keys")
    with pytest.raises(InputFault, match=r"rounds\.round-1: found no recorded decision"):
        write_bundle(loaded, "round-1", out)
    _decided(loaded)
    panel = loaded.folder / "panels" / "agency.csv"
    panel.write_text(panel.read_text().replace("9.25", "9.5"))
    with pytest.raises(InputFault, match=r"panels/agency\.csv, changed since the decision was recorded"):
        write_bundle(loaded, "round-1", out)
    with pytest.raises(InputFault, match="round-9"):
        write_bundle(loaded, "round-9", out)
    assert not out.exists()
    write_bundle(_decided(load_programme(loaded.path)), "round-1", out)
    history = json.loads(unpack(out.read_bytes())[HISTORY])
    assert len(history) == 2 and len({entry["link"] for entry in history}) == 2


def test_a_what_if_is_never_bundled(bundled: Bundled) -> None:
    other = load_programme(bundled.loaded.path)
    with pytest.raises(ValueError, match="what-if"):
        to_files(load_round_inputs(bundled.loaded, rules=other))


def test_a_bundle_that_cannot_be_written_or_read_is_bad_input(bundled: Bundled, tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="nowhere"):
        write_bundle(bundled.loaded, "round-1", tmp_path / "nowhere" / "b.zip")
    with pytest.raises(InputFault, match="found a folder"):
        write_bundle(bundled.loaded, "round-1", Path())
    for missing in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(InputFault):
            verify_bundle(missing, None)
    with pytest.raises(InputFault, match=r"none\.pem"):
        verify_bundle(bundled.path, tmp_path / "none.pem")
    with pytest.raises(InputFault, match="Ed25519 public key"):
        verify_bundle(bundled.path, bundled.path)
    assert list(tmp_path.iterdir()) == []


def test_keys_are_the_owners_and_never_overwritten(tmp_path: Path) -> None:
    pair = make_keys(tmp_path / "keys")
    assert pair.private.stat().st_mode & 0o777 == 0o600
    assert (
        pair.fingerprint
        == fingerprint(load_private(pair.private).public_key())
        == fingerprint(load_public(pair.public))
    )
    before = pair.private.read_bytes()
    with pytest.raises(InputFault, match="there already"):
        make_keys(tmp_path / "keys")
    assert pair.private.read_bytes() == before
    pair.private.unlink()
    with pytest.raises(InputFault, match=PUBLIC):
        make_keys(tmp_path / "keys")
    assert make_keys(tmp_path / "more").fingerprint != pair.fingerprint
    pair.private.write_bytes(b"no key")
    with pytest.raises(InputFault, match="Ed25519 key in PEM"):
        load_private(pair.private)
