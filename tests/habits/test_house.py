"""The house's habits: style, types, the direction of imports, names that say something, and modules that can be read."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

BIN = Path(sys.executable).parent
ROOMS = ("checks", "warehouse", "tasks", "flows", "dashboard", "docs", "tests")
MOST_LINES = 400
#: Names that say nothing of what is inside.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "base", "core", "manager", "managers"}


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports", "--no-logo"]],
    ids=" ".join,
)
def test_the_house_is_in_order(command: list[str]) -> None:
    ran = subprocess.run([BIN / command[0], *command[1:]], cwd=REPOSITORY, capture_output=True, text=True)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((REPOSITORY / room).rglob("*.py"))]


def test_modules_can_be_read_at_one_sitting() -> None:
    lengths = {path.relative_to(REPOSITORY).as_posix(): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert len(lengths) > 100
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_names_tell_what_is_inside() -> None:
    named = {path for path in modules() if path.stem.strip("_") in EMPTY_NAMES or path.parent.name in EMPTY_NAMES}
    assert named == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(REPOSITORY).as_posix()
        for path in modules()
        if (text := path.read_text("utf-8").strip()) and not text.startswith(('"""', 'r"""'))
    ]
    assert silent == []


def test_only_what_belongs_there_stands_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}
    rooms = {*ROOMS, "examples", ".ci"}
    files = {"README.md", "LICENSE", "Makefile", "pyproject.toml", "constraints.txt", "prefect.yaml"}
    assert top - rooms - files - {".gitignore", ".pre-commit-config.yaml", ".streamlit"} == set()
