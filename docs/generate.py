"""Writes the generated pages of the documentation from the code that they describe.

    python -m docs.generate       # or: make docs

A test compares each page with what this would write, so that none is ever stale.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.checks_page import checks_page
from docs.commands_page import commands_page
from docs.disclosure_block import disclosure_block
from docs.files_page import files_page
from docs.policies_block import policies_block
from docs.rules_block import rules_block
from docs.tables_page import tables_page

FOLDER = Path(__file__).parent

#: Whole pages, and blocks inside pages that people write: between `<!-- generated: NAME -->` and `<!-- /generated -->`.
PAGES: Mapping[str, Callable[[], str]] = {
    "checks.md": checks_page,
    "commands.md": commands_page,
    "files.md": files_page,
    "tables.md": tables_page,
}
BLOCKS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "rules.md": {"rules": rules_block, "policies": policies_block},
    "disclosure.md": {"parts": disclosure_block},
}
NOTICE = "<!-- Written by `make docs` from the code; change it there. -->\n\n"
END = "<!-- /generated -->"


def generated(name: str) -> str:
    """What the page of that name should hold, all of it."""
    if name in PAGES:
        return NOTICE + PAGES[name]().rstrip() + "\n"
    page = (FOLDER / name).read_text(encoding="utf-8")
    for block, write in BLOCKS[name].items():
        start = f"<!-- generated: {block} -->"
        head, rest = page.split(start)
        page = f"{head}{start}\n{write().rstrip()}\n{END}{rest.split(END, 1)[1]}"
    return page


def main() -> int:
    """Writes every page that is not as it should be."""
    for name in (*PAGES, *BLOCKS):
        page, text = FOLDER / name, generated(name)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            sys.stderr.write(f"docs/{name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
