"""Ed25519 keys that sign evidence bundles: the private one stays with the agency, the public one is for everybody.

>>> make_keys(Path("keys")).fingerprint
'sha256:3f…'
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checks.contracts.errors import InputFault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE = "private.pem"
PUBLIC = "public.pem"


@dataclass(frozen=True)
class KeyPair:
    """Where the two keys stand, and the fingerprint by which others know the public one."""

    private: Path
    public: Path
    fingerprint: str


def make_keys(folder: Path) -> KeyPair:
    """Writes `private.pem`, readable by its owner only, and `public.pem`; raises InputFault rather than overwrite either."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pair = KeyPair(folder / PRIVATE, folder / PUBLIC, "")
    for path in (pair.private, pair.public):
        if path.exists() or path.is_symlink():
            raise InputFault(path, found="a key that is there already", expected="a folder without keys")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_new(pair.private, pem, mode=0o600)
        _write_new(pair.public, public_pem(key.public_key()), mode=0o644)
    except OSError as error:
        raise InputFault(folder, found=error.strerror or str(error), expected="a folder to write keys in") from None
    return KeyPair(pair.private, pair.public, fingerprint(key.public_key()))


def load_private(path: Path) -> "Ed25519PrivateKey":
    """The signing key; raises InputFault where it is missing or of another kind."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key = serialization.load_pem_private_key(
            _read(path, f"a signing key: `gwanmun keys {path.parent}` makes one"), None
        )
    except (ValueError, TypeError):
        raise InputFault(path, found="no private key without a password", expected="an Ed25519 key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputFault(path, found="a key of another kind", expected="an Ed25519 key in PEM")
    return key


def load_public(path: Path) -> "Ed25519PublicKey":
    """A public key from its file; raises InputFault where it is missing or of another kind."""
    key = parse_public(_read(path, "a public key"))
    if key is None:
        raise InputFault(path, found="no public key of that kind", expected="an Ed25519 public key in PEM")
    return key


def parse_public(pem: bytes) -> "Ed25519PublicKey | None":
    """The public key that the text spells, None where it spells none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not pem.lstrip().startswith(b"-----BEGIN PUBLIC KEY-----"):
        return None  # the library would find a key in the middle of anything, a bundle for one
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def public_pem(key: "Ed25519PublicKey") -> bytes:
    """The one spelling of a public key in a file."""
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: "Ed25519PublicKey") -> str:
    """`sha256:` and the hash of the key's DER spelling, short enough to read out on the telephone or print in a notice."""
    from cryptography.hazmat.primitives import serialization

    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(descriptor)


def _read(path: Path, expected: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise InputFault(path, found=found, expected=expected) from None
