"""Values of a bundle sealed one by one: who holds some of them can show that they belong, and the others cannot be guessed.

Every value is a leaf of a Merkle tree whose root is signed. A leaf holds a salt beside the value, so that trying all numbers
from 0 to 100 finds none; salts come from one secret by HMAC, a full bundle holds the secret, a redacted one the salts of what
it shows. A withheld value, list or object stands in its document as a mark that says how many values it held.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from checks.records.canonical import canonical_json
from checks.records.record import Record
from warehouse.documents import LINES, Path
from warehouse.merkle import NoProof, leaf_hash, prove, rebuilt, root

#: Stands where values were withheld, with their number. No identifier can be this key, and no sealed document may hold it.
WITHHELD = "비공개 · withheld"
TREE = "rfc6962-sha256, salted"
#: Bytes: more than anybody can try.
_SALT = 16
#: More values than this are no bundle: a mark may not make a reader fill its memory.
MOST_VALUES = 20_000_000
#: As `canonical_json` spells values; made once, for millions of them.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

Shows = Callable[[str, Any, Path], bool]


class NotSealed(Exception):  # noqa: N818  (what was found, not a fault of the program)
    """The documents and their proof do not lead to one tree."""


class Contents(Record):
    """What is signed of the values: the tree, its root, and how many leaves it has."""

    tree: str
    root: str
    leaves: int


class Proof(Record):
    """What a redacted bundle holds beside its documents, in the order of the tree.

    `salts` are those of the values shown; `hashes` those of the largest subtrees of which nothing is shown; `documents` are
    documents of which nothing is shown, and how many values each has. All hexadecimal.
    """

    salts: list[str]
    hashes: list[str]
    documents: dict[str, int]


@dataclass(frozen=True)
class Redacted:
    """Documents as a reader may see them, and the proof that they belong to the tree."""

    documents: dict[str, bytes]
    proof: Proof


def seal(documents: Mapping[str, Any], secret: bytes) -> Contents:
    """The tree over all values."""
    leaves = [_leaf(secret, name, path, value) for name, path, value in _values(documents)]
    return Contents(tree=TREE, root=root(leaves).hex(), leaves=len(leaves))


def redact(documents: Mapping[str, Any], secret: bytes, shows: Shows) -> Redacted:
    """What is left of the documents where `shows(name, document, path)` says of every value whether it stays."""
    leaves, shown, salts = [], [], []
    for name, path, value in _values(documents):
        leaves.append(_leaf(secret, name, path, value))
        shown.append(shows(name, documents[name], path))
        if shown[-1]:
            salts.append(_salt(secret, name, path).hex())
    marks = iter(shown)
    left = {name: _left(documents[name], marks) for name in sorted(documents)}
    hashes = [each.hex() for each in prove(leaves, shown)]
    hidden = {name: _withheld(each) for name, each in left.items()}
    absent = {name: count for name, count in hidden.items() if count is not None}
    kept = {name: spelt(name, each) for name, each in left.items() if name not in absent}
    return Redacted(kept, Proof(salts=salts, hashes=hashes, documents=absent))


def reopened(files: Mapping[str, bytes], proof: Proof) -> tuple[Contents, int]:
    """The tree that redacted documents and their proof lead to, and how many values are withheld; NotSealed where to none."""
    try:
        documents = {name: parsed(name, content) for name, content in files.items()}
        if any(spelt(name, documents[name]) != content for name, content in files.items()):
            raise NotSealed("a document in another spelling")
        if set(documents) & set(proof.documents):
            raise NotSealed("a document that is there and withheld")
        documents |= {name: {WITHHELD: count} for name, count in proof.documents.items()}
        salts = iter(proof.salts)
        leaves = list(islice(_shown_or_not(documents, salts), MOST_VALUES + 1))
        if len(leaves) > MOST_VALUES:
            raise NotSealed(f"more than {MOST_VALUES} values")
        if next(salts, None) is not None:
            raise NotSealed("a salt too many")
        found = rebuilt(leaves, (bytes.fromhex(each) for each in proof.hashes))
    except NoProof as error:
        raise NotSealed(str(error)) from None
    except (ValueError, TypeError, StopIteration, RecursionError) as error:
        raise NotSealed(f"a proof that cannot be read ({type(error).__name__})") from None
    return Contents(tree=TREE, root=found.hex(), leaves=len(leaves)), leaves.count(None)


def secret_of(key: bytes, content: bytes) -> bytes:
    """The secret behind all salts of a round: known to the holder of the signing key, and the same whenever it is asked for.

    HMAC with the private key over the hash of what is sealed: another content has another secret (RFC 5869's extract step).
    """
    return hmac.digest(key, b"gwanmun: salts of a bundle\x00" + hashlib.sha256(content).digest(), "sha256")


def parsed(name: str, content: bytes) -> Any:
    """A document from its file."""
    text = content.decode()
    return text.splitlines() if name.endswith(LINES) else json.loads(text) if name.endswith(".json") else text


def spelt(name: str, document: Any) -> bytes:
    """A document as its file; the one spelling."""
    if name.endswith(LINES):
        return "".join(f"{line}\n" for line in document).encode()
    return canonical_json(document).encode() if name.endswith(".json") else str(document).encode()


def _values(documents: Mapping[str, Any]) -> Iterator[tuple[str, Path, Any]]:
    """Every value in the order of the tree: names, then keys, then places."""
    for name in sorted(documents):
        for path, value in _inside(documents[name], ()):
            yield name, path, value


def _inside(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        if WITHHELD in value:
            raise ValueError(f"a document with the key {WITHHELD!r}")
        for key in sorted(value):
            yield from _inside(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for place, each in enumerate(value):
            yield from _inside(each, (*path, place))
    else:
        yield path, value


def _left(value: Any, marks: Iterator[bool]) -> Any:
    """The value with marks in the place of what is withheld; one mark for a list or an object of which nothing is left."""
    if not isinstance(value, dict | list) or not value:
        return value if next(marks) else {WITHHELD: 1}
    if isinstance(value, dict):
        inside: Any = {key: _left(value[key], marks) for key in sorted(value)}
        counts = [_withheld(each) for each in inside.values()]
    else:
        inside = [_left(each, marks) for each in value]
        counts = [_withheld(each) for each in inside]
    known = [count for count in counts if count is not None]
    return {WITHHELD: sum(known)} if len(known) == len(counts) else inside


def _withheld(value: Any) -> int | None:
    """How many values a mark stands for; None for what is no mark."""
    if not isinstance(value, dict) or WITHHELD not in value:
        return None
    count = value[WITHHELD]
    if len(value) != 1 or not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_VALUES:
        raise ValueError("a mark of withheld values that is none")
    return count


def _shown_or_not(documents: Mapping[str, Any], salts: Iterator[str]) -> Iterator[bytes | None]:
    """The leaf of every value that is shown, None for each that is not, in the order of the tree."""

    def inside(name: str, value: Any, path: Path) -> Iterator[bytes | None]:
        count = _withheld(value)
        if count is not None:
            yield from [None] * count
        elif isinstance(value, dict) and value:
            for key in sorted(value):
                yield from inside(name, value[key], (*path, key))
        elif isinstance(value, list) and value:
            for place, each in enumerate(value):
                yield from inside(name, each, (*path, place))
        else:
            salt = next(salts, None)
            if salt is None or len(salt) != 2 * _SALT or salt != bytes.fromhex(salt).hex():
                raise ValueError("no salt")
            yield _salted(bytes.fromhex(salt), name, path, value)

    for name in sorted(documents):
        yield from inside(name, documents[name], ())


def _salt(secret: bytes, name: str, path: Path) -> bytes:
    return hmac.digest(secret, _place(name, path), "sha256")[:_SALT]


def _leaf(secret: bytes, name: str, path: Path, value: Any) -> bytes:
    place = _place(name, path)
    return leaf_hash(hmac.digest(secret, place, "sha256")[:_SALT] + place + _ENCODER.encode(value).encode())


def _salted(salt: bytes, name: str, path: Path, value: Any) -> bytes:
    return leaf_hash(salt + _place(name, path) + _ENCODER.encode(value).encode())


def _place(name: str, path: Path) -> bytes:
    """A JSON array, which says by itself where it ends and the value begins."""
    return _ENCODER.encode([name, *path]).encode()
