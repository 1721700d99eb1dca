"""A Merkle tree as RFC 6962 has it: one hash for many leaves, any of which can be shown to belong without showing the others.

Leaves and nodes are hashed with different first bytes, so that no node passes for a leaf; the tree over n leaves splits at the
largest power of two below n, so that n alone says its shape. (https://www.rfc-editor.org/rfc/rfc6962#section-2.1)

>>> leaves = [leaf_hash(each) for each in (b"a", b"b", b"c")]
>>> proof = prove(leaves, [True, False, False])
>>> rebuilt([leaves[0], None, None], iter(proof)) == root(leaves), len(proof)
(True, 2)
"""

import hashlib
from collections.abc import Iterator, Sequence

#: Bytes of a hash.
SIZE = 32
#: RFC 6962: MTH({}) = SHA-256().
_EMPTY = hashlib.sha256(b"").digest()


class NoProof(Exception):  # noqa: N818  (what was found, not a fault of the program)
    """Fewer hashes than hidden parts of the tree, or more."""


def leaf_hash(data: bytes) -> bytes:
    """A leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash of the tree over these leaf hashes: level by level, an odd one out goes up as it is, which is the same tree."""
    if not leaves:
        return _EMPTY
    level = list(leaves)
    while len(level) > 1:
        pairs = [_node(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def prove(leaves: Sequence[bytes], shown: Sequence[bool]) -> list[bytes]:
    """The hashes of the largest subtrees in which nothing is shown, from left to right."""
    marks = bytes(shown)

    def below(start: int, end: int) -> Iterator[bytes]:
        if marks.find(1, start, end) < 0:
            yield root(leaves[start:end])
        elif end - start > 1:
            middle = start + _split(end - start)
            yield from below(start, middle)
            yield from below(middle, end)

    return list(below(0, len(leaves))) if leaves else []


def rebuilt(leaves: Sequence[bytes | None], proof: Iterator[bytes]) -> bytes:
    """The tree's hash from the leaves that are shown and, for the others (None), the proof; NoProof where it does not fit."""
    marks = bytes(leaf is not None for leaf in leaves)

    def below(start: int, end: int) -> bytes:
        if marks.find(1, start, end) < 0:
            found = next(proof, None)
            if found is None or len(found) != SIZE:
                raise NoProof("a hash is missing")
            return found
        if end - start == 1:
            leaf = leaves[start]
            assert leaf is not None  # marked so
            return leaf
        if marks.find(0, start, end) < 0:
            return root([leaf for leaf in leaves[start:end] if leaf is not None])
        middle = start + _split(end - start)
        return _node(below(start, middle), below(middle, end))

    whole = below(0, len(leaves)) if leaves else _EMPTY
    if next(proof, None) is not None:
        raise NoProof("a hash too many")
    return whole


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)
