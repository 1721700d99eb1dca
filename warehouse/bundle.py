"""`gwanmun bundle`: a decided round in one signed zip, from which anyone comes to the same decision, offline.

The decision is the one that was recorded by the programme's own rules. Where the files now say otherwise, or nothing was
recorded, there is nothing to bundle; a bundle that would not verify is never written. The auditor's bundle holds everything;
those for the public, a team or the committee hold what the round's `disclosure` gives them, under the same signed root.
"""

import hashlib
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.contracts.disclosure import Audience, audience
from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
from checks.contracts.plain_files import refuse_to_lose
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.decisions import Decision
from checks.records.life_cycle import RoundEvent
from checks.rules.decision import decide
from checks.rules.inputs import NotMeasured, RoundInputs
from checks.rules.life_cycle import STATE_WORDS, last_of, state_of
from warehouse.archive import pack
from warehouse.attestation import sign, statement
from warehouse.bundle_contents import Files, to_files
from warehouse.bundle_readme import readme
from warehouse.bundled_life import LIFE_CYCLE, chain_file
from warehouse.documents import DECISION, HISTORY, documents, is_shown
from warehouse.handing_out import refuse_in_programme
from warehouse.keys import PRIVATE, load_private, public_pem
from warehouse.life_cycle import whole_chain
from warehouse.reader import RecordedDecision, load_decision, load_history
from warehouse.research_object import METADATA, describe_files
from warehouse.round_inputs import load_round_inputs
from warehouse.sealing import Contents, redact, seal, secret_of
from warehouse.store import Warehouse
from warehouse.verification import (
    ATTESTATION,
    PROOF,
    README,
    SEAL,
    SIGNER,
    Verification,
    made_with,
    verify_bundle,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Beside programme.yaml; the demo makes its own, others make theirs with `gwanmun keys`.
KEYS_FOLDER = "keys"
AUDITOR = audience(None, "auditor")


def write_bundle(loaded: LoadedProgramme, round_id: str | None, out: Path, reader: Audience = AUDITOR) -> Verification:
    """Writes the round's bundle for a reader to `out`, whole or not at all, and returns what verifying it says.

    Raises InputFault where nothing was decided, something has changed since, there is no signing key, or `out` cannot be written
    or is another file than a bundle.
    """
    refuse_to_lose(out, "evidence bundle", _is_bundle)
    refuse_in_programme(loaded, out)
    round_ = loaded.round(round_id)
    key = load_private(loaded.folder / KEYS_FOLDER / PRIVATE)
    decision, inputs, chain = recorded_and_unchanged(loaded, round_.id)
    history = load_history(Warehouse(loaded.warehouse), decision.programme, round_.id)
    whole = to_files(inputs)
    whole[DECISION] = canonical_json(decision).encode()
    whole[HISTORY] = canonical_json(chained(history)).encode()
    if chain:
        whole[LIFE_CYCLE] = chain_file(chain)
    files, contents = _for_reader(whole, key, reader)
    files[SIGNER] = public_pem(key.public_key())
    files[README] = readme(loaded.programme.title, round_.id, reader)
    files[METADATA] = describe_files(files, loaded.programme, round_, history[-1].recorded_at)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files[ATTESTATION] = sign(statement(hashes, _predicate(decision, contents, reader)), key)
    return _written(files, out)


def _decided_chain(loaded: LoadedProgramme, round_id: str, decision: Decision) -> list[RoundEvent]:
    """The round's records, whose last decision must be this one; none for a draft."""
    chain = whole_chain(Warehouse(loaded.warehouse), loaded.programme.programme, round_id)
    if state_of(chain) == "draft":
        return []
    decided = last_of(chain, "decided")
    if decided is None or decided.content["decision_sha256"] != canonical_sha256(decision):
        found = f"a round in the state {STATE_WORDS[state_of(chain)].en}, without this decision on its record"
        raise InputFault(loaded.path, f"rounds.{round_id}", found, "a decided round: `gwanmun decide`")
    return chain


def chained(history: Sequence[RecordedDecision]) -> list[dict[str, str]]:
    """The decisions of a round as a hash chain: each entry's `link` is the hash of the entry and of the link before."""
    links: list[dict[str, str]] = []
    for entry in history:
        said = {"decision_sha256": entry.decision_sha256, "recorded_at": entry.recorded_at.isoformat()}
        before = links[-1]["link"] if links else ""
        links.append(said | {"link": canonical_sha256(said | {"before": before})})
    return links


def recorded_and_unchanged(
    loaded: LoadedProgramme, round_id: str
) -> tuple[Decision, RoundInputs, Sequence[RoundEvent]]:
    """The recorded decision, what it was made from and the round's records, none for a draft; raises InputFault where there is no
    decision, a round that is no draft any more has not been decided since, or the files now say otherwise."""
    key = f"rounds.{round_id}"
    recorded = load_decision(Warehouse(loaded.warehouse), loaded.programme.programme, round_id)
    if recorded is None:
        raise InputFault(
            loaded.path, key, "no recorded decision", "a decided round: `gwanmun run` measures and decides"
        )
    inputs = load_round_inputs(loaded, round_id)
    try:
        decision = decide(inputs)
    except NotMeasured:
        decision = None
    if decision is None or canonical_json(decision) != canonical_json(recorded):
        found = f"{_changed(recorded, decision)}, changed since the decision was recorded"
        raise InputFault(loaded.path, key, found, "those that were decided on, or a new decision")
    return recorded, inputs, _decided_chain(loaded, round_id, recorded)


def _changed(recorded: Decision, now: Decision | None) -> str:
    """The first file that is another than was decided on, by the hashes on the decision."""
    files = {} if now is None else {name: sha256 for name, sha256 in now.inputs.items() if name.startswith("file:")}
    named = sorted(name for name, sha256 in files.items() if recorded.inputs.get(name) != sha256)
    return named[0].removeprefix("file:") if named else "rules, panels or submissions"


def _for_reader(whole: Mapping[str, bytes], key: "Ed25519PrivateKey", reader: Audience) -> tuple[Files, Contents]:
    """The files that this reader gets, and the contents that every reader's bundle shares."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in whole.items()}
    secret = secret_of(key.private_bytes_raw(), canonical_json(hashes).encode())
    values = documents(whole)
    contents = seal(values, secret)
    if reader.profile == "auditor":
        return {**whole, SEAL: canonical_json({"secret": secret.hex()}).encode()}, contents
    left = redact(values, secret, lambda name, document, path: is_shown(reader, name, document, path))
    return {**left.documents, PROOF: canonical_json(left.proof).encode()}, contents


def _predicate(decision: Decision, contents: Contents, reader: Audience) -> dict[str, Any]:
    """What is said of the files.

    The decision's hash is the auditor's alone: whoever has it could try which withheld points lead to it.
    """
    said: dict[str, Any] = {
        "programme": decision.programme,
        "round": decision.round,
        "rules_version": decision.rules_version,
        "rules_sha256": decision.rules_sha256,
        "simulated": decision.simulated,
        "profile": reader.profile,
        "contents": contents.model_dump(mode="json"),
        "made_with": made_with(),
    }
    if reader.team is not None:
        said["team"] = reader.team
    return said | ({"decision_sha256": canonical_sha256(decision)} if reader.profile == "auditor" else {})


def _is_bundle(path: Path) -> bool:
    """Whether a file is a bundle, of any round and whether it holds or not."""
    try:
        with zipfile.ZipFile(path) as archive:
            return ATTESTATION in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _written(files: Files, out: Path) -> Verification:
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(pack(files))
        verification = verify_bundle(unfinished, None)
        if verification.faults:
            raise RuntimeError(f"the bundle would not verify: {verification.faults[0].en}")
        unfinished.replace(out)
    except OSError as error:
        raise InputFault(out, found=error.strerror or str(error), expected="a file that can be written") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return verification.model_copy(update={"file": str(out)})
