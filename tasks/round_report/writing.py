"""The document as a file: HTML by Jinja, PDF by Typst; both from the same blocks, both the same bytes for the same document.

Typst is one wheel with its own typesetting and no other programs beside it. The document reaches it as JSON, so that no name
from a file can become markup. Its fonts are the system's: a PDF holds the letters that it shows, and nothing of it is fetched.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from checks.contracts.errors import InputFault
from tasks.round_report.document import Document
from tasks.whole_files import refuse_to_lose_for_report, write_whole

FORMATS = (".html", ".pdf")
#: Korean faces that set this report well, the first that is installed.
KOREAN_FONTS = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Pretendard",
    "Nanum Gothic",
    "NanumGothic",
    "NanumBarunGothic",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "UnDotum",
)
MONO_FONTS = ("Noto Sans Mono CJK KR", "D2Coding", "NanumGothicCoding", "Nanum Gothic Coding", "DejaVu Sans Mono")


def write_document(path: Path, document: Document) -> bytes:
    """Writes the report, whole or not at all, in the format that the file's ending names, and returns its bytes."""
    made = written(document, ending_of(path))
    write_whole(path, made)
    return made


def ending_of(path: Path) -> str:
    """`.html` or `.pdf`, asked for before anything is read; raises InputFault for any other ending, and rather than lose a file."""
    ending = path.suffix.lower()
    if not path.is_dir() and ending not in FORMATS:
        raise InputFault(path, found=f"a file ending in {ending!r}", expected=f"one ending in {' or '.join(FORMATS)}")
    refuse_to_lose_for_report(path)
    return ending


def written(document: Document, ending: str) -> bytes:
    """The report's bytes in the format of that ending; raises InputFault for a PDF where there is no Korean font."""
    return _html(document) if ending == ".html" else _pdf(document)


def _html(document: Document) -> bytes:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html.jinja").render(document=document.plain())
    return page.encode("utf-8", "backslashreplace")


def _pdf(document: Document) -> bytes:
    import typst

    korean, mono = installed_fonts(typst.Fonts().families())
    plain = _for_typst(document.plain())
    inputs = {"document": json.dumps(plain, ensure_ascii=True), "font": korean, "mono": mono}
    template = files(__package__).joinpath("page.typ").read_bytes()
    made: bytes = typst.compile(template, format="pdf", sys_inputs=inputs, timestamp=0, pdf_standards=["ua-1"])
    return made


def installed_fonts(families: list[str]) -> tuple[str, str]:
    """A Korean face and one of a single width among the installed ones; raises InputFault where there is no Korean one."""
    korean = next((each for each in KOREAN_FONTS if each in families), None)
    if korean is None:
        expected = "one, for a PDF in Korean: apt-get install fonts-noto-cjk (or write .html, which needs none)"
        raise InputFault("fonts of this machine", found="no Korean font", expected=expected)
    return korean, next((each for each in MONO_FONTS if each in families), korean)


def _for_typst(value: Any) -> Any:
    """A picture says what it is, as an SVG file would; letters that are no text of any language are replaced."""
    if isinstance(value, dict):
        filled = {name: _for_typst(each) for name, each in value.items()}
        if filled.get("kind") == "picture":
            filled["width"] = float(ElementTree.fromstring(filled["svg"]).get("width", "0"))
            filled["svg"] = filled["svg"].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        return filled
    if isinstance(value, list):
        return [_for_typst(each) for each in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
