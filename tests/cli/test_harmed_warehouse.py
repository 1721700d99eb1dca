"""What a person sees when the record is gone or damaged, the disk is full, or the folder has a name that no database can bear."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, Answer, contents, gwanmun


def _limited(kilobytes: int, *arguments: object) -> Answer:
    """The command where no file may grow beyond so much: to a writer, a disk that is full."""
    command = f'ulimit -f {kilobytes}; exec "$@"'
    ran = subprocess.run(
        ["bash", "-c", command, "bash", COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    return Answer(ran.returncode, ran.stdout, ran.stderr)


def _state(programme: Path) -> object:
    document = gwanmun("history", programme, "--json").document
    return document["state"], len(document["events"])


@pytest.fixture
def frozen(programme: Path) -> Path:
    """A round that was frozen and run: its folder."""
    assert gwanmun("freeze", programme, "--by", "Kim").code == 0
    assert gwanmun("run", programme).code == 0
    assert _state(programme) == ("measured", 2)
    return programme


def test_a_lost_record_is_not_begun_anew(frozen: Path) -> None:
    (frozen / "warehouse" / "main.duckdb").unlink()
    before = contents(frozen / "warehouse")
    gwanmun("run", frozen).refused("main.duckdb: found no such file, though pub-", "install -m 644 '")
    gwanmun("freeze", frozen, "--by", "Lee").refused("main.duckdb: found no such file")
    assert contents(frozen / "warehouse") == before
    command = gwanmun("run", frozen).err.partition("install")[2]
    assert subprocess.run(f"install{command}", shell=True).returncode == 0
    assert gwanmun("run", frozen).code == 0
    assert _state(frozen) == ("measured", 2)


def test_without_its_copy_the_record_is_read(frozen: Path) -> None:
    (frozen / "warehouse" / "current.duckdb").unlink()
    assert _state(frozen) == ("measured", 2)
    (frozen / "warehouse" / "current.duckdb").unlink()
    answer = gwanmun("query", frozen, "select count(*) from round_events", "--json")
    assert answer.document["rows"] == [[2]]


def test_a_damaged_record_is_named_by_every_command(frozen: Path) -> None:
    main = frozen / "warehouse" / "main.duckdb"
    os.truncate(main, main.stat().st_size // 2)
    for arguments in (["run"], ["rank"], ["history"], ["query", "from scoreboard"], ["decide", "--by", "Kim"]):
        command, *rest = arguments
        gwanmun(command, frozen, *rest).refused(f"{main}: found ", "expected the record, whole")


def test_a_query_names_the_damaged_file_and_not_the_sql(frozen: Path) -> None:
    copy = (frozen / "warehouse" / "current.duckdb").resolve()
    content = bytearray(copy.read_bytes())
    content[3 * 4096 :] = os.urandom(len(content) - 3 * 4096)
    copy.chmod(0o644)
    copy.write_bytes(content)
    answer = gwanmun("query", frozen, "from scoreboard")
    answer.refused("current.duckdb: found ", "remove it, and the next command makes it anew")
    assert "SQL" not in answer.err


def test_a_full_disk_at_the_first_write(programme: Path) -> None:
    _limited(200, "run", programme, "--json").refused("new-main.duckdb.tmp: found ", "room", "the same command goes on")
    assert not list((programme / "warehouse").glob("*.duckdb*"))
    assert gwanmun("run", programme).code == 0


def test_a_freeze_that_was_committed_on_a_full_disk_is_there_when_there_is_room(programme: Path) -> None:
    assert gwanmun("run", programme).code == 0
    size = (programme / "warehouse" / "main.duckdb").stat().st_size // 1024
    full = _limited(size, "freeze", programme, "--by", "Kim")
    full.refused("current.duckdb: found no way to publish what was written, which stands in main.duckdb")
    assert _state(programme) == ("frozen", 1)
    gwanmun("freeze", programme, "--by", "Kim").refused("a round frozen already")


@pytest.mark.parametrize("name", ["wh?t", "back\\slash", os.fsdecode(b"n\xffon")])
def test_a_folder_in_which_no_database_opens_is_refused_before_anything_is_written(programme: Path, name: str) -> None:
    folder = Path(shutil.move(programme, programme.parent / name))
    before = contents(folder)
    for arguments in (["run"], ["rank"], ["freeze", "--by", "Kim"], ["history"]):
        command, *rest = arguments
        gwanmun(command, folder, *rest).refused("programme.yaml:", "warehouse: found the path", "without ? and \\")
    assert gwanmun("check", folder).code == 1
    gwanmun("demo", "--dir", folder.parent / "de?mo").refused("de?mo: found the path")
    assert contents(folder) == before and {each.name for each in folder.parent.iterdir()} == {name}


def test_a_warehouse_that_is_a_file(programme: Path) -> None:
    (programme / "warehouse").write_text("")
    for command in ("run", "rank", "history"):
        gwanmun(command, programme).refused("warehouse: found a file, expected a folder")
