"""Content hashes: the same for the same contents, another where a byte, a name or a file is another."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from warehouse.content import CACHE_FILE, HashCache, hash_file, hash_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"abc")
    (folder / "sub" / "b.bin").write_bytes(b"def" * 1000)
    return folder


def _hash(folder: Path) -> str:
    return hash_tree(folder, HashCache(folder.parent / "none"))


def _aged(path: Path) -> None:
    """Makes a file look as if it had been left alone for an hour, as far as a user can."""
    os.utime(path, ns=(path.stat().st_mtime_ns - 3_600_000_000_000,) * 2)


def test_a_file_is_its_sha256(tree: Path) -> None:
    assert hash_file(tree / "a.bin", HashCache(tree)) == hashlib.sha256(b"abc").hexdigest()


def test_a_folder_renamed_or_copied_keeps_its_hash(tree: Path) -> None:
    before = _hash(tree)
    assert _hash(Path(shutil.copytree(tree, tree.parent / "copy"))) == before
    assert _hash(tree.rename(tree.parent / "renamed")) == before


def test_one_byte_one_name_one_file_more_change_it(tree: Path) -> None:
    hashes = {_hash(tree)}
    (tree / "a.bin").write_bytes(b"abd")
    hashes.add(_hash(tree))
    (tree / "a.bin").rename(tree / "c.bin")
    hashes.add(_hash(tree))
    (tree / "empty").write_bytes(b"")
    hashes.add(_hash(tree))
    (tree / "empty").rename(tree / "sub" / "empty")
    hashes.add(_hash(tree))
    assert len(hashes) == 5


def test_a_link_counts_as_what_it_leads_to(tree: Path) -> None:
    plain = _hash(tree)
    outside = (tree / "a.bin").rename(tree.parent / "blob")
    (tree / "a.bin").symlink_to(outside)
    assert _hash(tree) == plain
    sub = (tree / "sub").rename(tree.parent / "moved")
    (tree / "sub").symlink_to(sub)
    assert _hash(tree) == plain


def test_what_cannot_be_hashed_is_a_fault(tree: Path) -> None:
    cache = HashCache(tree)
    with pytest.raises(InputFault, match="no such folder"):
        hash_tree(tree / "none", cache)
    with pytest.raises(InputFault, match="no such file"):
        hash_file(tree / "none", cache)
    with pytest.raises(InputFault):
        hash_tree(tree / "a.bin", cache)
    (tree / "broken").symlink_to("nowhere")
    with pytest.raises(InputFault, match="broken"):
        _hash(tree)
    (tree / "broken").unlink()
    (tree / "sub" / "loop").symlink_to(tree)
    with pytest.raises(InputFault, match="leads into itself"):
        _hash(tree)
    (tree / "sub" / "loop").unlink()
    os.mkfifo(tree / "pipe")
    with pytest.raises(InputFault, match="no plain file"):
        _hash(tree)
    (tree / "pipe").unlink()
    (tree / "sub" / os.fsdecode(b"\xff")).write_text("")
    with pytest.raises(InputFault, match="UTF-8"):
        _hash(tree)


def test_the_cache_spares_reading_and_survives(tree: Path) -> None:
    """A file whose inode's times are old is not read again: shown by a hash planted in the cache."""
    cache, path = HashCache(tree.parent / "warehouse"), tree / "a.bin"
    state = path.stat()
    cache.remember(path, (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino), "fresh")
    cache.save()
    assert not (tree.parent / "warehouse").exists(), "a file changed a moment ago is not remembered"
    settled = (state.st_size, 1, 1, state.st_ino)
    cache.remember(path, settled, "planted")
    cache.remember(tree / "gone", settled, "dropped")
    cache.save()
    again = HashCache(tree.parent / "warehouse")
    assert again.find(path, settled) == "planted"
    assert again.find(tree / "gone", settled) is None
    assert again.find(path, (state.st_size + 1, 1, 1, state.st_ino)) is None


def test_the_cache_notices_changed_content(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where size and time of modification were put back: the time of the inode's change cannot be."""
    monkeypatch.setattr("warehouse.content.SETTLED_NS", -1)
    cache, path = HashCache(tree.parent / "warehouse"), tree / "a.bin"
    _aged(path)
    state = path.stat()
    assert hash_file(path, cache) == hashlib.sha256(b"abc").hexdigest()
    assert cache.find(path, (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)) is not None
    while path.stat().st_ctime_ns == state.st_ctime_ns:
        path.write_bytes(b"xyz")
        os.utime(path, ns=(state.st_mtime_ns,) * 2)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    assert hash_file(path, cache) == hashlib.sha256(b"xyz").hexdigest()


def test_a_damaged_cache_counts_as_none(tree: Path) -> None:
    for damage in ("", "{", "[]", '{"a": 1}', '{"a": [[1, 2], "x"]}', '{"a": [[1, 2, 3, "x"], "x"]}'):
        (tree.parent / CACHE_FILE).write_text(damage)
        assert hash_file(tree / "a.bin", HashCache(tree.parent)) == hashlib.sha256(b"abc").hexdigest()
