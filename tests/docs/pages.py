"""The Markdown that people read, and what it shows: code blocks, commands, links, headings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from docs.markdown import anchor
from tests.conftest import REPOSITORY

PAGES = sorted([REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("examples/**/*.md")])


def name(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(REPOSITORY).as_posix()


def shown_commands(page: Path, program: str) -> Iterator[list[str]]:
    """The words after `program` in every line of a code block that starts with it, comments left out."""
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith(f"{program} "):
                yield shlex.split(line, comments=True)[1:]


def links(page: Path) -> Iterator[str]:
    """Targets of links and pictures that lead to no other host."""
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", prose)):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """The names of a page's sections."""
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)}
