"""How commands end: usage errors, waiting, Ctrl-C, a reader that has gone, an error that nobody foresaw; what starting costs."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from flows.cli.exit_codes import code_of
from tests.cli.command import COMMAND, contents, gwanmun
from warehouse.store import Warehouse

COMMANDS = [
    "check",
    "demo",
    "run",
    "import",
    "rank",
    "robustness",
    "what-if",
    "trace",
    "fingerprint",
    "score",
    "audit",
    "query",
    "freeze",
    "decide",
    "finalise",
    "history",
    "keys",
    "report",
    "bundle",
    "verify",
    "dashboard",
]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], ["No such command 'nothing'"]),
        (["rank"], ["Missing argument", "PROGRAMME"]),
        (["rank", "p", "--bogus"], ["No such option", "--bogus"]),
        (["run", "p", "--stage", "quality"], ["--stage", "quality", "data-quality"]),
        (["run", "p", "--wait", "-1"], ["--wait", "greater than or equal to 0"]),
        (["score", "m"], ["--suite"]),
        (["score", "m", "--suite", "s", "--resume"], ["--resume", "--items"]),
        (["query", "p", "from runs", "--json", "--csv"], ["--json and --csv", "one of the two"]),
        (["trace", "s"], ["--against", "no reference"]),
        (["dashboard"], ["none here", "gwanmun demo makes one"]),
    ],
)
def test_usage_errors_are_one_line(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    gwanmun(*arguments, cwd=tmp_path).refused(*words)
    assert contents(tmp_path) == {}


def test_every_command_documents_itself_and_its_exit_codes() -> None:
    from typer.testing import CliRunner

    from flows.cli.app import app

    for name in COMMANDS:
        shown = CliRunner().invoke(app, [name, "--help"])
        assert shown.exit_code == 0 and "Exit codes: 0" in shown.output, name
    listed = CliRunner().invoke(app, ["--help"]).output
    assert [line.split()[0] for line in listed.partition("Commands:\n")[2].splitlines()] == COMMANDS
    assert "..." not in listed.partition("Commands:\n")[2], "a first sentence is too long for the list"


def test_starting_imports_nothing_heavy() -> None:
    heavy = [
        "torch",
        "transformers",
        "prefect",
        "great_expectations",
        "duckdb",
        "pandas",
        "numpy",
        "streamlit",
        "rich",
        "lm_eval",
        "datasets",
    ]
    script = f"import sys, flows.cli.app; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"
    assert gwanmun("--version").out.startswith("gwanmun 0.")


def test_a_second_run_waits_says_so_and_gives_up(programme: Path) -> None:
    with Warehouse(programme / "warehouse").running(0, print):
        before = contents(programme)
        answer = gwanmun("run", programme, "--wait", "0.5", "--json")
        assert contents(programme) == before
    waiting, given_up = answer.err.splitlines()
    assert (answer.code, answer.out) == (2, "")
    assert "another run holds the warehouse" in waiting and f"process {os.getpid()}" in waiting
    assert "waited for 0.5 s" in given_up and "one run at a time" in given_up
    assert gwanmun("run", programme, "--wait", "0").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_hand_or_by_a_service_manager(programme: Path, number: signal.Signals) -> None:
    with Warehouse(programme / "warehouse").running(0, print):
        child = subprocess.Popen([COMMAND, "run", programme], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stderr is not None and "holds the warehouse" in child.stderr.readline()
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (3, "", "stopped; the same command goes on where it was\n")


def test_a_reader_that_has_gone(decided: Path) -> None:
    child = subprocess.Popen([COMMAND, "rank", decided, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    assert (child.stderr.read(), child.wait(timeout=60)) == (b"", 0)


def test_what_nobody_foresaw_is_one_line_and_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try:
        raise RuntimeError("first line\nthe drive fell off")
    except RuntimeError as error:
        assert code_of(error) == 3
    said = capsys.readouterr()
    (details,) = tmp_path.iterdir()
    assert said.out == "" and said.err == f"internal error: RuntimeError: the drive fell off (details in {details})\n"
    assert "Traceback" in details.read_text() and "test_ending.py" in details.read_text()


def test_a_full_disk_is_one_line_whoever_meets_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError) as raised, Path("/dev/full").open("w") as full:
        full.write("x")
    assert code_of(raised.value) == 2
    assert capsys.readouterr().err == (
        "a disk: found No space left on device, expected room to write; then the same command goes on\n"
    )


def test_ctrl_c_while_duckdb_computes_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    connection = duckdb.connect(config={"threads": "1"})  # another thread that computes hears nothing of signals
    former = signal.signal(signal.SIGVTALRM, signal.default_int_handler)  # pressed again and again, while it computes
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.5, 0.5)
    try:
        with pytest.raises(RuntimeError, match="Query interrupted") as ended:
            connection.execute("select sum(a.range * b.range) from range(1000000) a, range(1000000) b").fetchall()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
    assert code_of(ended.value) == 3
    assert capsys.readouterr().err == "stopped; the same command goes on where it was\n"


NOISE = """
import ctypes, os, subprocess, sys
from flows.cli.answers import only_the_answer, print_json
libc = ctypes.CDLL(None)
with only_the_answer():
    print("python")
    os.write(1, b"descriptor\\n")
    libc.printf(b"buffered in C\\n")
    subprocess.run(["echo", "child"], check=True)
print_json({"이름": "답"})
"""


def test_what_libraries_print_is_not_in_the_answer() -> None:
    ran = subprocess.run([sys.executable, "-c", NOISE], capture_output=True, text=True, check=True)
    assert ran.stdout == '{\n  "이름": "답"\n}\n'
    assert sorted(ran.stderr.split("\n")) == ["", "buffered in C", "child", "descriptor", "python"]


LONG = """
import time
from flows.cli.progress import progress_shown
with progress_shown() as progress:
    for done in range(27):
        progress("Team A", done, 27)
        progress("sample", done, 0)
        time.sleep(0.1)
print("answer")
"""


def test_bars_on_a_terminal_and_lines_elsewhere() -> None:
    lines = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, check=True)
    assert lines.stdout == "answer\n"
    team, sample = lines.stderr.splitlines()
    assert re.fullmatch(r"Team A: 2\d of 27", team) and re.fullmatch(r"sample: 2\d so far", sample)
    controller, terminal = pty.openpty()
    child = subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    shown = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            read = os.read(controller, 65536)
        except OSError:  # the child has closed its end
            break
        shown += read
    os.close(controller)
    assert child.communicate(timeout=60)[0] == b"answer\n"
    assert b"Team A" in shown and b"/27" in shown and b"/?" in shown
