"""Who says that a bundle's files belong together: an in-toto statement in a DSSE envelope, signed with Ed25519.

The statement names every file with its SHA-256, so that none can be changed, added or left out; statement and envelope have one
spelling each, so that no byte of them can be changed either. (https://github.com/in-toto/attestation, …/secure-systems-lab/dsse)
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from checks.records.canonical import canonical_json
from warehouse.keys import fingerprint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: What the predicate says and how the files are laid out; another number where that changes.
PREDICATE_TYPE = "urn:gwanmun:decided-round:2"


class NotSigned(Exception):  # noqa: N818  (what was found, not a fault of the program)
    """The envelope is damaged, or the key did not sign it."""


def statement(hashes: Mapping[str, str], predicate: Mapping[str, Any]) -> dict[str, Any]:
    """The statement about files by name and SHA-256."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(hashes.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": dict(predicate),
    }


def sign(said: Mapping[str, Any], key: "Ed25519PrivateKey") -> bytes:
    """The envelope around a statement."""
    payload = canonical_json(said).encode()
    return _envelope(payload, fingerprint(key.public_key()), key.sign(_signed_bytes(payload)))


def signed_statement(envelope: bytes, key: "Ed25519PublicKey") -> dict[str, Any]:
    """The statement in the envelope; raises NotSigned where the key did not sign it or any byte is spelt otherwise."""
    from cryptography.exceptions import InvalidSignature

    try:
        parsed = json.loads(envelope)
        payload = base64.b64decode(parsed["payload"], validate=True)
        signature = base64.b64decode(parsed["signatures"][0]["sig"], validate=True)
        said = json.loads(payload)
        spelt = canonical_json(said).encode()
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, binascii.Error) as error:
        raise NotSigned(f"the envelope cannot be read ({type(error).__name__})") from None
    if spelt != payload or envelope != _envelope(payload, fingerprint(key), signature):
        raise NotSigned("the envelope is not in its one spelling")
    try:
        key.verify(signature, _signed_bytes(payload))
    except InvalidSignature:
        raise NotSigned("the signature is not this key's") from None
    if not isinstance(said, dict):
        raise NotSigned("the envelope holds no statement")
    return said


def _envelope(payload: bytes, signer: str, signature: bytes) -> bytes:
    sealed = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": signer, "sig": base64.b64encode(signature).decode()}],
    }
    return canonical_json(sealed).encode()


def _signed_bytes(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: type and payload, each with its length, so that neither passes for the other."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
