"""Korean, English or both: how one `Text` becomes what the page prints.

>>> inline(Text(ko="순위", en="Ranking"), "both")
'순위 · Ranking'
"""

from html import escape
from typing import Literal, get_args

from checks.records.record import Text

Language = Literal["ko", "en", "both"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: What the switch itself shows: each choice in its own language, so that nobody has to read another's.
LANGUAGE_NAMES: dict[Language, str] = {"ko": "한국어", "en": "English", "both": "둘 다 · Both"}


def filled(text: Text, **facts: str) -> Text:
    """A sentence with its facts put in; what the facts hold is not read as a pattern again."""
    return Text(ko=text.ko.format(**facts), en=text.en.format(**facts))


def named_as_is(name: str) -> Text:
    """A name that has no translation."""
    return Text(ko=name, en=name)


def inline(text: Text, language: Language) -> str:
    """One line: one language, or both with a dot between; once where the Korean holds the English."""
    if language == "both":
        return text.ko if text.en in text.ko else f"{text.ko} · {text.en}"
    return text.ko if language == "ko" else text.en


def inline_html(text: Text, language: Language) -> str:
    """Like `inline`, as safe HTML whose parts say their language, so that a screen reader pronounces them."""
    if language != "both":
        return f'<span lang="{language}">{escape(inline(text, language))}</span>'
    if text.en in text.ko:
        return escape(text.ko)
    return f'<span lang="ko">{escape(text.ko)}</span> <span lang="en" class="gw-second">{escape(text.en)}</span>'


def stacked_html(text: Text, language: Language) -> str:
    """A sentence: Korean over English where both are wanted, as safe HTML."""
    if language != "both":
        return f'<div lang="{language}">{escape(inline(text, language))}</div>'
    if text.ko == text.en:
        return f"<div>{escape(text.ko)}</div>"
    return f'<div lang="ko">{escape(text.ko)}</div><div lang="en" class="gw-second">{escape(text.en)}</div>'


def plain_label(text: str) -> str:
    """A label in which nothing is read as Markdown: names come from files, and a picture in one would be fetched."""
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]<>()#+-.!|~:$" else mark for mark in text)
