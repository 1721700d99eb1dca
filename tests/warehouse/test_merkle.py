"""The tree is RFC 6962's, and a proof leads to its root or to none."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.merkle import NoProof, leaf_hash, prove, rebuilt, root

#: The leaves and roots with which Certificate Transparency's own implementations are tested.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_known_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(each)) for each in LEAVES]
    assert [root(leaves[:size]).hex() for size in range(9)] == ROOTS


def _as_the_standard_says(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return hashlib.sha256(
        b"\x01" + _as_the_standard_says(leaves[:middle]) + _as_the_standard_says(leaves[middle:])
    ).digest()


@given(st.lists(st.booleans(), min_size=1, max_size=70), st.data())
def test_a_proof_leads_to_the_root_and_another_proof_does_not(shown: list[bool], data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([place])) for place in range(len(shown))]
    proof = prove(leaves, shown)
    seen = [leaf if here else None for leaf, here in zip(leaves, shown, strict=True)]
    whole = root(leaves)
    assert whole == _as_the_standard_says(leaves) == rebuilt(seen, iter(proof))
    with pytest.raises(NoProof):
        rebuilt(seen, iter([*proof, whole]))
    if proof:
        with pytest.raises(NoProof):
            rebuilt(seen, iter(proof[:-1]))
        place = data.draw(st.integers(0, len(proof) - 1))
        other = [*proof]
        other[place] = leaf_hash(b"another")
        assert rebuilt(seen, iter(other)) != whole
    if True in shown:
        place = shown.index(True)
        assert rebuilt([*seen[:place], leaf_hash(b"another"), *seen[place + 1 :]], iter(proof)) != whole
