"""`gwanmun verify`: whether a bundle is whole, signed, and leads to its decision again. No network, warehouse or model.

Of a bundle from which values are withheld: whether what is left belongs to what was signed. Its rules are not applied again,
and that is said.

>>> verify_bundle(Path("round-1.zip"), Path("agency.pem")).faults
[]
"""

import hashlib
import json
import stat
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from checks.contracts.disclosure import PROFILES
from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.decisions import Decision, Status
from checks.records.record import Record, Text
from checks.rules.decision import decide
from checks.rules.resampling import RESAMPLES, SEED
from checks.rules.rules_hash import rules_sha256
from warehouse.archive import MOST_BYTES, NotAnArchive, unpack
from warehouse.attestation import NotSigned, signed_statement, statement
from warehouse.bundle_contents import from_files
from warehouse.bundled_life import LIFE_CYCLE, wrong_with_chain, wrong_with_rules
from warehouse.documents import DECISION, HISTORY, documents
from warehouse.keys import fingerprint, load_public, parse_public
from warehouse.redacted_verification import Opened, WrongContents, open_redacted
from warehouse.research_object import METADATA
from warehouse.sealing import Contents, seal

ATTESTATION = "attestation.dsse.json"
README = "README.txt"
SIGNER = "signer.pem"
#: The auditor's: the secret behind the salts. The others': what shows that their values belong.
SEAL = "seal.json"
PROOF = "proof.json"
#: What is said about the files and is no part of the sealed contents.
_ABOUT = frozenset({ATTESTATION, README, SIGNER, SEAL, PROOF, METADATA})


class Verification(Record):
    """What checking a bundle found. `signer` is the fingerprint of the key that signed it, empty where none did.

    `signer_checked` is true where a key was given and it is the signer's: without, anyone may have signed. `contents` is the
    root that all bundles of one decision share; with `withheld` values the rules were not applied again, `decision` is None, and
    `outcome` says what the bundle discloses of it: team → status.
    """

    file: str
    faults: list[Text]
    files: int = 0
    signer: str = ""
    signer_checked: bool = False
    profile: str = ""
    team: str | None = None
    contents: str = ""
    withheld: int = 0
    rules_applied_again: bool = False
    outcome: dict[str, Status] = {}
    decision: Decision | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults


class _Found(Exception):  # noqa: N818  (what was found in the bundle)
    """The first of the faults that make further checks pointless."""

    def __init__(self, ko: str, en: str) -> None:
        self.text = Text(ko=ko, en=en)
        super().__init__(en)


def verify_bundle(path: Path, public_key: Path | None) -> Verification:
    """Checks every byte, hash and signature, then applies the rules again.

    Raises InputFault only where the bundle or the key file cannot be read or is none; what is wrong in a bundle is a fault of it.
    """
    expected = None if public_key is None else fingerprint(load_public(public_key))
    packed = _read(path)
    verification = Verification(file=str(path), faults=[])
    try:
        files = _unpacked(packed)
        verification = verification.model_copy(update={"files": len(files)})
        signer, said = _signed(files)
        verification = verification.model_copy(update={"signer": signer, "signer_checked": expected == signer})
        if expected not in (None, signer):
            raise _Found("다른 열쇠로 서명되었습니다.", f"It was signed by another key, {signer}.")
        _same_files(files, said)
        return verification.model_copy(update=_contents(files, said["predicate"]))
    except _Found as found:
        return verification.model_copy(update={"faults": [found.text]})


def _contents(files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> dict[str, Any]:
    """What checking the values themselves found, as fields of the verification."""
    profile, sealed = predicate["profile"], {name: each for name, each in files.items() if name not in _ABOUT}
    said = {"profile": profile, "team": predicate.get("team"), "contents": str(predicate["contents"].get("root"))}
    if profile != "auditor":
        opened = _opened(sealed, files, predicate)
        return said | {"withheld": opened.withheld, "outcome": opened.outcome}
    decision = _decided_again(files, predicate)
    _history_leads_to(decision, files[HISTORY])
    _sealed_so(sealed, files.get(SEAL, b""), predicate)
    statuses = {each.team: each.status for each in decision.standings}
    return said | {"decision": decision, "rules_applied_again": True, "outcome": statuses}


def _opened(sealed: Mapping[str, bytes], files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> Opened:
    try:
        return open_redacted(sealed, files.get(PROOF, b""), predicate)
    except WrongContents as found:
        raise _Found(
            f"남은 값이 서명된 내용에 속하지 않습니다: {found}.",
            f"The values do not belong to what was signed: {found}.",
        ) from None


def _sealed_so(sealed: Mapping[str, bytes], seal_file: bytes, predicate: Mapping[str, Any]) -> None:
    """The tree over the full contents must be the signed one, so that it vouches for every redacted bundle."""
    try:
        secret = json.loads(seal_file)["secret"]
        contents: Contents | None = seal(documents(sealed), bytes.fromhex(secret))
        whole = canonical_json({"secret": secret}).encode() == seal_file
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        contents, whole = None, False
    if contents is None or not whole or predicate["contents"] != contents.model_dump(mode="json"):
        raise _Found(
            "내용의 머클 뿌리가 서명된 것과 다릅니다.", "The Merkle root of the contents is not the signed one."
        )


def made_with() -> dict[str, str]:
    """What a decision's numbers may depend on beside the files: versions, and how items and raters are drawn anew."""
    versions = {name: version(name) for name in ("gwanmun", "numpy")}
    return versions | {"resamples": str(RESAMPLES), "seed": str(SEED)}


def _read(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise InputFault(path, found="no plain file", expected="an evidence bundle")
        if state.st_size > MOST_BYTES:
            raise InputFault(path, found=f"{state.st_size} bytes", expected=f"a bundle of at most {MOST_BYTES}")
        return path.read_bytes()
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise InputFault(path, found=found, expected="an evidence bundle") from None


def _unpacked(packed: bytes) -> dict[str, bytes]:
    try:
        files = unpack(packed)
    except NotAnArchive as found:
        raise _Found(
            f"묶음 파일이 온전하지 않습니다: {found}.", f"The zip is not as it was written: {found}."
        ) from None
    for name in (ATTESTATION, SIGNER):
        if name not in files:
            raise _Found(f"{name} 파일이 없습니다.", f"{name} is missing.")
    return files


def _signed(files: Mapping[str, bytes]) -> tuple[str, dict[str, Any]]:
    """The signer's fingerprint and the signed statement."""
    key = parse_public(files[SIGNER])
    if key is None:
        raise _Found(f"{SIGNER}은 공개 열쇠가 아닙니다.", f"{SIGNER} is no public key.")
    try:
        return fingerprint(key), signed_statement(files[ATTESTATION], key)
    except NotSigned as found:
        raise _Found(f"서명이 맞지 않습니다: {found}.", f"The signature does not hold: {found}.") from None


def _same_files(files: Mapping[str, bytes], said: Mapping[str, Any]) -> None:
    """The statement must be, word for word, the one that these files call for."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != ATTESTATION}
    predicate = said.get("predicate")
    if (
        not isinstance(predicate, dict)
        or not isinstance(predicate.get("contents"), dict)
        or predicate.get("profile") not in PROFILES
    ):
        raise _Found("서명된 진술에 내용이 없습니다.", "The signed statement says nothing about a decision.")
    if canonical_json(statement(hashes, predicate)) == canonical_json(said):
        return
    try:
        signed = {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
    except (KeyError, TypeError):
        signed = {}
    wrong = sorted(name for name in signed.keys() | hashes.keys() if signed.get(name) != hashes.get(name))
    named = ", ".join(wrong[:5]) or "—"
    raise _Found(
        f"서명된 것과 다르거나 없거나 더해진 파일: {named}.",
        f"Files changed, missing or added since the signature: {named}.",
    )


def _decided_again(files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> Decision:
    """The decision that the rules come to, which must be the bundled one byte for byte."""
    for name in (DECISION, HISTORY):
        if name not in files:
            raise _Found(f"{name} 파일이 없습니다.", f"{name} is missing.")
    try:
        inputs = from_files(files)
        again = decide(inputs)
        same_rules = rules_sha256(inputs.round, inputs.policy, inputs.suites) == inputs.rules_sha256
        bundled = Decision.model_validate_json(files[DECISION])
    except Exception as error:  # whatever comes up where the contents were chosen by someone else
        kind = type(error).__name__
        raise _Found(
            f"규칙을 다시 적용할 수 없습니다: {kind}.", f"The rules cannot be applied again: {kind}."
        ) from None
    if bundled.what_if:
        raise _Found("가정에 따른 결과이며 결정이 아닙니다.", "It holds a what-if, which is no decision.")
    if not same_rules:
        raise _Found("규칙의 해시가 규칙과 다릅니다.", "The hash of the rules is not that of the rules.")
    if canonical_json(again).encode() != files[DECISION] or predicate.get("decision_sha256") != canonical_sha256(again):
        made, here = predicate.get("made_with"), made_with()
        versions = "" if made == here else f" ({made} → {here})"
        raise _Found(
            f"규칙을 다시 적용한 결과가 결정과 다릅니다.{versions}",
            f"The rules give another decision than the bundled one.{versions}",
        )
    wrong = wrong_with_chain(files.get(LIFE_CYCLE), again) or wrong_with_rules(files.get(LIFE_CYCLE), inputs)
    if wrong is not None:
        raise _Found(wrong.ko, wrong.en)
    return again  # the same, in the order of the rules


def _history_leads_to(decision: Decision, history: bytes) -> None:
    """Each link of the chain must follow from the one before, and the last must be this decision."""
    try:
        links = json.loads(history)
        before = ""
        for entry in links:
            said = {name: entry[name] for name in ("decision_sha256", "recorded_at")}
            if entry != said | {"link": canonical_sha256(said | {"before": before})}:
                raise ValueError
            before = entry["link"]
        whole = canonical_json(links).encode() == history and links[-1]["decision_sha256"] == canonical_sha256(decision)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        whole = False
    if not whole:
        raise _Found("결정 이력의 해시 사슬이 끊어져 있습니다.", "The hash chain of the round's decisions is broken.")
