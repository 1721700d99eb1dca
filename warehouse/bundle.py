"""`gwanmun bundle`: a decided round in one signed zip, from which anyone comes to the same decision, offline.

The decision is the one that was recorded by the programme's own rules. Where the files now say otherwise, or nothing was
recorded, there is nothing to bundle; a bundle that would not verify is never written.
"""

import hashlib
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedProgramme
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.decisions import Decision
from checks.rules.decision import decide
from checks.rules.inputs import NotMeasured, RoundInputs
from warehouse.archive import pack
from warehouse.attestation import sign, statement
from warehouse.bundle_contents import PROFILE, Files, to_files
from warehouse.keys import PRIVATE, load_private, public_pem
from warehouse.reader import RecordedDecision, load_decision, load_history
from warehouse.research_object import METADATA, describe_files
from warehouse.round_inputs import load_round_inputs
from warehouse.store import Warehouse
from warehouse.verification import ATTESTATION, DECISION, HISTORY, README, SIGNER, Verification, verify_bundle

#: Beside programme.yaml; the demo makes its own, others make theirs with `gwanmun keys`.
KEYS_FOLDER = "keys"

_README = """{title_ko} · {title_en}
{round}: 평가 결과와 그 근거 / the decision and its evidence

이 파일 묶음으로 누구나 인터넷, 모델, 데이터베이스 없이 같은 결정을 다시 계산할 수 있습니다:
    gwanmun verify FILE.zip --key PUBLIC.pem
감사용 묶음입니다. 평가위원의 코드(이름 아님), 위원회 결정의 서명, 자료의 해시가 들어 있으며 모델 가중치와 학습 자료는 없습니다.
공개하기 전에 서명과 팀 자료를 내보내도 되는지 확인하십시오.

From this bundle anyone can come to the same decision again, without network, models or a database:
    gwanmun verify FILE.zip --key PUBLIC.pem
This is the auditor's profile: raters' codes (no names), the signatures on rulings, hashes of data; no weights and no training
data. Before it is published, check that the signatures and the teams' details may be.
"""


def write_bundle(loaded: LoadedProgramme, round_id: str | None, out: Path) -> Verification:
    """Writes the round's bundle to `out`, whole or not at all, and returns what verifying it says.

    Raises InputFault where nothing was decided, something has changed since, there is no signing key, or `out` cannot be written.
    """
    if out.is_dir():
        raise InputFault(out, found="a folder", expected="a file to write")
    round_ = loaded.round(round_id)
    key = load_private(loaded.folder / KEYS_FOLDER / PRIVATE)
    decision, inputs = recorded_and_unchanged(loaded, round_.id)
    history = load_history(Warehouse(loaded.warehouse), round_.id)
    files = to_files(inputs)
    files[DECISION] = canonical_json(decision).encode()
    files[HISTORY] = canonical_json(chained(history)).encode()
    files[SIGNER] = public_pem(key.public_key())
    title = loaded.programme.title
    files[README] = _README.format(title_ko=title.ko, title_en=title.en, round=round_.id).encode()
    files[METADATA] = describe_files(files, loaded.programme, round_, history[-1].recorded_at)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files[ATTESTATION] = sign(statement(hashes, _predicate(decision)), key)
    return _written(files, out)


def chained(history: Sequence[RecordedDecision]) -> list[dict[str, str]]:
    """The decisions of a round as a hash chain: each entry's `link` is the hash of the entry and of the link before."""
    links: list[dict[str, str]] = []
    for entry in history:
        said = {"decision_sha256": entry.decision_sha256, "recorded_at": entry.recorded_at.isoformat()}
        before = links[-1]["link"] if links else ""
        links.append(said | {"link": canonical_sha256(said | {"before": before})})
    return links


def recorded_and_unchanged(loaded: LoadedProgramme, round_id: str) -> tuple[Decision, RoundInputs]:
    """The recorded decision and what it was made from; raises InputFault where there is none, or the files now say otherwise."""
    key = f"rounds.{round_id}"
    recorded = load_decision(Warehouse(loaded.warehouse), round_id)
    if recorded is None:
        raise InputFault(
            loaded.path, key, "no recorded decision", "a decided round: `gwanmun run` measures and decides"
        )
    inputs = load_round_inputs(loaded, round_id)
    try:
        same = canonical_json(decide(inputs)) == canonical_json(recorded)
    except NotMeasured:
        same = False
    if not same:
        found = "rules, panels or submissions that have changed since the decision was recorded"
        raise InputFault(loaded.path, key, found, "those that were decided on; `gwanmun run` decides anew")
    return recorded, inputs


def _predicate(decision: Decision) -> dict[str, Any]:
    """What is said of the files; the versions are those that numbers may depend on."""
    return {
        "programme": decision.programme,
        "round": decision.round,
        "rules_version": decision.rules_version,
        "rules_sha256": decision.rules_sha256,
        "decision_sha256": canonical_sha256(decision),
        "simulated": decision.simulated,
        "profile": PROFILE,
        "made_with": {name: version(name) for name in ("gwanmun", "numpy")},
    }


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
