"""Prompts as a conversation, in the words of the model's own chat template.

Each example is a turn of its own, as the harness does it by default; a template that knows no system role gets none. A template
that asks for today's date (Llama 3.1 and later, Mistral, gpt-oss) is told `TODAY`: equal settings are equal prompts, whenever.
"""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from tasks.benchmark.model_loading import load_tokenizer

#: What the templates of Llama 3.1 and later say themselves where they are told no date.
TODAY = datetime(2024, 7, 26)

#: How a template asks for the date, and what is left where it does so by other means than a format that it names.
_ASKED = re.compile(r"""\bstrftime_now\(\s*(?P<quote>['"])(?P<format>[^'"\\]*)(?P=quote)\s*\)""")
_STILL_ASKED = re.compile(r"\bstrftime_now\s*\(")

#: Messages → the prompt; with `add_generation_prompt` false the last message is left open for the model to go on.
Chat = Callable[..., str]


def chat_of(folder: Path) -> Chat:
    """The chat template of the model in a folder. Raises InputFault where its tokenizer has none."""
    from jinja2.exceptions import TemplateError

    tokenizer = load_tokenizer(folder)
    if tokenizer.chat_template is None:
        expected = "a chat template, which the suite asks for (chat_template: true)"
        raise InputFault(folder / "tokenizer_config.json", "chat_template", "nothing", expected)

    try:
        template = _dated(folder, tokenizer.get_chat_template())
    except ValueError as error:  # several templates by name, none of them the default
        raise InputFault(folder, "chat_template", str(error)[:200], "one template, or one named default") from error

    def written(messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        options: dict[str, Any] = {
            "tokenize": False,
            "add_generation_prompt": add_generation_prompt,
            "continue_final_message": not add_generation_prompt,
            "chat_template": template,
        }
        try:
            return str(tokenizer.apply_chat_template(messages, **options))
        except TemplateError:
            plain = [message for message in messages if message["role"] != "system"]
        try:
            return str(tokenizer.apply_chat_template(plain, **options))
        except TemplateError as error:
            words = f"{type(error).__name__}: {str(error)[:200]}"
            raise InputFault(folder, "chat_template", words, "a template that takes the task's messages") from error

    return written


def _dated(folder: Path, template: str) -> str:
    """The template with the date in the place of its questions."""
    dated = _ASKED.sub(lambda asked: repr(TODAY.strftime(asked["format"])), template)
    if _STILL_ASKED.search(dated):
        found = "a template that asks for the date in a format that it does not name"
        raise InputFault(folder, "chat_template", found, "strftime_now with a format in quotes")
    return dated
