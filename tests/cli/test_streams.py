"""Terminals of another encoding, readers that have gone, closed and full streams: never a traceback, and the exit code is right."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, contents

TABLES = ["rank", "history", "what-if", "robustness", "run"]
QUERY = ["query", "{}", "select team, status from scoreboard order by 1"]
#: Environments in which Python's standard output cannot write Korean.
NARROW = [
    {"PYTHONIOENCODING": "latin1"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


def ran(command: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The shell's `command`, in which "$@" stands for gwanmun with its arguments."""
    whole = ["bash", "-c", command, "bash", COMMAND, *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, timeout=300, env=os.environ | environment)


@pytest.mark.parametrize("environment", NARROW, ids=lambda each: "-".join(each.values()))
@pytest.mark.parametrize("arguments", [["--help"], ["rank", "--help"], ["rank", "{}"], ["history", "{}"], QUERY])
def test_what_the_terminal_cannot_show_is_written_as_its_number(
    decided: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    found = ran('"$@"', *(each.format(decided) for each in arguments), **environment)
    assert (found.returncode, found.stderr) == (0, b""), found
    assert b"Traceback" not in found.stdout and len(found.stdout) > 100


def test_an_answer_for_programs_is_utf8_everywhere(decided: Path) -> None:
    wide = ran('"$@"', "rank", decided, "--json")
    query = ["query", decided, "select chr(44288) || chr(47928) as name", "--csv"]
    for environment in NARROW:
        assert ran('"$@"', "rank", decided, "--json", **environment).stdout == wide.stdout
        assert ran('"$@"', *query, **environment).stdout.decode("utf-8") == "name\n관문\n"
    assert json.loads(wide.stdout)["standings"][0]["name"]["ko"].endswith("팀")


@pytest.mark.parametrize("reader", ["true", "head -c 1"])
def test_a_reader_that_has_gone_is_no_fault(decided: Path, reader: str) -> None:
    for command in [["--help"], ["rank", "--help"], *([each, str(decided)] for each in TABLES)]:
        found = ran(f'set -o pipefail; "$@" | {reader}', *command)
        assert (found.returncode, found.stderr) == (0, b""), (command, found)
    long = ["query", decided, "from range(9000)"]
    for form in ([], ["--csv"], ["--json"]):
        assert ran(f'set -o pipefail; "$@" | {reader}', *long, *form).returncode == 0


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["rank", "{}"], ["rank", "{}", "--json"], [*QUERY, "--csv"]]
)
def test_an_answer_that_cannot_be_written_is_said_once(decided: Path, arguments: list[str]) -> None:
    before = contents(decided)
    asked = [each.format(decided) for each in arguments]
    full, closed = ran('"$@" >/dev/full', *asked), ran('"$@" >&-', *asked)
    assert (full.returncode, closed.returncode) == (2, 2)
    expected = "expected somewhere to write the answer\n"
    assert full.stderr.decode() == f"standard output: found No space left on device, {expected}"
    assert closed.stderr.decode() == f"standard output: found a closed stream, {expected}"
    assert contents(decided) == before


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "2>&- <&-"])
def test_where_nobody_hears_messages_the_exit_code_is_left(decided: Path, where: str) -> None:
    before = contents(decided)
    assert ran(f'"$@" {where}', "rank", decided).returncode == 0
    refused = ran(f'"$@" {where}', "rank", decided, "--round", "none")
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert ran(f'"$@" {where}', "frobnicate").returncode == 2
    assert contents(decided) == before


def test_keys_need_the_name_of_a_folder(tmp_path: Path) -> None:
    there = f'cd {tmp_path}; "$@"'
    for empty in ("", " "):
        found = ran(there, "keys", empty)
        assert found.returncode == 2 and b"DIR: found an empty name" in found.stderr
    assert contents(tmp_path) == {}
    assert ran(there, "keys", ".").returncode == 0
    assert sorted(contents(tmp_path)) == ["private.pem", "public.pem"]
